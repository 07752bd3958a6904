"""The snapshot months: the one partition of everything monthly.

Belongs here: the months, and how a Dagster run names them. Not here: what happens in a month (`defs/`).
"""

from datetime import date

import dagster as dg

from orchestration.settings import Home, OperatorSettings

snapshot_months = dg.MonthlyPartitionsDefinition(
    start_date="2010-01-01",
    # A month closes at midnight where the operator is.
    timezone=OperatorSettings.load(Home.from_environment().operator_file).time_zone,
)


def run_months(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[date]:
    """Return the months of this run, first days, oldest first; one month or a whole range."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


def is_closed(month: date) -> bool:
    """Tell whether `month` (a first day) has ended, so that it can be run."""
    return snapshot_months.has_partition_key(month.isoformat())
