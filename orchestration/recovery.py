"""What a killed run leaves behind, and how the next one clears it away.

Belongs here: telling living processes from dead ones, ending an orphaned dbt, marking dead runs as failed,
emptying the scratch folder. Not here: the lock itself (`warehouse.py`), whose holder alone may recover.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from orchestration.settings import Home

PROCESS_TAG = "retention/process"
"""Run tag that names the process which executes the run (`process_identity`)."""

_UNFINISHED = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
# A run tags itself within moments of its start; one that never did is dead after this.
_UNTAGGED_GRACE = timedelta(seconds=180)
_END_WAIT_SECONDS = 5.0
_PROC = Path("/proc")


def process_identity(pid: int) -> str:
    """Return what tells this process from any other that ever had its number: number, boot, start time.

    Without /proc (not Linux) only the number is known.
    """
    started = _start_time(pid)
    if started is None:
        return str(pid)
    boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{pid} {boot} {started}"


def is_alive(identity: str) -> bool:
    """Tell whether the process that `process_identity` described still runs."""
    pid = int(identity.split()[0])
    if " " in identity:
        return process_identity(pid) == identity
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def recorded_child(home: Home, pid: int) -> Iterator[None]:
    """Keep the number of a child that writes to the build file where recovery finds it."""
    record = _child_record(home)
    record.write_text(json.dumps({"process": process_identity(pid)}), encoding="utf-8")
    try:
        yield
    finally:
        if not is_alive(process_identity(pid)):
            record.unlink(missing_ok=True)


def end_orphan(home: Home) -> int | None:
    """End a dbt child that outlived its run; returns its process number, None when there is none.

    Only for the holder of the lock: then the run that started the child is gone. Where start times are not
    known (no /proc) nothing is ended, since the number may be somebody else's by now.
    """
    record = _child_record(home)
    try:
        identity = json.loads(record.read_text(encoding="utf-8"))["process"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # Cut short by the kill: the child had hardly begun.
        record.unlink()
        return None
    ended = None
    if " " in identity and is_alive(identity):
        ended = int(identity.split()[0])
        _end(ended, identity)
    record.unlink(missing_ok=True)
    return ended


def fail_dead_runs(instance: DagsterInstance, *, but: str | None = None) -> list[str]:
    """Mark runs whose process is gone as failed and free their slots; returns their ids, oldest first.

    `but` is the id of the run that asks.
    """
    dead = []
    for record in instance.get_run_records(RunsFilter(statuses=_UNFINISHED), ascending=True):
        run = record.dagster_run
        identity = run.tags.get(PROCESS_TAG)
        if run.run_id == but:
            continue
        if identity is None:
            is_dead = datetime.now(UTC) - record.update_timestamp.astimezone(UTC) > _UNTAGGED_GRACE
        else:
            is_dead = not is_alive(identity)
        if is_dead:
            instance.report_run_failed(
                run, "The process of this run is gone; it was killed or the machine restarted."
            )
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            dead.append(run.run_id)
    return dead


def empty_scratch(home: Home) -> None:
    """Remove spill files and half-written outputs; only for the holder of the lock."""
    shutil.rmtree(home.scratch, ignore_errors=True)
    home.scratch.mkdir(parents=True, exist_ok=True)


def recover(home: Home, instance: DagsterInstance, *, run_id: str | None = None) -> list[str]:
    """Clear away what killed runs left; returns a sentence for each thing done.

    Only for the holder of the lock. `run_id` is the run that asks, if it is one.
    """
    done = []
    orphan = end_orphan(home)
    if orphan is not None:
        done.append(f"Ended dbt process {orphan}, which had outlived its run.")
    done += [
        f"Marked run {dead} as failed: its process is gone." for dead in fail_dead_runs(instance, but=run_id)
    ]
    empty_scratch(home)
    return done


def _child_record(home: Home) -> Path:
    return home.lock_file.with_name("dbt_child.json")


def _start_time(pid: int) -> str | None:
    """Clock ticks from boot to the start of a process; None for the dead, and where there is no /proc."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may hold anything.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]


def _end(pid: int, identity: str) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _END_WAIT_SECONDS
        while time.monotonic() < deadline:
            if not is_alive(identity):
                return
            time.sleep(0.05)
    raise RuntimeError(
        f"Process {pid}, a dbt that outlived its run, cannot be ended; end it by hand, then try again."
    )
