"""Dagster definitions, one module a stage of the month close.

Belongs here: assets, their checks, resources, the job. Not here: how months land (`landing/`), what SQL says
(`dbt_project/`), what a model does (`ml/`), what is handed out (`publishing/`).
"""

import warnings

import dagster as dg

# Back-fill policies and partitioned checks are marked as young by Dagster; the lock pins its version.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
