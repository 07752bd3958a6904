"""The publication pushed to PostgreSQL, for tools that read no file: all of it in one transaction.

Belongs here: what is sent, in which order, and what is said when it fails. Not here: types and catalogues
(`postgres_catalogue`), making the publication (`publication`).

Rows are deleted and copied in place, month by month, and only of months whose checksum differs from what
PostgreSQL itself says was pushed. So readers there are never in the way, see the state before or after, and
a push that failed is made good by the next. A table with other columns is filled beside the old one, which
goes at the very end.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import adbc_driver_postgresql.dbapi
import duckdb
from adbc_driver_manager import dbapi
from sqlglot.errors import SqlglotError

from orchestration.publishing.catalogue import literal, quoted
from orchestration.publishing.connecting import open_published
from orchestration.publishing.errors import PublishError, PushError
from orchestration.publishing.postgres_catalogue import (
    Present,
    Published,
    Pushed,
    months_are,
    postgres_select,
    read_publication,
    read_pushed,
    read_server,
    sent_value,
)
from orchestration.publishing.state import MONTHS, NAMES
from orchestration.settings import Home, PostgresTarget
from orchestration.warehouse import engine_bounds

BATCH_ROWS = 20_000
LOCK = 0x7265746E
"""Advisory lock of the one who pushes."""

LOCK_TIMEOUT = "60s"
_NEXT = "~next"


@dataclass(frozen=True)
class PushSummary:
    """What a push changed: rows sent per table, tables and views dropped."""

    rows: dict[str, int]
    dropped: tuple[str, ...]


def push(home: Home, target: PostgresTarget, *, progress: Callable[[str], None]) -> PushSummary:
    """Bring PostgreSQL to the state of the published file, whole or not at all.

    Raises PublishError where nothing is published, PushError for all else; PostgreSQL then shows the state
    before.
    """
    if not home.published_file.exists():
        raise PublishError(f"{home.published_file} is not there: nothing is published yet; run a month first")
    try:
        # The transaction begins with the first statement, and ends unless it is committed.
        with adbc_driver_postgresql.dbapi.connect(target.url) as server, server.cursor() as cursor:
            cursor.execute(f"set local lock_timeout = {literal(LOCK_TIMEOUT)}")
            cursor.execute(f"do 'begin perform pg_advisory_xact_lock({LOCK}); end'")
            # Opened after the lock is held, so that the last to push pushes the newest.
            with open_published(home.published_file, engine_bounds()) as publication:
                summary = _Push(publication, cursor, target.reader, progress).run()
            server.commit()
    except (dbapi.Error, duckdb.Error) as error:
        # Without the cause: it may hold the address with its password.
        raise PushError(_without_secrets(str(error), target.url)) from None
    return summary


@dataclass
class _Push:
    """One push, within its transaction."""

    publication: duckdb.DuckDBPyConnection
    cursor: Any
    reader: str
    progress: Callable[[str], None]
    sent: dict[str, int] = field(default_factory=dict)

    def run(self) -> PushSummary:
        """Send what differs, check it, let it take its place, show it to its readers."""
        published = read_publication(self.publication)
        accounts = [table for table in published if table.name in NAMES]
        schemas = {table.schema_name for table in published}
        there = read_server(self.cursor, schemas)
        pushed = read_pushed(self.cursor, there, accounts)
        left = {name.partition(".")[0] for name in pushed.checksums} - schemas
        if left:
            there |= read_server(self.cursor, left)
        _refuse_others(published, there, pushed)
        for schema_name in sorted(schemas):
            self.cursor.execute(f"create schema if not exists {quoted(schema_name)}")
        made = [
            table
            for table in published
            if table.kind == "table" and self._send(table, there.get(table.name), pushed)
        ]
        gone = sorted(({*pushed.checksums} - {table.name for table in published}) & {*there})
        self._put_in_place(published, [table for table in made if table.name in there], gone, there, pushed)
        self._grant(published)
        return PushSummary(self.sent, tuple(gone))

    def _send(self, table: Published, present: Present | None, pushed: Pushed) -> bool:
        """Bring a table's rows up to date; return whether it had to be made, with all its rows."""
        is_made = present is None or not present.is_table or present.types != table.types
        target = _target(table, _NEXT if is_made and present is not None else "")
        if is_made:
            columns = ", ".join(f"{quoted(name)} {data_type}" for name, data_type in table.types)
            self.cursor.execute(f"create table {target} ({columns})")
            self._copy(table, _NEXT if present is not None else "", "true", table.row_count)
            if table.month_column:
                self.cursor.execute(f"create index on {target} ({quoted(table.month_column)})")
        if is_made or self._replace(table, pushed):
            # At once: until the server did so by itself, views over the new rows would be planned badly.
            self.cursor.execute(f"analyze {target}")
        self._comment(table, "table", target, None if is_made else present)
        self.cursor.execute(f"select count(*) from {target}")
        ((count,),) = self.cursor.fetchall()
        if count != table.row_count:
            raise PushError(
                f"{table.name} would have {count} rows there instead of {table.row_count}: somebody else has "
                "written to it",
                "Drop that table there",
            )
        return is_made

    def _replace(self, table: Published, pushed: Pushed) -> bool:
        """Delete and copy what differs from the last push: months, or all of a table without any.

        Returns whether anything differed.
        """
        if table.name in NAMES:
            names = ", ".join(quoted(column.name) for column in table.columns)
            rows = self.publication.execute(f"select {names} from {table.name}").fetchall()
            chosen = "" if sorted(rows, key=str) == pushed.accounts[table.name] else "true"
            count = len(rows)
        else:
            before = pushed.months.get(table.name, {})
            differs = {
                month for month in {*before, *table.months} if before.get(month) != table.months.get(month)
            }
            if MONTHS not in pushed.accounts or (differs and not table.month_column):
                chosen, count = "true", table.row_count
            else:
                chosen = months_are(table.month_column, differs)
                count = sum(table.months[month][0] for month in differs if month in table.months)
        if chosen:
            self.cursor.execute(f"delete from {_target(table)} where {chosen}")
            self._copy(table, "", chosen, count)
        return bool(chosen)

    def _copy(self, table: Published, suffix: str, chosen: str, count: int) -> None:
        """Send the chosen rows, a batch at a time."""
        if table.name not in NAMES:
            self.progress(f"pushing {table.name}: {count:,} rows")
            self.sent[table.name] = count
        if not count:
            return
        values = ", ".join(sent_value(column) for column in table.columns)
        rows = self.publication.execute(f"select {values} from {_target(table)} where {chosen}")
        self.cursor.adbc_ingest(
            table.table_name + suffix,
            rows.to_arrow_reader(BATCH_ROWS),
            mode="append",
            db_schema_name=table.schema_name,
        )

    def _put_in_place(
        self,
        published: Sequence[Published],
        replaced: Sequence[Published],
        gone: Sequence[str],
        there: dict[str, Present],
        pushed: Pushed,
    ) -> None:
        """Let tables made anew take the place of the old ones, drop what is gone, and show the views.

        Views stay as they are where they say the same and nothing below them has moved.
        """
        views = [table for table in published if table.kind == "view"]
        stay = not (replaced or gone) and all(
            view.name in there and pushed.checksums.get(view.name) == view.checksum for view in views
        )
        if not stay:
            self._drop(
                "view", [name for name in pushed.checksums if name in there and not there[name].is_table]
            )
            old = {*gone, *(table.name for table in replaced), *(view.name for view in views)}
            self._drop("table", [name for name in sorted(old) if name in there and there[name].is_table])
        for table in replaced:
            self.cursor.execute(f"alter table {_target(table, _NEXT)} rename to {quoted(table.table_name)}")
        for view in views:
            if not stay:
                try:
                    select = postgres_select(view.select)
                except SqlglotError as error:
                    raise PushError(
                        f"there are no words in PostgreSQL for the view {view.name}: {error}"
                    ) from error
                self.cursor.execute(f"create view {_target(view)} as {select}")
            self._comment(view, "view", _target(view), there[view.name] if stay else None)

    def _drop(self, kind: str, names: Sequence[str]) -> None:
        """Drop tables or views at once: they may rest on each other."""
        if names:
            targets = ", ".join(".".join(map(quoted, name.split("."))) for name in names)
            self.cursor.execute(f"drop {kind} {targets}")

    def _comment(self, table: Published, kind: str, target: str, present: Present | None) -> None:
        """Describe a table or view and its columns, where PostgreSQL has other descriptions."""
        comments = present.comments if present else {}
        if comments.get(None) != table.comment:
            self.cursor.execute(f"comment on {kind} {target} is {literal(table.comment)}")
        for column in table.columns:
            if comments.get(column.name) != column.comment:
                self.cursor.execute(
                    f"comment on column {target}.{quoted(column.name)} is {literal(column.comment)}"
                )

    def _grant(self, published: Sequence[Published]) -> None:
        """Let the reader's role, where there is one, read everything that was pushed."""
        role = literal(self.reader)
        self.cursor.execute(f"select count(*) from pg_roles where rolname = {role}")
        if self.cursor.fetchall() == [(0,)]:
            self.progress(f"PostgreSQL has no role {self.reader}: nobody was given leave to read")
            return
        schemas = sorted({table.schema_name for table in published})
        names = ", ".join(map(literal, schemas))
        self.cursor.execute(
            f"""
            select nspname::text, null::text from pg_namespace
            where nspname in ({names}) and not has_schema_privilege({role}, oid, 'usage')
            union all
            select spaces.nspname::text, relations.relname::text
            from pg_class as relations
            inner join pg_namespace as spaces on relations.relnamespace = spaces.oid
            where
                spaces.nspname in ({names}) and relations.relkind in ('r', 'p', 'v')
                and not has_table_privilege({role}, relations.oid, 'select')
            """
        )
        ours = {table.name for table in published}
        for schema_name, table_name in self.cursor.fetchall():
            if table_name is None:
                self.cursor.execute(f"grant usage on schema {quoted(schema_name)} to {quoted(self.reader)}")
            elif f"{schema_name}.{table_name}" in ours:
                target = f"{quoted(schema_name)}.{quoted(table_name)}"
                self.cursor.execute(f"grant select on {target} to {quoted(self.reader)}")


