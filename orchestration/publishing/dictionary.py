"""The data dictionary: what every published column means, what guards it, and what it is made from.

Belongs here: the rows of `ops.data_dictionary`, gathered from what the build file, dbt and Dagster say.
Not here: the meanings themselves (the models' YAML, `tables.py`; in Chinese `meanings.csv`), a page to print
(`dictionary_page`).
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publishing.catalogue import Column, columns_of, load_tables
from orchestration.publishing.connecting import open_published
from orchestration.publishing.state import DECLARED
from orchestration.settings import REFERENCE
from orchestration.tables import TABLES
from orchestration.worklists.texts import Texts, TextsError

DICTIONARY = "ops.data_dictionary"
MEASURE_SOURCES_FILE = REFERENCE / "measure_sources.csv"
MEANINGS_FILE = REFERENCE / "meanings.csv"

_BY_HAND = {
    "ops.landing_audit": "landing/",
    "ops.quarantine": "landing/",
    "ops.month_closes": "ops.landing_audit",
    DICTIONARY: "dbt_project/models/, orchestration/tables.py, orchestration/defs/",
    **dict.fromkeys(DECLARED, "published/warehouse.duckdb"),
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
class Guard:
    """What holds of a column or table: a text `dictionary.test.<kind>` of the catalogue, and its names."""

    kind: str
    names: str = ""

    def told(self, texts: Texts, language: str) -> str:
        """Return it in words."""
        return texts.text(f"dictionary.test.{self.kind}", language, names=self.names)


@dataclass(frozen=True)
class Entry:
    """One row of the dictionary; the columns are those that `tables.py` declares of it."""

    schema_name: str
    table_name: str
    column_name: str
    column_position: int
    data_type: str
    grain: str
    grain_zh: str
    meaning: str
    meaning_zh: str
    tests: str
    tests_zh: str
    made_from: str
    raw_tables: str


_COLUMNS = ", ".join(column.name for column in fields(Entry))


def record_dictionary(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], origins: Origins, texts: Texts
) -> None:
    """Write the dictionary of what is published into the build file that `connection` is open on."""
    entries = dictionary(as_built(connection), manifest, origins, texts)
    connection.begin()
    try:
        connection.execute(f"delete from {DICTIONARY}").fetchall()
        rows = [list(column) for column in zip(*(vars(entry).values() for entry in entries), strict=True)]
        connection.execute(
            f"insert into {DICTIONARY} ({_COLUMNS}) select {', '.join(['unnest(?)'] * len(rows))}", rows
        ).fetchall()
        connection.commit()
    except duckdb.Error:
        connection.rollback()
        raise


def dictionary(
    published: Iterable[Described], manifest: Mapping[str, Any], origins: Origins, texts: Texts
) -> list[Entry]:
    """Return a row per column of the tables and views given, in order of their names.

    What nobody has put into Chinese stands there in English.
    """
    models = {
        f"{node['schema']}.{node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    tests = _tests_of_models(manifest)
    sources, chinese = _raw_tables_of_features(), read_meanings(MEANINGS_FILE)
    entries = []
    for table in sorted(published, key=lambda each: each.name):
        name = table.name
        schema_name, _, table_name = name.partition(".")
        of_table = _guards_of_table(
            models.get(name), tests.get(name, {}).get("", ()), origins.checks.get(name, ())
        )
        raw_tables, grain = sorted(_raw_tables(name, origins.parents)), first_sentence(table.description)
        made_from = _BY_HAND.get(name) or ", ".join(
            parent for parent in sorted(origins.parents.get(name, ())) if parent != name
        )
        for position, column in enumerate(table.columns, start=1):
            own = sources.get(column.name, []) if name == _FEATURES else raw_tables
            guards, meaning = [*tests.get(name, {}).get(column.name, ()), *of_table], one_line(column.comment)
            entries.append(
                Entry(
                    schema_name,
                    table_name,
                    column.name,
                    position,
                    column.data_type,
                    grain,
                    chinese.get(grain, grain),
                    meaning,
                    chinese.get(meaning, meaning),
                    "; ".join(guard.told(texts, "en") for guard in guards),
                    "；".join(guard.told(texts, "zh") for guard in guards),
                    made_from,
                    ", ".join(own),
                )
            )
    return entries


def read_meanings(file: Path) -> dict[str, str]:
    """Return what grains and meanings are in Chinese, by their English text.

    Raises TextsError for a missing column, a text that comes twice or is empty.
    """
    found: dict[str, str] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if missing := {"en", "zh"} - set(reader.fieldnames or ()):
            raise TextsError(f"{file.name}: column(s) {sorted(missing)} are missing; add them")
        for row in reader:
            if row["en"] in found or not row["en"] or not row["zh"]:
                raise TextsError(
                    f"{file.name}, line {reader.line_num}: {row['en']!r} has no text or comes twice; mend it"
                )
            found[row["en"]] = row["zh"]
    return found


def first_sentence(text: str) -> str:
    """Return the first sentence of a description: by convention its grain.

    >>> first_sentence("One row per unit. Source: the\\norganisation.")
    'One row per unit.'
    """
    found = _SENTENCE.match(text)
    return one_line(found.group() if found else text)


def one_line(text: str | None) -> str:
    """Return a text without its line breaks, and nothing for none."""
    return " ".join((text or "").split())


def published_dictionary(file: Path) -> list[Entry]:
    """Return the rows of the published file; none without the file, or in one from before these columns."""
    if not file.exists():
        return []
    schema_name, _, table_name = DICTIONARY.partition(".")
    with open_published(file) as connection:
        there = {column.name for column in columns_of(connection, schema_name, table_name)}
        if not there >= {column.name for column in fields(Entry)}:
            return []
        rows = connection.execute(
            f"select {_COLUMNS} from {DICTIONARY} order by schema_name, table_name, column_position"
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


def _tests_of_models(manifest: Mapping[str, Any]) -> dict[str, dict[str, list[Guard]]]:
    """Return by `schema.table` and column, '' for the table, what dbt's tests hold."""
    found: dict[str, dict[str, list[Guard]]] = {}
    for _, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] != "test":
            continue
        metadata = node.get("test_metadata")
        if metadata is None:
            for parent in node["depends_on"]["nodes"]:
                if parent.startswith("model."):
                    model = manifest["nodes"][parent]
                    of_model = found.setdefault(f"{model['schema']}.{model['name']}", {})
                    of_model.setdefault("", []).append(Guard("checked_by", node["name"]))
            continue
        model = manifest["nodes"].get(node.get("attached_node"))
        if model is None:
            continue
        of_model = found.setdefault(f"{model['schema']}.{model['name']}", {})
        of_model.setdefault(node.get("column_name") or "", []).append(
            _guard(metadata["name"], metadata["kwargs"])
        )
    return found


def _guard(test: str, arguments: Mapping[str, Any]) -> Guard:
    match test:
        case "not_null" | "unique":
            return Guard(test)
        case "accepted_values":
            return Guard(test, ", ".join(map(str, arguments["values"])))
        case "unique_combination":
            return Guard(test, ", ".join(arguments["columns"]))
        case _:
            return Guard("checked_by", test)


def _guards_of_table(
    node: Mapping[str, Any] | None, tests: Sequence[Guard], checks: Sequence[str]
) -> list[Guard]:
    guards = list(tests)
    if node is None:
        # Of a model Dagster's checks are dbt's tests, told above.
        guards += [Guard("checked_by", check) for check in sorted(checks)]
        guards.append(Guard("declared_in_python"))
    elif node["config"]["contract"]["enforced"]:
        guards.append(Guard("contract"))
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
