"""What is overdue in the branches, for the units that supervise them: `overdue.xlsx` of a warning week.

Belongs here: the query, the counts per unit and the two sheets. Not here: who supervises whom
(`responsibility_rules.csv`); no phone number stands here: the owner calls, not who watches over him.
"""

from datetime import date
from pathlib import Path

import duckdb
import pandas

from orchestration.weeks import WarningWeek
from orchestration.worklists.columns import SHEETS, ListColumn
from orchestration.worklists.files import private_workbook
from orchestration.worklists.list_sheet import ListStyle
from orchestration.worklists.looks import Looks
from orchestration.worklists.table_sheet import write_table
from orchestration.worklists.texts import Texts

_UNITS = (ListColumn("supervising_unit_name", "task", 26), ListColumn("unit_name", "task", 26))
_COUNTS = tuple(ListColumn(kind.name, "why", 10, "whole", "sheet") for kind in SHEETS)
COUNT_COLUMNS = (
    *_UNITS,
    ListColumn("overdue_count", "why", 10, "whole"),
    *_COUNTS,
    ListColumn("oldest_due_date", "why", 12, "date"),
)
LINE_COLUMNS = (
    *_UNITS,
    ListColumn("due_date", "task", 12, "date"),
    ListColumn("days_overdue", "task", 10, "whole"),
    ListColumn("sheet", "why", 11, "code", "sheet"),
    ListColumn("stage", "why", 11, "code", "stage"),
    ListColumn("staff_name", "customer", 14),
    ListColumn("subscriber_id", "customer", 16),
    ListColumn("group_id", "customer", 14),
)


def read_overdue(connection: duckdb.DuckDBPyConnection, week: WarningWeek) -> pandas.DataFrame:
    """Return one row per customer of a supervised unit whose first contact is overdue, oldest first.

    Overdue on the Wednesday: due before it, and no contact since the line was handed out. Lines are those of
    the base month's list and of the tasks handed out since; of several lines of a customer the one due first.
    """
    return connection.execute(
        """
        with

        lines as (
            select
                subscriber_id, primary_unit_id as unit_id, supervising_unit_id, staff_id, stage, due_date,
                case when list_kind = 'lost' then 'lost' else coalesce(colour, 'other') end as sheet,
                cast($base_month + interval 1 month as date) as handed_out_on, assignment_id
            from retention.responsibilities
            where snapshot_month = $base_month and disposition = 'assigned'
            union all
            select
                tasks.subscriber_id, tasks.unit_id, owners.supervising_unit_id, tasks.staff_id, tasks.stage,
                tasks.due_date, tasks.colour, tasks.warning_week, tasks.assignment_id
            from retention.contact_tasks as tasks
            inner join retention.would_be_owners as owners
                on owners.subscriber_id = tasks.subscriber_id and owners.snapshot_month = $base_month
            where
                tasks.disposition = 'assigned' and tasks.warning_week < $week
                and tasks.warning_week >= $base_month + interval 1 month
        ),

        overdue as (
            select * from lines
            where
                supervising_unit_id is not null and due_date < $week
                and not exists (
                    select 1 from retention.fct_retention_contacts as contacts
                    where
                        contacts.subscriber_id = lines.subscriber_id
                        and contacts.contacted_at >= lines.handed_out_on
                        and contacts.contacted_at < $week
                )
            qualify row_number() over (partition by subscriber_id order by due_date, assignment_id) = 1
        )

        select
            coalesce(supervisors.unit_name, overdue.supervising_unit_id) as supervising_unit_name,
            coalesce(units.unit_name, overdue.unit_id) as unit_name, overdue.due_date,
            date_diff('day', overdue.due_date, $week) as days_overdue, overdue.sheet, overdue.stage,
            coalesce(staff.staff_name, overdue.staff_id) as staff_name, overdue.subscriber_id,
            subscribers.group_id
        from overdue
        left join staging.stg_organisation__org_units as supervisors
            on supervisors.unit_id = overdue.supervising_unit_id
        left join staging.stg_organisation__org_units as units on units.unit_id = overdue.unit_id
        left join staging.stg_organisation__staff as staff on staff.staff_id = overdue.staff_id
        left join marts.dim_subscribers as subscribers
            on subscribers.subscriber_id = overdue.subscriber_id and subscribers.snapshot_month = $base_month
        order by supervising_unit_name, unit_name, overdue.due_date, overdue.subscriber_id
        """,
        {"base_month": week.base_month, "week": week.warning_week},
    ).df()


def overdue_counts(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return one row per unit with overdue customers: how many, on which sheet, since when."""
    kinds = pandas.crosstab([rows["supervising_unit_name"], rows["unit_name"]], rows["sheet"])
    found = rows.groupby(["supervising_unit_name", "unit_name"]).agg(
        overdue_count=("subscriber_id", "size"), oldest_due_date=("due_date", "min")
    )
    counts = found.join(kinds).reindex(columns=[column.name for column in COUNT_COLUMNS[2:]], fill_value=0)
    return counts.reset_index()


def write_overdue(
    rows: pandas.DataFrame, file: Path, week: date, *, language: str, currency: str, texts: Texts
) -> None:
    """Write the workbook: counts per unit, then the lines; `rows` is what `read_overdue` gives."""
    title = texts.text("title.overdue", language)
    subtitle = texts.text("overdue.as_of", language, day=week.isoformat())
    with private_workbook(file, title=title, day=week) as workbook:
        style = ListStyle(texts, language, currency, Looks(workbook, language))
        for name, columns, lines in (
            ("overdue_counts", COUNT_COLUMNS, overdue_counts(rows)),
            ("overdue_lines", LINE_COLUMNS, rows),
        ):
            sheet = workbook.add_worksheet(style.word(f"sheet.{name}"))
            write_table(sheet, columns, lines, style, title=title, subtitle=subtitle)
