"""The rows of a month's worklists, gathered from the build file.

Belongs here: the one query behind a list. It is the only place where phone numbers and names leave
staging. Not here: who is listed (`retention.responsibilities`), how it looks (`workbook`).
"""

from datetime import date

import duckdb
import pandas

from orchestration.worklists.texts import LANGUAGES

REASONS_SHOWN = 3
"""Reasons told on a list: more are not read on the phone."""


def read_worklist_rows(
    connection: duckdb.DuckDBPyConnection, month: date, *, language: str = "en"
) -> pandas.DataFrame:
    """Return one row per assigned subscriber of the month, in the columns that `write_worklists` takes.

    `fired_rules` holds rule ids joined by `|`; `sentence` the strongest reasons, a line each; both are
    null where the month has none. Money in the operator's currency. Raises ValueError for a language
    that offers have no names in.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}; it can be one of {', '.join(LANGUAGES)}")
    return connection.execute(
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

        rules as (
            select subscriber_id, string_agg(rule_id, '|' order by points desc, rule_id) as fired_rules
            from retention.scorecard_points
            where snapshot_month = $month
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

        offers as (
            select offer_id, name_{language} as offer_name, script_{language} as script_hint
            from reference.offers
            where valid_from_month <= $month and coalesce(valid_to_month, $month) >= $month
        )

        select
            assigned.assignment_id, assigned.subscriber_id, phones.msisdn, subscribers.customer_type,
            subscribers.group_id, subscribers.value_tier, assigned.colour, assigned.score,
            assigned.churn_probability, assigned.main_cause, reasons.sentence, rules.fired_rules,
            assigned.offer_id, offers.offer_name, offers.script_hint, assigned.expected_benefit,
            assigned.priority_rank, assigned.primary_unit_id, units.unit_name, assigned.staff_id,
            staff.staff_name, assigned.landing_unit_id, assigned.supervising_unit_id, assigned.stage,
            assigned.channel, assigned.due_date, assigned.disposition
        from assigned
        left join phones on phones.subscriber_id = assigned.subscriber_id
        left join subscribers on subscribers.subscriber_id = assigned.subscriber_id
        left join reasons on reasons.subscriber_id = assigned.subscriber_id
        left join rules on rules.subscriber_id = assigned.subscriber_id
        left join offers on offers.offer_id = assigned.offer_id
        left join staging.stg_organisation__org_units as units on units.unit_id = assigned.primary_unit_id
        left join staging.stg_organisation__staff as staff on staff.staff_id = assigned.staff_id
        order by assigned.primary_unit_id, assigned.due_date, assigned.priority_rank, assigned.assignment_id
        """,
        {"month": month},
    ).df()
