"""A run killed at any moment: the next one just works, and ends where an undisturbed one does.

The same month is started ten times over one home, each time killed later on its way; the published
file is never anything but a whole state. Then the month is run once more, undisturbed.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Home
from tests.integration.homes import COMMAND, differences, environment, fingerprints, manifests, retention

MONTH = "2026-06"


@dataclass(frozen=True)
class Moment:
    """So many seconds after a line of progress that matches `line`."""

    line: str
    seconds: float = 0.0


MOMENTS = (
    Moment("closing"),
    Moment("extracts of"),
    Moment("landing static"),
    Moment("landing 2026-06"),
    Moment("dbt before", 1.0),
    Moment("dbt before", 6.0),
    Moment("candidates scored"),
    Moment("on the list"),
    Moment("publishing marts.fct_churn_flags"),
    Moment("writing the folder"),
)


@pytest.fixture(scope="module")
def earlier_months(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An operator whose months before MONTH are closed."""
    home = Home(tmp_path_factory.mktemp("kill"))
    retention(
        home,
        *("simulate", "--subscribers", "400", "--months", "4"),
        *("--last-month", MONTH, "--seed", "5"),
    )
    retention(home, "run", "--from-month", "2026-03", "--month", "2026-05")
    return home


def test_a_killed_run_leaves_nothing_that_the_next_run_does_not_mend(
    earlier_months: Home, tmp_path: Path
) -> None:
    undisturbed, killed = Home(tmp_path / "undisturbed"), Home(tmp_path / "killed")
    for home in (undisturbed, killed):
        shutil.copytree(earlier_months.root, home.root)
    retention(undisturbed, "run", "--month", MONTH)
    published = fingerprints(earlier_months.published_file)
    complete = fingerprints(undisturbed.published_file)

    for moment in MOMENTS:
        kill_at(killed, moment)
        assert fingerprints(killed.published_file) in (published, complete), moment
    retention(killed, "run", "--month", MONTH)

    assert manifests(killed) == manifests(undisturbed)
    assert differences(fingerprints(undisturbed.warehouse_file), fingerprints(killed.warehouse_file)) == []
    assert differences(complete, fingerprints(killed.published_file)) == []
    with duckdb.connect(str(killed.published_file), read_only=True) as connection:
        assert connection.execute("select count(*) from ops.month_closes").fetchall() == [(4,)]
    assert [path for path in killed.published.iterdir() if path.name.startswith(".")] == []


def kill_at(home: Home, moment: Moment) -> None:
    """Run MONTH and kill the command, and only it, at `moment`."""
    process = subprocess.Popen(
        [COMMAND, "run", "--month", MONTH],
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
