"""The snapshot months, the one partition of everything monthly, and the warning weeks of the Wednesday run.

Belongs here: the months and weeks, and how a Dagster run names them. Not here: what happens in one (`defs/`),
the days of a week (`weeks.py`).
"""

from datetime import date

import dagster as dg

from orchestration.settings import Home, OperatorSettings
from orchestration.weeks import LENGTH, WarningWeek

# A month or week closes at midnight where the operator is.
_TIME_ZONE = OperatorSettings.load(Home.from_environment().operator_file).time_zone

snapshot_months = dg.MonthlyPartitionsDefinition(start_date="2010-01-01", timezone=_TIME_ZONE)

# Named by its first day, a Wednesday: `warning_week` is the Wednesday after it.
warning_weeks = dg.WeeklyPartitionsDefinition(start_date="2010-01-06", day_offset=3, timezone=_TIME_ZONE)


def run_months(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[date]:
    """Return the months of this run, first days, oldest first; one month or a whole range."""
    return sorted(date.fromisoformat(key) for key in context.partition_keys)


def is_closed(month: date) -> bool:
    """Tell whether `month` (a first day) has ended, so that it can be run."""
    return snapshot_months.has_partition_key(month.isoformat())


def run_week(context: dg.AssetExecutionContext) -> WarningWeek:
    """Return the week of this run."""
    return _week_of(context.partition_key)


def week_key(week: WarningWeek) -> str:
    """Return the name that Dagster gives a week: its first day."""
    return week.first_day.isoformat()


def is_over(week: WarningWeek) -> bool:
    """Tell whether `week` has ended, so that it can be run."""
    return warning_weeks.has_partition_key(week_key(week))


def newest_week() -> WarningWeek:
    """Return the last week that has ended."""
    return _week_of(warning_weeks.get_partition_keys()[-1])


def _week_of(key: str) -> WarningWeek:
    return WarningWeek(date.fromisoformat(key) + LENGTH)
