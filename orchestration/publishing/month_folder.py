"""A month's folder: the units' workbooks, the newsletter's list, the reports, and the manifest of all.

Belongs here: what the folder holds. Not here: how a workbook looks (`orchestration.worklists`), what the
reports say (`orchestration.report`), the manifest's form (`manifest`), putting the folder in place
(`places`).
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pandas

from orchestration.publishing.manifest import write_manifest
from orchestration.settings import OperatorSettings
from orchestration.worklists import Period, Texts, write_worklists
from orchestration.worklists.files import write_private_csv


def write_month_folder(
    folder: Path,
    month: date,
    rows: pandas.DataFrame | None,
    newsletter: pandas.DataFrame | None,
    tables: Mapping[str, tuple[int, str]],
    *,
    settings: OperatorSettings,
    texts: Texts,
    reports: Callable[[Path], None],
) -> int:
    """Write workbooks, reports and manifest of a month into an empty folder; return the number of workbooks.

    `rows` are the worklist's rows, None where the build file has no list; `newsletter` who gets the letter of
    the next month's first days, None where nobody's suppression is judged; `tables` gives rows and
    checksum of what the month knew, by `schema.table`; `reports` writes the reports into a folder.
    """
    folder.mkdir(parents=True)
    worklists = (
        []
        if rows is None
        else write_worklists(
            rows,
            folder / "worklists",
            period=Period.of_month(month),
            language=settings.language,
            currency=settings.currency,
            texts=texts,
        )
    )
    if newsletter is not None:
        write_private_csv(folder / "newsletter_list.csv", newsletter)
    reports(folder)
    write_manifest(folder, {"month": f"{month:%Y-%m}"}, tables)
    return len(worklists)
