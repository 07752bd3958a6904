"""The query behind a worklist: one line per assigned subscriber, whatever else is missing."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pandas
import pytest

from orchestration.settings import REFERENCE
from orchestration.worklists import Texts, read_worklist_rows
from orchestration.worklists.workbook import NEEDED

JUNE = date(2026, 6, 1)

BUILD = """
    create schema marts; create schema retention; create schema ml; create schema staging;
    create schema reference;
    create table retention.responsibilities (snapshot_month date, subscriber_id varchar,
        assignment_id varchar, disposition varchar, list_kind varchar, colour varchar,
        churn_probability double, score integer,
        main_cause varchar, model_cause varchar, rule_cause varchar, strategy_id varchar, offer_id varchar,
        expected_benefit decimal(14,2), priority_rank bigint,
        primary_unit_id varchar, staff_id varchar, landing_unit_id varchar, supervising_unit_id varchar,
        stage varchar, channel varchar, due_date date);
    insert into retention.responsibilities values
        ('2026-06-01', 'S1', 'A1', 'assigned', 'at_risk', 'red', 0.5, 11, 'price', 'price', 'service', 'R1',
            'O1', 9.50, 1, 'B01', 'P1', 'B01', null, 'call', 'call', '2026-07-02'),
        ('2026-06-01', 'S2', 'A2', 'assigned', 'lost', null, null, null, null, null, null, null, null, null,
            2, 'B09', null, null, null, 'call', 'call', '2026-07-02'),
        ('2026-06-01', 'S3', 'A3', 'held_out', 'at_risk', 'red', 0.5, 11, 'price', 'price', 'service', 'R1',
            'O1', 9.50, 1, 'B01', 'P1', 'B01', null, 'call', 'call', '2026-07-02'),
        ('2026-05-01', 'S1', 'A0', 'assigned', 'at_risk', 'red', 0.5, 11, 'price', 'price', 'service', 'R1',
            'O1', 9.50, 1, 'B01', 'P1', 'B01', null, 'call', 'call', '2026-06-02');
    create table retention.scorecard_points (snapshot_month date, subscriber_id varchar, rule_id varchar,
        observed_value double, threshold decimal(18,4), points integer);
    insert into retention.scorecard_points values ('2026-06-01', 'S1', 'S05', 12.5, 0, 1),
        ('2026-06-01', 'S1', 'S09', 7, 5, 3), ('2026-06-01', 'S1', 'X99', 0.9183, 1, 3),
        ('2026-06-01', 'S3', 'S09', 7, 5, 3), ('2026-05-01', 'S1', 'S12', 0, 1, 1);
    create table retention.warning_evidence (week_month date, warning_week date, subscriber_id varchar,
        condition_id varchar, rule_id varchar, observed_value double, threshold decimal(18,4),
        points integer);
    insert into retention.warning_evidence values
        ('2026-06-01', '2026-06-10', 'S1', 'C2', 'C2_minutes', 0.9, 0.5, 2),
        ('2026-06-01', '2026-06-17', 'S1', 'C2', 'C2_data', 0.625, 0.5, 2),
        ('2026-06-01', '2026-06-17', 'S1', 'C1', 'C1_repeated', 2, 2, 3),
        ('2026-07-01', '2026-07-08', 'S1', 'C3', 'C3_contract', 9, 60, 3);
    create table reference.warning_conditions (rule_id varchar, measure varchar, operator varchar,
        enabled boolean, valid_from_month date, valid_to_month date);
    insert into reference.warning_conditions values
        ('C1_repeated', 'complaints_opened', '>=', true, '2000-01-01', null),
        ('C2_data', 'data_fall', '>', true, '2000-01-01', null),
        ('C2_data', 'data_fall', '>=', true, '2026-07-01', null);
    create table reference.warning_scorecard as
        select 'S09' as rule_id, 'own_hotline_calls_6m' as measure, '>' as operator, true as enabled,
            date '2000-01-01' as valid_from_month, cast(null as date) as valid_to_month
        union all select 'S05', 'overdue_amount', '>', true, date '2000-01-01', null;
    create table reference.cause_map (item_type varchar, item_id varchar, unit varchar, label_en varchar,
        label_zh varchar);
    insert into reference.cause_map values
        ('warning_condition', 'C1', 'complaints', 'Complaint', '投诉'),
        ('warning_condition', 'C2', 'share', 'Use fell', '用量下降'),
        ('scorecard_rule', 'S05', 'money', 'Overdue balance', '欠费余额'),
        ('scorecard_rule', 'S09', 'calls', 'Calls to our hotline in 6 months', '近6个月拨打本网客服');
    create table reference.retention_strategies as
        select 'R1' as strategy_id, 'Care' as actions_en, '关怀' as actions_zh, true as enabled,
            date '2000-01-01' as valid_from_month, cast(null as date) as valid_to_month;
    create table ml.churn_reasons (snapshot_month date, subscriber_id varchar, reason_rank integer,
        sentence varchar);
    insert into ml.churn_reasons values ('2026-06-01', 'S1', 2, 'second'), ('2026-06-01', 'S1', 1, 'first'),
        ('2026-06-01', 'S1', 3, 'third'), ('2026-06-01', 'S1', 4, 'fourth'), ('2026-05-01', 'S1', 1, 'old');
    create table ml.cause_scores (snapshot_month date, subscriber_id varchar, cause varchar,
        cause_rank integer, is_leading boolean);
    insert into ml.cause_scores values ('2026-06-01', 'S1', 'service', 2, true),
        ('2026-06-01', 'S1', 'price', 1, true), ('2026-06-01', 'S1', 'quality', 3, false),
        ('2026-05-01', 'S1', 'social', 1, true);
    create table ml.what_ifs (snapshot_month date, subscriber_id varchar, what_if_id varchar,
        probability double, what_if_probability double, help_rank integer);
    insert into ml.what_ifs values ('2026-06-01', 'S1', 'renewed', 0.5, 0.25, 2),
        ('2026-06-01', 'S1', 'closed', 0.5, 0.125, 1), ('2026-05-01', 'S1', 'renewed', 0.5, 0.1, 1),
        ('2026-06-01', 'S2', 'closed', 0.5, 0.6, null);
    create table reference.what_ifs (what_if_id varchar, feature varchar, label_en varchar, label_zh varchar,
        enabled boolean, valid_from_month date, valid_to_month date);
    insert into reference.what_ifs values
        ('closed', 'a', 'Complaint answered', '投诉已答复', true, '2026-06-01', null),
        ('closed', 'b', 'Complaint answered', '投诉已答复', true, '2026-06-01', null),
        ('closed', 'a', 'Old words', '旧', true, '2000-01-01', '2026-05-01');
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
        script_zh varchar, enabled boolean, valid_from_month date, valid_to_month date);
    insert into reference.offers values
        ('O1', 'Credit', '返费', 'Say it', '请说明', true, '2026-06-01', null),
        ('O1', 'Old credit', '旧返费', 'Say', '说明', true, '2000-01-01', '2026-05-01');
