"""The data dictionary: what every published column means, what guards it, and what it is made from.

Belongs here: the rows of `ops.data_dictionary`, gathered from what the build file, dbt and Dagster say.
Not here: the meanings themselves (the models' YAML, `tables.py`), a page to print (`dictionary_page`).
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publishing.catalogue import Column, columns_of, load_tables
from orchestration.publishing.connecting import open_published
from orchestration.publishing.state import DECLARED
from orchestration.settings import REFERENCE
from orchestration.tables import TABLES

DICTIONARY = "ops.data_dictionary"
MEASURE_SOURCES_FILE = REFERENCE / "measure_sources.csv"

_BY_HAND = {
    "ops.landing_audit": "the files of the landing folder",
    "ops.quarantine": "the files of the landing folder",
    "ops.month_closes": "ops.landing_audit",
    DICTIONARY: "descriptions of dbt, of orchestration/tables.py and of Dagster's checks",
    **dict.fromkeys(DECLARED, "the published tables themselves"),
}
"""Of landing and publishing Dagster knows an order, and no lineage that a reader could follow."""

_FEATURES = "features.subscriber_features"
_SENTENCE = re.compile(r".*?[.](?=\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Origins:
    """By `schema.table`: what each table is made from directly, and what checks it beside dbt."""

    parents: Mapping[str, Sequence[str]]
    checks: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Described:
    """A published table or view, its description and columns."""

    name: str
    description: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Entry:
    """One row of the dictionary."""

    schema_name: str
    table_name: str
    column_name: str
    column_position: int
    data_type: str
    grain: str
    meaning: str
    tests: str
    made_from: str


def record_dictionary(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], origins: Origins
) -> None:
    """Write the dictionary of what is published into the build file that `connection` is open on."""
    entries = dictionary(as_built(connection), manifest, origins)
    connection.begin()
    try:
        connection.execute(f"delete from {DICTIONARY}").fetchall()
        rows = [list(column) for column in zip(*(vars(entry).values() for entry in entries), strict=True)]
        connection.execute(
            f"insert into {DICTIONARY} select {', '.join(['unnest(?)'] * len(rows))}", rows
        ).fetchall()
        connection.commit()
    except duckdb.Error:
        connection.rollback()
        raise


def dictionary(published: Iterable[Described], manifest: Mapping[str, Any], origins: Origins) -> list[Entry]:
    """Return a row per column of the tables and views given, in order of their names."""
    models = {
        f"{node['schema']}.{node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    tests = _tests_of_models(manifest)
    sources = _raw_tables_of_features()
    entries = []
    for table in sorted(published, key=lambda each: each.name):
        name = table.name
        schema_name, _, table_name = name.partition(".")
        of_table = _guards_of_table(
            models.get(name), tests.get(name, {}).get("", ()), origins.checks.get(name, ())
        )
        raw_tables = sorted(_raw_tables(name, origins.parents))
        made_from = _BY_HAND.get(name) or ", ".join(
            parent for parent in sorted(origins.parents.get(name, ())) if parent != name
        )
        for position, column in enumerate(table.columns, start=1):
            own = sources.get(column.name, []) if name == _FEATURES else raw_tables
            entries.append(
                Entry(
                    schema_name,
                    table_name,
                    column.name,
                    position,
                    column.data_type,
                    first_sentence(table.description),
                    _one_line(column.comment or ""),
                    "; ".join([*tests.get(name, {}).get(column.name, ()), *of_table]),
                    "; ".join([made_from, f"raw tables: {', '.join(own)}"] if own else [made_from]),
                )
            )
    return entries


def first_sentence(text: str) -> str:
    """Return the first sentence of a description: by convention its grain.

    >>> first_sentence("One row per unit. Source: the\\norganisation.")
    'One row per unit.'
    """
    found = _SENTENCE.match(text)
    return _one_line(found.group() if found else text)


def published_dictionary(file: Path) -> list[Entry]:
    """Return the rows of the published file; none without the file, or in one from before there was any."""
    if not file.exists():
        return []
    schema_name, _, table_name = DICTIONARY.partition(".")
    with open_published(file) as connection:
        if not columns_of(connection, schema_name, table_name):
            return []
        rows = connection.execute(
            f"select * from {DICTIONARY} order by schema_name, table_name, column_position"
        ).fetchall()
    return [Entry(*row) for row in rows]


def as_built(connection: duckdb.DuckDBPyConnection) -> Iterator[Described]:
    """Yield what is listed for publishing and there, as the build file describes it."""
    comments = dict(
        connection.execute(
            """
            select schema_name || '.' || table_name, comment from duckdb_tables()
            where database_name = current_database()
            union all
            select schema_name || '.' || view_name, comment from duckdb_views()
            where database_name = current_database() and not internal
            """
        ).fetchall()
    )
    for table in load_tables():
        if table.name in comments:
            columns = columns_of(connection, table.schema_name, table.table_name)
            yield Described(table.name, comments[table.name] or "", columns)
    for name, (comment, columns) in DECLARED.items():
        yield Described(name, comment, columns)


def as_declared(manifest: Mapping[str, Any]) -> Iterator[Described]:
    """Yield what is listed for publishing as dbt and Python declare it, before anything was built."""
    models = {
        f"{node['schema']}.{node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    for table in load_tables():
        if node := models.get(table.name):
            columns = tuple(
                Column(column["name"], (column["data_type"] or "").upper(), column["description"])
                for column in node["columns"].values()
            )
            yield Described(table.name, node["description"], columns)
        elif declared := TABLES.get(table.name):
            columns = tuple(
                Column(column.name, column.data_type.upper(), column.comment) for column in declared.columns
            )
            yield Described(table.name, declared.grain, columns)
    for name, (comment, columns) in DECLARED.items():
        yield Described(name, comment, columns)


def _tests_of_models(manifest: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return by `schema.table` and column, '' for the table, what dbt's tests hold, in words."""
    found: dict[str, dict[str, list[str]]] = {}
    for _, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] != "test":
            continue
        metadata = node.get("test_metadata")
        if metadata is None:
            for parent in node["depends_on"]["nodes"]:
                if parent.startswith("model."):
                    model = manifest["nodes"][parent]
                    words = f"checked by {node['name']}"
                    found.setdefault(f"{model['schema']}.{model['name']}", {}).setdefault("", []).append(
                        words
                    )
            continue
        model = manifest["nodes"].get(node.get("attached_node"))
        if model is None:
            continue
        of_model = found.setdefault(f"{model['schema']}.{model['name']}", {})
        of_model.setdefault(node.get("column_name") or "", []).append(
            _words(metadata["name"], metadata["kwargs"])
        )
    return found


