"""The data dictionary's part of Dagster and dbt: lineage and checks of the graph, the manifest's tests.

Belongs here: asking both. Not here: what the dictionary says of it (`orchestration.publishing.dictionary`).
"""

import json
from pathlib import Path

import dagster as dg
import duckdb

from orchestration.defs.dbt_child import current_manifest
from orchestration.publishing.dictionary import (
    Origins,
    as_declared,
    dictionary,
    published_dictionary,
    record_dictionary,
)
from orchestration.publishing.dictionary_page import dictionary_page
from orchestration.settings import REFERENCE, Home
from orchestration.worklists import Texts


def describe_tables(connection: duckdb.DuckDBPyConnection, home: Home, job: dg.JobDefinition) -> None:
    """Write the dictionary of what is about to be published into the build file."""
    manifest = json.loads(current_manifest(home).read_text(encoding="utf-8"))
    record_dictionary(connection, manifest, origins(job))


def written_dictionary(home: Home, file: Path) -> None:
    """Write the dictionary as a page: that of the last publication, or else as everything is declared."""
    entries = published_dictionary(home.published_file)
    if not entries:
        from orchestration.definitions import defs

        manifest = json.loads(current_manifest(home).read_text(encoding="utf-8"))
        job = defs().resolve_job_def("month_close")
        entries = dictionary(as_declared(manifest), manifest, origins(job))
    file.write_text(dictionary_page(entries, Texts.load(REFERENCE / "texts.csv")), encoding="utf-8")


def origins(job: dg.JobDefinition) -> Origins:
    """Return what a job's graph of assets says of where each table comes from and what checks it."""
    graph = job.asset_layer.asset_graph
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


def _table(key: dg.AssetKey) -> str:
    return ".".join(key.path)
