"""Contact tasks: every red or yellow warning of a week gets the owner of the newest list, or of the rules.

Belongs here: the tasks of the weeks of a monthly run, and the function that the Wednesday run shares. Not
here: the arithmetic (`ml/tasks.py`), the Wednesday run itself (`early_warning.py`).
"""

from collections.abc import Sequence

import dagster as dg
import duckdb
import pandas as pd

from ml.tasks import assign_tasks
from orchestration.defs.groups import WORK
from orchestration.defs.month_figures import tasks_by_week
from orchestration.defs.telling import materialised
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, replace_months
from orchestration.weeks import WarningWeek, weeks_of

_TASKS = "retention.contact_tasks"


@dg.asset(
    key=_TASKS.split("."),
    deps=[
        ["retention", "churn_warnings"],
        ["retention", "weekly_owners"],
        ["retention", "weekly_contacts"],
        ["retention", "contact_suppressions"],
        ["retention", "control_group"],
        ["retention", "staff_available"],
        ["retention", "responsibilities"],
    ],
    description=TABLES[_TASKS].grain,
    group_name=WORK,
    owners=["market-department@operator.example"],
    kinds={"python", "duckdb"},
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def contact_tasks(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """Write the tasks of the weeks that end in the run's months."""
    months = run_months(context)
    with warehouse.writing() as connection:
        write_tasks(connection, [week for month in months for week in weeks_of(month)])
        sizes = tasks_by_week(connection, months)
        return materialised(context, connection, _TASKS, months, sizes, month_column="week_month")


@dg.asset_check(
    asset=_TASKS.split("."),
    blocking=True,
    partitions_def=snapshot_months,
    description="Every red and yellow warning of the run's weeks is one task in one of four dispositions; "
    "whoever is assigned has a unit, a person, a stage, a channel and a due date.",
)
def every_warning_is_one_task(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Compare tasks and warnings, week by week."""
    weeks = [week for month in run_months(context) for week in weeks_of(month)]
    with warehouse.reading() as connection:
        wrong = wrong_tasks(connection, weeks)
    return dg.AssetCheckResult(passed=not wrong, metadata={"wrong_per_week": wrong})


def write_tasks(
    connection: duckdb.DuckDBPyConnection, weeks: Sequence[WarningWeek]
) -> dict[str, dict[str, int]]:
    """Replace the tasks of the weeks; return how many stand in each disposition, by week."""
    counts = {}
    for week in weeks:
        tasks = assign_tasks(_warned(connection, week), _staff(connection, week))
        rows = tasks[[column.name for column in TABLES[_TASKS].columns]]
        replace_months(connection, _TASKS, rows, [week.warning_week], "warning_week")
        counts[week.warning_week.isoformat()] = {
            str(disposition): int(number)
            for disposition, number in tasks["disposition"].value_counts().sort_index().items()
        }
        say(f"week {week.warning_week}: {len(tasks)} contact tasks")
    return counts


def wrong_tasks(connection: duckdb.DuckDBPyConnection, weeks: Sequence[WarningWeek]) -> dict[str, int]:
    """Count, by week, warnings without exactly one task, tasks without a warning, and tasks without owner."""
    return dict(
        connection.execute(
            """
            with warned as (
                select warning_week, subscriber_id from retention.churn_warnings
                where colour in ('red', 'yellow') and warning_week in (select unnest($weeks::date[]))
            ),
            tasks as (
                select
                    warning_week,
                    subscriber_id,
                    count(*) as task_count,
                    count(*) filter (
                        disposition in ('assigned', 'suppressed', 'held_out', 'beyond_capacity')
                        and (disposition = 'suppressed') = (suppression_reason is not null)
                        and (
                            disposition <> 'assigned'
                            or (unit_id || staff_id || stage || channel || due_date) is not null
                        )
                    ) as right_count
                from retention.contact_tasks
                where warning_week in (select unnest($weeks::date[]))
                group by all
            )
            select strftime(warning_week, '%Y-%m-%d'), count(*)
            from warned
            full join tasks using (warning_week, subscriber_id)
            where
                task_count is distinct from 1
                or right_count is distinct from 1
                or warned.subscriber_id is null
            group by all
            order by all
            """,
            {"weeks": [week.warning_week for week in weeks]},
        ).fetchall()
    )


def _warned(connection: duckdb.DuckDBPyConnection, week: WarningWeek) -> pd.DataFrame:
    """Read one row per red or yellow warning: the newest list's owner, the rules', and who is left out.

    Of the lists those that had closed when the week began.
    """
    return connection.execute(
        """
        with newest_lists as (
            select subscriber_id, primary_unit_id, staff_id
            from retention.responsibilities
            where snapshot_month <= $base_month and primary_unit_id is not null
            qualify row_number() over (partition by subscriber_id order by snapshot_month desc) = 1
        )
        select
            owners.week_month,
            owners.warning_week,
            owners.subscriber_id,
            owners.assignment_id,
            owners.colour,
            newest_lists.primary_unit_id as listed_unit_id,
            newest_lists.staff_id as listed_staff_id,
            owners.primary_unit_id,
            owners.named_staff_id,
            contacts.stage,
            contacts.channel,
            contacts.due_date,
            suppressions.reason as suppression_reason,
            coalesce(control.is_held_out, false) as is_held_out
        from retention.weekly_owners as owners
        left join retention.weekly_contacts as contacts
            on owners.warning_week = contacts.warning_week and owners.subscriber_id = contacts.subscriber_id
        left join newest_lists on owners.subscriber_id = newest_lists.subscriber_id
        left join (
            select assignment_id, arg_min(reason, (reason_rank, reason)) as reason
            from retention.contact_suppressions
            where warning_week = $warning_week
            group by assignment_id
        ) as suppressions
            on owners.assignment_id = suppressions.assignment_id
        left join retention.control_group as control
            on owners.base_month = control.snapshot_month and owners.subscriber_id = control.subscriber_id
        where owners.warning_week = $warning_week and owners.colour in ('red', 'yellow')
        order by owners.subscriber_id
        """,
        {"warning_week": week.warning_week, "base_month": week.base_month},
    ).df()


def _staff(connection: duckdb.DuckDBPyConnection, week: WarningWeek) -> pd.DataFrame:
    return connection.execute(
        "select staff_id, owner_unit_id, monthly_capacity from retention.staff_available "
        "where snapshot_month = ? order by staff_id",
        [week.base_month],
    ).df()
