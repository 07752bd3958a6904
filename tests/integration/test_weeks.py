"""The Wednesday run beside the months: the same rows, in open months too, and no trace in closed ones.

One small made-up operator, closed up to June by the real command; July lies there as it had come by the 14th.
"""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Home
from tests.integration.homes import (
    Moment,
    differences,
    fingerprints,
    kill_at,
    manifests,
    retention,
)

CLOSED_WEEK, OPEN_WEEK, NEXT_WEEK = "2026-06-17", "2026-07-15", "2026-07-22"
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
SNAPSHOTS = ("subscribers", "arrears", "cell_quality", "external_metrics")

MOMENTS = (Moment("dbt: colours", 4.0), Moment("publishing retention.warning_evidence"))


@pytest.fixture(scope="module")
def whole_extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing folder with five whole months, the last of them July."""
    root = tmp_path_factory.mktemp("extracts")
    retention(
        Home(root),
        *("simulate", "--subscribers", "300", "--months", "5"),
        *("--last-month", "2026-07", "--seed", "8"),
    )
    return root / "landing"


@pytest.fixture(scope="module")
def closing(whole_extracts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """The operator closed up to June, with July as it had come by the 14th, and what the run said."""
    home = Home(tmp_path_factory.mktemp("weeks"))
    shutil.copytree(whole_extracts, home.landing)
    for table in SNAPSHOTS:
        shutil.rmtree(home.landing / table / "2026-07", ignore_errors=True)
    shutil.rmtree(home.landing / "bills" / "2026-07")
    usage_up_to(home, "2026-07-14")
    return home, retention(home, "run", "--from-month", "2026-03", "--month", "2026-06")


@pytest.fixture(scope="module")
def home(closing: tuple[Home, str]) -> Home:
    """The operator closed up to June."""
    return closing[0]


@pytest.fixture(scope="module")
def warned(home: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """The same operator, warned of a week of July, and what the run said."""
    copied = Home(tmp_path_factory.mktemp("warned") / "home")
    shutil.copytree(home.root, copied.root)
    return copied, retention(copied, "warn", "--week", OPEN_WEEK)


@pytest.fixture
def copy(home: Home, tmp_path: Path) -> Home:
    """A copy of the operator closed up to June that a test may change."""
    copied = Home(tmp_path / "home")
    shutil.copytree(home.root, copied.root)
    return copied


@pytest.fixture
def warned_copy(warned: tuple[Home, str], tmp_path: Path) -> Home:
    """A copy of the warned operator that a test may change."""
    copied = Home(tmp_path / "warned")
    shutil.copytree(warned[0].root, copied.root)
    return copied


def usage_up_to(home: Home, day: str) -> None:
    """Cut July's usage off after a day."""
    (file,) = (home.landing / "usage_daily" / "2026-07").iterdir()
    cut = file.with_name("cut.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_parquet('{file}') where usage_date <= date '{day}') to '{cut}' (format parquet)"
        )
    file.unlink()


def weekly_rows(home: Home, table: str, week: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        return connection.execute(
            f"select * from retention.{table} where warning_week = '{week}' order by all"
        ).fetchall()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "warehouse.duckdb"
    }


def test_a_monthly_run_says_which_weeks_it_skips(closing: tuple[Home, str]) -> None:
    home, said = closing
    skipped = [line.split("week ")[1] for line in said.splitlines() if "is skipped" in line]

    # March's weeks begin in February or March, and neither January nor February was run.
    assert skipped == [
        *("2026-03-04 is skipped: 2026-01 was never run", "2026-03-11 is skipped: 2026-02 was never run"),
        *("2026-03-18 is skipped: 2026-02 was never run", "2026-03-25 is skipped: 2026-02 was never run"),
        "2026-04-01 is skipped: 2026-02 was never run",
    ]
    assert weekly_rows(home, "churn_warnings", "2026-04-01") == []
    assert weekly_rows(home, "churn_warnings", "2026-04-08") != []
    assert not home.published_weeks.exists()


def test_a_week_of_a_closed_month_has_the_rows_that_the_monthly_run_gave_it(home: Home, copy: Home) -> None:
    retention(copy, "warn", "--week", CLOSED_WEEK)
    first = contents(copy.published)

    assert weekly_rows(copy, "churn_warnings", CLOSED_WEEK) != []
    assert differences(fingerprints(home.warehouse_file), fingerprints(copy.warehouse_file)) == []
    assert differences(fingerprints(home.published_file), fingerprints(copy.published_file)) == []
    changed = {Path(name) for name in first if first[name] != contents(home.published).get(name)}
    assert {path.parent for path in changed} == {Path("weeks", CLOSED_WEEK)}
    lists = {"manifest.json", "sms_list.csv", "overdue.xlsx", "callback_summary.xlsx"}
    names = {path.name for path in changed}
    assert names >= lists
    assert {Path(name).suffix for name in names - lists} <= {".xlsx"}
    retention(copy, "warn", "--week", CLOSED_WEEK)
    assert contents(copy.published) == first


