"""What the list is made of: main cause, strategy, offers; and the check that nobody at risk is left out."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.defs.assignment import assign_month
from orchestration.defs.customers import listed_customers, may_be_listed, read_customers, read_options
from orchestration.defs.list_checks import (
    exceeded_capacities,
    wrongly_disposed,
    wrongly_listed,
    wrongly_owned,
)

JUNE = date(2026, 6, 1)

BUILD = """
    create schema marts; create schema retention; create schema ml; create schema reference;

    create table retention.would_be_owners as
        select date '2026-06-01' as snapshot_month, subscriber_id, 'M-' || subscriber_id as assignment_id,
            subscriber_id <> 'gone' as is_candidate, subscriber_id = 'gone' as is_lost,
            'personal' as customer_type, 'G1' as group_id,
            'high' as value_tier, 200.00::decimal(18,2) as average_amount_3m,
            100.00::decimal(18,2) as margin_amount, 'U1' as primary_unit_id, 'B1' as overflow_unit_id,
            'B1' as landing_unit_id, null::varchar as supervising_unit_id, null::varchar as named_staff_id,
            null::varchar as overflow_staff_id
        from (values ('fact'), ('model'), ('rules'), ('nothing'), ('gone')) as names (subscriber_id);
    create table marts.dim_subscribers as
        select snapshot_month, subscriber_id, if(subscriber_id = 'nothing', null, 'gold') as brand,
            if(subscriber_id = 'gone', 'mass', 'high') as value_tier,
            if(subscriber_id = 'gone', 'reported_stop', 'active') as status
        from retention.would_be_owners;
    create table retention.first_contacts as
        select snapshot_month, subscriber_id,
            if(subscriber_id = 'nothing', null, 'mature') as lifecycle_stage,
            if(subscriber_id = 'fact', 'red', null) as colour, subscriber_id = 'fact' as is_at_risk_by_rules,
            if(subscriber_id = 'fact', 'retention', 'maintenance') as listed_phase,
            if(subscriber_id = 'gone', 'retention', null) as lost_phase,
            'call' as stage, 'call' as channel, true as uses_capacity, date '2026-07-02' as due_date,
            6.00::decimal(18,2) as contact_cost_amount, 0.08::decimal(9,4) as saving_chance,
            'call' as worked_stage, 'call' as worked_channel, date '2026-07-02' as worked_due_date,
            6.00::decimal(18,2) as worked_contact_cost_amount, 0.08::decimal(9,4) as worked_saving_chance
        from retention.would_be_owners;
    create table ml.churn_scores as
        select snapshot_month, subscriber_id, if(subscriber_id = 'model', 0.5, 0.0) as churn_probability
        from retention.would_be_owners where subscriber_id not in ('nothing', 'gone');
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
            (null, null, 'high', false, 'unknown', 'maintenance', 'ask'),
            ('mature', 'gold', 'mass', true, 'unknown', 'retention', 'ask_why'),
            ('mature', 'gold', 'mass', false, 'unknown', 'retention', 'not_stopped')
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
        due_date date, assignment_id varchar, offer_id varchar, offer_cost_amount decimal(14,2));
    create table retention.contact_suppressions (assignment_id varchar, warning_week date, reason varchar,
        reason_rank integer);
    create table retention.control_group (snapshot_month date, subscriber_id varchar, is_held_out boolean);
    create table retention.capacities (snapshot_month date, resource_kind varchar, resource_id varchar,
        capacity decimal(18,2));
    create table retention.staff_available as
        select date '2026-06-01' as snapshot_month, 'P1' as staff_id, 'U1' as owner_unit_id,
            2 as monthly_capacity
        union all
        select date '2026-06-01', 'K1', 'B1', null;
    create table reference.contact_stages as
        select * from (values ('call', true), ('sms', false)) as stages (channel, uses_capacity);
    create schema ops; create table ops.operator_settings (parameter varchar, value varchar);
    create table reference.parameters as
        select * from (values
            ('control_salt', 'salt'), ('control_share', '0.1'), ('exploration_share', '0'),
            ('continuity_amount', '3'), ('value_horizon_months', '12')
        ) as parameters (parameter, value);
