"""Publishing: what people and BI tools read, replaced whole once every check has passed."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from orchestration.defs.dbt_child import current_manifest, table_keys
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.publishing import publish
from orchestration.publishing.dictionary import (
    DICTIONARY,
    Origins,
    as_declared,
    dictionary,
    published_dictionary,
    record_dictionary,
)
from orchestration.publishing.dictionary_page import dictionary_page
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse
from orchestration.worklists import Texts

_PYTHON_TABLES = [name.split(".") for name in TABLES if not name.startswith("ops.")]


@dg.multi_asset(
    name="published_month",
    specs=[
        dg.AssetSpec(
            key,
            # After everything else, so that nothing half right is ever published.
            deps=[*_PYTHON_TABLES, *table_keys(current_manifest(Home.from_environment()))],
            description=description,
            group_name="publish",
            owners=["data-engineering@operator.example"],
            kinds={"python", "duckdb", "parquet", "excel"},
            partitions_def=snapshot_months,
        )
        for key, description in (
            (
                ["published", "month"],
                "The published file, its Parquet copies, and the month's worklists and manifest.",
            ),
            (["ops", "month_closes"], TABLES["ops.month_closes"].grain),
            (DICTIONARY.split("."), TABLES[DICTIONARY].grain),
        )
    ],
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def published_month(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Publish the run's months, once, at the end."""
    months = run_months(context)
    home = warehouse.home
    settings = OperatorSettings.load(home.operator_file)
    manifest = json.loads(current_manifest(home).read_text(encoding="utf-8"))
    with warehouse.writing() as connection:
        record_dictionary(connection, manifest, origins(context.job_def.asset_layer.asset_graph))
        publish(connection, home, months, settings=settings, progress=say)
    yield dg.MaterializeResult(asset_key=["published", "month"], metadata={"months": len(months)})
    yield dg.MaterializeResult(asset_key=["ops", "month_closes"])
    yield dg.MaterializeResult(asset_key=DICTIONARY.split("."))


def origins(graph: AssetGraph) -> Origins:
    """Return what the graph of assets says of where each table comes from and what checks it."""
    checks: dict[str, list[str]] = {}
    for check in sorted(graph.asset_check_keys):
        checks.setdefault(_table(check.asset_key), []).append(check.name)
    return Origins(
        {
            _table(key): sorted(_table(parent) for parent in graph.get(key).parent_keys)
            for key in sorted(graph.materializable_asset_keys)
        },
        checks,
    )


def written_dictionary(home: Home, file: Path) -> None:
    """Write the dictionary as a page: that of the last publication, or else as everything is declared."""
    entries = published_dictionary(home.published_file)
    if not entries:
        from orchestration.definitions import defs

        manifest = json.loads(current_manifest(home).read_text(encoding="utf-8"))
        graph = defs().resolve_job_def("month_close").asset_layer.asset_graph
        entries = dictionary(as_declared(manifest), manifest, origins(graph))
    file.write_text(dictionary_page(entries, Texts.load(REFERENCE / "texts.csv")), encoding="utf-8")


def _table(key: dg.AssetKey) -> str:
    return ".".join(key.path)
