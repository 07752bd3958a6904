"""What a landing reports: one account per file, warnings, and the error that stops a run.

Belongs here: results as plain values. Not here: how they come about.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


class LandingError(ValueError):
    """Extracts that cannot be landed; the message names the file or folder and says what to do."""


@dataclass(frozen=True)
class FileAccount:
    """What became of one file's rows: `rows_read = rows_accepted + rows_quarantined + rows_duplicate`.

    `landed_month` is None for a static table; `file_name` is relative to the landing folder.
    """

    landed_month: date | None
    table_name: str
    file_name: str
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    checksum: str


@dataclass(frozen=True)
class LandingSummary:
    """Every landed file's account in the order of landing, and what somebody should look at."""

    accounts: tuple[FileAccount, ...]
    warnings: tuple[str, ...]

    def rows_accepted(self, table_name: str) -> int:
        """Return how many rows of one table were accepted, over all months landed."""
        return sum(account.rows_accepted for account in self.accounts if account.table_name == table_name)


def month_name(month: date | None) -> str:
    """Return the folder name of a month (`2026-01`); `static` where there is none."""
    return "static" if month is None else f"{month:%Y-%m}"


def counted(accounts: Iterable[FileAccount]) -> str:
    """Return one line of totals for people: files, rows accepted, quarantined, duplicate."""
    listed = list(accounts)
    return (
        f"{len(listed)} files, {sum(account.rows_accepted for account in listed):,} rows accepted, "
        f"{sum(account.rows_quarantined for account in listed):,} quarantined, "
        f"{sum(account.rows_duplicate for account in listed):,} duplicate"
    )
