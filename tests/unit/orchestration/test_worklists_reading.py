"""The query behind a worklist: one line per assigned subscriber, whatever else is missing."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.worklists import read_worklist_rows
from orchestration.worklists.workbook import NEEDED

JUNE = date(2026, 6, 1)

BUILD = """
    create schema marts; create schema retention; create schema ml; create schema staging;
    create schema reference;
    create table retention.responsibilities (snapshot_month date, subscriber_id varchar,
        assignment_id varchar, disposition varchar, colour varchar, churn_probability double, score integer,
        main_cause varchar, offer_id varchar, expected_benefit decimal(14,2), priority_rank bigint,
        primary_unit_id varchar, staff_id varchar, landing_unit_id varchar, supervising_unit_id varchar,
        stage varchar, channel varchar, due_date date);
    insert into retention.responsibilities values
        ('2026-06-01', 'S1', 'A1', 'assigned', 'red', 0.5, 11, 'price', 'O1', 9.50, 1, 'B01', 'P1', 'B01',
            null, 'call', 'call', '2026-07-02'),
        ('2026-06-01', 'S2', 'A2', 'assigned', null, null, null, null, null, null, 2, 'B09', null, null,
            null, 'call', 'call', '2026-07-02'),
        ('2026-06-01', 'S3', 'A3', 'held_out', 'red', 0.5, 11, 'price', 'O1', 9.50, 1, 'B01', 'P1', 'B01',
            null, 'call', 'call', '2026-07-02'),
        ('2026-05-01', 'S1', 'A0', 'assigned', 'red', 0.5, 11, 'price', 'O1', 9.50, 1, 'B01', 'P1', 'B01',
            null, 'call', 'call', '2026-06-02');
    create table retention.scorecard_points (snapshot_month date, subscriber_id varchar, rule_id varchar,
        points integer);
    insert into retention.scorecard_points values ('2026-06-01', 'S1', 'S05', 1),
        ('2026-06-01', 'S1', 'S09', 3), ('2026-06-01', 'S1', 'S01', 3), ('2026-05-01', 'S1', 'S12', 1);
    create table ml.churn_reasons (snapshot_month date, subscriber_id varchar, reason_rank integer,
        sentence varchar);
    insert into ml.churn_reasons values ('2026-06-01', 'S1', 2, 'second'), ('2026-06-01', 'S1', 1, 'first'),
        ('2026-06-01', 'S1', 3, 'third'), ('2026-06-01', 'S1', 4, 'fourth'), ('2026-05-01', 'S1', 1, 'old');
    create table marts.dim_subscribers (snapshot_month date, subscriber_id varchar, customer_type varchar,
        group_id varchar, value_tier varchar);
    insert into marts.dim_subscribers values ('2026-06-01', 'S1', 'group', 'G1', 'high'),
        ('2026-05-01', 'S1', 'group', 'G1', 'mid');
    create table staging.stg_customer__subscribers (snapshot_month date, subscriber_id varchar,
        msisdn varchar);
    insert into staging.stg_customer__subscribers values ('2026-06-01', 'S1', '138****0001'),
        ('2026-05-01', 'S1', '138****0009');
    create table staging.stg_organisation__staff as select 'P1' as staff_id, 'Chen L.' as staff_name;
    create table staging.stg_organisation__org_units as select 'B01' as unit_id, 'East' as unit_name;
    create table reference.offers (offer_id varchar, name_en varchar, name_zh varchar, script_en varchar,
        script_zh varchar, valid_from_month date, valid_to_month date);
    insert into reference.offers values
        ('O1', 'Credit', '返费', 'Say it', '请说明', '2026-06-01', null),
        ('O1', 'Old credit', '旧返费', 'Say', '说明', '2000-01-01', '2026-05-01');
"""


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        yield connection


def test_rows_are_the_assigned_of_the_month_with_all_that_a_list_shows(
    build: duckdb.DuckDBPyConnection,
) -> None:
    rows = read_worklist_rows(build, JUNE)

    assert list(rows["assignment_id"]) == ["A1", "A2"]
    assert set(rows.columns) >= NEEDED
    first = rows.iloc[0]
    assert (first["msisdn"], first["value_tier"], first["unit_name"]) == ("138****0001", "high", "East")
    assert (first["staff_name"], first["offer_name"], first["script_hint"]) == ("Chen L.", "Credit", "Say it")
    assert first["sentence"] == "first\nsecond\nthird"
    assert first["fired_rules"] == "S01|S09|S05"
    assert first["expected_benefit"] == 9.5


def test_rows_stay_where_nothing_else_is_known(build: duckdb.DuckDBPyConnection) -> None:
    second = read_worklist_rows(build, JUNE).iloc[1]

    unknown = ["msisdn", "customer_type", "sentence", "fired_rules", "offer_name", "unit_name", "staff_name"]
    assert second[unknown].isna().all()
    assert second["primary_unit_id"] == "B09"


def test_rows_hold_offers_in_the_operators_language(build: duckdb.DuckDBPyConnection) -> None:
    assert read_worklist_rows(build, JUNE, language="zh").iloc[0]["offer_name"] == "返费"
    with pytest.raises(ValueError, match="'fr'; it can be one of en, zh"):
        read_worklist_rows(build, JUNE, language="fr")
