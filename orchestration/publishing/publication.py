"""The order of a publication: make everything aside, check it, then put it in place by renames.

Belongs here: that order. Not here: the single steps, each in a module of its own.

The database file comes last: where a run is cut off among the renames it still shows the last
publication, and the same run again mends the rest.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.publishing.catalogue import TableShape, load_tables, publishable
from orchestration.publishing.closes import record_closes
from orchestration.publishing.copying import attached_copy, copy_name, drop_unlisted, replace_in_copy
from orchestration.publishing.errors import PublishError
from orchestration.publishing.fingerprints import month_checksums
from orchestration.publishing.month_folder import MANIFEST, file_checksum, write_month_folder
from orchestration.publishing.parquet import write_parquet
from orchestration.publishing.places import clear_leftovers, new_incoming_folder, put_file, put_folder
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.worklists import Texts, read_worklist_rows


@dataclass(frozen=True)
class PublishSummary:
    """What was published: rows per table of the file, workbooks and manifest (SHA-256) per month."""

    months: tuple[date, ...]
    rows: dict[str, int]
    worklists: dict[date, int]
    manifests: dict[date, str]


def publish(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    months: Sequence[date],
    *,
    settings: OperatorSettings,
    progress: Callable[[str], None],
) -> PublishSummary:
    """Publish the months (first days) of the build file that `connection` is open on.

    The last publication stays as it is until everything is ready. Raises PublishError, and publishes
    nothing, when no month is given, a table shows personal data or lacks a column that it is published
    by; any other error leaves the last publication alone just so.
    """
    months = sorted(set(months))
    if not months:
        raise PublishError("no month to publish; name at least one")
    tables = load_tables()
    listed = {table.name for table in tables}
    shapes = publishable(connection, tables)
    texts = Texts.load(REFERENCE / "texts.csv")
    record_closes(connection, months)
    incoming = new_incoming_folder(home.published)
    try:
        copy = incoming / home.published_file.name
        rows: dict[str, int] = {}
        checksums: dict[str, dict[date, tuple[int, str]]] = {}
        obsolete = []
        with attached_copy(connection, home.published_file, copy):
            for shape in shapes:
                name = shape.table.name
                progress(f"publishing {name}")
                replaced = replace_in_copy(connection, shape, months)
                rows[name] = _row_count(connection, shape)
                if shape.table.month_column:
                    checksums[name] = month_checksums(connection, copy_name(shape), shape, months)
                in_place = home.published / "parquet" / name
                present = {path.name for path in in_place.glob("*.parquet")}
                _, gone = write_parquet(
                    connection, shape, replaced, present=present, folder=incoming / "parquet" / name
                )
                obsolete += [in_place / file for file in gone]
            drop_unlisted(connection, listed)
        has_list = "retention.responsibilities" in rows
        worklists = {}
        for month in months:
            progress(f"writing the folder of {month:%Y-%m}")
            worklists[month] = write_month_folder(
                incoming / f"{month:%Y-%m}",
                month,
                read_worklist_rows(connection, month, language=settings.language) if has_list else None,
                {name: found[month] for name, found in checksums.items()},
                settings=settings,
                texts=texts,
            )
        for file in sorted((incoming / "parquet").rglob("*.parquet")):
            put_file(file, home.published / file.relative_to(incoming))
        for file in obsolete:
            file.unlink()
        for folder in (home.published / "parquet").iterdir():
            if folder.name not in listed:
                shutil.rmtree(folder)
        for month in months:
            put_folder(incoming / f"{month:%Y-%m}", home.published / f"{month:%Y-%m}")
        put_file(copy, home.published_file)
    finally:
        clear_leftovers(home.published)
    return PublishSummary(
        tuple(months),
        rows,
        worklists,
        {month: file_checksum(home.published / f"{month:%Y-%m}" / MANIFEST) for month in months},
    )


def _row_count(connection: duckdb.DuckDBPyConnection, shape: TableShape) -> int:
    return connection.execute(f"select count(*) from {copy_name(shape)}").fetchall()[0][0]