def test_a_week_of_an_open_month_is_judged_on_what_has_come(warned: tuple[Home, str]) -> None:
    home, said = warned
    warnings = weekly_rows(home, "churn_warnings", OPEN_WEEK)
    conditions = {row[3] for row in weekly_rows(home, "warning_evidence", OPEN_WEEK)}
    status = retention(home, "status")

    assert len(warnings) > 0
    assert "C2" in conditions
    assert "is not evaluated" not in said
    assert f"published under {home.published_weeks / OPEN_WEEK}" in said
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        published = connection.execute(
            f"select * from retention.churn_warnings where warning_week = '{OPEN_WEEK}' order by all"
        ).fetchall()
        landed = connection.execute(
            "select distinct table_name from ops.landing_audit where landed_month = '2026-07-01'"
        ).fetchall()
    assert published == warnings
    assert ("usage_daily",) in landed
    assert {name for (name,) in landed}.isdisjoint(SNAPSHOTS)
    (july,) = (line.split() for line in status.splitlines() if line.strip().startswith("2026-07 "))
    assert july[1] == "open"
    (week,) = (line.split() for line in status.splitlines() if line.strip().startswith(OPEN_WEEK))
    assert week[5:] == ["yes", "success"]


def test_usage_that_does_not_reach_the_end_of_the_week_is_said_and_not_judged(warned_copy: Home) -> None:
    said = retention(warned_copy, "warn", "--week", NEXT_WEEK)
    conditions = {row[3] for row in weekly_rows(warned_copy, "warning_evidence", NEXT_WEEK)}

    assert "usage has landed up to 2026-07-14, and the week ended on 2026-07-21" in said
    assert weekly_rows(warned_copy, "churn_warnings", NEXT_WEEK) != []
    assert "C2" not in conditions


def test_a_closed_month_run_again_does_not_see_the_open_one(home: Home, warned_copy: Home) -> None:
    week = contents(warned_copy.published_weeks)
    retention(warned_copy, "run", "--month", "2026-06")

    assert manifests(warned_copy) == manifests(home)
    assert (
        differences(
            fingerprints(home.warehouse_file, up_to=JUNE),
            fingerprints(warned_copy.warehouse_file, up_to=JUNE),
        )
        == []
    )
    assert contents(warned_copy.published_weeks) == week


def test_an_open_month_that_closes_is_as_if_nobody_had_been_warned_before(
    copy: Home, warned_copy: Home, whole_extracts: Path
) -> None:
    for operator in (copy, warned_copy):
        shutil.rmtree(operator.landing)
        shutil.copytree(whole_extracts, operator.landing)
        retention(operator, "run", "--month", "2026-07")

    assert manifests(warned_copy) == manifests(copy)
    assert differences(fingerprints(copy.warehouse_file), fingerprints(warned_copy.warehouse_file)) == []
    assert differences(fingerprints(copy.published_file), fingerprints(warned_copy.published_file)) == []


def test_a_week_that_cannot_be_run_says_what_has_to_be_done_first(copy: Home) -> None:
    before = fingerprints(copy.warehouse_file)

    assert "2026-07 has to be run first: retention run --month 2026-07" in retention(
        copy, "warn", "--week", "2026-08-12", exit_code=1
    )
    # It ends in August, of which nothing has come.
    assert "no extracts of 2026-08 are there yet, expected first of all in landing/usage_daily/2026-08" in (
        retention(copy, "warn", "--week", "2026-08-05", exit_code=1)
    )
    assert fingerprints(copy.warehouse_file) == before
    assert not copy.published_weeks.exists()


def test_a_killed_wednesday_run_leaves_nothing_that_the_next_does_not_mend(
    home: Home, copy: Home, warned: tuple[Home, str]
) -> None:
    states = [fingerprints(home.published_file), fingerprints(warned[0].published_file)]

    for moment in MOMENTS:
        kill_at(copy, moment, "warn", "--week", OPEN_WEEK)
        assert fingerprints(copy.published_file) in states, moment
    retention(copy, "warn", "--week", OPEN_WEEK)

    assert contents(copy.published) == contents(warned[0].published)
    assert differences(fingerprints(warned[0].warehouse_file), fingerprints(copy.warehouse_file)) == []
    assert list(copy.published.rglob(".*")) == []
