"""A warning week's folder: what is handed out on the Wednesday, and the manifest of what was found.

Belongs here: what the folder holds. Not here: the manifest's form (`manifest`), putting the folder in
place (`places`).
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from orchestration.publishing.manifest import write_manifest


def write_week_folder(folder: Path, warning_week: date, tables: Mapping[str, tuple[int, str]]) -> None:
    """Write a week's files into an empty folder, the manifest last: it names all the others.

    `tables` gives rows and checksum of the week, by `schema.table`.
    """
    folder.mkdir(parents=True)
    write_manifest(folder, {"warning_week": warning_week.isoformat()}, tables)
