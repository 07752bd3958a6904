"""Publishing: what people and BI tools read, replaced whole once every check has passed."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.dbt_child import current_manifest, table_keys
from orchestration.defs.dictionary import describe_tables
from orchestration.defs.groups import PUBLISHED
from orchestration.defs.telling import materialised, tell_months
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.publishing import publish
from orchestration.publishing.dictionary import DICTIONARY
from orchestration.publishing.postgres import push_where_wanted
from orchestration.settings import Home, OperatorSettings
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse

_PYTHON_TABLES = [name.split(".") for name in TABLES if not name.startswith("ops.")]


@dg.multi_asset(
    name="published_month",
    specs=[
        dg.AssetSpec(
            key,
            # After everything else, so that nothing half right is ever published.
            deps=[*_PYTHON_TABLES, *table_keys(current_manifest(Home.from_environment()))],
            description=description,
            group_name=PUBLISHED,
            owners=["data-engineering@operator.example"],
            kinds={"python", "duckdb", "parquet", "excel"},
            partitions_def=snapshot_months,
        )
        for key, description in (
            (
                ["published", "month"],
                "The published file, its Parquet copies, and the month's worklists, reports and manifest.",
            ),
            (["ops", "month_closes"], TABLES["ops.month_closes"].grain),
            (DICTIONARY.split("."), TABLES[DICTIONARY].grain),
        )
    ],
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def published_month(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Publish the run's months, once, at the end; then push them to PostgreSQL where that is wanted."""
    months = run_months(context)
    home = warehouse.home
    settings = OperatorSettings.load(home.operator_file)
    with warehouse.writing() as connection:
        describe_tables(connection, home)
        publish(connection, home, months, settings=settings, progress=say)
        folders = {month: home.published / f"{month:%Y-%m}" for month in months}
        told = {month: {"handed_out": dg.MetadataValue.path(folder)} for month, folder in folders.items()}
        key = dg.AssetKey(["published", "month"])
        tell_months(context, key, told)
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={"dagster/uri": home.published_file.as_uri(), "months_published": len(months)},
        )
        yield materialised(context, connection, "ops.month_closes", months)
        yield materialised(context, connection, DICTIONARY, months, month_column="")
    # Whatever becomes of the push, the months are published.
    push_where_wanted(home, progress=say)