def _words(test: str, arguments: Mapping[str, Any]) -> str:
    match test:
        case "not_null":
            return "never null"
        case "unique":
            return "unique"
        case "accepted_values":
            return f"one of {', '.join(map(str, arguments['values']))}"
        case "unique_combination":
            return f"one row per ({', '.join(arguments['columns'])})"
        case _:
            return test


def _guards_of_table(
    node: Mapping[str, Any] | None, tests: Sequence[str], checks: Sequence[str]
) -> list[str]:
    guards = list(tests)
    if node is None:
        # Of a model Dagster's checks are dbt's tests, told above.
        guards += [f"checked by {check}" for check in sorted(checks)]
        guards.append("name and type as declared in Python")
    elif node["config"]["contract"]["enforced"]:
        guards.append("name and type by contract")
    return guards


def _raw_tables(name: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the raw tables that a table comes from, however far up."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        table = waiting.pop()
        schema_name, _, table_name = table.partition(".")
        if table in _BY_HAND:
            continue
        if schema_name.startswith("raw_"):
            found.add(table_name)
        elif table not in seen:
            seen.add(table)
            waiting += parents.get(table, ())
    return found


def _raw_tables_of_features(file: Path = MEASURE_SOURCES_FILE) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["measured_in"] == _FEATURES.partition(".")[2]:
                found.setdefault(row["measure"], []).append(row["table_name"])
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())
