"""What every test gets: a home of its own, so that no test ever touches a developer's data."""

import os
import tempfile
from pathlib import Path

# Before anything imports xgboost: threads that wait for each other must not spin, since two workers share
# two cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest

from orchestration.settings import Home

_HOME = tempfile.TemporaryDirectory(prefix="retention-tests-")
# Longest first.
_LONG = (
    "test_weeks",
    "test_months",
    "test_kill",
    "test_golden_world",
    "test_rule_changes",
    "test_oracle",
    "test_feedback",
    "test_optional_tables",
    "test_dbt_unit_tests",
    "test_retention_effect",
    "test_control_group",
)


def pytest_configure(config: pytest.Config) -> None:
    """Name the home before anything of Dagster is imported, and let Dagster call its own features young."""
    os.environ["RETENTION_HOME"] = _HOME.name
    # No test pushes to a developer's database.
    os.environ.pop("RETENTION_POSTGRES_URL", None)
    os.environ["DAGSTER_HOME"] = str(Path(_HOME.name) / "dagster")
    (Path(_HOME.name) / "dagster").mkdir()
    for stage in ("beta", "preview"):
        config.addinivalue_line("filterwarnings", f"ignore:.*is currently in {stage}:Warning")
    # dagster-dbt's parser says so of its own helper.
    config.addinivalue_line("filterwarnings", "ignore:sqlglotrs is deprecated:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the long files first: beside them the short ones fill what is left."""
    items.sort(key=lambda item: _LONG.index(item.path.stem) if item.path.stem in _LONG else len(_LONG))


def pytest_unconfigure() -> None:
    """Remove the session's home."""
    _HOME.cleanup()


@pytest.fixture(scope="session")
def manifest_file() -> Path:
    """The manifest of the dbt project as it is, parsed once a session."""
    from orchestration.defs.dbt_child import current_manifest

    return current_manifest(Home.from_environment())
