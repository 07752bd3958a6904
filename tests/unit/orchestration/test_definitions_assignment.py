"""What the list is made of: main cause, strategy, offers; and the check that nobody at risk is left out."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.defs.assignment import wrongly_listed
from orchestration.defs.customers import at_risk, may_be_listed, read_customers, read_options

JUNE = date(2026, 6, 1)

BUILD = """
    create schema marts; create schema retention; create schema ml; create schema reference;

    create table retention.would_be_owners as
        select date '2026-06-01' as snapshot_month, subscriber_id, 'M-' || subscriber_id as assignment_id,
            'high' as value_tier, 200.00::decimal(18,2) as average_amount_3m,
            100.00::decimal(18,2) as margin_amount, 'U1' as primary_unit_id, 'B1' as landing_unit_id,
            null::varchar as supervising_unit_id, null::varchar as named_staff_id
        from (values ('fact'), ('model'), ('rules'), ('nothing')) as names (subscriber_id);
    create table marts.dim_subscribers as
        select snapshot_month, subscriber_id, if(subscriber_id = 'nothing', null, 'gold') as brand
        from retention.would_be_owners;
    create table retention.first_contacts as
        select snapshot_month, subscriber_id,
            if(subscriber_id = 'nothing', null, 'mature') as lifecycle_stage,
            if(subscriber_id = 'fact', 'red', null) as colour, subscriber_id = 'fact' as is_at_risk_by_rules,
            if(subscriber_id = 'fact', 'retention', 'maintenance') as listed_phase,
            'call' as stage, 'call' as channel, true as uses_capacity, date '2026-07-02' as due_date,
            6.00::decimal(18,2) as contact_cost_amount, 0.08::decimal(9,4) as saving_chance,
            'call' as worked_stage, 'call' as worked_channel, date '2026-07-02' as worked_due_date,
            6.00::decimal(18,2) as worked_contact_cost_amount, 0.08::decimal(9,4) as worked_saving_chance
        from retention.would_be_owners;
    create table ml.churn_scores as
        select snapshot_month, subscriber_id, if(subscriber_id = 'model', 0.5, 0.0) as churn_probability
        from retention.would_be_owners where subscriber_id <> 'nothing';
    create table retention.scorecard_scores as
        select snapshot_month, subscriber_id, 3 as score, false as is_potential_churner
        from retention.would_be_owners;
    create table ml.cause_scores as
        select date '2026-06-01' as snapshot_month, subscriber_id, cause, cause_rank
        from (values
            ('fact', 'price', 1), ('model', 'price', 1), ('model', 'quality', 2)
        ) as causes (subscriber_id, cause, cause_rank);
    create table retention.rule_causes as
        select date '2026-06-01' as snapshot_month, subscriber_id, cause, is_decisive, cause_rank
        from (values
            ('fact', 'service', true, 1), ('fact', 'price', false, 2),
            ('model', 'service', false, 1), ('rules', 'arrears', false, 1)
        ) as causes (subscriber_id, cause, is_decisive, cause_rank);
    create table retention.strategies_in_force as
        select date '2026-06-01' as snapshot_month, *
        from (values
            ('mature', 'gold', 'high', false, 'service', 'retention', 'service_now'),
            ('mature', 'gold', 'high', true, 'service', 'retention', 'resume'),
            ('mature', 'gold', 'high', false, 'price', 'maintenance', 'price_care'),
            ('mature', 'gold', 'high', false, 'arrears', 'maintenance', 'arrears_care'),
            (null, null, 'high', false, 'unknown', 'maintenance', 'ask')
        ) as rows (lifecycle_stage, brand, value_tier, is_stopped, cause, phase, strategy_id);
    create table reference.offers as
        select offer_id, 'price' as cause, null::varchar as value_tier, null::varchar as phase, is_stopped
            as is_for_stopped_lines, 1.5 as saving_factor, 0.5 as acceptance_chance,
            10 as cost_per_month_amount, 3 as months, enabled, valid_from_month, null::date as valid_to_month
        from (values
            ('credit', false, true, date '2000-01-01'), ('resume', true, true, date '2000-01-01'),
            ('switched_off', false, false, date '2000-01-01'), ('from_july', false, true, date '2026-07-01')
        ) as rows (offer_id, is_stopped, enabled, valid_from_month);
    create table retention.churn_warnings (week_month date, warning_week date, subscriber_id varchar,
        colour varchar);
    create table retention.responsibilities (snapshot_month date, subscriber_id varchar, disposition varchar,
        suppression_reason varchar, primary_unit_id varchar, staff_id varchar, stage varchar, channel varchar,
        due_date date);
