"""Published tables of a few lines for tests of the report, every figure small enough to add up by hand.

Belongs here: what several test modules of the report read. Not here: a claim.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb

from orchestration.report.context import Context
from orchestration.report.page import Section, Table
from orchestration.report.reading import Reader
from orchestration.report.words import Words
from orchestration.settings import REFERENCE
from orchestration.worklists.texts import Texts

TEXTS = Texts.load(REFERENCE / "texts.csv")

KPI = """
    create table publication.marts.kpi_monthly as
        select *, 'B1' as branch_id, 'gold' as brand from (values
            (date '2026-05-01', 'high', 10, 2000.00, 1, 6, 1, 1, 4),
            (date '2026-05-01', 'mid', 30, 3000.00, 2, 14, 2, 2, 10),
            (date '2026-05-01', 'mass', 60, 1000.00, 9, null, null, null, null),
            (date '2026-06-01', 'high', 12, 2500.00, 1, 7, 2, 1, 4),
            (date '2026-06-01', 'mid', 32, 3100.00, 3, 18, 5, 1, 12),
            (date '2026-06-01', 'mass', 56, 900.00, 8, null, null, null, null)
        ) rows (snapshot_month, value_tier, subscriber_count, billed_amount, value_churn_count, warned_count,
            red_count, yellow_count, blue_count)
"""
MOVES = """
    create table publication.marts.tier_moves as
        select date '2026-06-01' as snapshot_month, * from (values
            ('mid', 'none', 2, 150.00, null),
            ('none', 'high', 1, null, 240.00),
            ('mid', 'mass', 3, 330.00, 60.00),
            ('mass', 'mid', 4, 80.00, 400.00),
            ('mid', 'high', 5, 900.00, 1100.00),
            ('high', 'high', 7, 1500.00, 1450.00),
            ('mass', 'mass', 50, 700.00, 690.00),
            ('none', 'mass', 2, null, 20.00),
            ('mass', 'none', 6, 90.00, null)
        ) rows (tier_before, tier_now, subscriber_count, billed_amount_before, billed_amount_now)
"""
STOPS = """
    create table publication.marts.dim_subscribers as
        select month::date as snapshot_month, 'S' || number as subscriber_id,
            case when number <= 4 then 'high' else 'mass' end as value_tier,
            'B1' as branch_id, 'gold' as brand
        from unnest(['2026-03-01', '2026-05-01', '2026-06-01']) months (month),
            range(1, 8) numbers (number);
    create table publication.marts.fct_churn_flags (snapshot_month date, subscriber_id varchar,
        is_effective_stop boolean, stop_kind varchar, is_voluntary_stop boolean, stop_known_in_month date);
    insert into publication.marts.fct_churn_flags values
        ('2026-03-01', 'S1', true, 'port_out', true, '2026-03-01'),
        ('2026-03-01', 'S2', true, 'silence', true, '2026-06-01'),
        ('2026-03-01', 'S3', true, 'silence', true, '2026-07-01'),
        ('2026-05-01', 'S1', true, 'port_out', true, '2026-05-01'),
        ('2026-05-01', 'S2', true, 'reported', true, '2026-05-01'),
        ('2026-05-01', 'S3', true, 'termination', true, '2026-06-01'),
        ('2026-05-01', 'S7', true, 'termination', true, '2026-05-01'),
        ('2026-06-01', 'S1', true, 'termination', true, '2026-06-01'),
        ('2026-06-01', 'S2', true, 'arrears', false, '2026-06-01'),
        ('2026-06-01', 'S3', false, null, null, null)
