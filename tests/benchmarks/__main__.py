"""Simulate an operator, close its months in one run, close the last again, and print where the time goes.

Settings: BENCH_SUBSCRIBERS (100000), BENCH_MONTHS (36), BENCH_HOME (a temporary folder, removed at the end).
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
import pandas as pd

from orchestration.settings import Home
from orchestration.terminal import render_table
from tests.benchmarks.backtest import backtest

LAST_MONTH = "2026-06"
STAGES = (
    ("start", re.compile(r"extracts of \d+ month")),
    ("land", re.compile(r"landing ")),
    ("dbt before", re.compile(r"dbt before")),
    ("train", re.compile(r"_churn: ")),
    ("score", re.compile(r"candidates scored")),
    ("reasons", re.compile(r"subscribers explained")),
    ("assign", re.compile(r"on the list")),
    ("dbt after", re.compile(r"dbt after")),
    ("publish", re.compile(r"publishing |writing the folder|published|done$")),
)
_SAMPLE_SECONDS = 0.2
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Measured:
    """Seconds and largest resident memory of each stage, in the order they came."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak_mebibytes: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, seconds: float, peak_bytes: int) -> None:
        """Add a piece of a stage."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.peak_mebibytes[stage] = max(self.peak_mebibytes.get(stage, 0.0), peak_bytes / 2**20)


class MemorySampler:
    """The largest resident memory of a process and its descendants, since last asked."""

    def __init__(self, process: int) -> None:
        """Start to sample `process`, a process id."""
        self._process = process
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def take(self) -> int:
        """Return the peak in bytes since the last call."""
        peak, self._peak = self._peak, 0
        return peak

    def stop(self) -> None:
        """End the sampling."""
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self._peak = max(self._peak, _tree_bytes(self._process))


def _tree_bytes(process: int) -> int:
    """Return the resident memory of a process and all its descendants; 0 when it is gone."""
    try:
        own = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return own + sum(_tree_bytes(int(child)) for child in children)


def measure(home: Path, first_stage: str, *arguments: str) -> Measured:
    """Run a `retention` command and give each of its lines' time to the stage that the line ends.

    Raises CalledProcessError when the command fails; what it said stands on the terminal.
    """
    command = [str(Path(sys.executable).with_name("retention")), *arguments]
    measured = Measured()
    process = subprocess.Popen(
        command,
        env=os.environ | {"RETENTION_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    sampler = MemorySampler(process.pid)
    last, stage = time.monotonic(), first_stage
    for line in process.stdout or ():
        click.echo(line, nl=False, err=True)
        stage = next((name for name, pattern in STAGES if pattern.search(line)), stage)
        now = time.monotonic()
        measured.add(stage, now - last, sampler.take())
        last = now
    sampler.stop()
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)
    measured.add("end", time.monotonic() - last, sampler.take())
    return measured


def table(runs: dict[str, Measured]) -> pd.DataFrame:
    """Return one row per run and stage."""
    return pd.DataFrame(
        [
            {
                "run": name,
                "stage": stage,
                "seconds": round(seconds, 1),
                "peak_MiB": round(measured.peak_mebibytes[stage]),
            }
            for name, measured in runs.items()
            for stage, seconds in [*measured.seconds.items()]
        ]
        + [
            {
                "run": name,
                "stage": "total",
                "seconds": round(sum(measured.seconds.values()), 1),
                "peak_MiB": round(max(measured.peak_mebibytes.values())),
            }
            for name, measured in runs.items()
        ]
    )


def run(home: Path, subscribers: int, months: int) -> dict[str, Measured]:
    """Measure a simulation, one run over all months, and the last month again."""
    simulated = measure(
        home,
        "simulate",
        *("simulate", "--subscribers", str(subscribers), "--months", str(months)),
        *("--last-month", LAST_MONTH, "--seed", "1"),
    )
    landed = sorted(folder.name for folder in (home / "landing" / "subscribers").iterdir())
    every = measure(home, "start", "run", "--from-month", landed[0], "--month", landed[-1])
    again = measure(home, "start", "run", "--month", landed[-1])
    return {"simulate": simulated, f"run of {months} months": every, "run of 1 month": again}


def main() -> None:
    """Measure and print."""
    subscribers = int(os.environ.get("BENCH_SUBSCRIBERS", "100000"))
    months = int(os.environ.get("BENCH_MONTHS", "36"))
    kept = os.environ.get("BENCH_HOME")
    with tempfile.TemporaryDirectory(prefix="retention-bench-") as folder:
        home = Path(kept or folder).resolve()
        runs = run(home, subscribers, months)
        click.echo(f"{subscribers:,} subscribers, {months} months, {os.cpu_count()} cores")
        click.echo(render_table(table(runs)))
        click.echo(render_table(backtest(Home(home))))


if __name__ == "__main__":
    main()
