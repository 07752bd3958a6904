"""The raw contract as the simulator writes it: tables, columns and Arrow types.

Belongs here: reading `seeds/reference/raw_*.csv`. Not here: how rows come about, or files.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa

REFERENCE = Path(__file__).resolve().parent.parent / "reference"

_TYPES: dict[str, pa.DataType] = {
    "varchar": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}


@dataclass(frozen=True)
class RawTable:
    """One table of the raw contract."""

    name: str
    kind: str
    month_column: str
    schema: pa.Schema
    keys: frozenset[str]
    coded_columns: frozenset[str]


def arrow_type(data_type: str) -> pa.DataType:
    """Return the Arrow type of a contract type such as `decimal(12,2)`."""
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", data_type)
    if decimal:
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return _TYPES[data_type]


@cache
def raw_tables() -> dict[str, RawTable]:
    """Return the tables of the contract by name, in the contract's order."""
    with (REFERENCE / "raw_columns.csv").open(encoding="utf-8", newline="") as file:
        columns = list(csv.DictReader(file))
    with (REFERENCE / "raw_tables.csv").open(encoding="utf-8", newline="") as file:
        tables = list(csv.DictReader(file))
    return {
        table["table_name"]: _raw_table(table, [c for c in columns if c["table_name"] == table["table_name"]])
        for table in tables
    }


def _raw_table(table: dict[str, str], columns: list[dict[str, str]]) -> RawTable:
    return RawTable(
        name=table["table_name"],
        kind=table["kind"],
        month_column=table["month_column"],
        schema=pa.schema([(column["column_name"], arrow_type(column["data_type"])) for column in columns]),
        keys=frozenset(column["column_name"] for column in columns if column["is_key"] == "true"),
        coded_columns=frozenset(column["column_name"] for column in columns if column["accepted_values"]),
    )