"""


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        yield connection


def test_main_cause_is_a_fact_then_the_models_then_the_rules(build: duckdb.DuckDBPyConnection) -> None:
    customers = read_customers(build, JUNE).set_index("subscriber_id")

    columns = ["main_cause", "model_cause", "rule_cause", "strategy_id"]
    told = customers[columns].astype(object).where(customers[columns].notna(), None)
    assert told.loc["fact"].tolist() == ["service", "price", "service", "service_now"]
    assert told.loc["model"].tolist() == ["price", "price", "service", "price_care"]
    assert told.loc["rules"].tolist() == ["arrears", None, "arrears", "arrears_care"]
    assert told.loc["nothing"].tolist() == ["unknown", None, None, "ask"]
    assert len(customers) == 4


def test_offers_are_those_of_the_month_for_active_lines_and_none(build: duckdb.DuckDBPyConnection) -> None:
    options = read_options(build, JUNE)

    assert options["offer_id"].where(options["offer_id"].notna(), "none").tolist() == ["credit", "none"]
    assert options["offer_cost_amount"].tolist() == [30, 0]


def test_whoever_the_rules_list_or_an_offer_pays_for_may_be_listed(build: duckdb.DuckDBPyConnection) -> None:
    customers = read_customers(build, JUNE)
    is_listed = may_be_listed(customers, read_options(build, JUNE), horizon_months=12)

    # The model's: 0.5 x 0.08 x 1200 - 6 = 42 without an offer; the others have nothing to lose.
    assert set(customers.loc[is_listed, "subscriber_id"]) == {"fact", "model"}


def test_a_message_lists_nobody_and_gives_way_to_a_person_who_pays(build: duckdb.DuckDBPyConnection) -> None:
    build.execute(
        """
        update retention.first_contacts set stage = 'sms', channel = 'sms', uses_capacity = false,
            contact_cost_amount = 0.1, saving_chance = 0.02, worked_contact_cost_amount = 10;
        update ml.churn_scores set churn_probability = 0.1 where subscriber_id in ('fact', 'rules');
        """
    )
    listed = at_risk(read_customers(build, JUNE), read_options(build, JUNE), horizon_months=12)

    # A message: 0.1 x 0.02 x 1200 - 0.1 = 2.3; a call 0.1 x 0.08 x 1200 - 10 = -0.4. With the offer of his
    # cause the model's call is worth 0.5 x 0.08 x 1.5 x 1200 - 10 - 0.5 x 30 = 47.
    columns = ["subscriber_id", "stage", "uses_capacity", "expected_benefit"]
    assert listed[columns].values.tolist() == [["fact", "sms", False, 2.3], ["model", "call", True, 47.0]]


def test_check_finds_who_is_at_risk_and_not_listed_listed_twice_or_without_an_owner(
    build: duckdb.DuckDBPyConnection,
) -> None:
    assert wrongly_listed(build, [JUNE]) == {}

    build.execute(
        """
        insert into retention.churn_warnings values
            ('2026-06-01', '2026-06-10', 'fact', 'red'), ('2026-06-01', '2026-06-17', 'fact', 'blue'),
            ('2026-06-01', '2026-06-10', 'model', 'yellow'), ('2026-06-01', '2026-06-10', 'rules', 'blue'),
            ('2026-06-01', '2026-06-10', 'no candidate', 'red'), ('2026-07-01', '2026-07-08', 'rules', 'red')
        """
    )
    assert wrongly_listed(build, [JUNE]) == {"2026-06": 2}

    listed = "'assigned', null, 'U1', 'P1', 'call', 'call', '2026-07-02'"
    build.execute(
        f"insert into retention.responsibilities values ('2026-06-01', 'fact', {listed}), "
        f"('2026-06-01', 'model', {listed})"
    )
    assert wrongly_listed(build, [JUNE]) == {}

    build.execute("update retention.responsibilities set staff_id = null where subscriber_id = 'fact'")
    build.execute(f"insert into retention.responsibilities values ('2026-06-01', 'model', {listed})")
    assert wrongly_listed(build, [JUNE]) == {"2026-06": 2}
