"""What the list is made of: a month's candidates with owner, risk and cause, and what can be done for them.

Belongs here: reading these from the build file. Not here: the arithmetic of benefit and choice
(`ml/assignment.py`), or the rules of ownership (`dbt_project/models/retention/`).
"""

from datetime import date

import duckdb
import pandas as pd

from ml.assignment import expected_benefits

_CONTACT = ("stage", "channel", "due_date", "contact_cost_amount", "saving_chance")
_VALID = "enabled and valid_from_month <= $month and (valid_to_month is null or $month <= valid_to_month)"


def read_customers(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read one row per candidate of `month`: would-be owner, risk, points, causes, strategy, first contact.

    The main cause is a fact that the rules found; else the model's strongest; else the rules' strongest.
    """
    return connection.execute(
        """
        with customers as (
            select
                owners.snapshot_month,
                owners.subscriber_id,
                owners.assignment_id,
                owners.value_tier,
                subscribers.brand,
                contacts.lifecycle_stage,
                owners.average_amount_3m,
                owners.margin_amount,
                owners.primary_unit_id,
                owners.landing_unit_id,
                owners.supervising_unit_id,
                owners.named_staff_id,
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
                contacts.listed_phase as phase,
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
                contacts.worked_saving_chance
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
            where owners.snapshot_month = $month
        )
        select customers.*, strategies.strategy_id
        from customers
        left join retention.strategies_in_force as strategies
            on customers.snapshot_month = strategies.snapshot_month
            and customers.main_cause = strategies.cause
            and customers.phase = strategies.phase
            and customers.lifecycle_stage is not distinct from strategies.lifecycle_stage
            and customers.brand is not distinct from strategies.brand
            and customers.value_tier = strategies.value_tier
            and not strategies.is_stopped
        order by customers.subscriber_id
        """,
        {"month": month},
    ).df()


def read_options(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read one row per offer for active lines valid in `month`, and one for "no offer"."""
    return connection.execute(
        f"""
        select
            offer_id, cause, value_tier, phase, saving_factor, acceptance_chance,
            cost_per_month_amount * months as offer_cost_amount
        from reference.offers
        where not is_for_stopped_lines and {_VALID}
        union all
        select null, null, null, null, 1, 0, 0
        order by offer_id
        """,
        {"month": month},
    ).df()


def may_be_listed(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.Series:
    """Tell who can come onto the list before causes are known: some offer pays, or the rules say so."""
    best = expected_benefits(_worked(customers), options.assign(cause=None), horizon_months=horizon_months)
    return (best["expected_benefit"] > 0) | customers["is_at_risk_by_rules"]


def at_risk(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.DataFrame:
    """Return who is at risk, with contact, `offer_id` and `expected_benefit`.

    At risk is whom a contact by a person pays for, and whom the rules name. A message alone would pay for
    almost everybody, so it lists nobody; where a message comes first and a person pays, the person does it.
    """
    worked = _worked(customers)
    pays = expected_benefits(worked, options, horizon_months=horizon_months)["expected_benefit"] > 0
    listed = customers.where(~pays, worked)[pays | customers["is_at_risk_by_rules"]].reset_index(drop=True)
    best = expected_benefits(listed, options, horizon_months=horizon_months)
    return listed.assign(offer_id=best["offer_id"], expected_benefit=best["expected_benefit"])


def _worked(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the customers with the first contact that a person makes."""
    worked = {name: customers[f"worked_{name}"] for name in _CONTACT}
    return customers.assign(**worked, uses_capacity=True)
