"""The manifest of a published folder: which rows and files it stands for, without a clock time or a run.

Belongs here: its form, checksums of files. Not here: checksums of tables (`fingerprints`), what else lies in
the folder (`month_folder`, `week_folder`).
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "manifest.json"


def write_manifest(folder: Path, period: Mapping[str, str], tables: Mapping[str, tuple[int, str]]) -> None:
    """Write the manifest of a folder that holds all its other files by now.

    `period` names what the folder is about; `tables` gives rows and checksum by `schema.table`.
    """
    manifest = {
        **period,
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


def file_checksum(file: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
