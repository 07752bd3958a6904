"""The command line checks what it is told, says one clear thing when it fails, and is quick to help."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner
from dagster import DagsterInstance, DagsterRunStatus, Definitions, asset, job

from orchestration.cli import MONTH, commands
from orchestration.command_runs import prepared_home
from orchestration.defs.early_warning import LANDED
from orchestration.defs.month_close import failure_message, last_runs, last_weekly_runs


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETENTION_HOME", str(tmp_path / "home"))
    # Restored after the test, whatever a command sets.
    monkeypatch.setenv("DAGSTER_HOME", os.environ["DAGSTER_HOME"])
    return tmp_path / "home"


def child(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments],
        env=os.environ | {"RETENTION_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", sorted(commands.commands))
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(commands, [command, "--help"])

    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


def test_help_waits_for_no_orchestrator() -> None:
    question = (
        "import sys, orchestration.cli; print({'dagster', 'dbt', 'duckdb', 'pandas'} & set(sys.modules))"
    )

    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--month", "2026-13"], "'2026-13' is no month; write it as YYYY-MM"),
        (["--month", "2026-1"], "'2026-1' is no month"),
        (["--month", "2026-01-01"], "is no month"),
        ([], "Missing option '--month'"),
        (["--month", "2999-01"], "2999-01 cannot be run: it has not ended yet"),
        (["--month", "2009-12"], "or lies before 2010-01"),
        (
            ["--month", "2026-01", "--from-month", "2026-02"],
            "--from-month 2026-02 is later than --month 2026-01",
        ),
    ],
)
def test_run_refuses_months_that_cannot_be_closed(home: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(commands, ["run", *arguments])

    assert result.exit_code == 2
    assert message in result.output
    assert not (home / "warehouse").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--week", "2026-7-15"], "'2026-7-15' is no day; write it as YYYY-MM-DD"),
        (["--week", "2026-02-30"], "'2026-02-30' is no day"),
        ([], "Missing option '--week'"),
        (["--week", "2026-07-14"], "2026-07-14 is no Wednesday"),
        (["--week", "2026-07-14"], "2026-07-08 or 2026-07-15"),
        (["--week", "2998-12-26"], "has not ended yet"),
        (["--week", "2998-12-26"], "the newest that has ended is that of 20"),
        (["--week", "2010-01-06"], "or lies before 2010"),
    ],
)
def test_warn_refuses_days_that_name_no_week(home: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(commands, ["warn", *arguments])

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert not (home / "warehouse").exists()


def test_a_month_becomes_its_first_day() -> None:
    assert MONTH.convert("2026-02", None, None) == date(2026, 2, 1)
    assert MONTH.convert(date(2026, 2, 1), None, None) == date(2026, 2, 1)


def test_status_before_any_run_says_that_nothing_was_run(home: Path) -> None:
    result = CliRunner().invoke(commands, ["status"])

    assert result.exit_code == 0
    assert f"Nothing was run yet under {home}" in result.output


def test_an_unexpected_error_is_one_line_and_exit_code_1(home: Path) -> None:
    result = child(home, "sql", "select 1")

    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr


def test_debugging_shows_where_an_error_arose(home: Path) -> None:
    assert "Traceback" in child(home, "sql", "select 1", RETENTION_DEBUG="1").stderr


def test_wrong_use_is_exit_code_2(home: Path) -> None:
    assert child(home, "simulate").returncode == 2
    assert child(home, "no-such-command").returncode == 2


def test_the_home_is_absolute_and_carries_dagsters_settings(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("RETENTION_HOME", "home")

    assert prepared_home().root == home
    assert os.environ["RETENTION_HOME"] == str(home)
    assert os.environ["DAGSTER_HOME"] == str(home / "dagster")
    assert "max_concurrent_runs: 1" in (home / "dagster" / "dagster.yaml").read_text(encoding="utf-8")


def test_the_demo_says_when_there_is_nothing_to_run(home: Path) -> None:
    (home / "landing").mkdir(parents=True)

    result = CliRunner().invoke(commands, ["demo"])

    assert result.exit_code == 1
    assert f"No month lies under {home / 'landing' / 'subscribers'}" in result.output


def test_lists_that_were_never_handed_out_are_not_answered(home: Path) -> None:
    result = CliRunner().invoke(commands, ["simulate-answers", "--month", "2026-01"])

    assert result.exit_code == 2
    assert "2026-01 has no worklists" in result.output
    assert not (home / "feedback").exists()


def test_simulate_and_adapt_take_what_they_are_given(home: Path) -> None:
    unknown = CliRunner().invoke(commands, ["adapt", "nobody", "--file", str(home / "none.csv")])
    too_dirty = CliRunner().invoke(
        commands,
        ["simulate", "--subscribers", "10", "--months", "1", "--last-month", "2026-01", "--dirt", "2"],
    )

    assert (unknown.exit_code, too_dirty.exit_code) == (2, 2)
    assert "does not exist" in unknown.output
    assert "is not in the range" in too_dirty.output


@job
def nothing() -> None:
    """A job to make runs of."""


def test_the_newest_run_of_a_month_tells_how_it_went(tmp_path: Path) -> None:
    def tags(first: str, last: str) -> dict[str, str]:
        return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}

    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        for status, run_tags in (
            (DagsterRunStatus.FAILURE, tags("2025-11-01", "2026-02-01")),
            (DagsterRunStatus.SUCCESS, tags("2025-12-01", "2026-01-01")),
            (DagsterRunStatus.STARTED, {"dagster/partition": "2026-01-01"}),
            (DagsterRunStatus.SUCCESS, {}),
        ):
            instance.create_run_for_job(nothing, status=status, tags=run_tags)
        runs = last_runs(instance)

    assert runs == {
        date(2025, 11, 1): "failure",
        date(2025, 12, 1): "success",
        date(2026, 1, 1): "started",
        date(2026, 2, 1): "failure",
    }


@job
def weekly_warnings() -> None:
    """A job of the same name as Wednesday's."""


