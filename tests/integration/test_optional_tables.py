"""The golden world with only the three tables that must be there: it runs, and guesses nothing.

Belongs here: what the tables that never came leave unknown. Not here: the rules themselves
(`test_golden_world.py`).
"""

import duckdb

from tests.integration.golden.comparing import WEEKLY, differences, expected_rows, found_rows, unexpected

FEATURES_OF_OTHER_TABLES = [
    "paid_amount",
    "paid_amount_mean_3m",
    "paid_amount_ratio_6m",
    "payment_count",
    "payment_count_sum_6m",
    "last_paid_day",
    "is_auto_debit",
    "paid_to_billed_ratio_3m",
    "overdue_amount",
    "overdue_amount_mean_6m",
    "months_overdue",
    "months_overdue_max_6m",
    "debt_stop_count_6m",
    "voluntary_suspension_count_6m",
    "plan_price_change_amount",
    "plan_fee_amount",
    "bill_to_plan_fee_ratio",
    "minutes_to_included_ratio",
    "months_to_rebate_contract_end",
    "months_to_other_contract_end",
    "months_since_contract_end",
    "monthly_rebate_amount",
    "has_rebate_contract",
    "has_other_contract",
    "bundle_count",
    "value_added_service_count",
    "services_taken_up_count_6m",
    "complaint_count",
    "complaint_count_3m",
    "complaint_count_6m",
    "severe_complaint_count_3m",
    "network_complaint_count_3m",
    "billing_complaint_count_3m",
    "overdue_complaint_count",
    "worst_fault_level_3m",
    "lowest_satisfaction_6m",
    "service_contact_count_3m",
    "bill_enquiry_count_3m",
    "hall_contact_count_3m",
    "care_contact_count_6m",
    "call_drop_rate",
    "call_drop_rate_worst_3m",
    "call_setup_success_rate",
    "coverage_complaints",
    "cell_fault_count_3m",
    "competitor_offensive_count",
]


def known(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> list[str]:
    """Return those of a table's columns that hold a value in any row."""
    counts = connection.execute(
        f"select {', '.join(f'count({name})' for name in columns)} from {table}"
    ).fetchone()
    assert counts is not None
    return [name for name, count in zip(columns, counts, strict=True) if count]


def test_features_of_tables_that_never_came_are_unknown(bare: duckdb.DuckDBPyConnection) -> None:
    assert known(bare, "features.subscriber_features", FEATURES_OF_OTHER_TABLES) == []


def test_facts_of_tables_that_never_came_are_unknown(bare: duckdb.DuckDBPyConnection) -> None:
    facts = ["bundle_count", "complaint_count", "paid_amount", "overdue_amount"]
    assert known(bare, "marts.fct_subscriber_months", facts) == []


def test_flags_that_need_tables_that_never_came_are_unknown(bare: duckdb.DuckDBPyConnection) -> None:
    assert known(bare, "marts.fct_churn_flags", ["v4_bundles", "v6_plan"]) == []
    assert known(bare, "labels.churn_labels", ["is_brand_downgrade"]) == []


def test_nothing_is_counted_of_service_and_market_tables_that_never_came(
    bare: duckdb.DuckDBPyConnection, golden: duckdb.DuckDBPyConnection
) -> None:
    kinds = "select distinct kind from marts.service_monthly order by all"
    assert bare.execute(kinds).fetchall() == []
    assert ("complaint",) in golden.execute(kinds).fetchall()
    assert bare.execute("select count(*) from marts.market_figures").fetchall() == [(0,)]
    assert bare.execute("select count(*) from marts.base_profile").fetchall() != [(0,)]


def test_flags_that_need_only_the_three_tables_are_the_same_as_ever(bare: duckdb.DuckDBPyConnection) -> None:
    columns = ["v1_bill", "v2_minutes", "v3_calls", "v5_vas_fee", "v7_two_month", "v8_tier"]
    expected = {
        key: {name: row[name] for name in (*columns, "reason")}
        for key, row in expected_rows("churn_flags_july").items()
    }
    lines = differences(expected, found_rows(bare, "marts.fct_churn_flags", columns))
    assert not lines, "\n".join(lines)


def test_tiers_and_candidates_are_the_same_as_ever(bare: duckdb.DuckDBPyConnection) -> None:
    columns = ["value_tier", "tenure_months", "is_candidate"]
    found = found_rows(bare, "marts.dim_subscribers", columns)
    lines = differences(expected_rows("dim_subscribers"), found)
    assert not lines, "\n".join(lines)


def test_stops_are_dated_as_ever_and_explained_by_the_status(bare: duckdb.DuckDBPyConnection) -> None:
    stops = found_rows(
        bare, "marts.fct_churn_flags", ["effective_stop_date", "stop_kind"], "is_effective_stop"
    )
    dates = {key: row["effective_stop_date"] for key, row in stops.items()}
    assert dates == {key: row["effective_stop_date"] for key, row in expected_rows("effective_stops").items()}
    kinds = {subscriber: row["stop_kind"] for (subscriber, _), row in stops.items()}
    assert kinds["stop_hall"] == "reported"
    assert kinds["stop_arrears"] == "arrears"
    assert kinds["stop_port_out"] == "port_out"
    assert kinds["silence_three"] == "silence"


def test_scorecard_rules_of_tables_that_never_came_do_not_fire(bare: duckdb.DuckDBPyConnection) -> None:
    fired = bare.execute("select distinct rule_id from retention.scorecard_points order by all").fetchall()
    assert fired == [("S01",), ("S02",), ("S03",), ("S09",), ("S10",), ("S13",)]


def test_list_without_units_has_no_owners_and_everybody_beyond_capacity(
    bare: duckdb.DuckDBPyConnection,
) -> None:
    columns = [
        "disposition",
        "score",
        "primary_unit_id",
        "staff_id",
        "landing_unit_id",
        "supervising_unit_id",
    ]
    owned = "primary_unit_id is not null or staff_id is not null or disposition = 'assigned'"
    assert found_rows(bare, "retention.responsibilities", columns, owned) == {}
    listed = found_rows(bare, "retention.responsibilities", columns, "list_kind = 'at_risk'")
    nobody = dict.fromkeys(columns[2:], "null")
    assert listed == {
        ("scorecard_all", "2026-07"): {"disposition": "beyond_capacity", "score": "13"} | nobody,
        # Red where the contracts are known; yellow is the least that calls with a competitor make him.
        ("blue_red_blue", "2026-07"): {"disposition": "beyond_capacity", "score": "0"} | nobody,
    }


def test_warnings_without_contracts_and_complaints_rest_on_usage_and_are_at_least_yellow(
    bare: duckdb.DuckDBPyConnection,
) -> None:
    fired = [
        key
        for key in expected_rows("warning_evidence", (*WEEKLY, "condition_id"))
        if key[-1] in ("C2", "C4", "C5")
    ]
    expected = {
        key[:2]: {
            "colour": "yellow",
            "contract_level": "null",
            "condition_count": str(sum(other[:2] == key[:2] for other in fired)),
            "is_new": "true",
            "reason": "usage alone; nobody's usage is told in two weeks running",
        }
        for key in fired
    }
    columns = ["colour", "contract_level", "condition_count", "is_new"]
    found = found_rows(bare, "retention.churn_warnings", columns, key=WEEKLY)
    lines = differences(expected, found) + unexpected(expected, found)
    assert not lines, "\n".join(lines)
