"""Published tables as PostgreSQL has them: types, what is there, what was pushed last.

Belongs here: reading the catalogue of both sides and the SQL of PostgreSQL's types and views. Not here: what
is sent and when (`postgres`).
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from orchestration.publishing.catalogue import Column, columns_of, literal, load_tables, quoted
from orchestration.publishing.state import MONTHS, TABLES, Months, month_account

TYPES = {
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}
"""PostgreSQL's name of each type that it has, too; decimals keep their digits, all else goes as text."""

TEXT = "character varying"
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Published:
    """A table or view of the published file. Of a table: rows, months; of a view: its SELECT and checksum."""

    schema_name: str
    table_name: str
    kind: str
    columns: tuple[Column, ...]
    comment: str | None
    row_count: int = 0
    months: Months = field(default_factory=dict)
    month_column: str = ""
    select: str = ""
    checksum: str = ""

    @property
    def name(self) -> str:
        """Schema and table, as SQL and messages write it."""
        return f"{self.schema_name}.{self.table_name}"

    @property
    def types(self) -> list[tuple[str, str]]:
        """Column names with PostgreSQL's types."""
        return [(column.name, postgres_type(column.data_type)) for column in self.columns]


@dataclass
class Present:
    """A table or view that PostgreSQL has: columns with types, comments of itself (key None) and of them."""

    is_table: bool
    types: list[tuple[str, str]] = field(default_factory=list)
    comments: dict[str | None, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Pushed:
    """What the last push left: checksums of tables and views, months of tables, the rows that say so."""

    checksums: dict[str, str]
    months: dict[str, Months]
    accounts: dict[str, list[tuple[Any, ...]]]


def read_publication(publication: duckdb.DuckDBPyConnection) -> list[Published]:
    """Return all that the published file consists of, in the order of the list, its own account last."""
    listed = {table.name: (place, table) for place, table in enumerate(load_tables())}
    months = month_account(publication)
    views = dict(
        publication.execute(
            "select schema_name || '.' || view_name, sql from duckdb_views() where not internal"
        ).fetchall()
    )
    found = []
    for schema_name, table_name, kind, rows, checksum, description in publication.execute(
        f"select schema_name, table_name, kind, row_count, checksum, description from {TABLES} order by all"
    ).fetchall():
        name = f"{schema_name}.{table_name}"
        columns = columns_of(publication, schema_name, table_name)
        if kind == "view":
            select = views[name].partition(" AS ")[2].rstrip(";")
            found.append(
                Published(
                    *(schema_name, table_name, kind, columns, description), select=select, checksum=checksum
                )
            )
        else:
            month_column = listed[name][1].month_column if name in listed else ""
            found.append(
                Published(
                    *(schema_name, table_name, kind, columns, description, rows),
                    months=months.get(name, {}),
                    month_column=month_column,
                )
            )
    # A view may read those listed before it.
    found.sort(key=lambda table: listed[table.name][0] if table.name in listed else len(listed))
    for name in (TABLES, MONTHS):
        schema_name, _, table_name = name.partition(".")
        ((comment, rows),) = publication.execute(
            f"""
            select comment, (select count(*) from {name}) from duckdb_tables()
            where schema_name = ? and table_name = ?
            """,
            [schema_name, table_name],
        ).fetchall()
        columns = columns_of(publication, schema_name, table_name)
        found.append(Published(schema_name, table_name, "table", columns, comment, rows))
    return found


def read_server(cursor: Any, schemas: Set[str]) -> dict[str, Present]:
    """Return the tables and views of the schemas that PostgreSQL has."""
    cursor.execute(
        f"""
        select
            spaces.nspname::text, relations.relname::text, relations.relkind in ('r', 'p'),
            attributes.attname::text, format_type(attributes.atttypid, attributes.atttypmod),
            col_description(relations.oid, attributes.attnum), obj_description(relations.oid, 'pg_class')
        from pg_class as relations
        inner join pg_namespace as spaces on relations.relnamespace = spaces.oid
        left join pg_attribute as attributes
            on relations.oid = attributes.attrelid and attributes.attnum > 0 and not attributes.attisdropped
        where relations.relkind in ('r', 'p', 'v', 'm', 'f') and spaces.nspname in ({_texts(schemas)})
        order by relations.oid, attributes.attnum
        """
    )
    found: dict[str, Present] = {}
    for schema_name, name, is_table, column, data_type, comment, own_comment in cursor.fetchall():
        present = found.setdefault(f"{schema_name}.{name}", Present(is_table))
        present.types.append((column, data_type))
        present.comments |= {None: own_comment, column: comment}
    return found


def read_pushed(cursor: Any, there: dict[str, Present], accounts: Sequence[Published]) -> Pushed:
    """Return what PostgreSQL says was pushed; which rows, only where it says so in the form of now.

    `accounts` are the two tables that say so.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for table in accounts:
        if table.name in there and there[table.name].types == table.types:
            names = ", ".join(quoted(column.name) for column in table.columns)
            cursor.execute(f"select {names} from {table.name}")
            rows[table.name] = sorted(cursor.fetchall(), key=str)
    months: dict[str, Months] = {}
    for schema_name, table_name, month, count, checksum in rows.get(MONTHS, ()):
        months.setdefault(f"{schema_name}.{table_name}", {})[month] = (count, checksum)
    checksums: dict[str, str] = {}
    if TABLES in there:
        cursor.execute(f"select schema_name || '.' || table_name, checksum from {TABLES}")
        checksums = dict(cursor.fetchall())
    return Pushed(checksums, months, rows)


def postgres_type(data_type: str) -> str:
    """Return PostgreSQL's type of a column, in the words of its catalogue."""
    if data_type.startswith("DECIMAL("):
        return data_type.replace("DECIMAL", "numeric")
    return TYPES.get(data_type, TEXT)


def sent_value(column: Column) -> str:
    """Return the SQL of a column as it is sent: PostgreSQL's texts hold every character but zero."""
    name = quoted(column.name)
    if postgres_type(column.data_type) != TEXT:
        return name
    return f"replace(cast({name} as varchar), chr(0), '{UNKNOWN}') as {name}"


def months_are(column: str, months: Set[date | None]) -> str:
    """Return the condition, for either side, that a row lies in one of the months, or (None) in none."""
    name = quoted(column)
    conditions = [f"{name} is null"] if None in months else []
    for month in sorted(month for month in months if month is not None):
        after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        conditions.append(
            f"({name} >= date {literal(month.isoformat())} and {name} < date {literal(after.isoformat())})"
        )
    return " or ".join(conditions)


def postgres_select(select: str) -> str:
    """Return a view's SELECT in PostgreSQL's words.

    Raises sqlglot's ParseError for what it cannot read.
    """
    tree = sqlglot.parse_one(select, read="duckdb")
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == "count_star":
            call.replace(exp.Count(this=exp.Star()))
    return tree.sql(dialect="postgres")


def _texts(values: Set[str]) -> str:
    return ", ".join(literal(value) for value in sorted(values))
