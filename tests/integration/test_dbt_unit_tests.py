"""dbt's unit tests, run as CI runs them: over an empty warehouse, in one call of dbt.

Belongs here: that all of them ran and passed. Not here: what they claim; that stands beside the models.
"""

import json
import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from orchestration import landing, tables
from orchestration.defs.dbt_child import dbt_environment, dbt_executable
from orchestration.settings import DBT_PROJECT, Home


@pytest.fixture(scope="module")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    home.warehouse_file.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse_file)) as connection:
        landing.prepare(connection)
        tables.create_tables(connection)
    return home


def test_all_dbt_unit_tests_pass(empty_warehouse: Home) -> None:
    # Seeds and models are built on the way: a unit test needs the columns of what its model reads.
    done = subprocess.run(
        [
            *(dbt_executable(), "--no-use-colors", "build", "--project-dir", str(DBT_PROJECT)),
            *("--exclude-resource-type", "test"),
            *("--vars", '{"from_month": "2026-01-01", "to_month": "2026-01-01"}'),
        ],
        env=os.environ | dbt_environment(empty_warehouse),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr

    statuses = unit_test_statuses(empty_warehouse.dbt / "target")
    assert statuses
    assert {name: status for name, status in statuses.items() if status != "pass"} == {}


def unit_test_statuses(target: Path) -> dict[str, str]:
    """Return the status of each unit test in the manifest; "not run" where dbt tells of none."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    ran = {result["unique_id"]: result["status"] for result in results}
    return {name: ran.get(name, "not run") for name in sorted(manifest["unit_tests"])}
