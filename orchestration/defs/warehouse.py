"""What SQL makes of a run's months: dbt before the models of churn, and dbt after the lists.

Belongs here: the two calls of dbt, and what they report. Not here: any rule or column (`dbt_project/`),
or how dbt is called (`dbt_child.py`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from orchestration.defs.dbt_child import build_arguments, current_manifest, fresh_target, watched
from orchestration.defs.month_figures import FIGURES
from orchestration.defs.telling import merged, row_counts, tell_months
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import detail, say
from orchestration.settings import Home
from orchestration.warehouse import Warehouse
from orchestration.weeks import weeks_of, without_base_month

_MANIFEST_FILE = current_manifest(Home.from_environment())
_MANIFEST: Mapping[str, Any] = json.loads(_MANIFEST_FILE.read_text(encoding="utf-8"))
_WARNINGS = dg.AssetKey(["retention", "churn_warnings"])


class MonthlyTables(DagsterDbtTranslator):
    """Gives months to the tables that grow by month; a view or a seed has none."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return dagster-dbt's own spec with the partitions that fit."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id)
        is_monthly = node is not None and node["config"].get("materialized") == "incremental"
        return spec.replace_attributes(partitions_def=snapshot_months if is_monthly else None)


def has_after() -> bool:
    """Tell whether any model is to be built after the lists."""
    return any(
        "after" in node["tags"] for node in _MANIFEST["nodes"].values() if node["resource_type"] == "model"
    )


def _build(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: Warehouse, stage: str
) -> Iterator[Any]:
    """Run `dbt build` over the run's months in a child, and tell of each table with its rows.

    What was built is told at the end: rows are counted in one connection, which the child has to have left.
    """
    months = run_months(context)
    target = fresh_target(warehouse.home)
    expected = len(context.selected_asset_keys)
    say(f"dbt {stage}: {expected} tables and views, with their tests")
    invocation = dbt.cli(build_arguments(months[0], months[-1]), context=context, target_path=target)
    events: list[Any] = []
    built = 0
    failure = None
    try:
        with watched(warehouse.home, invocation, _MANIFEST_FILE):
            for event in invocation.stream():
                if isinstance(event, dg.Output):
                    built += 1
                    detail(f"dbt {stage}: {built} of {expected}, {event.output_name}")
                events.append(event)
    except dg.Failure as error:
        failure = error
    say(f"dbt {stage}: {built} done")
    with warehouse.reading() as connection:
        for key, table, month_column in _tables(context.selected_asset_keys):
            whole, by_month = row_counts(connection, table, months, month_column)
            if whole:
                context.add_asset_metadata(whole, asset_key=key)
            figures = FIGURES.get(table)
            more = figures(connection, months) if figures and not failure else {}
            tell_months(context, key, merged(by_month, more))
        if _WARNINGS in context.selected_asset_keys and not failure:
            yield _weeks_without_base_month(connection, months)
    # Also of a build that failed: what it had built is there.
    yield from events
    if failure:
        raise failure


def _weeks_without_base_month(
    connection: duckdb.DuckDBPyConnection, months: Sequence[date]
) -> dg.AssetObservation:
    skipped = without_base_month(connection, [week for month in months for week in weeks_of(month)])
    for week in skipped:
        say(f"week {week.warning_week} is skipped: {week.base_month:%Y-%m} was never run")
    names = [week.warning_week.isoformat() for week in skipped]
    return dg.AssetObservation(_WARNINGS, metadata={"weeks_without_base_month": names})


def _tables(selected: set[dg.AssetKey] | Any) -> list[tuple[dg.AssetKey, str, str]]:
    """Return key, table and month column of the selected tables and seeds, in the order of names.

    A table that does not grow by month has no month column; a view, which holds no rows, is left out.
    """
    found = []
    for node in _MANIFEST["nodes"].values():
        kind = node["config"].get("materialized")
        key = dg.AssetKey([node["schema"], node["name"]])
        if kind in ("incremental", "table", "seed") and key in selected:
            month_column = node["config"]["meta"].get("month_column", "snapshot_month")
            found.append(
                (key, f"{node['schema']}.{node['name']}", month_column if kind == "incremental" else "")
            )
    return sorted(found, key=lambda table: table[1])


@dbt_assets(
    manifest=_MANIFEST_FILE,
    select="tag:before",
    exclude="tag:after",
    name="dbt_before",
    dagster_dbt_translator=MonthlyTables(),
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def before(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[Any]:
    """Staging, facts, features, labels, rules and colours: nothing here reads what Python made."""
    yield from _build(context, dbt, warehouse, "before")


if has_after():

    @dbt_assets(
        manifest=_MANIFEST_FILE,
        select="tag:after",
        name="dbt_after",
        dagster_dbt_translator=MonthlyTables(),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def after(
        context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[Any]:
        """Figures that need scores and lists."""
        yield from _build(context, dbt, warehouse, "after")
