"""Why figures moved: base, bills and list by counting, and months of different length."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.report.sections import recommendations
from orchestration.report.sections.reasons import reasons
from tests.report_tables import KPI, MOVES, context, publication

LISTED = """
    create table publication.retention.responsibilities as
        select *, 'at_risk' as list_kind from (values
            (date '2025-06-01', 'S1', 'red', null),
            (date '2026-05-01', 'S1', 'red', 2.00),
            (date '2026-05-01', 'S2', 'yellow', -1.00),
            (date '2026-05-01', 'S3', null, 4.00),
            (date '2026-05-01', 'S4', 'blue', 4.00),
            (date '2026-06-01', 'S1', 'red', -3.00),
            (date '2026-06-01', 'S3', 'yellow', 4.00),
            (date '2026-06-01', 'S5', 'red', 1.00),
            (date '2026-06-01', 'S6', 'yellow', 0.00),
            (date '2026-06-01', 'S7', null, 5.00)
        ) rows (snapshot_month, subscriber_id, colour, expected_benefit)
"""
WEEKS = """
    create table publication.retention.churn_warnings as
        select month::date as week_month, week::date as warning_week, 'S1' as subscriber_id, 'red' as colour
        from (values
            ('2026-05-01', '2026-05-06'), ('2026-05-01', '2026-05-13'), ('2026-05-01', '2026-05-20'),
            ('2026-05-01', '2026-05-27'), ('2026-06-01', '2026-06-03'), ('2026-06-01', '2026-06-10'),
            ('2026-06-01', '2026-06-17'), ('2026-06-01', '2026-06-24'), ('2026-06-01', '2026-07-01')
        ) weeks (month, week)
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with publication() as connection:
        yield connection


def test_base_and_bills_are_told_by_what_moved_them(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(KPI + ";" + MOVES)

    told = reasons(context(connection))

    # The same moves as the bridge and the base: 4 up, 3 down, 1 new, 2 gone; 2880 before, 3190 now.
    assert told[:2] == [
        "Base of mid and high value (0 lines): +4 from mass, −3 to mass, +1 new, −2 no longer on the books.",
        "Billing of mid and high value (+310 CNY): rose from mass +400, fell to mass −330, new lines +240, "
        "left the books −150, bills of those who stayed +150.",
    ]


def test_the_list_is_told_by_who_came_and_went_and_on_what_ground(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(LISTED)

    told = reasons(context(connection))

    # Came: S5, S6, S7; went: S2, S4. Red or yellow 2 to 4, others 2 to 1. Above 0: S3, S5, S7.
    assert told[:2] == [
        "List: 3 lines came onto the list of those at risk, 2 went off it. Red or yellow in a week: +2; "
        "listed for expected benefit or points alone: −1.",
        "On the year before: in 2025-06 no expected benefit was known, so no line was listed for it; now 3 "
        "lines have one above 0.",
    ]


def test_a_year_before_with_benefits_is_compared_without_a_word(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(LISTED)
    connection.execute(
        "update publication.retention.responsibilities set expected_benefit = -1 "
        "where snapshot_month = '2025-06-01'"
    )

    assert not any(reason.startswith("On the year before") for reason in reasons(context(connection)))


def test_months_of_different_length_are_named(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"{LISTED}; {WEEKS}")

    assert reasons(context(connection))[-1].startswith(
        "Calendar: 2026-06 has 30 days and 5 warning weeks, 2026-05 had 31 and 4."
    )


def test_months_of_the_same_length_are_not(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(LISTED.replace("2026-06", "2026-08").replace("2026-05", "2026-07"))

    told = reasons(context(connection, date(2026, 8, 1)))

    assert told
    assert not any(reason.startswith("Calendar") for reason in told)


def test_without_tables_there_is_no_reason(connection: duckdb.DuckDBPyConnection) -> None:
    assert reasons(context(connection)) == []


def test_training_is_recommended_where_most_customers_miss_the_target(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """A mean of four answers was the lowest every month, and named in the place of two thousand."""
    connection.execute(
        """
        create table publication.marts.satisfaction_followup as
            select date '2026-06-01' as snapshot_month, * from (values
                ('account_manager', 'visit', 'staff', 4, 7.5::double, 8.5, -1.0::double),
                ('call_agent', 'hotline', 'overall', 2000, 7.4::double, 7.5, -0.1::double),
                ('hall_staff', 'hall', 'overall', 3000, 7.8::double, 7.5, 0.3::double),
                ('all', 'all', 'overall', 5004, 7.4::double, 7.5, -0.1::double)
            ) rows (staff_role, touch_point, item, survey_count, mean_score, target_score, gap);
        create table reference.report_recommendations as
            select 'satisfaction' as recommendation_id, 'satisfaction_gap' as measure, '<' as operator,
                0.0 as threshold, 1 as sort_order, true as enabled, date '2000-01-01' as valid_from_month,
                null::date as valid_to_month
        """
    )

    # Four answers miss 4 points in all, two thousand 200.
    assert recommendations.section(context(connection)).points == [
        "Train where targets are missed for most customers: call agent, hotline, overall: 7.40 against a "
        "target of 7.50 (2,000 answers)."
    ]