"""
LIST = """
    create table publication.retention.responsibilities (snapshot_month date, assignment_id varchar,
        list_kind varchar, disposition varchar, suppression_reason varchar, stage varchar,
        main_cause varchar, primary_unit_id varchar, due_date date, expected_benefit decimal(14, 2));
    insert into publication.retention.responsibilities values
        ('2026-05-01', 'a1', 'at_risk', 'assigned', null, 'call', 'price', 'B1', '2026-06-03', 5.00),
        ('2026-05-01', 'a2', 'at_risk', 'assigned', null, 'call', 'price', 'B1', '2026-06-03', 5.00),
        ('2026-05-01', 'a3', 'at_risk', 'assigned', null, 'visit', 'quality', 'B1', '2026-06-03', 5.00),
        ('2026-06-01', 'b1', 'at_risk', 'assigned', null, 'call', 'price', 'B1', '2026-07-03', 5.50),
        ('2026-06-01', 'b2', 'at_risk', 'held_out', null, 'call', 'quality', 'B1', null, 4.00),
        ('2026-06-01', 'b3', 'at_risk', 'suppressed', 'no_contact_data', 'call', 'quality', 'B1', null, 4.00),
        ('2026-06-01', 'b4', 'at_risk', 'beyond_capacity', null, 'call', 'quality', 'B1', null, 4.00),
        ('2026-06-01', 'b5', 'lost', 'assigned', null, 'call', 'unknown', 'B1', '2026-07-03', null);
    create table publication.retention.fct_retention_contacts (assignment_id varchar, attempt_no integer,
        contact_month date, contacted_at timestamp, channel varchar, outcome varchar, is_reached boolean,
        is_retained boolean);
    insert into publication.retention.fct_retention_contacts values
        ('a1', 1, '2026-06-01', '2026-06-02 10:00', 'call', 'not_reached', false, false),
        ('a1', 2, '2026-06-01', '2026-06-04 10:00', 'call', 'reached_retained', true, true),
        ('a2', 1, '2026-06-01', '2026-06-05 10:00', 'call', 'not_reached', false, false),
        ('a3', 1, '2026-07-01', '2026-07-02 10:00', 'visit', 'reached_leaving', true, false)
"""
EFFECT = """
    create table publication.labels.churn_labels (snapshot_month date, closed_in_month date);
    insert into publication.labels.churn_labels values
        ('2025-10-01', '2026-05-01'), ('2025-11-01', '2026-06-01'), ('2025-12-01', '2026-03-01'),
        ('2025-12-01', null), ('2026-01-01', '2026-07-01');
    create table publication.retention.retention_effect as
        select * from (values
            (date '2025-10-01', 'all', 'all', 2, -0.5::double, -0.6::double, -0.4::double, 0.1::double),
            (date '2025-11-01', 'all', 'all', 3, -0.02::double, -0.05::double, 0.01::double, 0.03::double),
            (date '2025-11-01', 'red', 'all', 3, -0.04::double, -0.06::double, -0.02::double, 0.02::double)
        ) rows (snapshot_month, colour, value_tier, pooled_month_count, pooled_randomised_effect,
            pooled_randomised_effect_low, pooled_randomised_effect_high, pooled_randomised_detectable_effect)
"""


@contextmanager
def publication() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with an attached one that bears the published schemas, and the rule book's own."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as publication")
        for schema in ("marts", "retention", "labels", "ml", "ops"):
            connection.execute(f"create schema publication.{schema}")
        connection.execute("create schema reference")
        connection.execute(
            "create table reference.parameters as select 'silence_months' as parameter, '3' as value"
        )
        yield connection


def context(
    connection: duckdb.DuckDBPyConnection,
    month: date = date(2026, 6, 1),
    language: str = "en",
    **parts: object,
) -> Context:
    """Return what sections get, for a month and language."""
    reader = Reader(connection, month, published="publication")
    words = Words(TEXTS, language, "CNY")
    return Context(reader, words, {}, **parts)  # type: ignore[arg-type]  # any fields of it


def table(section: Section, caption: str) -> list[list[str]]:
    """Return the rows of the only table whose caption holds these words."""
    found = [block for block in section.blocks if isinstance(block, Table) and caption in block.caption]
    assert len(found) == 1, [block.caption for block in section.blocks]
    return [list(row) for row in found[0].rows]