def push_where_wanted(home: Home, *, progress: Callable[[str], None]) -> PushSummary | None:
    """Push as `push` does where RETENTION_POSTGRES_URL names a database; None where it does not."""
    target = PostgresTarget.from_environment()
    return push(home, target, progress=progress) if target else None


def _refuse_others(published: Sequence[Published], there: dict[str, Present], pushed: Pushed) -> None:
    """Raise PushError where a table or view of a published name was never pushed from here."""
    known = {*pushed.checksums, *NAMES}
    others = sorted(table.name for table in published if table.name in there and table.name not in known)
    if others:
        raise PushError(
            f"{', '.join(others)} is there already and was not pushed",
            "Name a database of its own in RETENTION_POSTGRES_URL",
        )


def _target(table: Published, suffix: str = "") -> str:
    return f"{quoted(table.schema_name)}.{quoted(table.table_name + suffix)}"


def _without_secrets(message: str, url: str) -> str:
    """Return what PostgreSQL or its driver said in one line, without anything of the address's password.

    Where the address itself could not be read, its parts may be anywhere in the message: none is shown.
    """
    if "Failed to connect" in message and "connection to server" not in message:
        return "the address in RETENTION_POSTGRES_URL cannot be used; see PostgreSQL's connection URIs"
    said = re.split(r"(?:ERROR|FATAL):\s+|\[libpq\] ", message.split("\n\n")[0])[-1]
    for password in re.findall(r"(?<=:)[^:/@]+(?=@)|(?<=password=)[^&\s]+", url):
        said = said.replace(password, "…")
    return " ".join(said.split()).rstrip(".")
