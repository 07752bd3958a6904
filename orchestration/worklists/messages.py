"""Who gets a message: the Wednesday's SMS list, and the newsletter of a month's first days.

Belongs here: the two queries. Nobody is on a list whose suppression or control group is not judged: a message
that cannot be called back goes only to whom it is known to be allowed.
"""

from datetime import date

import duckdb
import pandas

from orchestration.weeks import WarningWeek
from orchestration.worklists.reading import VALID


def read_sms_list(connection: duckdb.DuckDBPyConnection, week: WarningWeek) -> pandas.DataFrame:
    """Return subscriber, phone number, colour and newness of whom the Wednesday's message goes to.

    These are the warned whose colour begins with a message, and all whose warning is new; without the
    suppressed, the held out and those without a phone number.
    """
    return connection.execute(
        f"""
        select owners.subscriber_id, trim(phones.msisdn) as msisdn, warnings.colour, warnings.is_new
        from retention.weekly_owners as owners
        inner join retention.churn_warnings as warnings
            on warnings.warning_week = owners.warning_week and warnings.subscriber_id = owners.subscriber_id
        inner join retention.control_group as control
            on control.snapshot_month = owners.base_month and control.subscriber_id = owners.subscriber_id
        inner join staging.stg_customer__subscribers as phones
            on phones.snapshot_month = owners.base_month and phones.subscriber_id = owners.subscriber_id
        where
            owners.warning_week = $week
            and not control.is_held_out
            and coalesce(trim(phones.msisdn), '') <> ''
            and (
                warnings.is_new
                or warnings.colour in (
                    select colour from reference.contact_stages
                    where stage_order = 1 and not uses_capacity and {VALID}
                )
            )
            and not exists (
                select 1 from retention.contact_suppressions as suppressions
                where suppressions.assignment_id = owners.assignment_id
            )
            and not exists (
                select 1 from retention.contact_tasks as tasks
                where
                    tasks.assignment_id = owners.assignment_id
                    and tasks.disposition in ('suppressed', 'held_out')
            )
        order by owners.subscriber_id
        """,
        {"week": week.warning_week, "month": week.week_month},
    ).df()


def read_newsletter_list(connection: duckdb.DuckDBPyConnection, month: date) -> pandas.DataFrame:
    """Return subscriber and phone number of every mid- and high-value customer who may be written to.

    The newsletter is for all: for the control group, too. Who is no candidate is not judged, and left out.
    """
    return connection.execute(
        """
        select owners.subscriber_id, trim(phones.msisdn) as msisdn
        from retention.would_be_owners as owners
        inner join marts.dim_subscribers as subscribers
            on subscribers.snapshot_month = owners.snapshot_month
            and subscribers.subscriber_id = owners.subscriber_id
        inner join staging.stg_customer__subscribers as phones
            on phones.snapshot_month = owners.snapshot_month and phones.subscriber_id = owners.subscriber_id
        where
            owners.snapshot_month = $month
            and subscribers.status = 'active'
            and subscribers.value_tier in ('high', 'mid')
            and coalesce(trim(phones.msisdn), '') <> ''
            and not exists (
                select 1 from retention.contact_suppressions as suppressions
                where suppressions.assignment_id = owners.assignment_id
            )
        order by owners.subscriber_id
        """,
        {"month": month},
    ).df()
