"""The golden world, closed by the real command, against results worked out by hand from the business rules.

Belongs here: one test a table, row for row. Not here: the world (`golden/world.py`), what is expected of it
(`golden/expected/*.csv`, with the reason for each row), rules of single models (`dbt_project`).
"""

import json
import re
from collections.abc import Sequence

import duckdb
import pytest

from orchestration.settings import Home
from tests.integration.golden.comparing import (
    MONTHLY,
    WEEKLY,
    Key,
    differences,
    expected_rows,
    found_rows,
    unexpected,
)
from tests.integration.golden.world import GOLDEN, MONTHS, Row, read_table
from tests.integration.homes import differences as differences_of_homes
from tests.integration.homes import fingerprints, manifests

SCORECARD = {
    "S01": (1, 3),
    "S02": (10, 1),
    "S03": (5, 1),
    "S04": (3, 2),
    "S05": (0, 1),
    "S06": (1, 2),
    "S07": (1, 2),
    "S08": (3, 3),
    "S09": (5, 3),
    "S10": (3, 3),
    "S11": (3, 2),
    "S12": (1, 1),
    "S13": (0.2, 2),
}
"""Threshold and points of each rule, as the business prints them."""

CONDITIONS = {
    "C1_overdue": ("C1", 1),
    "C1_repeated": ("C1", 2),
    "C1_severe": ("C1", 1),
    "C2_charges": ("C2", 0.5),
    "C2_data": ("C2", 0.5),
    "C2_minutes": ("C2", 0.5),
    "C3_contract": ("C3", 60),
    "C4_forwarding": ("C4", 2),
    "C5_hotline": ("C5", 2),
}
"""Condition and threshold of each measure, as the business prints them."""

_WHOLE_TABLES = {
    "effective_stops": ("marts.fct_churn_flags", "is_effective_stop", MONTHLY),
    "churn_flags_july": ("marts.fct_churn_flags", "snapshot_month = date '2026-07-01'", MONTHLY),
    "churn_warnings": ("retention.churn_warnings", "true", WEEKLY),
    "warning_evidence": ("retention.warning_evidence", "true", (*WEEKLY, "condition_id")),
    "responsibilities": ("retention.responsibilities", "true", MONTHLY),
    "lost_subscribers": ("retention.lost_subscribers", "true", MONTHLY),
    "service_monthly": (
        "marts.service_monthly",
        "true",
        ("snapshot_month", "branch_id", "kind", "category"),
    ),
    "market_figures": ("marts.market_figures", "true", ("snapshot_month", "metric", "segment")),
    "cohort_retention": (
        "marts.cohort_retention",
        "true",
        ("snapshot_month", "cohort_month", "branch_id", "brand", "value_tier"),
    ),
    "tenure_survival": (
        "marts.tenure_survival",
        "value_tier = 'all' and brand = 'all' and branch_id = 'all'",
        ("snapshot_month", "tenure_months"),
    ),
}
_CHOSEN_ROWS = {
    "dim_subscribers": ("marts.dim_subscribers", "true", MONTHLY),
    "fct_subscriber_months": ("marts.fct_subscriber_months", "true", MONTHLY),
    "plan_flags": ("marts.fct_churn_flags", "true", MONTHLY),
    "churn_labels": ("labels.churn_labels", "true", MONTHLY),
    "rule_causes": ("retention.rule_causes", "true", (*MONTHLY, "cause")),
    "would_be_owners": ("retention.would_be_owners", "true", MONTHLY),
    "base_profile": (
        "marts.base_profile",
        "true",
        ("snapshot_month", "dimension", "category", "value_tier"),
    ),
}


def expected_and_found(
    golden: duckdb.DuckDBPyConnection,
    name: str,
    table: str,
    where: str = "true",
    key: Sequence[str] = MONTHLY,
) -> tuple[dict[Key, Row], dict[Key, Row]]:
    expected = expected_rows(name, key)
    columns = [column for column in next(iter(expected.values())) if column != "reason"]
    return expected, found_rows(golden, table, columns, where, key)


