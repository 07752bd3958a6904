"""What the list is made of: a month's candidates with owner, risk and cause, and what can be done for them.

Belongs here: reading these from the build file. Not here: the arithmetic of benefit and choice
(`ml/assignment.py`), or the rules of ownership (`dbt_project/models/retention/`).
"""

from datetime import date

import duckdb
import pandas as pd

from ml.assignment import expected_benefits

_VALID = "enabled and valid_from_month <= $month and (valid_to_month is null or $month <= valid_to_month)"


def read_customers(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read one row per candidate of `month`: would-be owner, risk, points, main cause, first stage, due date.

    The main cause is the one that adds most to the score; without a model, the one with the most points.
    The colour is null while no weekly warnings are made.
    """
    return connection.execute(
        f"""
        with rule_causes as (
            select
                points.subscriber_id,
                causes.cause,
                row_number() over (
                    partition by points.subscriber_id order by sum(points.points) desc, causes.cause
                ) as cause_rank
            from retention.scorecard_points as points
            inner join reference.cause_map as causes
                on points.rule_id = causes.item_id and causes.item_type = 'scorecard_rule'
            where points.snapshot_month = $month
            group by points.subscriber_id, causes.cause
        ),
        stages as (
            select * from reference.contact_stages where colour = 'none' and not needs_visit_data and {_VALID}
        )
        select
            owners.snapshot_month,
            owners.subscriber_id,
            owners.assignment_id,
            owners.value_tier,
            owners.average_amount_3m,
            owners.margin_amount,
            owners.primary_unit_id,
            owners.landing_unit_id,
            owners.supervising_unit_id,
            owners.named_staff_id,
            scores.churn_probability,
            points.score,
            points.is_potential_churner,
            coalesce(model_causes.cause, rule_causes.cause, 'unknown') as main_cause,
            cast(null as varchar) as colour,
            stages.stage,
            stages.channel,
            due_dates.due_date
        from retention.would_be_owners as owners
        left join ml.churn_scores as scores
            on owners.snapshot_month = scores.snapshot_month and owners.subscriber_id = scores.subscriber_id
        left join retention.scorecard_scores as points
            on owners.snapshot_month = points.snapshot_month and owners.subscriber_id = points.subscriber_id
        left join ml.cause_scores as model_causes
            on owners.snapshot_month = model_causes.snapshot_month
            and owners.subscriber_id = model_causes.subscriber_id
            and model_causes.cause_rank = 1
        left join rule_causes
            on owners.subscriber_id = rule_causes.subscriber_id and rule_causes.cause_rank = 1
        cross join stages
        left join retention.due_dates as due_dates
            on owners.snapshot_month = due_dates.snapshot_month
            and stages.working_days_to_due = due_dates.working_days_to_due
        where owners.snapshot_month = $month
        order by owners.subscriber_id
        """,
        {"month": month},
    ).df()


def read_options(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read one row per offer valid in `month`, and one for "no offer", each with the first stage's terms."""
    return connection.execute(
        f"""
        with stages as (
            select * from reference.contact_stages where colour = 'none' and not needs_visit_data and {_VALID}
        ),
        offers as (
            select
                offer_id, cause, value_tier, saving_factor, acceptance_chance,
                cost_per_month_amount * months as cost
            from reference.offers
            where {_VALID}
            union all
            select null, null, null, 1, 0, 0
        )
        select
            offers.offer_id,
            offers.cause,
            offers.value_tier,
            stages.saving_chance * offers.saving_factor as saving_chance,
            stages.contact_cost_amount,
            offers.acceptance_chance,
            offers.cost as offer_cost_amount
        from offers
        cross join stages
        order by offers.offer_id
        """,
        {"month": month},
    ).df()


def may_be_listed(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.Series:
    """Tell who can come onto the list before causes are known: some offer pays, or the points say so."""
    best = expected_benefits(customers, options.assign(cause=None), horizon_months=horizon_months)
    return (best["expected_benefit"] > 0) | customers["is_potential_churner"].fillna(False).astype(bool)
