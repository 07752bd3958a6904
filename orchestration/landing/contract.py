"""The raw contract: which tables and columns an operator delivers, and what their values may be.

Belongs here: reading `seeds/reference/raw_tables.csv` and `raw_columns.csv`. Not here: checking files
against it (checks.py).
"""

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orchestration.settings import REFERENCE

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_DATA_TYPE = re.compile(r"varchar|integer|double|boolean|date|timestamp|decimal\(\d+,\d+\)")


@dataclass(frozen=True)
class Column:
    """One column of the raw contract; `minimum` and `maximum` are inclusive."""

    name: str
    data_type: str
    is_required: bool
    is_key: bool
    accepted_values: tuple[str, ...]
    minimum: Decimal | None
    maximum: Decimal | None
    is_personal: bool

    @property
    def family(self) -> str:
        """The data type without its size: `decimal(12,2)` is a `decimal`."""
        return self.data_type.split("(", maxsplit=1)[0]


@dataclass(frozen=True)
class Table:
    """One raw table; `month_column` holds a row's own date and is None for registers and static tables."""

    name: str
    source_name: str
    kind: str
    month_column: str | None
    is_required: bool
    columns: tuple[Column, ...]

    @property
    def relation(self) -> str:
        """The table in the build file, as SQL."""
        return f"{self.source_name}.{self.name}"

    @property
    def is_static(self) -> bool:
        """Whether its files lie in the table's folder itself, not in a month's."""
        return self.kind == "static"

    @property
    def keys(self) -> tuple[Column, ...]:
        """The columns that name a row."""
        return tuple(column for column in self.columns if column.is_key)


def load_contract(reference: Path = REFERENCE) -> tuple[Table, ...]:
    """Read the contract, tables in the order of `raw_tables.csv`, columns in that of `raw_columns.csv`.

    Raises ValueError for a name that is no plain identifier or a type that landing does not know: both
    become SQL.
    """
    columns: dict[str, list[Column]] = {}
    for row in _rows(reference / "raw_columns.csv"):
        if not (_IDENTIFIER.fullmatch(row["column_name"]) and _DATA_TYPE.fullmatch(row["data_type"])):
            raise ValueError(
                f"raw_columns.csv: {row['table_name']}.{row['column_name']} {row['data_type']}: "
                "names are lower case letters, digits and _, types those of the other columns"
            )
        columns.setdefault(row["table_name"], []).append(
            Column(
                name=row["column_name"],
                data_type=row["data_type"],
                is_required=row["is_required"] == "true",
                is_key=row["is_key"] == "true",
                accepted_values=tuple(filter(None, row["accepted_values"].split("|"))),
                minimum=Decimal(row["minimum"]) if row["minimum"] else None,
                maximum=Decimal(row["maximum"]) if row["maximum"] else None,
                is_personal=row["is_personal"] == "true",
            )
        )
    tables = []
    for row in _rows(reference / "raw_tables.csv"):
        if not (_IDENTIFIER.fullmatch(row["table_name"]) and _IDENTIFIER.fullmatch(row["source_name"])):
            raise ValueError(f"raw_tables.csv: {row['source_name']}.{row['table_name']} is no plain name")
        tables.append(
            Table(
                name=row["table_name"],
                source_name=row["source_name"],
                kind=row["kind"],
                month_column=row["month_column"] or None,
                is_required=row["is_required"] == "true",
                columns=tuple(columns[row["table_name"]]),
            )
        )
    return tuple(tables)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
