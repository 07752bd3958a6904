"""What assets are given to work with: the build file, locked for the whole run, and dbt."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster_dbt import DbtCliResource
from pydantic import Field

from orchestration.defs.dbt_child import dbt_environment, dbt_executable
from orchestration.progress import say
from orchestration.recovery import PROCESS_TAG, process_identity, recover
from orchestration.settings import DBT_PROJECT, Home
from orchestration.tables import create_tables
from orchestration.warehouse import Warehouse


class WarehouseResource(dg.ConfigurableResource):
    """The build file: locked, cleared of what killed runs left, its tables in place, while a run lasts."""

    lock_wait_seconds: float = Field(default=60.0, description="Seconds to wait for another run that writes.")

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Warehouse]:
        """Hold the lock from the run's first step to its last (one process executes all of them)."""
        home = Home.from_environment()
        warehouse = Warehouse(home, self.lock_wait_seconds)
        instance, run = context.instance, context.run
        if instance is None or run is None:
            raise RuntimeError("The build file is opened by runs only.")
        # Before the wait for the lock, so that a run killed while it waits is known to be dead.
        instance.add_run_tags(run.run_id, {PROCESS_TAG: process_identity(os.getpid())})
        with warehouse.lock():
            for done in recover(home, instance, run_id=run.run_id):
                say(done)
            with warehouse.writing() as connection:
                create_tables(connection)
            yield warehouse


@dg.definitions
def resources() -> dg.Definitions:
    """Resources of every asset, and one process for all steps: DuckDB has one writer."""
    # dbt_project.yml and profiles.yml read these; dagster-dbt hands its own environment on.
    os.environ.update(dbt_environment(Home.from_environment()))
    return dg.Definitions(
        resources={
            "warehouse": WarehouseResource(),
            "dbt": DbtCliResource(
                project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=dbt_executable()
            ),
        },
        executor=dg.in_process_executor,
    )
