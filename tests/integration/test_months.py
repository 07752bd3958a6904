"""A month run again is the same month, and no month sees what came after it.

One small made-up operator, closed over all its months by the real command; the claims follow on copies of it.
"""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.landing.contract import Column, Table, load_contract
from orchestration.settings import Home
from tests.integration.homes import differences, fingerprints, manifests, retention

MONTHS = 23
MIDDLE = "2026-04"
NEXT = "2026-05"
LAST = "2026-06"
FIRST_DAY_AFTER = date(2026, 5, 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An operator of 1,200 lines, all months closed in one run; from MIDDLE on a model is in force."""
    home = Home(tmp_path_factory.mktemp("months"))
    retention(
        home,
        *("simulate", "--subscribers", "1200", "--months", str(MONTHS)),
        *("--last-month", LAST, "--seed", "11"),
    )
    first = sorted(folder.name for folder in (home.landing / "subscribers").iterdir())[0]
    retention(home, "run", "--from-month", first, "--month", LAST)
    return home


@pytest.fixture
def copy(home: Home, tmp_path: Path) -> Home:
    """A copy that a test may change."""
    copied = Home(tmp_path / "home")
    shutil.copytree(home.root, copied.root)
    return copied


def test_a_model_was_trained_and_a_list_given_to_people(home: Home) -> None:
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        models = connection.execute("select count(*) from ml.models where target = 'quantity_churn'")
        assert models.fetchall()[0][0] >= 1
        (listed, assigned, scored, candidates) = connection.execute(
            """
            select
                (select count(*) from retention.responsibilities where snapshot_month = $last),
                (
                    select count(*) from retention.responsibilities
                    where snapshot_month = $last and disposition = 'assigned' and staff_id is not null
                ),
                (select count(*) from ml.churn_scores where snapshot_month = $last),
                (select count(*) from features.subscriber_features where snapshot_month = $last)
            """,
            {"last": date(2026, 6, 1)},
        ).fetchall()[0]
    assert scored == candidates > 0
    assert 0 < assigned <= listed < candidates


def test_the_gate_released_a_model_and_kept_it_against_a_later_one(home: Home) -> None:
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        decisions = connection.execute(
            """
            select strftime(snapshot_month, '%Y-%m'), decided_by, challenger_model_id is not null
            from ml.releases
            where target = 'quantity_churn' and snapshot_month >= $middle
            order by snapshot_month
            """,
            {"middle": date.fromisoformat(f"{MIDDLE}-01")},
        ).fetchall()
        (misnamed,) = connection.execute(
            """
            select count(*)
            from ml.churn_scores as scores
            left join ml.releases as releases
                on scores.snapshot_month = releases.snapshot_month and releases.target = 'quantity_churn'
            where scores.model_id is distinct from releases.model_id
            """
        ).fetchall()[0]
        # What the claims below are about is there in MIDDLE.
        middle = {
            table: connection.execute(
                f"select count(*) from ml.{table} where snapshot_month = '{MIDDLE}-01'"
            ).fetchall()[0][0]
            for table in ("churn_scores", "churn_reasons", "what_ifs", "feature_drift", "score_drift")
        }
    assert decisions[0] == (MIDDLE, "first", True)
    assert (NEXT, "kept", True) in decisions
    assert misnamed == 0
    assert all(middle.values()), middle


def test_a_month_run_again_changes_nothing_anywhere(home: Home, copy: Home) -> None:
    retention(copy, "run", "--month", MIDDLE)
    retention(copy, "run", "--month", LAST)

    assert manifests(copy) == manifests(home)
    assert differences(fingerprints(home.warehouse_file), fingerprints(copy.warehouse_file)) == []
    assert differences(fingerprints(home.published_file), fingerprints(copy.published_file)) == []


def test_no_month_sees_what_came_after_it(home: Home, copy: Home) -> None:
    contract = load_contract()
    for table in contract:
        plant_later_rows(copy, table)

    retention(copy, "run", "--month", NEXT)
    retention(copy, "run", "--month", MIDDLE)

    with duckdb.connect(str(copy.warehouse_file), read_only=True) as connection:
        landed = dict(
            connection.execute(
                "select table_name, rows_accepted from ops.landing_audit where file_name like '%planted.csv'"
            ).fetchall()
        )
    assert {name for name, rows in landed.items() if rows > 0} == {table.name for table in contract}
    moved = differences(known_then(home), known_then(copy))
    # What has no date of its own says what is true now: a planted unit stands beside the others.
    undated = ("marts.dim_plans", "marts.dim_org_units", "retention.capacities", "retention.shadow_prices")
    assert [key for key in moved if not key.startswith(undated)] == []
    with duckdb.connect(str(copy.warehouse_file), read_only=True) as connection:
        connection.execute(f"attach '{home.warehouse_file}' as before (read_only)")
        for table in ("capacities", "shadow_prices"):
            places = f"from before.retention.{table} where snapshot_month <= '{MIDDLE}-01'"
            assert connection.execute(f"select count(*) {places}").fetchall() != [(0,)]
            assert connection.execute(f"select * {places} except from retention.{table}").fetchall() == []


def known_then(home: Home) -> dict[str, tuple[int, str]]:
    """Return the fingerprints of months up to MIDDLE, less what later months are meant to complete."""
    completed_later = (
        *("labels.", "marts.fct_churn_flags", "marts.kpi_monthly"),
        *("marts.base_profile", "marts.service_monthly", "marts.cohort_retention"),
        *("marts.tier_moves", "marts.metrics_monthly"),
        *("marts.rule_performance", "marts.list_comparison", "marts.list_findings"),
        *("intermediate.int_activity_runs", "intermediate.int_effective_stops"),
    )
    return {
        key: value
        for key, value in fingerprints(home.warehouse_file, up_to=date.fromisoformat(f"{MIDDLE}-01")).items()
        if not key.startswith(completed_later)
    }


def plant_later_rows(home: Home, table: Table) -> None:
    """Add rows dated after MIDDLE to a raw table, as loud as its contract allows.

    They are about real subscribers, accounts, groups and cells, so that whoever sees them is moved by them;
    in registers they are also later versions of keys that MIDDLE knows.
    """
    with duckdb.connect() as connection:
        known = connection.execute(
            f"select * from read_parquet('{home.landing}/subscribers/{MIDDLE}/*.parquet') "
            "where status = 'active' order by subscriber_id limit 40"
        ).df()
        earlier = sorted((home.landing / table.name).glob(f"{MIDDLE}/*.parquet"))
        versions = (
            connection.execute(f"select * from read_parquet('{earlier[0]}') order by all limit 40").df()
            if table.kind == "register" and earlier
            else pd.DataFrame()
        )
    if not versions.empty:
        known = known.iloc[: len(versions)].copy()
    if table.kind in ("event", "snapshot") or table.name == "plans":
        # A key of its own, so that no delivered row is contradicted.
        for column in table.keys:
            if column.name in known and not any(key.family == "timestamp" for key in table.keys):
                known[column.name] = [f"planted_{number}" for number in known.index]
    rows = pd.DataFrame(
        {
            column.name: versions[column.name]
            if column.is_key and column.name in versions
            else known[column.name]
            if column.name in known
            else [loud(column, number) for number in known.index]
            for column in table.columns
        }
    )
    if table.month_column and table.month_column.endswith("_month"):
        rows[table.month_column] = FIRST_DAY_AFTER
    rows = rows.dropna(subset=[column.name for column in table.keys])
    folder = home.landing / table.name / ("" if table.is_static else NEXT)
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / "planted.csv", index=False)


def loud(column: Column, number: int) -> object:
    """Return a value that could not be overlooked."""
    match column.family:
        case "date":
            return date(2026, 5, 10)
        case "timestamp":
            return f"2026-05-10 10:00:{number:02}"
        case "boolean":
            return True
        case "varchar":
            return column.accepted_values[-1] if column.accepted_values else f"planted_{number}"
        case _:
            return 999 if column.maximum is None else int(column.maximum)
