"""dbt as a child process: where it is, what it is told, and what went wrong in it.

Belongs here: dbt's environment, its arguments, a manifest that is never stale, failures in words. Not here:
which models there are (`dbt_project/`), or when they run (`warehouse.py` beside this).
"""

import functools
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from orchestration.progress import say
from orchestration.recovery import recorded_child
from orchestration.settings import DBT_PROJECT, REFERENCE, Home
from orchestration.weeks import WarningWeek

_FAILED = ("error", "fail", "runtime error")
_SHOWN_FAILURES = 5
_SHOWN_CHARACTERS = 600


class DbtError(RuntimeError):
    """dbt could not do its part; the message says what it complained of."""


def dbt_executable() -> str:
    """Return the dbt beside this Python, whatever PATH says."""
    return str(Path(sys.executable).with_name("dbt"))


def dbt_environment(home: Home) -> dict[str, str]:
    """Return the variables that dbt_project.yml and profiles.yml read."""
    return {
        "RETENTION_WAREHOUSE_FILE": str(home.warehouse_file),
        "RETENTION_SCRATCH": str(home.scratch),
        "DBT_TARGET_PATH": str(home.dbt / "target"),
        "DBT_LOG_PATH": str(home.dbt / "logs"),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # A test of two models runs with the later of them.
        "DBT_INDIRECT_SELECTION": "buildable",
    }


def build_arguments(first_month: date, last_month: date) -> list[str]:
    """Return what `dbt build` is told for a range of months; unit tests are CI's.

    >>> build_arguments(date(2026, 1, 1), date(2026, 2, 1))[1:3]
    ['--vars', '{"from_month": "2026-01-01", "to_month": "2026-02-01"}']
    """
    for month in (first_month, last_month):
        if month.day != 1:
            raise ValueError(f"{month} is not the first day of a month.")
    if first_month > last_month:
        raise ValueError(f"The range begins with {first_month}, after its end {last_month}.")
    return _build({"from_month": first_month.isoformat(), "to_month": last_month.isoformat()})


def week_arguments(week: WarningWeek) -> list[str]:
    """Return what `dbt build` is told for one warning week: the rule book and the tables of the week."""
    month = week.week_month.isoformat()
    variables = {"from_month": month, "to_month": month, "warning_week": week.warning_week.isoformat()}
    return [*_build(variables), "--select", "tag:weekly", "--select", "resource_type:seed"]


def _build(variables: Mapping[str, str]) -> list[str]:
    return ["build", "--vars", json.dumps(variables), "--exclude-resource-type", "unit_test"]


def fresh_target(home: Home) -> Path:
    """Return dbt's target folder, where the last call's results lie no more.

    One folder for all calls of a run: the second finds what the first has parsed for the same months.
    """
    target = home.dbt / "target"
    target.mkdir(parents=True, exist_ok=True)
    _results(target).unlink(missing_ok=True)
    return target


@contextmanager
def watched(home: Home, invocation: DbtCliInvocation, manifest: Path) -> Iterator[None]:
    """Keep the running child where recovery finds it, and tell its failure in words.

    Raises dagster.Failure that names the models and tests that failed.
    """
    try:
        with recorded_child(home, invocation.process.pid):
            yield
    except DagsterDbtCliRuntimeError as error:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))
        raise dg.Failure(failures(_results(invocation.target_path), nodes) or str(error)) from error


def _results(target: Path) -> Path:
    return target / "run_results.json"


@functools.cache
def current_manifest(home: Home, project: Path = DBT_PROJECT, reference: Path = REFERENCE) -> Path:
    """Return a manifest of the project as it is now, parsed again only when a file has changed.

    Within a process it stays the same, whatever happens to the files meanwhile.
    Raises DbtError with dbt's own words when the project cannot be parsed.
    """
    manifest = home.dbt / "manifest.json"
    stamp = home.dbt / "manifest.sha256"
    fingerprint = project_fingerprint(project, reference)
    if manifest.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint:
        return manifest
    say("reading the dbt project")
    home.dbt.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.dbt, prefix="parse-") as target:
        run_dbt(home, "parse", "--target-path", target, project=project)
        (Path(target) / "stamp").write_text(fingerprint, encoding="ascii")
        (Path(target) / "manifest.json").replace(manifest)
        (Path(target) / "stamp").replace(stamp)
    return manifest


def project_fingerprint(project: Path, reference: Path) -> str:
    """Return a checksum over the names and contents of all files that dbt parses."""
    digest = hashlib.sha256()
    for folder in (project, reference):
        for file in sorted(folder.rglob("*")):
            if (
                file.is_file()
                and file.suffix in {".csv", ".md", ".sql", ".yml"}
                and "target" not in file.parts
            ):
                content = file.read_bytes()
                digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
                digest.update(content)
    return digest.hexdigest()


def table_keys(manifest: Path) -> list[list[str]]:
    """Return schema and name of every seed and model, sorted: the keys that dagster-dbt gives them."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return sorted(
        [node["schema"], node["name"]] for node in nodes if node["resource_type"] in ("model", "seed")
    )


def run_dbt(home: Home, *arguments: str, project: Path = DBT_PROJECT) -> None:
    """Run a dbt command that does not write to the build file, and wait for it.

    Raises DbtError with the end of dbt's output when it fails.
    """
    where = ["--project-dir", str(project), "--profiles-dir", str(project)]
    done = subprocess.run(
        [dbt_executable(), "--no-use-colors", *arguments, *where],
        env=os.environ | dbt_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise DbtError(f"dbt {arguments[0]} failed in {project.name}:\n{end}")


def failures(run_results: Path, manifest: Mapping[str, Any]) -> str:
    """Return in words which models and tests failed, by file, and why; empty when the file tells of none."""
    if not run_results.exists():
        return ""
    results = json.loads(run_results.read_text(encoding="utf-8"))["results"]
    nodes = manifest["nodes"]
    failed = [result for result in results if result["status"] in _FAILED]
    lines = []
    for result in failed[:_SHOWN_FAILURES]:
        node = nodes.get(result["unique_id"], {})
        name = f"{node.get('resource_type', 'node')} {node.get('name', result['unique_id'])}"
        message = " ".join(str(result["message"]).split())[:_SHOWN_CHARACTERS]
        lines.append(f"{name} ({node.get('original_file_path', '?')}): {message}")
    if len(failed) > _SHOWN_FAILURES:
        lines.append(f"and {len(failed) - _SHOWN_FAILURES} more; see {run_results}")
    return "\n".join(lines)
