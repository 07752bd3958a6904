"""What evidence rests on is read from the models, and stays so: raw tables behind measures and features."""

import csv
from typing import Any

import pytest

from orchestration.settings import REFERENCE
from tests.architecture import measure_sources


@pytest.fixture(scope="module")
def columns() -> measure_sources.Columns:
    return measure_sources.read_columns(measure_sources.compiled_manifest())


def rows(name: str) -> list[dict[str, Any]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_measures_rest_on_the_raw_tables_that_their_sql_reads(columns: measure_sources.Columns) -> None:
    assert rows("measure_sources") == measure_sources.expected_rows(columns), (
        "models or rules have changed: run `python -m tests.architecture.measure_sources` and review"
    )


def test_raw_tables_are_followed_through_models_counts_and_rules(columns: measure_sources.Columns) -> None:
    def behind(feature: str) -> set[str]:
        return columns.raw_tables(measure_sources.FEATURES, feature)

    assert behind("billed_amount_mean_3m") == {"bills"}
    assert behind("bill_to_plan_fee_ratio") == {"bills", "plans"}
    # Rows counted, and a word taken from the rule book.
    assert behind("payment_count") == {"payments"}
    assert behind("value_tier") == {"bills", "payments", "subscribers"}


def test_every_rule_that_measures_and_every_feature_rests_on_something() -> None:
    known = {(row["measured_in"], row["measure"]) for row in rows("measure_sources")}
    books = {
        "churn_rules": ("int_churn_measures", "measure"),
        "suppression_reasons": ("contact_suppressions", "fact"),
        "warning_conditions": ("int_warning_measures", "measure"),
        "warning_levels": ("churn_warnings", "measure"),
        "warning_scorecard": ("scorecard_measures", "measure"),
    }
    asked = {(model, row[column]) for book, (model, column) in books.items() for row in rows(book)}
    asked |= {
        ("subscriber_features", row["item_id"]) for row in rows("cause_map") if row["item_type"] == "feature"
    }

    assert asked - known == set()


def test_a_window_in_a_name_is_looked_back_for() -> None:
    assert measure_sources.months_back("subscriber_features", "billed_amount_ratio_12m", "event") == "13"
    assert measure_sources.months_back("subscriber_features", "out_minutes_mean_6m", "event") == "6"
    assert measure_sources.months_back("subscriber_features", "billed_amount", "event") == "1"
    assert measure_sources.months_back("scorecard_measures", "complaints_3m", "register") == ""


def test_every_rule_has_words() -> None:
    texts = {row["key"] for row in rows("texts")}
    items = {row["item_id"] for row in rows("cause_map") if row["item_type"] != "feature"}
    books = {
        *(
            "churn_rules",
            "lifecycle_stages",
            "responsibility_rules",
            "retention_phases",
            "suppression_reasons",
        ),
        *("value_tiers", "warning_conditions", "warning_levels", "warning_scorecard"),
    }
    bare = {
        row["rule_id"]
        for book in books
        for row in rows(book)
        if f"rule.{row['rule_id']}" not in texts and not {row["rule_id"], row.get("condition_id")} & items
    }

    assert bare == set()
