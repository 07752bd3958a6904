"""Warning weeks: the days and months that belong to a Wednesday, across months and years."""

from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.partitions import is_over, newest_week, warning_weeks, week_key
from orchestration.weeks import WarningWeek, nearest_wednesdays, weeks_of, without_base_month

MONTHS = st.dates(date(2010, 1, 1), date(2040, 12, 31)).map(lambda day: day.replace(day=1))


def week(text: str) -> WarningWeek:
    return WarningWeek(date.fromisoformat(text))


@pytest.mark.parametrize(
    ("wednesday", "first_day", "last_day", "week_month", "base_month", "months"),
    [
        # Inside a month.
        ("2026-07-15", "2026-07-08", "2026-07-14", "2026-07", "2026-06", ["2026-07"]),
        # A Wednesday on the first: the week ended in the month before.
        ("2026-07-01", "2026-06-24", "2026-06-30", "2026-06", "2026-05", ["2026-06"]),
        # A week that begins on the first: the month before had closed.
        ("2026-07-08", "2026-07-01", "2026-07-07", "2026-07", "2026-06", ["2026-07"]),
        # Across two months: the one it begins in had not closed before it began.
        ("2026-08-05", "2026-07-29", "2026-08-04", "2026-08", "2026-06", ["2026-07", "2026-08"]),
        # Across two years.
        ("2026-01-07", "2025-12-31", "2026-01-06", "2026-01", "2025-11", ["2025-12", "2026-01"]),
    ],
)
def test_a_week_knows_its_days_and_months(
    wednesday: str, first_day: str, last_day: str, week_month: str, base_month: str, months: list[str]
) -> None:
    found = week(wednesday)

    assert (f"{found.first_day}", f"{found.last_day}") == (first_day, last_day)
    assert (f"{found.week_month:%Y-%m}", f"{found.base_month:%Y-%m}") == (week_month, base_month)
    assert [f"{month:%Y-%m}" for month in found.months_after_base] == months


def test_no_other_day_names_a_week() -> None:
    with pytest.raises(ValueError, match="2026-07-14 is no Wednesday"):
        week("2026-07-14")


@given(month=MONTHS)
def test_every_tuesday_of_a_month_ends_one_of_its_weeks(month: date) -> None:
    days = [month + timedelta(days=number) for number in range(31)]
    tuesdays = [day for day in days if day.month == month.month and day.weekday() == 1]

    assert [found.last_day for found in weeks_of(month)] == tuesdays


def test_the_wednesdays_nearest_to_a_day() -> None:
    assert nearest_wednesdays(date(2026, 7, 15)) == (date(2026, 7, 15), date(2026, 7, 15))
    assert nearest_wednesdays(date(2026, 7, 16)) == (date(2026, 7, 15), date(2026, 7, 22))


def test_dagster_names_a_week_by_its_first_day_and_has_no_week_before_its_end() -> None:
    newest = newest_week()

    assert week_key(week("2026-07-15")) == "2026-07-08"
    assert warning_weeks.get_first_partition_key() == "2010-01-06"
    assert is_over(newest)
    assert not is_over(WarningWeek(newest.warning_week + timedelta(days=7)))
    assert not is_over(week("2010-01-06"))


def test_weeks_without_a_base_month_are_named() -> None:
    weeks = [week("2026-07-01"), week("2026-07-08"), week("2026-08-05")]
    with duckdb.connect() as connection:
        assert without_base_month(connection, weeks) == weeks
        connection.execute(
            "create schema marts; "
            "create table marts.dim_subscribers as select date '2026-06-01' as snapshot_month"
        )
        assert without_base_month(connection, weeks) == [week("2026-07-01")]
