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


def describe_tables(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Write the dictionary of what is about to be published into the build file."""
    manifest = json.loads(current_manifest(home).read_text(encoding="utf-8"))
    record_dictionary(connection, manifest, origins(), _texts())


def written_dictionary(home: Home, file: Path) -> None:
    """Write the dictionary as a page: that of the last publication, or else as everything is declared."""
    entries, texts = published_dictionary(home.published_file), _texts()
    if not entries:
        manifest = json.loads(current_manifest(home).read_text(encoding="utf-8"))
        entries = dictionary(as_declared(manifest), manifest, origins(), texts)
    file.write_text(dictionary_page(entries, texts), encoding="utf-8")


def origins() -> Origins:
    """Return where each table comes from and what checks it, by the graph of all assets.

    Not by the graph of the run: one that only publishes knows of no other table.
    """
    from orchestration.definitions import defs

    graph = defs().resolve_asset_graph()
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


def _texts() -> Texts:
    return Texts.load(REFERENCE / "texts.csv")


def _table(key: dg.AssetKey) -> str:
    return ".".join(key.path)
