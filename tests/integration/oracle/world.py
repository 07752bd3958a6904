"""A landing folder as plain typed rows, and what of it was known when.

Belongs here: reading the CSV extracts of a small world, which version of a register row held in a month,
whether a table existed. Not here: what the rows mean (`evaluator.py`), making worlds (`generator.py`).
"""

import csv
from calendar import monthrange
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]

KEYS = {
    "contracts": ("contract_id",),
    "service_subscriptions": ("subscriber_id", "service_code", "starts_on"),
    "complaints": ("ticket_id",),
    "group_customers": ("group_id",),
}
"""The registers that the rules read, with their keys: of one key the newest folder holds."""


def add_months(month: date, count: int) -> date:
    """Return the first day of the month `count` months later."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def month_of(day: date) -> date:
    """Return the first day of the day's month."""
    return date(day.year, day.month, 1)


def last_day(month: date) -> date:
    """Return the last day of a month."""
    return date(month.year, month.month, monthrange(month.year, month.month)[1])


def days(first: date, last: date) -> list[date]:
    """Return every day from first to last, both included."""
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def typed(column: str, text: str) -> Any:
    """Return a cell's value, by the habits of the contract's column names."""
    if text == "":
        return None
    if column.endswith(("_at",)):
        return datetime.fromisoformat(text)
    if column.endswith(("_on", "_date", "_month", "_since")) or column in {"since", "valid_from", "valid_to"}:
        return date.fromisoformat(text)
    if text in {"true", "false"}:
        return text == "true"
    if column.endswith("_id") or column in {"fee_item", "service_code"}:
        return text
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


class World:
    """The extracts of a landing folder."""

    def __init__(self, landing: Path) -> None:
        """Read every CSV below `landing`."""
        self.tables: dict[str, dict[date | None, list[Row]]] = defaultdict(dict)
        for file in sorted(landing.rglob("*.csv")):
            parts = file.relative_to(landing).parts
            month = date.fromisoformat(f"{parts[1]}-01") if len(parts) == 3 else None
            with file.open(encoding="utf-8") as stream:
                rows = [{k: typed(k, v) for k, v in row.items()} for row in csv.DictReader(stream)]
            self.tables[parts[0]].setdefault(month, []).extend(rows)
        self.months: list[date] = sorted(month for month in self.tables["subscribers"] if month)
        self.snapshots: dict[date, dict[str, Row]] = {
            month: {row["subscriber_id"]: row for row in rows}
            for month, rows in self.tables["subscribers"].items()
            if month
        }

    def exists(self, table: str, month: date) -> bool:
        """Return whether a table had landed in any month up to `month`."""
        return any(landed is None or landed <= month for landed in self.tables.get(table, {}))

    def static(self, table: str) -> list[Row]:
        """Return the rows of a static table."""
        return self.tables.get(table, {}).get(None, [])

    def events(self, table: str, known_by: date) -> list[Row]:
        """Return the rows of an event table landed up to a month."""
        return [
            row
            for landed, rows in self.tables.get(table, {}).items()
            if landed and landed <= known_by
            for row in rows
        ]

    def register(self, table: str, known_by: date) -> list[Row]:
        """Return the versions of a register's rows that held at the end of a month."""
        newest: dict[tuple[Any, ...], Row] = {}
        for landed in sorted(month for month in self.tables.get(table, {}) if month):
            if landed <= known_by:
                for row in self.tables[table][landed]:
                    newest[tuple(row[column] for column in KEYS[table])] = row
        return list(newest.values())

    def snapshot(self, table: str, month: date) -> list[Row]:
        """Return the rows of a snapshot table for a month."""
        return self.tables.get(table, {}).get(month, [])
