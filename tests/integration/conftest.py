"""What integration tests share: the golden world, closed once a session by the real command.

Belongs here: which homes are run and opened for reading. Not here: running a command (`homes.py`), worlds
(`golden/world.py`), expectations.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.settings import Home
from tests.integration.golden.world import MONTHS, write_world
from tests.integration.homes import retention


def closed(home: Home) -> Home:
    """Close all months of the golden world."""
    retention(home, "run", "--from-month", MONTHS[0], "--month", MONTHS[-1])
    return home


@pytest.fixture(scope="session")
def golden_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of the golden world, all seven months closed, once for all workers: read it or copy it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home, is_closed = Home(shared / "golden"), shared / "golden.closed"
    with (shared / "golden.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_closed.exists():
            write_world(home.landing)
            closed(home)
            is_closed.touch()
    return home


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same world with nothing but the three tables that must be there."""
    home = Home(tmp_path_factory.mktemp("bare"))
    write_world(home.landing, tables=("subscribers", "bills", "usage_daily"))
    return closed(home)


@pytest.fixture(scope="session")
def warned_home(golden_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The golden home after the Wednesday run of 15 July."""
    home = Home(tmp_path_factory.mktemp("warned") / "home")
    shutil.copytree(golden_home.root, home.root)
    retention(home, "warn", "--week", "2026-07-15")
    return home


@pytest.fixture
def golden(golden_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The golden world's build file, read-only."""
    with duckdb.connect(str(golden_home.warehouse_file), read_only=True) as connection:
        yield connection


@pytest.fixture
def bare(bare_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The bare world's build file, read-only."""
    with duckdb.connect(str(bare_home.warehouse_file), read_only=True) as connection:
        yield connection
