"""What a killed run leaves behind is found and cleared away, and nothing else is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance, DagsterRunStatus

from orchestration import recovery
from orchestration.recovery import (
    PROCESS_TAG,
    empty_scratch,
    end_orphan,
    fail_dead_runs,
    is_alive,
    process_identity,
    recorded_child,
    recover,
)
from orchestration.settings import Home

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.lock_file.parent.mkdir()
    return home


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEP) as child:
        yield child
        child.kill()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


@dg.job
def nothing() -> None:
    """A job to make runs of."""


def started_run(instance: DagsterInstance, **tags: str) -> str:
    run = instance.create_run_for_job(nothing, status=DagsterRunStatus.STARTED, tags=tags)
    return run.run_id


def dead_identity() -> str:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = process_identity(process.pid)
        process.communicate()
    return identity


def test_a_living_process_is_alive_and_a_finished_one_is_not(child: subprocess.Popen[bytes]) -> None:
    assert is_alive(process_identity(child.pid))
    assert is_alive(process_identity(os.getpid()))
    assert not is_alive(dead_identity())


def test_a_killed_process_that_nobody_has_waited_for_is_dead(child: subprocess.Popen[bytes]) -> None:
    identity = process_identity(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert not is_alive(identity)


def test_a_number_taken_over_by_another_process_is_not_the_one_that_was(
    child: subprocess.Popen[bytes],
) -> None:
    pid, boot, started = process_identity(child.pid).split()

    assert not is_alive(f"{pid} {boot} {int(started) + 1}")
    assert not is_alive(f"{pid} another-boot {started}")


def test_without_proc_only_the_number_tells(
    child: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_PROC", tmp_path / "no-proc")

    identity = process_identity(child.pid)

    assert identity == str(child.pid)
    assert is_alive(identity)


def test_an_orphan_is_ended_and_forgotten(home: Home, child: subprocess.Popen[bytes]) -> None:
    with recorded_child(home, child.pid):
        pass

    assert end_orphan(home) == child.pid
    assert child.wait(10) != 0
    assert end_orphan(home) is None


def test_a_child_that_has_ended_leaves_no_record(home: Home) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process,
        recorded_child(home, process.pid),
    ):
        process.communicate()

    assert list(home.lock_file.parent.iterdir()) == []


def test_a_process_with_the_number_of_an_ended_child_is_left_alone(
    home: Home, child: subprocess.Popen[bytes]
) -> None:
    with recorded_child(home, child.pid):
        record = next(home.lock_file.parent.iterdir())
        record.write_text(record.read_text(encoding="utf-8").replace('"}', '0"}'), encoding="utf-8")

        assert end_orphan(home) is None

    assert child.poll() is None


def test_a_record_cut_short_by_the_kill_is_removed(home: Home) -> None:
    record = home.lock_file.with_name("dbt_child.json")
    record.write_text('{"proc', encoding="utf-8")

    assert end_orphan(home) is None
    assert not record.exists()


def test_runs_of_dead_processes_fail_and_others_go_on(instance: DagsterInstance) -> None:
    dead = started_run(instance, **{PROCESS_TAG: dead_identity()})
    living = started_run(instance, **{PROCESS_TAG: process_identity(os.getpid())})
    young = started_run(instance)

    assert fail_dead_runs(instance) == [dead]

    statuses = {run.run_id: run.status for run in instance.get_runs()}
    assert statuses == {
        dead: DagsterRunStatus.FAILURE,
        living: DagsterRunStatus.STARTED,
        young: DagsterRunStatus.STARTED,
    }


def test_a_run_that_never_named_its_process_is_dead_after_the_grace(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = started_run(instance)
    monkeypatch.setattr(recovery, "_UNTAGGED_GRACE", recovery.timedelta(0))

    assert fail_dead_runs(instance, but=silent) == []
    assert fail_dead_runs(instance) == [silent]


def test_recovery_says_what_it_did_and_empties_the_scratch(
    home: Home, instance: DagsterInstance, child: subprocess.Popen[bytes]
) -> None:
    dead = started_run(instance, **{PROCESS_TAG: dead_identity()})
    with recorded_child(home, child.pid):
        pass
    empty_scratch(home)
    (home.scratch / "half-written").mkdir()

    done = recover(home, instance)

    assert done == [
        f"Ended dbt process {child.pid}, which had outlived its run.",
        f"Marked run {dead} as failed: its process is gone.",
    ]
    assert list(home.scratch.iterdir()) == []
    assert recover(home, instance) == []