@asset(key=LANDED)
def weekly_landed() -> None:
    """An asset of the Wednesday run, which the UI can materialise without its job."""


def test_the_runs_of_weeks_are_not_taken_for_those_of_months(tmp_path: Path) -> None:
    """The first day of a week may be the first of a month: 2026-07-01 is a Wednesday."""
    wednesday = {"dagster/partition": "2026-07-01"}
    by_hand = Definitions(assets=[weekly_landed]).resolve_implicit_global_asset_job_def()

    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.create_run_for_job(weekly_warnings, status=DagsterRunStatus.FAILURE, tags=wednesday)
        assert (last_runs(instance), last_weekly_runs(instance)) == ({}, {date(2026, 7, 8): "failure"})
        instance.create_run_for_job(
            by_hand, status=DagsterRunStatus.SUCCESS, tags=wednesday, asset_selection=frozenset({LANDED})
        )
        assert (last_runs(instance), last_weekly_runs(instance)) == ({}, {date(2026, 7, 8): "success"})
        instance.create_run_for_job(nothing, status=DagsterRunStatus.STARTED, tags=wednesday)
        assert last_runs(instance) == {date(2026, 7, 1): "started"}


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (click.ClickException("bills.csv: no such column"), "land failed. bills.csv: no such column"),
        (ValueError("two: parts"), "land failed. two: parts"),
    ],
)
def test_a_failed_step_is_told_in_the_words_of_its_error(raised: Exception, message: str) -> None:
    from dagster import op

    @op
    def land() -> None:
        raise raised

    @job
    def failing() -> None:
        land()

    with DagsterInstance.ephemeral() as instance:
        result = failing.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    assert failure_message(result) == message


def test_a_failed_run_without_a_failed_step_points_to_the_log() -> None:
    assert "retention ui" in failure_message(SimpleNamespace(all_events=[]))  # type: ignore[arg-type] # stands in