@pytest.mark.parametrize("name", _CHOSEN_ROWS)
def test_golden_world_gives_the_rows_worked_out_by_hand(golden: duckdb.DuckDBPyConnection, name: str) -> None:
    lines = differences(*expected_and_found(golden, name, *_CHOSEN_ROWS[name]))
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize("name", _WHOLE_TABLES)
def test_golden_world_gives_the_rows_worked_out_by_hand_and_no_others(
    golden: duckdb.DuckDBPyConnection, name: str
) -> None:
    expected, found = expected_and_found(golden, name, *_WHOLE_TABLES[name])
    lines = differences(expected, found) + unexpected(expected, found)
    assert not lines, "\n".join(lines)


def test_subscriber_months_are_absent_where_the_snapshot_lacks_them(
    golden: duckdb.DuckDBPyConnection,
) -> None:
    months = found_rows(golden, "marts.fct_subscriber_months", ["billed_amount"])
    assert set(expected_rows("fct_subscriber_months_absent")) & set(months) == set()


def test_labels_of_a_month_whose_window_has_not_ended_are_all_open(golden: duckdb.DuckDBPyConnection) -> None:
    closed = found_rows(
        golden,
        "labels.churn_labels",
        ["closed_in_month"],
        "is_label_closed and snapshot_month >= '2026-04-01'",
    )
    assert closed == {}


def test_scorecard_fires_the_rules_worked_out_by_hand(golden: duckdb.DuckDBPyConnection) -> None:
    expected = expected_rows("scorecard")
    found = {key: dict.fromkeys(SCORECARD, "") | row for key, row in _scores(golden).items()}
    points = golden.execute(
        "select subscriber_id, strftime(snapshot_month, '%Y-%m'), rule_id, observed_value "
        "from retention.scorecard_points"
    ).fetchall()
    for subscriber, month, rule, observed in points:
        found[subscriber, month][rule] = f"{observed:.6f}".rstrip("0").rstrip(".")
    lines = differences(expected, found)
    assert not lines, "\n".join(lines)


def test_scorecard_covers_the_candidates_of_july_and_nobody_else(golden: duckdb.DuckDBPyConnection) -> None:
    july = {key for key in _scores(golden) if key[1] == MONTHS[-1]}
    assert july == {key for key in expected_rows("scorecard") if key[1] == MONTHS[-1]}
    candidates = found_rows(golden, "marts.dim_subscribers", ["status"], "is_candidate")
    assert set(_scores(golden)) == set(candidates)


def test_scorecard_points_carry_threshold_and_points_of_their_rule(golden: duckdb.DuckDBPyConnection) -> None:
    fired = golden.execute(
        "select distinct rule_id, cast(threshold as double), points "
        "from retention.scorecard_points order by rule_id"
    ).fetchall()
    assert fired == [(rule, *terms) for rule, terms in SCORECARD.items()]


def test_potential_churners_are_those_with_ten_points_or_more(golden: duckdb.DuckDBPyConnection) -> None:
    flagged = found_rows(golden, "retention.scorecard_scores", ["score"], "is_potential_churner")
    assert set(flagged) == {key for key, row in _scores(golden).items() if int(row["score"]) >= 10}


def test_weeks_with_a_base_month_are_evaluated_and_no_others(golden: duckdb.DuckDBPyConnection) -> None:
    key = ["warning_week", "week_month"]
    found = found_rows(
        golden, "(select distinct warning_week, week_month, base_month from retention.churn_warnings)",
        ["base_month"], key=key,
    )  # fmt: skip
    expected = expected_rows("warning_weeks", key)
    lines = differences(expected, found) + unexpected(expected, found)
    assert not lines, "\n".join(lines)


def test_a_wednesday_run_finds_what_the_monthly_run_found(golden_home: Home, warned_home: Home) -> None:
    before, after = (fingerprints(home.warehouse_file) for home in (golden_home, warned_home))
    changed = [
        table for table in differences_of_homes(before, after) if not table.startswith("intermediate.")
    ]
    assert changed == []


