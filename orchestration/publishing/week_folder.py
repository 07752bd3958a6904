"""A warning week's folder: what is handed out on the Wednesday, and the manifest of what was found.

Belongs here: what the folder holds. Not here: how a list looks and who is on it (`orchestration.worklists`),
the manifest's form (`manifest`), putting the folder in place (`places`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import duckdb

from orchestration.publishing.manifest import write_manifest
from orchestration.settings import OperatorSettings
from orchestration.warehouse import has_table
from orchestration.weeks import WarningWeek
from orchestration.worklists import Period, Texts, read_task_rows, write_worklists
from orchestration.worklists.callbacks import read_callbacks, write_callback_summary
from orchestration.worklists.files import write_private_csv
from orchestration.worklists.messages import read_sms_list
from orchestration.worklists.overdue import read_overdue, write_overdue


class _Words(TypedDict):
    """How an operator's files speak."""

    language: str
    currency: str
    texts: Texts


def write_week_folder(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    week: WarningWeek,
    tables: Mapping[str, tuple[int, str]],
    *,
    settings: OperatorSettings,
    texts: Texts,
) -> None:
    """Write a week's files into an empty folder, the manifest last: it names all the others.

    Lists are read from the build file; without tasks in it there are none. `tables` gives rows and checksum
    of the week, by `schema.table`.
    """
    folder.mkdir(parents=True)
    if has_table(connection, "retention.contact_tasks"):
        words = _Words(language=settings.language, currency=settings.currency, texts=texts)
        write_private_csv(folder / "sms_list.csv", read_sms_list(connection, week))
        overdue = read_overdue(connection, week)
        write_overdue(overdue, folder / "overdue.xlsx", week.warning_week, **words)
        write_callback_summary(
            read_callbacks(connection, week), folder / "callback_summary.xlsx", week, **words
        )
        write_worklists(
            read_task_rows(connection, week, **words), folder, period=Period.of_week(week), **words
        )
    write_manifest(folder, {"warning_week": week.warning_week.isoformat()}, tables)
