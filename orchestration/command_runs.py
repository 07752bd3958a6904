"""Running a job from the command line: the home it needs, the lock it holds, how its end is told.

Belongs here: what lies between a command and Dagster. Not here: options and their words (`cli`), the jobs
(`defs`). Dagster is imported within functions only, as in `cli`.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.progress import say, shown
from orchestration.settings import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance


def prepared_home() -> Home:
    """Return the home, with its folders, Dagster's settings in place, and the environment that names both."""
    from orchestration.publishing.places import close_to_others

    home = Home.from_environment()
    home.dagster.mkdir(parents=True, exist_ok=True)
    close_to_others(home)
    (home.dagster / "dagster.yaml").write_bytes(Path(__file__).with_name("dagster.yaml").read_bytes())
    os.environ["RETENTION_HOME"] = str(home.root)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["RETENTION_EVENT_LOG"] = str(home.dagster / "history" / "runs")
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    return home


def close_months(home: Home, first: date, last: date) -> None:
    """Run the month close over `first` to `last` in this process, holding the lock from start to end.

    Raises click.BadParameter for a range that cannot be run, click.ClickException when the run fails.
    """
    from orchestration.partitions import is_closed

    if first > last:
        raise click.BadParameter(f"--from-month {first:%Y-%m} is later than --month {last:%Y-%m}.")
    for month in (first, last):
        if not is_closed(month):
            raise click.BadParameter(
                f"{month:%Y-%m} cannot be run: it has not ended yet, or lies before 2010-01."
            )
    execute(
        home,
        "month_close",
        f"closing {first:%Y-%m} to {last:%Y-%m}",
        {
            "dagster/asset_partition_range_start": first.isoformat(),
            "dagster/asset_partition_range_end": last.isoformat(),
        },
    )


def answer_lists(home: Home, month: date, seed: int) -> None:
    """Drop made-up answers to a month's worklists into feedback/.

    Raises click.BadParameter for a month that has none.
    """
    from seeds.simulator import answer_worklists

    worklists = worklists_of(home, month)
    if not worklists.is_dir():
        raise click.BadParameter(f"{month:%Y-%m} has no worklists under {home.published}; run it first.")
    with shown():
        answer_worklists(worklists, home.feedback, month=month, seed=seed, progress=say)


def warn_of_week(home: Home, warning_week: date) -> None:
    """Run the weekly job over one week in this process.

    Raises click.BadParameter for a day that names no week that has ended, click.ClickException when the run
    fails.
    """
    from orchestration.partitions import is_over, newest_week, week_key
    from orchestration.weeks import WarningWeek, nearest_wednesdays

    before, after = nearest_wednesdays(warning_week)
    if before != after:
        raise click.BadParameter(
            f"{warning_week} is no Wednesday; a week is named by the Wednesday after it: {before} or {after}."
        )
    week = WarningWeek(warning_week)
    if not is_over(week):
        raise click.BadParameter(
            f"the week of {warning_week} ({week.first_day} to {week.last_day}) has not ended yet, or lies "
            f"before 2010; the newest that has ended is that of {newest_week().warning_week}."
        )
    execute(home, "weekly_warnings", f"warning of {warning_week}", {"dagster/partition": week_key(week)})


def execute(home: Home, job: str, line: str, partitions: dict[str, str]) -> None:
    """Execute a job in this process, holding the lock from start to end; `line` tells that it begins.

    Raises click.ClickException with the reason when the run fails.
    """
    from orchestration.recovery import PROCESS_TAG, process_identity, recover
    from orchestration.warehouse import Warehouse

    with shown(), Warehouse(home).lock(), dagster_instance() as instance:
        for done in recover(home, instance):
            say(done)
        from orchestration.definitions import defs

        say(line)
        with _standard_output_hidden():
            result = (
                defs()
                .resolve_job_def(job)
                .execute_in_process(
                    instance=instance,
                    raise_on_error=False,
                    # Our own lines stand for Dagster's; its event log keeps everything.
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                    tags={
                        **partitions,
                        PROCESS_TAG: process_identity(os.getpid()),
                        # Whoever called the command calls it again; the daemon must not.
                        "dagster/max_retries": "0",
                    },
                )
            )
        if not result.success:
            from orchestration.defs.month_close import failure_message

            raise click.ClickException(failure_message(result))
        say("done")


def worklists_of(home: Home, month: date) -> Path:
    """Return the folder of a month's worklists; it need not be there."""
    return home.published / f"{month:%Y-%m}" / "worklists"


@contextmanager
def dagster_instance() -> "Iterator[DagsterInstance]":
    """Open Dagster's history of the home that DAGSTER_HOME names."""
    from dagster import DagsterInstance

    with DagsterInstance.get() as instance:
        yield instance


@contextmanager
def _standard_output_hidden() -> Iterator[None]:
    """Keep dbt's own log off the terminal; it stays in Dagster's compute logs."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
