"""A month's folder: the units' workbooks and the manifest that says what was published.

Belongs here: what the folder holds. Not here: how a workbook looks (`orchestration.worklists`),
checksums of tables (`fingerprints`), putting the folder in place (`places`).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas

from orchestration.settings import OperatorSettings
from orchestration.worklists import Texts, write_worklists

MANIFEST = "manifest.json"


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
            month=month,
            language=settings.language,
            currency=settings.currency,
            texts=texts,
        )
    )
    manifest = {
        "month": f"{month:%Y-%m}",
        "tables": {name: {"rows": count, "checksum": checksum} for name, (count, checksum) in tables.items()},
        "files": {
            path.relative_to(folder).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": file_checksum(path),
            }
            for path in folder.rglob("*")
            if path.is_file()
        },
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return len(worklists)


def file_checksum(file: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
