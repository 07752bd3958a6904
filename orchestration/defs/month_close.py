"""The month close: one job over a range of months, its schedule, a watch for dead runs, and how runs went.

Belongs here: what Dagster knows of whole runs. Not here: any stage of a run (the modules beside this).
"""

from datetime import date

import dagster as dg

from orchestration.defs.early_warning import WEEKLY_JOB, WEEKLY_KEYS
from orchestration.progress import say
from orchestration.recovery import fail_dead_runs
from orchestration.weeks import LENGTH

month_close = dg.define_asset_job(
    "month_close",
    # Weeks and months are partitions of different kinds, which no job can share.
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(*WEEKLY_KEYS),
    description="Land, derive, train, score, assign and publish the months of the run, in this order.",
)

# On the third day the extracts of the closed month have come; the operator switches it on.
monthly = dg.build_schedule_from_partitioned_job(
    month_close,
    name="monthly",
    description="Closes last month on the third of the month at two in the morning, operator's time.",
    day_of_month=3,
    hour_of_day=2,
    minute_of_hour=0,
    default_status=dg.DefaultScheduleStatus.STOPPED,
)


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs whose process was killed as failed, so that they do not hold up the next one.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Free the one run slot from runs that nothing executes any more."""
    dead = fail_dead_runs(context.instance)
    for run in dead:
        say(f"marked run {run} as failed: its process is gone")
    return dg.SkipReason(f"{len(dead)} dead runs")


def failure_message(result: dg.ExecuteInProcessResult) -> str:
    """Return which step failed and why, in the words of the error that started it."""
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error and error.cls_name == "DagsterExecutionStepExecutionError" and error.cause:
                error = error.cause
            reason = _without_class(error.message) if error else "No reason is known."
            return f"{event.step_key} failed. {reason}"
    for event in result.all_events:
        if event.is_run_failure and event.job_failure_data.error:
            return _without_class(event.job_failure_data.error.message)
    return "The run failed; the Dagster UI (`retention ui`) has its log."


def last_runs(instance: dg.DagsterInstance, *, done: str = "") -> dict[date, str]:
    """Return how the newest run of each month ended, or that it still goes on.

    `done` names a run to be taken for ended well: the one that asks at its end.
    """
    runs: dict[date, str] = {}
    for run in _newest_runs(instance):
        first = run.tags.get("dagster/asset_partition_range_start", run.tags.get("dagster/partition"))
        last = run.tags.get("dagster/asset_partition_range_end", first)
        if first is None or last is None or _is_weekly(run):
            continue
        month = date.fromisoformat(first)
        while month <= date.fromisoformat(last):
            runs.setdefault(month, "success" if run.run_id == done else run.status.value.lower())
            month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return runs


def last_weekly_runs(instance: dg.DagsterInstance) -> dict[date, str]:
    """Return how the newest Wednesday run of each warning week ended, or that it still goes on."""
    runs: dict[date, str] = {}
    for run in _newest_runs(instance):
        key = run.tags.get("dagster/partition")
        if key is not None and _is_weekly(run):
            runs.setdefault(date.fromisoformat(key) + LENGTH, run.status.value.lower())
    return runs


def _newest_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    return [record.dagster_run for record in instance.get_run_records(limit=500)]


def _is_weekly(run: dg.DagsterRun) -> bool:
    """Tell weeks from months by what ran: the first day of a week may be that of a month."""
    return run.job_name == WEEKLY_JOB or bool(run.asset_selection and run.asset_selection <= {*WEEKLY_KEYS})


def _without_class(message: str) -> str:
    """Return an error's text without the name of its class in front."""
    name, colon, text = message.strip().partition(": ")
    return text if colon and name.replace(".", "").replace("_", "").isalnum() else message.strip()
