"""Publishing: what people and BI tools read, put in place whole or not at all.

Belongs here: the read-only copy of the marts, its Parquet files, the folder of a month or warning week with
its manifest, the record of what a month was closed on, and reading all that back for `retention status`
and `retention sql`. Not here: how a workbook looks (`orchestration.worklists`), what the marts hold
(`dbt_project/`), who may write to the build file (`orchestration.warehouse`).
"""

from orchestration.publishing.errors import PublishError
from orchestration.publishing.publication import PublishSummary, publish, publish_week

__all__ = ["PublishError", "PublishSummary", "publish", "publish_week"]
