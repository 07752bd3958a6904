"""A month's folder: the units' workbooks and the manifest that says what was published.

Belongs here: what the folder holds. Not here: how a workbook looks (`orchestration.worklists`),
the manifest's form (`manifest`), putting the folder in place (`places`).
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas

from orchestration.publishing.manifest import write_manifest
from orchestration.settings import OperatorSettings
from orchestration.worklists import Period, Texts, write_worklists


def write_month_folder(
    folder: Path,
    month: date,
    rows: pandas.DataFrame | None,
    tables: Mapping[str, tuple[int, str]],
    *,
    settings: OperatorSettings,
    texts: Texts,
) -> int:
    """Write workbooks and manifest of a month into an empty folder; return the number of workbooks.

    `rows` are the worklist's rows, None where the build file has no list; `tables` gives rows and
    checksum of what the month knew, by `schema.table`.
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
    write_manifest(folder, {"month": f"{month:%Y-%m}"}, tables)
    return len(worklists)
