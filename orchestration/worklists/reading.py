"""The rows of a month's worklists, gathered from the build file.

Belongs here: the one query behind a list. It is the only place where phone numbers and names leave
staging. Not here: who is listed (`retention.responsibilities`), how it looks (`workbook`).
"""

from datetime import date

import duckdb
import pandas

from orchestration.worklists.texts import LANGUAGES, Texts, shown

REASONS_SHOWN = 3
"""Reasons told on a list: more are not read on the phone."""

_VALID = "enabled and valid_from_month <= $month and coalesce(valid_to_month, $month) >= $month"
_SIGNS = {"<=": "≤", ">=": "≥"}


def read_worklist_rows(
    connection: duckdb.DuckDBPyConnection, month: date, *, language: str, currency: str, texts: Texts
) -> pandas.DataFrame:
    """Return one row per assigned subscriber of the month, in the columns that `write_worklists` takes.

    `facts` tells the fired conditions and rules, each with what was observed and its threshold; `sentence`
    the model's strongest reasons, a line each; both are null where the month has none. Money in `currency`.
    Raises ValueError for a language that offers have no names in.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}; it can be one of {', '.join(LANGUAGES)}")
    rows = connection.execute(
        f"""
        with

        assigned as (
            select * from retention.responsibilities
            where snapshot_month = $month and disposition = 'assigned'
        ),

        reasons as (
            select subscriber_id, string_agg(sentence, chr(10) order by reason_rank) as sentence
            from ml.churn_reasons
            where snapshot_month = $month and reason_rank <= {REASONS_SHOWN}
            group by subscriber_id
        ),

        phones as (
            select subscriber_id, msisdn from staging.stg_customer__subscribers
            where snapshot_month = $month
        ),

        subscribers as (
            select subscriber_id, customer_type, group_id, value_tier from marts.dim_subscribers
            where snapshot_month = $month
        ),

        strategies as (
            select strategy_id, actions_{language} as strategy
            from reference.retention_strategies
            where {_VALID}
        ),

        offers as (
            select offer_id, name_{language} as offer_name, script_{language} as script_hint
            from reference.offers
            where {_VALID}
        )

        select
            assigned.assignment_id, assigned.subscriber_id, phones.msisdn, subscribers.customer_type,
            subscribers.group_id, subscribers.value_tier, assigned.colour, assigned.score,
            assigned.churn_probability, assigned.main_cause, assigned.model_cause, assigned.rule_cause,
            reasons.sentence, strategies.strategy, assigned.offer_id, offers.offer_name, offers.script_hint,
            assigned.expected_benefit, assigned.priority_rank, assigned.primary_unit_id, units.unit_name,
            assigned.staff_id, staff.staff_name, assigned.landing_unit_id, assigned.supervising_unit_id,
            assigned.stage, assigned.channel, assigned.due_date, assigned.disposition
        from assigned
        left join phones on phones.subscriber_id = assigned.subscriber_id
        left join subscribers on subscribers.subscriber_id = assigned.subscriber_id
        left join reasons on reasons.subscriber_id = assigned.subscriber_id
        left join strategies on strategies.strategy_id = assigned.strategy_id
        left join offers on offers.offer_id = assigned.offer_id
        left join staging.stg_organisation__org_units as units on units.unit_id = assigned.primary_unit_id
        left join staging.stg_organisation__staff as staff on staff.staff_id = assigned.staff_id
        order by assigned.primary_unit_id, assigned.due_date, assigned.priority_rank, assigned.assignment_id
        """,
        {"month": month},
    ).df()
    return rows.merge(_facts(connection, month, language, currency, texts), on="subscriber_id", how="left")


def _facts(
    connection: duckdb.DuckDBPyConnection, month: date, language: str, currency: str, texts: Texts
) -> pandas.DataFrame:
    """Return one row per assigned subscriber with facts: the conditions of the month's weeks, then the rules.

    A condition that fired in several weeks is told as the last of them saw it.
    """
    fired = connection.execute(
        f"""
        with

        assigned as (
            select subscriber_id from retention.responsibilities
            where snapshot_month = $month and disposition = 'assigned'
        ),

        conditions as (
            select
                subscriber_id, condition_id as item_id, rule_id, observed_value, threshold, points,
                'warning_condition' as item_type
            from retention.warning_evidence
            where week_month = $month
            qualify row_number() over (
                partition by subscriber_id, condition_id order by warning_week desc, rule_id
            ) = 1
        ),

        points as (
            select
                subscriber_id, rule_id as item_id, rule_id, observed_value, threshold, points,
                'scorecard_rule' as item_type
            from retention.scorecard_points
            where snapshot_month = $month
        ),

        rules as (
            select 'warning_condition' as item_type, rule_id, measure, operator
            from reference.warning_conditions
            where {_VALID}
            union all
            select 'scorecard_rule', rule_id, measure, operator
            from reference.warning_scorecard
            where {_VALID}
        )

        select
            fired.subscriber_id, fired.rule_id, fired.observed_value,
            cast(fired.threshold as double) as threshold,
            rules.measure, coalesce(rules.operator, '') as operator, coalesce(causes.unit, '') as unit,
            coalesce(causes.label_{language}, fired.rule_id) as label
        from (select * from conditions union all select * from points) as fired
        inner join assigned using (subscriber_id)
        left join rules using (item_type, rule_id)
        left join reference.cause_map as causes using (item_type, item_id)
        order by fired.subscriber_id, fired.item_type desc, fired.points desc, fired.rule_id
        """,
        {"month": month},
    ).df()
    columns = ["measure", "label", "unit", "observed_value", "operator", "threshold"]
    words = [
        texts.text(
            "list.fact",
            language,
            label=texts.entries.get(f"measure.{measure}", {}).get(language, label),
            observed=shown(observed, unit, currency),
            operator=_SIGNS.get(operator, operator),
            threshold=shown(threshold, unit, currency),
        )
        for measure, label, unit, observed, operator, threshold in fired[columns].to_numpy().tolist()
    ]
    separator = texts.text("list.separator", language)
    by_subscriber = pandas.Series(words, index=fired["subscriber_id"], dtype=object, name="facts").groupby(
        level=0
    )
    return by_subscriber.agg(separator.join).reset_index()
