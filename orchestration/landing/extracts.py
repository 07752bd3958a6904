"""Which files lie under `landing/`, for which table and month.

Belongs here: folders, file names, what is ignored. Not here: anything inside a file. Another way in (such as
feedback dropped by the units) writes files into a table's month folder and needs nothing else.
"""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.landing.accounts import LandingError, month_name
from orchestration.landing.contract import Table

_MONTH_FOLDER = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_IGNORED = re.compile(r"\..*|.*\.tmp|.*\.crc|_SUCCESS", re.IGNORECASE)
_SUFFIXES = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Extract:
    """One delivered file; `name` is its path relative to the landing folder."""

    path: Path
    name: str

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet; otherwise it is CSV."""
        return self.name.lower().endswith(".parquet")

    @property
    def is_gzip(self) -> bool:
        """Whether its bytes are packed."""
        return self.name.lower().endswith(".gz")


def folder_of(landing: Path, table: Table, month: date | None) -> Path:
    """Return where a table's files of a month are expected; its own folder for a static table."""
    return landing / table.name if month is None else landing / table.name / month_name(month)


def find_extracts(landing: Path, table: Table, month: date | None) -> tuple[list[Extract], list[str]]:
    """Return the files of a table and month sorted by name, and what was passed over.

    Raises LandingError for an entry that is neither an extract nor known to be harmless: it may be data.
    """
    folder = folder_of(landing, table, month)
    found, passed_over = [], []
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
        name = path.relative_to(landing).as_posix()
        if _IGNORED.fullmatch(path.name):
            passed_over.append(f"{name}: ignored")
        elif path.is_file() and path.name.lower().endswith(_SUFFIXES):
            found.append(Extract(path, name))
        elif path.is_dir() and month is None:
            passed_over.append(f"{name}: a folder under a static table is not read")
        else:
            raise LandingError(
                f"{name}: neither .csv, .csv.gz nor .parquet; convert it, or move it out of landing"
            )
    return found, passed_over


def find_strays(landing: Path, contract: tuple[Table, ...]) -> list[str]:
    """Return a line for everything under `landing/` that no table and month will ever read."""
    tables = {table.name: table for table in contract}
    strays = []
    for path in sorted(landing.iterdir(), key=lambda entry: entry.name) if landing.is_dir() else ():
        table = tables.get(path.name)
        if _IGNORED.fullmatch(path.name):
            continue
        if table is None or not path.is_dir():
            strays.append(f"{path.name}: no table of the raw contract; not read")
        elif not table.is_static:
            strays += [
                f"{path.name}/{entry.name}: no month folder (YYYY-MM); not read"
                for entry in sorted(path.iterdir(), key=lambda entry: entry.name)
                if not (entry.is_dir() and _MONTH_FOLDER.fullmatch(entry.name))
                and not _IGNORED.fullmatch(entry.name)
            ]
    return strays