def test_a_wednesday_run_publishes_its_week_beside_the_months(golden_home: Home, warned_home: Home) -> None:
    assert manifests(warned_home) == manifests(golden_home)
    file = warned_home.published / "weeks" / "2026-07-15" / "manifest.json"
    published = json.loads(file.read_text(encoding="utf-8"))["tables"]
    for name in ("churn_warnings", "warning_evidence"):
        rows = read_table(GOLDEN / "expected" / f"{name}.csv")
        of_week = [row for row in rows if row["warning_week"] == "2026-07-15"]
        assert published[f"retention.{name}"]["rows"] == len(of_week)


def test_evidence_carries_condition_and_threshold_of_its_rule(golden: duckdb.DuckDBPyConnection) -> None:
    fired = golden.execute(
        "select distinct rule_id, condition_id, cast(threshold as double) "
        "from retention.warning_evidence order by rule_id"
    ).fetchall()
    assert fired == [(rule, *terms) for rule, terms in CONDITIONS.items()]


def test_list_names_each_line_once_and_the_same_as_the_owners(golden: duckdb.DuckDBPyConnection) -> None:
    listed = found_rows(golden, "retention.responsibilities", ["assignment_id"])
    owners = found_rows(golden, "retention.would_be_owners", ["assignment_id"])
    assert listed == {key: owners[key] for key in listed}
    assert len({row["assignment_id"] for row in listed.values()}) == len(listed)


def test_world_without_enough_churners_has_no_model(golden: duckdb.DuckDBPyConnection) -> None:
    assert golden.execute("select count(*) from ml.churn_scores").fetchall() == [(0,)]


def test_quarantine_holds_the_planted_rows_and_no_others(golden: duckdb.DuckDBPyConnection) -> None:
    expected = read_table(GOLDEN / "expected" / "quarantine.csv")
    found = golden.execute(
        "select strftime(landed_month, '%Y-%m'), table_name, file_name, cast(row_number as varchar), reason "
        "from ops.quarantine order by all"
    ).fetchall()
    assert [list(row[:-1]) for row in found] == [list(row.values())[:4] for row in expected]
    for row, planted in zip(found, expected, strict=True):
        assert row[-1].startswith(planted["reason_starts_with"]), planted["reason"]


def test_accounts_of_every_file_add_up(golden: duckdb.DuckDBPyConnection) -> None:
    accounts = golden.execute(
        "select file_name, rows_read, rows_accepted, rows_quarantined, rows_duplicate from ops.landing_audit"
    ).fetchall()
    wrong = [account for account in accounts if account[1] != sum(account[2:])]
    assert wrong == []
    assert ("bills/2026-03/faulty.csv", 4, 1, 2, 1) in accounts


def _scores(golden: duckdb.DuckDBPyConnection) -> dict[Key, Row]:
    return found_rows(golden, "retention.scorecard_scores", ["score"])


def test_every_month_has_a_report_in_both_languages_without_personal_data(
    golden_home: Home, golden: duckdb.DuckDBPyConnection
) -> None:
    phones = [
        phone
        for (phone,) in golden.execute(
            "select distinct msisdn from staging.stg_customer__subscribers where msisdn is not null"
        ).fetchall()
    ]
    names = [
        name
        for (name,) in golden.execute(
            "select distinct staff_name from staging.stg_organisation__staff where staff_name is not null"
        ).fetchall()
    ]
    assert phones
    for month in MONTHS:
        folder = golden_home.published / month
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert "report.html" in manifests(golden_home)[month]["files"]
        titles = re.findall(r"<h1>(.*?)</h1>", re.sub(r"</?span[^>]*>", "", page))
        assert titles == [f"Retention report {month}", f"客户挽留月报 {month}"]
        assert [found for found in (*phones, *names) if found in page] == []
    # The last month has a list, a base and warnings, and the operator is too young for an effect.
    assert "has not been published" not in re.sub(r"(?s)<article class=\"edition zh.*", "", page)
    assert "Nothing can be said of the effect" in page


def test_a_world_of_three_tables_has_a_report_that_says_what_is_missing(bare_home: Home) -> None:
    page = (bare_home.published / MONTHS[-1] / "report.html").read_text(encoding="utf-8")
    assert page.count("<section id=") == 22
    assert "Lines by tier in" in page
