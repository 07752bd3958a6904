"""A rule is a row: another city changes the rule book, never the past, and a faulty row stops the run.

Belongs here: what the golden world becomes under a rule book that changes in July, worked out by hand from
`golden/expected/` and `golden/lines.csv`; what a faulty rule book is told. Not here: the rules as they stand
(`test_golden_world.py`).
"""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import ROOT, Home
from tests.integration.golden.comparing import WEEKLY, Key, expected_rows, found_rows
from tests.integration.golden.world import MONTHS, Row, read_table
from tests.integration.homes import manifests, retention

JULY = "2026-07-01"
JUNE = "2026-06-01"


def checkout_at(place: Path) -> Path:
    """Copy what a run is made of to `place`, so that its rule book may be changed."""
    place.mkdir(exist_ok=True)
    shutil.copyfile(ROOT / "pyproject.toml", place / "pyproject.toml")
    for folder in ("orchestration", "ml", "seeds", "dbt_project"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__", "target"))
    return place


def add_rows(checkout: Path, name: str, *rows: Row) -> None:
    """Add rows to a rule table; what a row does not say is empty."""
    file = checkout / "seeds" / "reference" / name
    write_rows(file, [*read_table(file), *rows])


def change_from_july(checkout: Path, name: str, rule_id: str, **changes: str) -> None:
    """End a rule's version with June and begin another with July."""
    file = checkout / "seeds" / "reference" / name
    rows = read_table(file)
    (old,) = [row for row in rows if row["rule_id"] == rule_id]
    new = old | changes | {"valid_from_month": JULY}
    old["valid_to_month"] = JUNE
    write_rows(file, [*rows, new])


def write_rows(file: Path, rows: list[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)


def rule_like(checkout: Path, name: str, pattern: str, **changes: str) -> Row:
    """Return a new row that differs from the rule `pattern` only in `changes`."""
    (row,) = [row for row in read_table(checkout / "seeds" / "reference" / name) if row["rule_id"] == pattern]
    return row | changes


def cause_of(rule_id: str, cause: str) -> Row:
    """Return the row of `cause_map.csv` that a new scorecard rule needs."""
    labels = {"label_en": "A new rule", "label_zh": "新规则"}
    return {"item_type": "scorecard_rule", "item_id": rule_id, "cause": cause} | labels


@pytest.fixture(scope="module")
def changed_home(golden_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The golden home run again, all months, by a rule book that changes in July."""
    home = Home(tmp_path_factory.mktemp("changed") / "home")
    shutil.copytree(golden_home.root, home.root)
    checkout = checkout_at(tmp_path_factory.mktemp("checkout"))
    change_from_july(checkout, "warning_scorecard.csv", "S05", threshold="0.01")
    change_from_july(checkout, "warning_scorecard.csv", "S12", enabled="false")
    change_from_july(checkout, "churn_rules.csv", "V7_two_month", threshold="0.25")
    change_from_july(checkout, "warning_conditions.csv", "C5_hotline", threshold="1")
    change_from_july(checkout, "warning_conditions.csv", "C4_forwarding", enabled="false")
    change_from_july(checkout, "warning_levels.csv", "W3_blue", enabled="false")
    # New rules on measures that are there.
    new = {"rule_id": "S14", "operator": ">=", "points": "2", "valid_from_month": JULY}
    add_rows(checkout, "warning_scorecard.csv", rule_like(checkout, "warning_scorecard.csv", "S02", **new))
    add_rows(checkout, "cause_map.csv", cause_of("S14", "competition"))
    new = {"rule_id": "C3_distant", "measure_order": "2", "threshold": "90", "valid_from_month": JULY}
    add_rows(
        checkout,
        "warning_conditions.csv",
        rule_like(checkout, "warning_conditions.csv", "C3_contract", **new),
    )
    retention(home, "run", "--from-month", MONTHS[0], "--month", MONTHS[-1], checkout=checkout)
    return home


@pytest.fixture
def changed(changed_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file of the changed home, read-only."""
    with duckdb.connect(str(changed_home.warehouse_file), read_only=True) as connection:
        yield connection


def is_july(key: Key) -> bool:
    """Tell whether the week ends in July."""
    return key[1] > "2026-07-01"


def test_months_before_the_change_are_the_same_byte_for_byte(golden_home: Home, changed_home: Home) -> None:
    before, after = manifests(golden_home), manifests(changed_home)
    assert list(before) == list(MONTHS)
    assert {month for month in MONTHS if before[month] != after[month]} == {"2026-07"}


def test_points_of_july_follow_the_new_rule_book(changed: duckdb.DuckDBPyConnection) -> None:
    july = "snapshot_month = '2026-07-01'"
    found = {
        key[0]: int(row["score"])
        for key, row in found_rows(changed, "retention.scorecard_scores", ["score"], july).items()
    }
    # An overdue cent no longer counts, nor does who takes up no service; ten forwarded calls do.
    assert {name: found[name] for name in ("tier_at_200", "score_nine", "score_ten", "scorecard_none")} == {
        "tier_at_200": 3 - 1,
        "score_nine": 9 - 1,
        "score_ten": 10 - 1 - 1,
        "scorecard_none": 0 + 2,
    }
    assert found["scorecard_all"] == 26 - 1 + 2
    flagged = found_rows(changed, "retention.scorecard_scores", ["score"], f"is_potential_churner and {july}")
    assert set(flagged) == {("scorecard_all", "2026-07")}


def test_a_new_rule_on_a_known_measure_tells_its_evidence(changed: duckdb.DuckDBPyConnection) -> None:
    found = changed.execute(
        "select subscriber_id, strftime(snapshot_month, '%Y-%m'), observed_value, threshold, points "
        "from retention.scorecard_points where rule_id = 'S14' order by all"
    ).fetchall()
    assert found == [("scorecard_all", "2026-07", 11, 10, 2), ("scorecard_none", "2026-07", 10, 10, 2)]


def test_flags_of_july_follow_the_new_rule_book(changed: duckdb.DuckDBPyConnection) -> None:
    expected = {
        key for key, row in expected_rows("churn_flags_july").items() if row["v7_two_month"] == "true"
    }
    found = found_rows(changed, "marts.fct_churn_flags", ["v7_two_month"], "v7_two_month")
    # Down 29.9975 %; the next below is fell_to_mid with 23.1 %.
    assert set(found) - expected == {("two_month_bill_below_30", "2026-07")}
    assert expected <= set(found)


def test_evidence_of_july_follows_the_new_rule_book(changed: duckdb.DuckDBPyConnection) -> None:
    key = (*WEEKLY, "condition_id")
    columns = ["rule_id", "observed_value"]
    expected = {
        place: (row["rule_id"], row["observed_value"])
        for place, row in expected_rows("warning_evidence", key).items()
        if not (is_july(place) and place[2] == "C4")
    }
    expected |= {
        # One call with a competitor is enough.
        ("hotline_one", "2026-07-15", "C5"): ("C5_hotline", "1"),
        ("hotline_over_tuesday", "2026-07-08", "C5"): ("C5_hotline", "1"),
        ("hotline_over_tuesday", "2026-07-15", "C5"): ("C5_hotline", "1"),
        ("scorecard_all", "2026-07-22", "C5"): ("C5_hotline", "1"),
        ("scorecard_none", "2026-07-22", "C5"): ("C5_hotline", "1"),
        # 61 to 90 days; the contract cancelled on 14 July still ran on the 7th.
        ("handset_at_60", "2026-07-08", "C3"): ("C3_distant", "67"),
        ("handset_at_61", "2026-07-08", "C3"): ("C3_distant", "68"),
        ("handset_at_61", "2026-07-15", "C3"): ("C3_distant", "61"),
        ("handset_cancelled", "2026-07-08", "C3"): ("C3_distant", "67"),
        ("handset_cancelled_later", "2026-07-08", "C3"): ("C3_distant", "67"),
        ("yellow_then_red", "2026-07-08", "C3"): ("C3_distant", "67"),
    }
    rows = found_rows(changed, "retention.warning_evidence", columns, key=key)
    assert {place: (row["rule_id"], row["observed_value"]) for place, row in rows.items()} == expected


def test_colours_of_july_follow_the_new_rule_book(changed: duckdb.DuckDBPyConnection) -> None:
    expected = {
        key: row["colour"]
        for key, row in expected_rows("churn_warnings", WEEKLY).items()
        if not is_july(key) or (row["colour"] != "blue" and key[0] != "forwards_on_three_days")
    }
    expected |= dict.fromkeys(
        [
            ("hotline_one", "2026-07-15"),
            ("hotline_over_tuesday", "2026-07-08"),
            ("hotline_over_tuesday", "2026-07-15"),
            ("scorecard_all", "2026-07-22"),
            ("scorecard_none", "2026-07-22"),
            ("handset_at_60", "2026-07-08"),
            ("handset_at_61", "2026-07-08"),
            ("handset_at_61", "2026-07-15"),
            ("handset_cancelled", "2026-07-08"),
            ("handset_cancelled_later", "2026-07-08"),
            ("yellow_then_red", "2026-07-08"),
        ],
        "yellow",
    )
    columns = ["colour", "is_new", "condition_count"]
    rows = found_rows(changed, "retention.churn_warnings", columns, key=WEEKLY)
    assert {key: row["colour"] for key, row in rows.items()} == expected
    # Warned the week before by the new rule; with C4 switched off two conditions are left of three.
    assert rows["handset_at_60", "2026-07-15"]["is_new"] == "false"
    assert rows["three_conditions", "2026-07-15"]["condition_count"] == "2"


def test_a_faulty_rule_book_stops_the_run_and_names_file_and_rule(golden_home: Home, tmp_path: Path) -> None:
    """One run for all faults: each is told, and what is published stays as it was."""
    home = Home(tmp_path / "home")
    shutil.copytree(golden_home.root, home.root)
    checkout = checkout_at(tmp_path / "checkout")
    scorecard, conditions = "warning_scorecard.csv", "warning_conditions.csv"
    add_rows(
        checkout,
        scorecard,
        rule_like(checkout, scorecard, "S08", rule_id="S15", measure="complaints_of_the_moon"),
        rule_like(checkout, scorecard, "S02", valid_from_month=JULY),
    )
    add_rows(
        checkout,
        conditions,
        rule_like(checkout, conditions, "C4_forwarding", rule_id="C4_stars", measure="shooting_stars"),
        rule_like(checkout, conditions, "C5_hotline", threshold="3"),
    )
    add_rows(checkout, "cause_map.csv", cause_of("S15", "moonlight"))
    said = retention(home, "run", "--month", MONTHS[-1], checkout=checkout, exit_code=1)
    for told in (
        "warning_scorecard.csv: rule S15 names the measure complaints_of_the_moon",
        "warning_conditions.csv: rule C4_stars names the measure shooting_stars",
        "warning_scorecard.csv: the version of S02 from 2026-07-01",
        "warning_conditions.csv: 2 versions of C5_hotline begin with 2000-01-01",
        "cause_map.csv: S15 names the cause moonlight",
    ):
        assert told in said, f"{told}\n\n{said}"
    assert manifests(home) == manifests(golden_home)
