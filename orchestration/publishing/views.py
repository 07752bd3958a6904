"""Published views: what the build file shows of published tables, shown by the published file, too.

Belongs here: what a view may read, its SQL without the name of the file, putting views into the copy. Not
here: the tables below them (`copying`), which are listed (`catalogue`).

A reader attaches the published file under any name, so a view's SQL must not name the file. It is rewritten
as the engine's own syntax tree, not as text.
"""

import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.publishing.catalogue import (
    TABLES_FILE,
    Column,
    PublishedTable,
    checked_columns,
    quoted,
)
from orchestration.publishing.copying import PUBLICATION, set_comments
from orchestration.publishing.errors import PublishError

HARMLESS_FUNCTIONS = {"unnest", "range", "generate_series"}
"""Functions that a view may select from: they read neither files nor anything of the host."""


@dataclass(frozen=True)
class View:
    """A published view: its columns, its comment, its SELECT without the file's name, and what it reads."""

    table: PublishedTable
    columns: tuple[Column, ...]
    comment: str | None
    select: str
    reads: frozenset[str]


def publishable_views(connection: duckdb.DuckDBPyConnection, listed: Sequence[PublishedTable]) -> list[View]:
    """Return the listed tables that the build file holds as views, in the list's order.

    Raises PublishError for a view that reads anything but published tables and views listed before it, for
    a personal column, and for a column that the list names but the view lacks.
    """
    found = {
        f"{schema_name}.{view_name}": (sql, comment)
        for schema_name, view_name, sql, comment in connection.execute(
            """
            select schema_name, view_name, sql, comment from duckdb_views()
            where database_name = current_database() and not internal
            """
        ).fetchall()
    }
    readable = {table.name for table in listed if table.name not in found}
    views = []
    for table in listed:
        if table.name not in found:
            continue
        sql, comment = found[table.name]
        columns = checked_columns(connection, table)
        select, reads = _without_catalog(connection, table.name, sql)
        unpublished = sorted(reads - readable)
        if unpublished:
            raise PublishError(
                f"{table.name} reads {', '.join(unpublished)}: a published view reads published tables only, "
                f"listed before it in {TABLES_FILE.name}; make it a table, or publish what it reads"
            )
        readable.add(table.name)
        views.append(View(table, columns, comment, select, frozenset(reads)))
    return views


def put_views(connection: duckdb.DuckDBPyConnection, views: Sequence[View], changed: Set[str]) -> None:
    """Create in the attached copy every view that reads a table of `changed`, in place of the last one.

    Others stay as they were published: what they read did. Raises PublishError for a view that does not
    hold over the published tables.
    """
    names = {*changed}
    (before,) = connection.execute("select current_database()").fetchall()[0]
    # Names without a file mean the copy's tables, and cannot fall back on the build file's.
    connection.execute(f"use {PUBLICATION}").fetchall()
    try:
        for view in views:
            if not view.reads & names:
                continue
            names.add(view.table.name)
            target = f"{quoted(view.table.schema_name)}.{quoted(view.table.table_name)}"
            try:
                connection.execute(f"create schema if not exists {quoted(view.table.schema_name)}").fetchall()
                connection.execute(f"create or replace view {target} as {view.select}").fetchall()
            except duckdb.Error as error:
                raise PublishError(
                    f"{view.table.name} does not hold over the published tables; run a month again, or mend "
                    f"the view: {error}"
                ) from error
            set_comments(connection, "view", target, view.comment, view.columns)
    finally:
        connection.execute(f"use {quoted(before)}").fetchall()


def _without_catalog(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> tuple[str, set[str]]:
    """Return the SELECT of a view's `create view … as …` without the file's name, and what it reads."""
    select = sql.partition(" AS ")[2].rstrip(";")
    (text,) = connection.execute("select cast(json_serialize_sql(?) as varchar)", [select]).fetchall()[0]
    tree = json.loads(text)
    if tree["error"]:
        raise PublishError(f"{name}: its SQL cannot be taken apart: {tree['error_message']}")
    nodes = list(_nodes(tree))
    own = {entry["key"] for node in nodes for entry in (node.get("cte_map") or {}).get("map", ())}
    reads = set()
    for node in nodes:
        kind = node.get("type")
        if kind == "BASE_TABLE" and (node["schema_name"] or node["table_name"] not in own):
            reads.add(".".join(filter(None, (node["schema_name"], node["table_name"]))))
            node["catalog_name"] = ""
        elif kind == "TABLE_FUNCTION" and node["function"]["function_name"] not in HARMLESS_FUNCTIONS:
            reads.add(f"{node['function']['function_name']}()")
        elif kind == "COLUMN_REF" and len(node["column_names"]) > len(("schema", "table", "column")):
            node["column_names"] = node["column_names"][1:]
    (rewritten,) = connection.execute(
        "select json_deserialize_sql(cast(? as json))", [json.dumps(tree)]
    ).fetchall()[0]
    return rewritten, reads


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON tree."""
    if isinstance(tree, dict):
        yield tree
    if isinstance(tree, dict | list):
        for child in tree.values() if isinstance(tree, dict) else tree:
            yield from _nodes(child)
