"""The Wednesday run: one warning week, which may lie in a month that is still open.

Belongs here: the weekly assets, their job and schedule. Not here: the same tables in a monthly run
(`warehouse.py`), who is warned and why (`dbt_project/`), the days of a week (`orchestration/weeks.py`).
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import duckdb
from dagster_dbt import DbtCliResource

from orchestration.defs.contact_tasks import write_tasks, wrong_tasks
from orchestration.defs.dbt_child import current_manifest, fresh_target, watched, week_arguments
from orchestration.defs.feedback import ANSWERS
from orchestration.defs.groups import WEDNESDAY
from orchestration.landing import land, prepare
from orchestration.partitions import run_week, warning_weeks
from orchestration.progress import say
from orchestration.publishing import publish_week
from orchestration.publishing.postgres import push_where_wanted
from orchestration.publishing.status import week_status
from orchestration.settings import OperatorSettings
from orchestration.warehouse import Warehouse
from orchestration.weeks import WarningWeek, without_base_month

WEEKLY_JOB = "weekly_warnings"
WEEKLY_KEYS = [
    dg.AssetKey(key)
    for key in (["weekly", "landed"], ["weekly", "warnings"], ["weekly", "tasks"], ["published", "week"])
]
LANDED, WARNINGS, TASKS, PUBLISHED = WEEKLY_KEYS

_OWNERS = ["data-engineering@operator.example"]


@dg.asset(
    key=LANDED,
    deps=[ANSWERS],
    partitions_def=warning_weeks,
    group_name=WEDNESDAY,
    owners=_OWNERS,
    kinds={"python", "duckdb"},
)
def landed(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """The static tables, and the months of the week that have not closed, as far as they have come."""
    week = run_week(context)
    with warehouse.writing() as connection:
        prepare(connection)
        if without_base_month(connection, [week]):
            month = f"{week.base_month:%Y-%m}"
            raise dg.Failure(f"{month} has to be run first: retention run --month {month}")
        months = open_months(connection, week)
        summary = land(connection, warehouse.home, months, progress=say, open_month=True)
        # A closed month is whole, however little was used at its end.
        shortfall = usage_shortfall(connection, week) if week.week_month in months else None
    if shortfall:
        say(shortfall)
    return dg.MaterializeResult(
        metadata={
            "open_months": [f"{month:%Y-%m}" for month in months],
            "files": len(summary.accounts),
            "usage": shortfall or "usage reaches the week's last day",
        }
    )


@dg.asset(
    key=WARNINGS,
    deps=[LANDED],
    partitions_def=warning_weeks,
    group_name=WEDNESDAY,
    owners=_OWNERS,
    kinds={"dbt", "duckdb"},
)
def warnings(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """Colours and evidence of the week: the models of a monthly run, for this week alone."""
    week = run_week(context)
    home = warehouse.home
    say(f"dbt: colours of the week that ended on {week.last_day}")
    invocation = dbt.cli(week_arguments(week), target_path=fresh_target(home))
    with watched(home, invocation, current_manifest(home)):
        invocation.wait()
    with warehouse.reading() as connection:
        weeks = week_status(connection, home)
    (counts,) = weeks[weeks["warning_week"] == week.warning_week].to_dict("records") or [{}]
    return dg.MaterializeResult(
        metadata={colour: int(counts.get(colour, 0)) for colour in ("red", "yellow", "blue", "new")}
    )


@dg.asset(
    key=TASKS,
    deps=[WARNINGS],
    partitions_def=warning_weeks,
    group_name=WEDNESDAY,
    owners=_OWNERS,
    kinds={"python", "duckdb"},
)
def tasks(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """The contact tasks of the week's red and yellow: the tasks of a monthly run, for this week alone."""
    week = run_week(context)
    with warehouse.writing() as connection:
        counts = write_tasks(connection, [week])
        wrong = wrong_tasks(connection, [week])
    if wrong:
        raise dg.Failure(f"{sum(wrong.values())} warnings of {week.warning_week} are not one task each")
    return dg.MaterializeResult(metadata={"dispositions": counts[week.warning_week.isoformat()]})


@dg.asset(
    key=PUBLISHED,
    deps=[TASKS],
    partitions_def=warning_weeks,
    group_name=WEDNESDAY,
    owners=_OWNERS,
    kinds={"python", "duckdb", "parquet", "excel"},
)
def published_week(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """The weekly tables in the published file and Parquet, and the week's folder: tasks, lists, manifest."""
    home = warehouse.home
    settings = OperatorSettings.load(home.operator_file)
    with warehouse.writing() as connection:
        folder = publish_week(connection, home, run_week(context), settings=settings, progress=say)
    yield dg.MaterializeResult(metadata={"folder": dg.MetadataValue.path(folder)})
    # Whatever becomes of the push, the week is published.
    push_where_wanted(home, progress=say)


weekly_warnings = dg.define_asset_job(
    WEEKLY_JOB,
    selection=dg.AssetSelection.assets(ANSWERS, *WEEKLY_KEYS),
    description="Take feedback, land the open months, find who is warned in the week of the run, publish it.",
)

# Early enough for what goes out on the same Wednesday; the operator switches it on.
weekly = dg.build_schedule_from_partitioned_job(
    weekly_warnings,
    name="weekly",
    description="Warns of the week that ended on Tuesday, on Wednesday at six, operator's time.",
    hour_of_day=6,
    minute_of_hour=0,
    default_status=dg.DefaultScheduleStatus.STOPPED,
)


def open_months(connection: duckdb.DuckDBPyConnection, week: WarningWeek) -> list[date]:
    """Return the months of the week that have not closed: none of their subscribers has landed."""
    closed = {
        month
        for (month,) in connection.execute(
            "select landed_month from ops.landing_audit "
            "where table_name = 'subscribers' and rows_accepted > 0"
        ).fetchall()
    }
    return [month for month in week.months_after_base if month not in closed]


def usage_shortfall(connection: duckdb.DuckDBPyConnection, week: WarningWeek) -> str | None:
    """Return in words that usage does not reach the week's last day; None where it does."""
    ((reached,),) = connection.execute(
        "select max(usage_date) from raw_usage.usage_daily "
        "where landed_month between $base_month and $week_month",
        {"base_month": week.base_month, "week_month": week.week_month},
    ).fetchall()
    if reached is not None and reached >= week.last_day:
        return None
    return (
        f"usage has landed up to {reached or 'no day'}, and the week ended on {week.last_day}: "
        "whether usage fell (C2) is not evaluated"
    )
