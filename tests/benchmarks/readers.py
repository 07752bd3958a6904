"""Many readers of the published file over several publications: is any answer not of one state?

Belongs here: readers in processes of their own, publications meanwhile, what the readers found. Run it with
`python -m tests.benchmarks.readers`; settings: BENCH_HOME (a home with published months; only read, a copy of
it is published), BENCH_READERS (50), BENCH_SECONDS (120), BENCH_PUBLICATIONS (3).

A reader connects anew for every read, as a BI tool should: read-only, closed to the host. On that connection
it asks for the account `ops.published_tables`, then table by table for its rows, of some for the checksum of
the newest month, of every view that it can be read, then for the account again; all must agree.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.settings import Home

CHANGED = {
    "marts.dim_subscribers": "tenure_months",
    "marts.kpi_monthly": "subscriber_count",
    "retention.responsibilities": "priority_rank",
}
"""Tables whose newest month differs from publication to publication, by a column; readers sum its rows up."""

_BOUNDS: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "256MB"}
_MODULE, _ROOT = "tests.benchmarks.readers", Path(__file__).resolve().parent.parent.parent
_NICENESS = 10
_ACCOUNT = "select schema_name || '.' || table_name, row_count, checksum from ops.published_tables order by 1"
_MONTHS = """
    select schema_name || '.' || table_name, max(row_count), max(checksum) from ops.published_months
    where month = (select max(snapshot_month) from ops.month_closes) group by 1