"""


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        yield connection


def test_main_cause_is_a_fact_then_the_models_then_the_rules(build: duckdb.DuckDBPyConnection) -> None:
    customers = read_customers(build, JUNE).set_index("subscriber_id")

    columns = ["main_cause", "model_cause", "rule_cause", "listed_strategy_id"]
    told = customers[columns].astype(object).where(customers[columns].notna(), None)
    assert told.loc["fact"].tolist() == ["service", "price", "service", "service_now"]
    assert told.loc["model"].tolist() == ["price", "price", "service", "price_care"]
    assert told.loc["rules"].tolist() == ["arrears", None, "arrears", "arrears_care"]
    assert told.loc["nothing"].tolist() == ["unknown", None, None, "ask"]
    assert customers.loc["gone", "lost_strategy_id"] == "ask_why"
    assert len(customers) == 5


def test_offers_are_those_of_the_month_and_none(build: duckdb.DuckDBPyConnection) -> None:
    options = read_options(build, JUNE)

    assert options["offer_id"].fillna("none").tolist() == ["credit", "resume", "none"]
    assert options["offer_cost_amount"].tolist() == [30, 30, 0]
    assert options["is_for_stopped_lines"].tolist() == [False, True, False]


def test_a_personal_line_stands_alone_and_the_draws_lie_within_their_bounds(
    build: duckdb.DuckDBPyConnection,
) -> None:
    customers = read_customers(build, JUNE)

    assert customers["group_id"].isna().all()
    draws = customers[["exploration_draw", "option_draw"]].to_numpy()
    assert ((draws >= 0) & (draws < 1)).all()
    assert len(set(draws.ravel())) == draws.size


def test_whoever_the_rules_list_or_an_offer_pays_for_may_be_listed(build: duckdb.DuckDBPyConnection) -> None:
    customers = read_customers(build, JUNE)
    is_listed = may_be_listed(customers, read_options(build, JUNE), horizon_months=12)

    # The model's: 0.5 x 0.08 x 1200 - 6 = 42 without an offer; the others have nothing to lose.
    assert set(customers.loc[is_listed, "subscriber_id"]) == {"fact", "model", "gone"}


def test_a_message_lists_nobody_and_gives_way_to_a_person_who_pays(build: duckdb.DuckDBPyConnection) -> None:
    build.execute(
        """
        update retention.first_contacts set stage = 'sms', channel = 'sms', uses_capacity = false,
            contact_cost_amount = 0.1, saving_chance = 0.02, worked_contact_cost_amount = 10;
        update ml.churn_scores set churn_probability = 0.1 where subscriber_id in ('fact', 'rules');
        """
    )
    listed = listed_customers(read_customers(build, JUNE), read_options(build, JUNE), horizon_months=12)

    # A message: 0.1 x 0.02 x 1200 - 0.1 = 2.3; a call 0.1 x 0.08 x 1200 - 10 = -0.4. With the offer of his
    # cause the model's call is worth 0.5 x 0.08 x 1.5 x 1200 - 10 - 0.5 x 30 = 47.
    columns = ["subscriber_id", "stage", "uses_capacity", "expected_benefit"]
    at_risk = listed[listed["list_kind"] == "at_risk"]
    assert at_risk[columns].values.tolist() == [["fact", "sms", False, 2.3], ["model", "call", True, 47.0]]


def test_the_lost_are_listed_unless_at_risk(build: duckdb.DuckDBPyConnection) -> None:
    build.execute(
        "update retention.would_be_owners set is_lost = true where subscriber_id in ('fact', 'rules')"
    )
    build.execute("update retention.first_contacts set lost_phase = 'retention'")
    listed = listed_customers(read_customers(build, JUNE), read_options(build, JUNE), horizon_months=12)

    # At risk wins: the rules name `fact`; nothing but the lost list names `rules`.
    columns = ["subscriber_id", "list_kind", "phase"]
    assert listed[columns].values.tolist() == [
        ["fact", "at_risk", "retention"],
        ["gone", "lost", "retention"],
        ["model", "at_risk", "maintenance"],
        ["rules", "lost", "retention"],
    ]
    assert listed.set_index("subscriber_id").loc["gone", "strategy_id"] == "ask_why"


def test_check_finds_who_is_at_risk_and_not_listed_listed_twice_or_without_an_owner(
    build: duckdb.DuckDBPyConnection,
) -> None:
    # The lost one is not listed.
    assert wrongly_listed(build, [JUNE]) == {"2026-06": 1}

    build.execute(
        """
        insert into retention.churn_warnings values
            ('2026-06-01', '2026-06-10', 'fact', 'red'), ('2026-06-01', '2026-06-17', 'fact', 'blue'),
            ('2026-06-01', '2026-06-10', 'model', 'yellow'), ('2026-06-01', '2026-06-10', 'rules', 'blue'),
            ('2026-06-01', '2026-06-10', 'no candidate', 'red'), ('2026-07-01', '2026-07-08', 'rules', 'red')
        """
    )
    assert wrongly_listed(build, [JUNE]) == {"2026-06": 3}

    for subscriber_id in ("fact", "model", "gone"):
        list_assigned(build, subscriber_id)
    assert wrongly_listed(build, [JUNE]) == {}

    build.execute("update retention.responsibilities set staff_id = null where subscriber_id = 'fact'")
    list_assigned(build, "model")
    assert wrongly_listed(build, [JUNE]) == {"2026-06": 2}


def list_assigned(build: duckdb.DuckDBPyConnection, subscriber_id: str) -> None:
    """Put a call by P1 on the list of June, with an offer of 30."""
    build.execute(
        "insert into retention.responsibilities values ('2026-06-01', $subscriber_id, 'assigned', null, "
        "'U1', 'P1', 'call', 'call', '2026-07-02', 'M-' || $subscriber_id, 'credit', 30)",
        {"subscriber_id": subscriber_id},
    )


def test_check_finds_who_is_assigned_and_should_be_left_out(build: duckdb.DuckDBPyConnection) -> None:
    list_assigned(build, "fact")
    list_assigned(build, "model")
    build.execute(
        """
        insert into retention.contact_suppressions values
            ('M-fact', null, 'cooldown', 5), ('M-fact', null, 'blacklist', 3);
        insert into retention.control_group values
            ('2026-06-01', 'fact', true), ('2026-06-01', 'model', true);
        """
    )
    assert wrongly_disposed(build, [JUNE]) == {"2026-06": 2}

    build.execute(
        """
        update retention.responsibilities set disposition = 'suppressed', suppression_reason = 'blacklist'
            where subscriber_id = 'fact';
        update retention.responsibilities set disposition = 'held_out' where subscriber_id = 'model';
        """
    )
    assert wrongly_disposed(build, [JUNE]) == {}

    build.execute(
        "update retention.responsibilities set suppression_reason = 'made up' where subscriber_id = 'fact'"
    )
    assert wrongly_disposed(build, [JUNE]) == {"2026-06": 1}


def test_check_finds_limits_that_are_passed(build: duckdb.DuckDBPyConnection) -> None:
    for subscriber_id in ("fact", "model"):
        list_assigned(build, subscriber_id)
    build.execute(
        """
        insert into retention.capacities values
            ('2026-06-01', 'call', 'U1', 2), ('2026-06-01', 'staff', 'P1', 2),
            ('2026-06-01', 'offer', 'credit', 60), ('2026-06-01', 'visit', 'U1', null)
        """
    )
    assert exceeded_capacities(build, [JUNE]) == {}

    build.execute("update retention.capacities set capacity = capacity - 1")
    assert sorted(exceeded_capacities(build, [JUNE])) == [
        "2026-06 call U1",
        "2026-06 offer credit",
        "2026-06 staff P1",
    ]

    # A message takes no place; its offer costs all the same.
    build.execute("update retention.responsibilities set channel = 'sms' where subscriber_id = 'fact'")
    assert list(exceeded_capacities(build, [JUNE])) == ["2026-06 offer credit"]


def test_check_finds_owners_that_the_rules_do_not_give(build: duckdb.DuckDBPyConnection) -> None:
    for subscriber_id in ("fact", "model", "rules"):
        list_assigned(build, subscriber_id)
    build.execute(
        "update retention.responsibilities set primary_unit_id = 'B1', staff_id = 'K1' "
        "where subscriber_id = 'model'"
    )
    assert wrongly_owned(build, [JUNE]) == {}

    build.execute("update retention.responsibilities set staff_id = 'K1' where subscriber_id = 'fact'")
    build.execute(
        "update retention.responsibilities set primary_unit_id = 'U2' where subscriber_id = 'rules'"
    )
    assert wrongly_owned(build, [JUNE]) == {"2026-06": 2}


def test_the_list_of_a_month_is_made_of_what_the_warehouse_holds(build: duckdb.DuckDBPyConnection) -> None:
    build.execute(
        """
        update retention.first_contacts set is_at_risk_by_rules = true where subscriber_id <> 'gone';
        update reference.offers set cause = null where offer_id = 'resume';
        insert into retention.capacities values
            ('2026-06-01', 'call', 'U1', 1), ('2026-06-01', 'offer', 'credit', 30);
        insert into retention.contact_suppressions values
            ('M-nothing', null, 'cooldown', 5), ('M-nothing', null, 'blacklist', 3),
            ('W-rules', '2026-06-10', 'cooldown', 5);
        insert into retention.control_group values ('2026-06-01', 'fact', true);
        """
    )
    answer = assign_month(build, JUNE)

    columns = [
        "subscriber_id",
        "disposition",
        "suppression_reason",
        "primary_unit_id",
        "staff_id",
        "offer_id",
    ]
    rows = answer.customers[columns].astype(object)
    assert rows.where(rows.notna(), None).values.tolist() == [
        ["model", "assigned", None, "U1", "P1", "credit"],
        # Worth minus 6 both, without an offer; the centre's one call is gone, and the branch takes over.
        ["fact", "held_out", None, "U1", "P1", None],
        ["rules", "assigned", None, "B1", "K1", None],
        ["nothing", "suppressed", "blacklist", "U1", "P1", None],
        ["gone", "assigned", None, "B1", "K1", "resume"],
    ]
    used = answer.limits.set_index(["resource_kind", "resource_id"])["used"]
    assert used.to_dict() == {
        ("call", "U1"): 1,
        ("offer", "credit"): 30,
        ("people", "B1"): 2,
        ("people", "U1"): 1,
    }
