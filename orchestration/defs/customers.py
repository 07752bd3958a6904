"""What the list is made of: a month's candidates and lost, with owner, risk and cause, and what can be done.

Belongs here: reading these from the build file. Not here: the arithmetic of benefit and choice
(`ml/benefits.py`, `ml/assignment.py`), or the rules of ownership (`dbt_project/models/retention/`).
"""

from datetime import date

import duckdb
import pandas as pd

from ml.benefits import expected_benefits
from orchestration.defs.candidates import read_parameters
from orchestration.worklists.reading import VALID

_CONTACT = ("stage", "channel", "due_date", "contact_cost_amount", "saving_chance")


def read_customers(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read one row per candidate and per lost subscriber of `month`.

    Would-be owner, risk, points, causes, first contact, whether he may be contacted, and for either kind of
    list phase and strategy. The main cause is a fact that the rules found; else the model's strongest; else
    the rules' strongest. The draws are the same in every run.
    """
    return connection.execute(
        f"""
        with customers as (
            select
                owners.snapshot_month,
                owners.subscriber_id,
                owners.assignment_id,
                owners.is_candidate,
                owners.is_lost,
                case when owners.customer_type = 'group' then owners.group_id end as group_id,
                owners.value_tier,
                subscribers.value_tier as value_tier_of_month,
                subscribers.brand,
                subscribers.status <> 'active' as is_stopped,
                contacts.lifecycle_stage,
                owners.average_amount_3m,
                owners.margin_amount,
                owners.primary_unit_id,
                owners.overflow_unit_id,
                owners.landing_unit_id,
                owners.supervising_unit_id,
                owners.named_staff_id,
                owners.overflow_staff_id,
                scores.churn_probability,
                points.score,
                model_causes.cause as model_cause,
                rule_causes.cause as rule_cause,
                coalesce(
                    case when rule_causes.is_decisive then rule_causes.cause end,
                    model_causes.cause,
                    rule_causes.cause,
                    'unknown'
                ) as main_cause,
                contacts.colour,
                contacts.is_at_risk_by_rules,
                contacts.listed_phase,
                contacts.lost_phase,
                contacts.stage,
                contacts.channel,
                contacts.uses_capacity,
                contacts.due_date,
                contacts.contact_cost_amount,
                contacts.saving_chance,
                contacts.worked_stage,
                contacts.worked_channel,
                contacts.worked_due_date,
                contacts.worked_contact_cost_amount,
                contacts.worked_saving_chance,
                suppressions.reason as suppression_reason,
                coalesce(control.is_held_out, false) as is_held_out,
                {_drawn("exploration")} as exploration_draw,
                {_drawn("option")} as option_draw
            from retention.would_be_owners as owners
            inner join retention.first_contacts as contacts
                on owners.snapshot_month = contacts.snapshot_month
                and owners.subscriber_id = contacts.subscriber_id
            inner join marts.dim_subscribers as subscribers
                on owners.snapshot_month = subscribers.snapshot_month
                and owners.subscriber_id = subscribers.subscriber_id
            left join ml.churn_scores as scores
                on owners.snapshot_month = scores.snapshot_month
                and owners.subscriber_id = scores.subscriber_id
            left join retention.scorecard_scores as points
                on owners.snapshot_month = points.snapshot_month
                and owners.subscriber_id = points.subscriber_id
            left join ml.cause_scores as model_causes
                on owners.snapshot_month = model_causes.snapshot_month
                and owners.subscriber_id = model_causes.subscriber_id
                and model_causes.cause_rank = 1
            left join retention.rule_causes as rule_causes
                on owners.snapshot_month = rule_causes.snapshot_month
                and owners.subscriber_id = rule_causes.subscriber_id
                and rule_causes.cause_rank = 1
            left join (
                select assignment_id, arg_min(reason, (reason_rank, reason)) as reason
                from retention.contact_suppressions
                where warning_week is null
                group by assignment_id
            ) as suppressions
                on owners.assignment_id = suppressions.assignment_id
            left join retention.control_group as control
                on owners.snapshot_month = control.snapshot_month
                and owners.subscriber_id = control.subscriber_id
            where owners.snapshot_month = $month
        )
        select
            customers.*,
            listed_strategies.strategy_id as listed_strategy_id,
            lost_strategies.strategy_id as lost_strategy_id
        from customers
        {_strategies("listed")}
        {_strategies("lost")}
        order by customers.subscriber_id
        """,
        {"month": month, "salt": read_parameters(connection)["control_salt"]},
    ).df()


def _drawn(what: str) -> str:
    """Return the SQL of a number from 0 to below 1 that looks drawn, for each customer and month."""
    text = f"$salt || '|{what}|' || owners.snapshot_month || '|' || owners.subscriber_id"
    return f"cast(md5_number_lower({text}) % 1000000000 as double) / 1000000000"


def _strategies(kind: str) -> str:
    """Return the SQL that joins the strategy of cause and phase on one kind of list."""
    return f"""
        left join retention.strategies_in_force as {kind}_strategies
            on customers.snapshot_month = {kind}_strategies.snapshot_month
            and customers.main_cause = {kind}_strategies.cause
            and customers.{kind}_phase = {kind}_strategies.phase
            and customers.lifecycle_stage is not distinct from {kind}_strategies.lifecycle_stage
            and customers.brand is not distinct from {kind}_strategies.brand
            and customers.value_tier_of_month = {kind}_strategies.value_tier
            and customers.is_stopped = {kind}_strategies.is_stopped
    """


def read_options(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read one row per offer valid in `month`, and one for "no offer"."""
    return connection.execute(
        f"""
        select
            offer_id, cause, value_tier, phase, is_for_stopped_lines, saving_factor, acceptance_chance,
            cost_per_month_amount * months as offer_cost_amount
        from reference.offers
        where {VALID}
        union all
        select null, null, null, null, false, 1, 0, 0
        order by offer_id
        """,
        {"month": month},
    ).df()


def may_be_listed(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.Series:
    """Tell who can come onto the list before causes are known: some offer pays, or the rules say so."""
    worked = _worked(customers.assign(phase=customers["listed_phase"]))
    best = expected_benefits(worked, options.assign(cause=None), horizon_months=horizon_months)
    return (best["expected_benefit"] > 0) | customers["is_at_risk_by_rules"] | customers["is_lost"]


def listed_customers(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.DataFrame:
    """Return who is at risk or lost, with `list_kind`, contact, phase, strategy and `expected_benefit`.

    At risk is whom a contact by a person pays for, and whom the rules name. A message alone would pay for
    almost everybody, so it lists nobody; where a message comes first and a person pays, the person does it.
    The lost are listed beside them, for a person to ask why.
    """
    worked = _worked(customers.assign(phase=customers["listed_phase"]))
    benefit = expected_benefits(worked, options, horizon_months=horizon_months)["expected_benefit"]
    pays = (benefit > 0) & customers["is_candidate"]
    is_at_risk = pays | (customers["is_at_risk_by_rules"] & customers["is_candidate"])
    is_lost = customers["is_lost"] & ~is_at_risk
    listed = customers.where(~(pays | is_lost), _worked(customers)).assign(
        list_kind=is_lost.map({True: "lost", False: "at_risk"}),
        phase=customers["listed_phase"].where(~is_lost, customers["lost_phase"]),
        strategy_id=customers["listed_strategy_id"].where(~is_lost, customers["lost_strategy_id"]),
    )[is_at_risk | is_lost]
    listed = listed.reset_index(drop=True)
    best = expected_benefits(listed, options, horizon_months=horizon_months)
    return listed.assign(expected_benefit=best["expected_benefit"])


def _worked(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the customers with the first contact that a person makes."""
    worked = {name: customers[f"worked_{name}"] for name in _CONTACT}
    return customers.assign(**worked, uses_capacity=True)
