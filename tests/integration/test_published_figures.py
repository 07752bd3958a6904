"""Figures that people read, against one another: parts add up, counts agree with the lists, unknown is not 0.

Belongs here: what must hold between published marts, whatever the world. Not here: the figures themselves
(`test_golden_world.py`, `test_metrics.py`, dbt's unit tests).
"""

import duckdb
import pytest

NEVER_LANDED = [
    "value_at_risk_amount",
    "worked_count",
    "assigned_worked_count",
    "reached_count",
    "downgrade_count",
]
"""What no row of a home of subscribers, bills and use alone can know."""

ADDITIVE = """
    'subscriber_count', 'billed_amount', 'warned_count', 'red_count', 'yellow_count', 'blue_count',
    'at_risk_count', 'at_risk_billed_amount', 'assigned_count', 'silent_count', 'silent_billed_amount',
    'downgrade_count', 'moved_up_count', 'moved_down_count', 'net_tier_moves'
"""


def test_what_rests_on_tables_that_never_came_is_null_and_not_0(bare: duckdb.DuckDBPyConnection) -> None:
    counts = ", ".join(f"count({name})" for name in NEVER_LANDED)
    found = bare.execute(f"select count(*) > 0, {counts} from marts.kpi_monthly").fetchone()
    assert found == (True, *[0] * len(NEVER_LANDED))


def test_value_churn_is_unknown_until_some_flag_can_be_judged(bare: duckdb.DuckDBPyConnection) -> None:
    # Flags of the bill need the six months before: January to June can tell nothing of July's kind.
    months = bare.execute(
        "select strftime(snapshot_month, '%Y-%m'), max(value_churn_count) is not null "
        "from marts.kpi_monthly group by snapshot_month order by snapshot_month"
    ).fetchall()
    assert months == [(f"2026-0{number}", number == 7) for number in range(1, 8)]


@pytest.mark.parametrize("total", ["branch_id", "brand", "value_tier"])
def test_parts_add_up_to_their_total(golden: duckdb.DuckDBPyConnection, total: str) -> None:
    others = [name for name in ("branch_id", "brand", "value_tier") if name != total]
    wrong = golden.execute(
        f"""
        select snapshot_month, metric, {", ".join(others)}
        from marts.metrics_monthly
        where metric in ({ADDITIVE}) and value_tier <> 'mid_high'
        group by snapshot_month, metric, {", ".join(others)}
        having
            sum(case when {total} = 'all' then numerator end)
            is distinct from sum(case when {total} <> 'all' then numerator end)
        """
    ).fetchall()
    assert wrong == []


def test_counts_of_a_month_are_those_of_its_lists(golden: duckdb.DuckDBPyConnection) -> None:
    counted = golden.execute(
        """
        select
            snapshot_month, sum(at_risk_count), sum(lost_count), sum(assigned_count), sum(suppressed_count),
            sum(held_out_count), sum(beyond_capacity_count)
        from marts.kpi_monthly group by snapshot_month order by snapshot_month
        """
    ).fetchall()
    listed = golden.execute(
        """
        select
            snapshot_month, count(*) filter (list_kind = 'at_risk'), count(*) filter (list_kind = 'lost'),
            count(*) filter (list_kind = 'at_risk' and disposition = 'assigned'),
            count(*) filter (list_kind = 'at_risk' and disposition = 'suppressed'),
            count(*) filter (list_kind = 'at_risk' and disposition = 'held_out'),
            count(*) filter (list_kind = 'at_risk' and disposition = 'beyond_capacity')
        from (select distinct snapshot_month from marts.dim_subscribers)
        left join retention.responsibilities using (snapshot_month)
        group by snapshot_month order by snapshot_month
        """
    ).fetchall()
    assert counted == listed
    assert sum(row[1] for row in counted) > 0


def test_stops_of_a_month_are_those_dated_in_it(golden: duckdb.DuckDBPyConnection) -> None:
    stops = golden.execute(
        "select strftime(snapshot_month, '%Y-%m'), sum(quantity_churn_count), sum(involuntary_churn_count) "
        "from marts.kpi_monthly group by snapshot_month order by snapshot_month"
    ).fetchall()
    # Of expected/effective_stops.csv: arrears in April and fraud in May are involuntary.
    assert stops == [
        *(("2026-01", 0, 0), ("2026-02", 0, 0), ("2026-03", 2, 0), ("2026-04", 5, 1)),
        *(("2026-05", 2, 1), ("2026-06", 1, 0), ("2026-07", 1, 0)),
    ]