"""


@dataclass
class Findings:
    """What readers found: seconds of each read, reads per state of the file, answers torn, errors."""

    seconds: list[float] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    torn: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Say it in one line."""
        ordered = sorted(self.seconds)
        quantiles = ", ".join(
            f"{name} {ordered[min(int(share * len(ordered)), len(ordered) - 1)]:.2f} s"
            for name, share in (("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("slowest", 1.0))
        )
        reads = "/".join(str(count) for count in self.states.values())
        return (
            f"{len(self.seconds):,} reads, {len(self.errors)} errors, {len(self.torn)} torn answers; "
            f"{len(self.states)} states seen ({reads} reads each); {quantiles}"
        )


def read(file: str, config: dict[str, Any], checks: dict[str, str], stop: Path) -> Findings:
    """Read `file` until `stop` is there, connected by `config`.

    `checks` asks per table for a month's rows and its sum in halves.
    """
    found = Findings()
    while not stop.exists():
        started = time.monotonic()
        try:
            with duckdb.connect(file, read_only=True, config=config) as connection:
                account = connection.execute(_ACCOUNT).fetchall()
                state = hashlib.sha256(repr(account).encode()).hexdigest()[:8]
                months = {name: sums for name, *sums in connection.execute(_MONTHS).fetchall()}
                for name, rows, _ in account:
                    if rows is None:  # a view, of which the file keeps no account
                        connection.execute(f"select * from {name} limit 0").fetchall()
                        continue
                    ((count,),) = connection.execute(f"select count(*) from {name}").fetchall()
                    agrees = count == rows
                    if name in checks:
                        count, high, low = connection.execute(checks[name]).fetchall()[0]
                        agrees = agrees and [count, f"{high:024x}{low:024x}"] == months[name]
                    if not agrees:
                        found.torn.append(f"{name} of state {state}")
                if connection.execute(_ACCOUNT).fetchall() != account:
                    found.torn.append(f"the account of state {state}")
            found.states[state] += 1
        except duckdb.Error as error:
            found.errors.append(str(error))
        found.seconds.append(time.monotonic() - started)
    return found


def measure(root: Path, readers: int, seconds: float, publications: int) -> Findings:
    """Let `readers` processes read the home at `root` while it is published anew; the home is changed."""
    from orchestration.publishing.connecting import CLOSED

    home = Home(root)
    with tempfile.TemporaryDirectory(prefix="retention-readers-") as folder, ExitStack() as processes:
        task, stop = Path(folder) / "task.json", Path(folder) / "stop"
        _publish(home, 0)
        task.write_text(json.dumps({"config": CLOSED | _BOUNDS, "checks": _checks(home)}), encoding="utf-8")
        command = [sys.executable, "-m", _MODULE, str(home.published_file), str(task), str(stop)]
        children = [
            processes.enter_context(subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True))
            for _ in range(readers)
        ]
        try:
            for child in children:
                assert child.stdout is not None
                assert child.stdout.readline() == "ready\n"
            pause = seconds / (publications + 1)
            for number in range(1, publications + 1):
                started = time.monotonic()
                time.sleep(pause / 2)
                _publish(home, number)
                time.sleep(max(pause - (time.monotonic() - started), pause / 2))
            time.sleep(pause)
        finally:
            stop.touch()
        found = Findings()
        for child in children:
            output, _ = child.communicate()
            if child.returncode:
                found.errors.append(f"a reader ended with {child.returncode}")
                continue
            part = json.loads(output)
            found.seconds += part["seconds"]
            found.states.update(part["states"])
            found.torn += part["torn"]
            found.errors += part["errors"]
    return found


def _publish(home: Home, number: int) -> None:
    """Publish the home's newest month; of all but the first publication with other values in three tables."""
    from orchestration.publishing import publish
    from orchestration.settings import OperatorSettings
    from orchestration.warehouse import Warehouse

    with Warehouse(home).writing() as connection:
        ((month,),) = connection.execute("select max(snapshot_month) from ops.month_closes").fetchall()
        for name, column in CHANGED.items():
            connection.execute(
                f"update {name} set {column} = {column} + ? where snapshot_month = ?", [number, month]
            ).fetchall()
        settings = OperatorSettings.load(home.operator_file)
        publish(connection, home, [month], settings=settings, progress=lambda line: None)


def _checks(home: Home) -> dict[str, str]:
    """Return the statements that sum up the newest month of the changed tables as the file's account does."""
    from orchestration.publishing.catalogue import columns_of, quoted
    from orchestration.publishing.connecting import open_published
    from orchestration.publishing.fingerprints import EXACT_IN_JSON, LOW_HALF, ROW_NUMBER

    checks = {}
    with open_published(home.published_file) as connection:
        for name in CHANGED:
            values = ", ".join(
                quoted(column.name)
                if column.data_type in EXACT_IN_JSON
                else f"{quoted(column.name)}::varchar"
                for column in sorted(columns_of(connection, *name.split(".")), key=lambda column: column.name)
            )
            checks[name] = (
                f"select count(*), sum((number >> 64)::ubigint), sum((number & {LOW_HALF})::ubigint) "
                f"from (select {ROW_NUMBER.format(columns=values)} as number from {name} "
                "where snapshot_month = (select max(snapshot_month) from ops.month_closes))"
            )
    return checks


def _reader() -> None:
    """Be one reader: file, task and the file that stops it are the arguments; print what was found."""
    # On a machine of few cores the publications must get on, too.
    os.nice(_NICENESS)
    file, task, stop = sys.argv[1:]
    told = json.loads(Path(task).read_text(encoding="utf-8"))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    json.dump(vars(read(file, told["config"], told["checks"], Path(stop))), sys.stdout)


def main() -> None:
    """Measure and print."""
    readers = int(os.environ.get("BENCH_READERS", "50"))
    seconds = float(os.environ.get("BENCH_SECONDS", "120"))
    publications = int(os.environ.get("BENCH_PUBLICATIONS", "3"))
    source = Path(os.environ["BENCH_HOME"]).resolve()
    with tempfile.TemporaryDirectory(prefix="retention-bench-") as folder:
        root = Path(folder) / "home"
        for part in ("warehouse", "published"):
            shutil.copytree(source / part, root / part)
        found = measure(root, readers, seconds, publications)
    load = " ".join(f"{part:.1f}" for part in os.getloadavg())
    sys.stdout.write(f"{readers} readers, {publications} publications: {found.line()}; load {load}\n")
    for problem in [*found.torn, *found.errors][:10]:
        sys.stdout.write(f"  {problem}\n")


if __name__ == "__main__":
    _reader() if len(sys.argv) > 1 else main()
