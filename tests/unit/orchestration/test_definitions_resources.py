"""A run holds the one writer's lock from its first step to its last, and clears what others left."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.resources import WarehouseResource
from orchestration.recovery import PROCESS_TAG, is_alive
from orchestration.settings import Home
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, has_table

IS_FREE = (
    "import fcntl, sys; file = open(sys.argv[1]);\n"
    "try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    "except BlockingIOError: sys.exit(1)"
)


def is_locked(home: Home) -> bool:
    return subprocess.run([sys.executable, "-c", IS_FREE, str(home.lock_file)], check=False).returncode == 1


def test_a_run_is_locked_named_and_finds_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_HOME", str(tmp_path))
    home = Home(tmp_path)
    left_over = home.scratch / "left over"
    left_over.mkdir(parents=True)
    seen: list[bool] = []

    @dg.op
    def first(warehouse: dg.ResourceParam[Warehouse]) -> None:
        seen.append(is_locked(warehouse.home))

    @dg.op(ins={"after": dg.In(dg.Nothing)})
    def second(warehouse: dg.ResourceParam[Warehouse]) -> None:
        with warehouse.reading() as connection:
            seen.append(all(has_table(connection, table) for table in TABLES))
        seen.append(is_locked(warehouse.home))

    @dg.job(resource_defs={"warehouse": WarehouseResource()}, executor_def=dg.in_process_executor)
    def two_steps() -> None:
        second(after=first())

    with dg.DagsterInstance.ephemeral() as instance:
        result = two_steps.execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        tags = instance.get_run_by_id(result.run_id).tags

    assert seen == [True, True, True]
    assert is_alive(tags[PROCESS_TAG])
    assert not is_locked(home)
    assert not left_over.exists()
