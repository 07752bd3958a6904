"""Homes made by the real command, and what can be compared of them.

Belongs here: running or killing a command, fingerprints of a build file, manifests. Not here: claims.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.settings import Home

_MONTHS = ("contact_month", "known_month", "snapshot_month", "stop_month", "trained_for_month", "week_month")

COMMAND = str(Path(sys.executable).with_name("retention"))


@dataclass(frozen=True)
class Moment:
    """So many seconds after a line of progress that matches `line`."""

    line: str
    seconds: float = 0.0


def environment(home: Home, checkout: Path | None = None) -> dict[str, str]:
    """Return the environment of a command over `home`, of another checkout where one is given."""
    packages = {} if checkout is None else {"PYTHONPATH": str(checkout)}
    return os.environ | packages | {"RETENTION_HOME": str(home.root)}


def retention(home: Home, *arguments: str, checkout: Path | None = None, exit_code: int = 0) -> str:
    """Run a `retention` command; return what it said, or fail with it if it ends otherwise than wanted."""
    done = subprocess.run(
        [COMMAND, *arguments], env=environment(home, checkout), capture_output=True, text=True, check=False
    )
    assert done.returncode == exit_code, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def kill_at(home: Home, moment: Moment, *arguments: str) -> None:
    """Run a `retention` command and kill it, and only it, at `moment`."""
    process = subprocess.Popen(
        [COMMAND, *arguments],
        env=environment(home),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    said = []
    with process.stderr as lines:
        for line in lines:
            said.append(line)
            if re.search(moment.line, line):
                time.sleep(moment.seconds)
                break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL, "".join(said)
    assert re.search(moment.line, said[-1]), "".join(said)


def manifests(home: Home) -> dict[str, dict[str, Any]]:
    """Return the manifest of every published month."""
    return {
        file.parent.name: json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(home.published.glob("[0-9]*-[0-9]*/manifest.json"))
    }


def fingerprints(file: Path, *, up_to: date | None = None) -> dict[str, tuple[int, str]]:
    """Return rows and an order-independent checksum per table and month of all that a run derives.

    With `up_to` only months not after it count, and of answers that came later only what was known by then.
    """
    found: dict[str, tuple[int, str]] = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            """
            select table_schema, table_name, list(column_name order by ordinal_position)
            from information_schema.columns
            inner join information_schema.tables using (table_catalog, table_schema, table_name)
            where
                table_type = 'BASE TABLE'
                and table_schema in ('marts', 'features', 'labels', 'retention', 'ml', 'intermediate')
                -- These hold the months or weeks of the last run, whichever it was.
                and table_name not in (
                    'int_warning_weeks', 'int_warning_conditions_judged',
                    'contact_moments', 'due_dates', 'failed_channels'
                )
            group by all
            order by all
            """
        ).fetchall()
        for schema, name, columns in tables:
            month = next((column for column in _MONTHS if column in columns), "null")
            for value, rows, checksum in connection.execute(
                f"select {month}, count(*), sum(cast(md5_number_lower(cast(t as varchar)) as hugeint)) "
                f"from {schema}.{name} as t group by 1 order by 1"
            ).fetchall():
                if up_to is None or value is None or value <= up_to:
                    found[f"{schema}.{name} {value}"] = (rows, str(checksum))
    return found


def differences(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[str]:
    """Return the tables and months that are not the same."""
    return [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
