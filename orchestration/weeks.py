"""Warning weeks: which days, months and base month belong to a Wednesday.

Belongs here: the arithmetic, and which weeks have no base month yet. Not here: how Dagster names a week
(`partitions.py`), who is warned (`dbt_project/`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from orchestration.warehouse import has_table

LENGTH = timedelta(days=7)
_DAY = timedelta(days=1)
_WEDNESDAY = 2


@dataclass(frozen=True, order=True)
class WarningWeek:
    """A week from Wednesday to Tuesday, named by the Wednesday after it.

    >>> week = WarningWeek(date(2026, 8, 5))
    >>> week.first_day, week.last_day
    (datetime.date(2026, 7, 29), datetime.date(2026, 8, 4))
    >>> week.week_month, week.base_month
    (datetime.date(2026, 8, 1), datetime.date(2026, 6, 1))
    >>> week.months_after_base
    [datetime.date(2026, 7, 1), datetime.date(2026, 8, 1)]
    """

    warning_week: date

    def __post_init__(self) -> None:
        """Refuse a day that names no week."""
        if self.warning_week.weekday() != _WEDNESDAY:
            raise ValueError(f"{self.warning_week} is no Wednesday.")

    @property
    def first_day(self) -> date:
        """The Wednesday that the week begins with."""
        return self.warning_week - LENGTH

    @property
    def last_day(self) -> date:
        """The Tuesday that the week ends with."""
        return self.warning_week - _DAY

    @property
    def week_month(self) -> date:
        """The month in which the week ends; its rules hold."""
        return self.last_day.replace(day=1)

    @property
    def base_month(self) -> date:
        """The last month closed before the week began: its candidates are warned of."""
        return (self.first_day.replace(day=1) - _DAY).replace(day=1)

    @property
    def months_after_base(self) -> list[date]:
        """The months that the week lies in, one or two."""
        return sorted({self.first_day.replace(day=1), self.week_month})


def nearest_wednesdays(day: date) -> tuple[date, date]:
    """Return the last Wednesday up to a day and the first from it on; the same for a Wednesday.

    >>> [f"{day}" for day in nearest_wednesdays(date(2026, 7, 14))]
    ['2026-07-08', '2026-07-15']
    """
    before = day - timedelta(days=(day.weekday() - _WEDNESDAY) % LENGTH.days)
    return before, before if before == day else before + LENGTH


def weeks_of(month: date) -> list[WarningWeek]:
    """Return the weeks that end in a month (its first day), oldest first.

    >>> [f"{week.warning_week}" for week in weeks_of(date(2026, 9, 1))]
    ['2026-09-02', '2026-09-09', '2026-09-16', '2026-09-23', '2026-09-30']
    """
    # A week that ends in the month is named by its second day at the earliest.
    _, warning_week = nearest_wednesdays(month + _DAY)
    weeks = []
    while WarningWeek(warning_week).week_month == month:
        weeks.append(WarningWeek(warning_week))
        warning_week += LENGTH
    return weeks


def without_base_month(
    connection: duckdb.DuckDBPyConnection, weeks: Iterable[WarningWeek]
) -> list[WarningWeek]:
    """Return the weeks whose base month was never run in the build file: nobody can be warned in them."""
    run: set[date] = set()
    if has_table(connection, "marts.dim_subscribers"):
        run = {
            month
            for (month,) in connection.execute(
                "select distinct snapshot_month from marts.dim_subscribers"
            ).fetchall()
        }
    return [week for week in weeks if week.base_month not in run]
