"""The order of a publication: make everything aside, check it, then put it in place by renames.

Belongs here: that order. Not here: the single steps, each in a module of its own.

The database file comes last: where a run is cut off among the renames it still shows the last
publication, and the same run again mends the rest.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from orchestration.publishing.catalogue import TableShape, load_tables, publishable
from orchestration.publishing.closes import record_closes, stale_closes
from orchestration.publishing.copying import (
    PUBLICATION,
    attached_copy,
    copy_name,
    drop_unlisted,
    replace_in_copy,
)
from orchestration.publishing.errors import PublishError
from orchestration.publishing.fingerprints import NO_ROWS, month_checksums, summed, week_checksum
from orchestration.publishing.manifest import MANIFEST, file_checksum
from orchestration.publishing.month_folder import write_month_folder
from orchestration.publishing.parquet import write_parquet
from orchestration.publishing.places import (
    clear_leftovers,
    close_to_others,
    new_incoming_folder,
    put_file,
    put_folder,
)
from orchestration.publishing.state import NAMES, Months, write_state
from orchestration.publishing.views import publishable_views, put_views
from orchestration.publishing.week_folder import write_week_folder
from orchestration.report import write_reports
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.warehouse import has_table
from orchestration.weeks import WarningWeek
from orchestration.worklists import Texts, read_worklist_rows
from orchestration.worklists.messages import read_newsletter_list

_ACCOUNTS = ("ops.landing_audit", "ops.quarantine")
"""What landing says of itself; the Wednesday run lands, too."""


@dataclass(frozen=True)
class PublishSummary:
    """What was published: rows per table of the file, workbooks and manifest (SHA-256) per month."""

    months: tuple[date, ...]
    rows: dict[str, int]
    worklists: dict[date, int]
    manifests: dict[date, str]


@dataclass(frozen=True)
class _Aside:
    """A publication while it is made: the folder for what is put in place, and what each table holds.

    `replaced` tells which months of a table were written, None for all.
    """

    folder: Path
    replaced: dict[str, set[date | None] | None] = field(default_factory=dict)
    state: dict[str, Months] = field(default_factory=dict)


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
    shapes = publishable(connection, load_tables())
    texts = Texts.load(REFERENCE / "texts.csv")
    record_closes(connection, months)
    worklists = {}
    folders = [f"{month:%Y-%m}" for month in months]
    with _made_aside(connection, home, shapes, months, folders, progress) as aside:
        checksums = {
            shape.table.name: _known_checksums(connection, shape, months, aside.state[shape.table.name])
            for shape in shapes
            if shape.table.month_column
        }
        has_list = "retention.responsibilities" in aside.replaced
        is_judged = has_table(connection, "retention.contact_suppressions")
        stale = stale_closes(connection)
        for month, folder in zip(months, folders, strict=True):
            progress(f"writing the folder of {folder}")
            worklists[month] = write_month_folder(
                aside.folder / folder,
                month,
                read_worklist_rows(
                    connection, month, language=settings.language, currency=settings.currency, texts=texts
                )
                if has_list
                else None,
                read_newsletter_list(connection, month) if is_judged else None,
                {name: found[month] for name, found in checksums.items()},
                settings=settings,
                texts=texts,
                reports=partial(
                    write_reports,
                    connection,
                    month,
                    published=PUBLICATION,
                    settings=settings,
                    texts=texts,
                    stale=[other for other in stale if other < month],
                ),
            )
    return PublishSummary(
        tuple(months),
        {name: summed(aside.state[name].values())[0] for name in aside.replaced},
        worklists,
        {month: file_checksum(home.published / f"{month:%Y-%m}" / MANIFEST) for month in months},
    )


def publish_week(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    week: WarningWeek,
    *,
    settings: OperatorSettings,
    progress: Callable[[str], None],
) -> Path:
    """Publish a week of the build file: its tables, landing's accounts, its folder; return the folder.

    Other tables stay as they were published. Raises PublishError, and publishes nothing, when no month
    was published yet or a table shows personal data or lacks a column that it is published by.
    """
    if not home.published_file.exists():
        raise PublishError(f"{home.published_file} is not there: a month has to be published before a week")
    listed = [table for table in load_tables() if table.is_weekly or table.name in _ACCOUNTS]
    shapes = publishable(connection, listed)
    texts = Texts.load(REFERENCE / "texts.csv")
    target = home.published_weeks / week.warning_week.isoformat()
    folder = target.relative_to(home.published).as_posix()
    with _made_aside(connection, home, shapes, [week.week_month], [folder], progress) as aside:
        progress(f"writing the folder of {folder}")
        write_week_folder(
            connection,
            aside.folder / folder,
            week,
            {
                shape.table.name: week_checksum(connection, copy_name(shape), shape, week.warning_week)
                for shape in shapes
                if shape.table.is_weekly
            },
            settings=settings,
            texts=texts,
        )
    return target


@contextmanager
def _made_aside(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    shapes: Sequence[TableShape],
    months: Sequence[date],
    folders: Sequence[str],
    progress: Callable[[str], None],
) -> Iterator[_Aside]:
    """Bring a copy of the published file up to date, let `folders` be written beside it, put all in place.

    Within, the copy is attached. An error there or here leaves the last publication as it was.
    """
    tables = load_tables()
    listed = {table.name for table in tables}
    close_to_others(home)
    views = publishable_views(connection, tables)
    shown = {view.table.name for view in views}
    aside = _Aside(new_incoming_folder(home.published))
    try:
        copy = aside.folder / home.published_file.name
        obsolete = []
        with attached_copy(connection, home.published_file, copy):
            drop_unlisted(connection, listed | NAMES, shown)
            for shape in shapes:
                name = shape.table.name
                progress(f"publishing {name}")
                replaced = aside.replaced[name] = replace_in_copy(connection, shape, months)
                in_place = home.published / "parquet" / name
                present = {path.name for path in in_place.glob("*.parquet")}
                _, gone = write_parquet(
                    connection, shape, replaced, present=present, folder=aside.folder / "parquet" / name
                )
                obsolete += [in_place / file for file in gone]
            put_views(connection, views, aside.replaced.keys())
            aside.state.update(write_state(connection, tables, aside.replaced))
            yield aside
        for file in sorted((aside.folder / "parquet").rglob("*.parquet")):
            put_file(file, home.published / file.relative_to(aside.folder))
        for file in obsolete:
            file.unlink()
        for folder in (home.published / "parquet").iterdir():
            if folder.name not in listed - shown:
                shutil.rmtree(folder)
        for name in folders:
            put_folder(aside.folder / name, home.published / name)
        put_file(copy, home.published_file)
    finally:
        clear_leftovers(home.published)


def _known_checksums(
    connection: duckdb.DuckDBPyConnection, shape: TableShape, months: Sequence[date], state: Months
) -> dict[date, tuple[int, str]]:
    """Return what the manifests of `months` say of a table: its state, where nothing is known late."""
    table = shape.table
    if table.late_columns or table.manifest_month_column != table.month_column:
        return month_checksums(connection, copy_name(shape), shape, months)
    return {month: state.get(month, NO_ROWS) for month in months}