"""


def rows_of(build: duckdb.DuckDBPyConnection, language: str = "en") -> pandas.DataFrame:
    texts = Texts.load(REFERENCE / "texts.csv")
    return read_worklist_rows(build, JUNE, language=language, currency="CNY", texts=texts)


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        yield connection


def test_rows_are_the_assigned_of_the_month_with_all_that_a_list_shows(
    build: duckdb.DuckDBPyConnection,
) -> None:
    rows = rows_of(build)

    assert list(rows["assignment_id"]) == ["A1", "A2"]
    assert set(rows.columns) >= NEEDED
    first = rows.iloc[0]
    assert (first["msisdn"], first["value_tier"], first["unit_name"]) == ("138****0001", "high", "East")
    assert (first["staff_name"], first["offer_name"], first["script_hint"]) == ("Chen L.", "Credit", "Say it")
    assert first["sentence"] == "first\nsecond\nthird"
    causes = first[["main_cause", "model_causes", "rule_cause"]].tolist()
    assert causes == ["price", "price,service", "service"]
    assert first["what_if"] == "Complaint answered: churn probability 50.0% → 12.5%"
    assert first["strategy"] == "Care"
    # Conditions first, C2 as its last week saw it; a rule without words of its own by its id; four are told.
    assert first["facts"] == (
        "Complaints in the week: 2 (≥ 2); "
        "Fall of the week's data volume against the 4 weeks before: 62.5% (> 50.0%); "
        "Calls to our hotline in 6 months: 7 (> 5); X99: 0.92 ( 1); and 1 more"
    )
    assert first["expected_benefit"] == 9.5


def test_rows_stay_where_nothing_else_is_known(build: duckdb.DuckDBPyConnection) -> None:
    second = rows_of(build).iloc[1]

    unknown = ["msisdn", "customer_type", "model_causes", "sentence", "facts", "what_if", "strategy"]
    unknown += ["offer_name", "unit_name"]
    assert second[unknown].isna().all()
    assert second["primary_unit_id"] == "B09"


def test_rows_are_in_the_operators_language(build: duckdb.DuckDBPyConnection) -> None:
    first = rows_of(build, "zh").iloc[0]
    assert (first["offer_name"], first["strategy"]) == ("返费", "关怀")
    assert first["what_if"] == "投诉已答复：流失概率 50.0% → 12.5%"
    assert first["facts"].startswith("本周投诉：2（≥ 2）；本周流量较前四周下降：62.5%（> 50.0%）；")
    with pytest.raises(ValueError, match="'fr'; it can be one of en, zh"):
        rows_of(build, "fr")
