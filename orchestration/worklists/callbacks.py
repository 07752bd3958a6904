"""What a week's contacts found, for the market department: `callback_summary.xlsx` of a warning week.

Belongs here: the query, the counts per branch and the three sheets. Which operator a customer leaves for is
for analysis only and stands nowhere here, nor does who the customer is.
"""

import re
from pathlib import Path

import duckdb
import pandas

from orchestration.weeks import WarningWeek
from orchestration.worklists.columns import ListColumn, answer_codes
from orchestration.worklists.files import private_workbook
from orchestration.worklists.list_sheet import ListStyle
from orchestration.worklists.looks import Looks
from orchestration.worklists.table_sheet import write_table
from orchestration.worklists.texts import Texts

SAID = ("problem_found", "suggestion", "interested_in")
_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){6,}")
_BRANCH = ListColumn("branch_name", "task", 26)
_COUNT = ListColumn("contact_count", "why", 10, "whole")
_ACCEPTED = ListColumn("offer_accepted_count", "offer", 12, "whole")
_CAUSE = ListColumn("churn_cause", "why", 18, "code", "cause")
_KIND = ListColumn("said_kind", "why", 20, "code", "column")
_WORDS = ListColumn("said", "why", 70)


def read_callbacks(connection: duckdb.DuckDBPyConnection, week: WarningWeek) -> pandas.DataFrame:
    """Return one row per contact of the week, with the branch of the customer and what came of it."""
    return connection.execute(
        f"""
        with

        branches as (
            select branch_id, min(unit_name) as branch_name from staging.stg_organisation__org_units
            where unit_type = 'branch'
            group by branch_id
        )

        select
            coalesce(branches.branch_name, subscribers.branch_id) as branch_name, contacts.outcome,
            contacts.churn_cause, coalesce(contacts.offer_accepted, false) as is_offer_accepted,
            {", ".join(f"words.{column}" for column in SAID)}
        from retention.fct_retention_contacts as contacts
        inner join staging.stg_retention__retention_contacts as words
            on words.assignment_id = contacts.assignment_id
            and words.attempt_no = contacts.attempt_no
            and words.landed_month = contacts.contact_month
        left join marts.dim_subscribers as subscribers
            on subscribers.subscriber_id = contacts.subscriber_id and subscribers.snapshot_month = $base_month
        left join branches on branches.branch_id = subscribers.branch_id
        where contacts.contacted_at >= $first_day and contacts.contacted_at < $week
        order by branch_name, contacts.assignment_id, contacts.attempt_no
        """,
        {"base_month": week.base_month, "first_day": week.first_day, "week": week.warning_week},
    ).df()


def outcome_counts(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return one row per branch: contacts, contacts by outcome, offers accepted."""
    outcomes = pandas.crosstab(rows["branch_name"], rows["outcome"])
    found = rows.groupby("branch_name").agg(
        contact_count=("outcome", "size"), offer_accepted_count=("is_offer_accepted", "sum")
    )
    columns = [_COUNT.name, *answer_codes("outcome"), _ACCEPTED.name]
    return found.join(outcomes).reindex(columns=columns, fill_value=0).reset_index()


def cause_counts(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return one row per branch and cause that customers named, most often named first."""
    named = rows.groupby(["branch_name", "churn_cause"]).size().rename("contact_count").reset_index()
    return named.sort_values(["branch_name", "contact_count", "churn_cause"], ascending=[True, False, True])


def said_counts(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return one row per branch, kind and wording of what customers said, most often said first.

    Long numbers are struck out: they could be somebody's.
    """
    said = rows.melt("branch_name", list(SAID), "said_kind", "said").dropna(subset="said")
    words = [_LONG_NUMBER.sub("***", " ".join(str(text).split())) for text in said["said"]]
    said = said.assign(said=pandas.Series(words, index=said.index, dtype=object))
    counts = said[said["said"] != ""].groupby(["branch_name", "said_kind", "said"]).size()
    return (
        counts.rename("contact_count")
        .reset_index()
        .sort_values(
            ["branch_name", "said_kind", "contact_count", "said"], ascending=[True, True, False, True]
        )
    )


def write_callback_summary(
    rows: pandas.DataFrame, file: Path, week: WarningWeek, *, language: str, currency: str, texts: Texts
) -> None:
    """Write the workbook: outcomes and causes per branch, then what was said; `rows` of `read_callbacks`."""
    title = texts.text("title.callbacks", language)
    subtitle = f"{week.first_day} – {week.last_day}"
    rows = rows.assign(branch_name=rows["branch_name"].fillna(texts.text("callbacks.no_branch", language)))
    with private_workbook(file, title=title, day=week.warning_week) as workbook:
        style = ListStyle(texts, language, currency, Looks(workbook, language))
        outcomes = [ListColumn(code, "why", 12, "whole", "outcome") for code in answer_codes("outcome")]
        for name, columns, lines in (
            ("callback_outcomes", (_BRANCH, _COUNT, *outcomes, _ACCEPTED), outcome_counts(rows)),
            ("callback_causes", (_BRANCH, _CAUSE, _COUNT), cause_counts(rows)),
            ("callback_said", (_BRANCH, _KIND, _WORDS, _COUNT), said_counts(rows)),
        ):
            sheet = workbook.add_worksheet(style.word(f"sheet.{name}"))
            write_table(sheet, columns, lines, style, title=title, subtitle=subtitle)
