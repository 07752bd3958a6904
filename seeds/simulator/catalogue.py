"""The catalogues of the made-up operator: plans, services, branches, units, seasons.

Belongs here: reading `catalogue/*.csv`, writing `plans` and `services`. Not here: who uses them.
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from seeds.simulator.columns import Column, coded
from seeds.simulator.contract import raw_tables
from seeds.simulator.months import Array
from seeds.simulator.writing import Extracts

FOLDER = Path(__file__).resolve().parent / "catalogue"


@cache
def texts(name: str, column: str) -> tuple[str, ...]:
    """Return a column of a catalogue."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row[column] for row in csv.DictReader(file))


@cache
def numbers(name: str, column: str) -> Array:
    """Return a column of a catalogue as floats, read-only; empty means NaN."""
    values = np.array([float(text) if text else np.nan for text in texts(name, column)])
    values.flags.writeable = False
    return values


@cache
def flags(name: str, column: str) -> Array:
    """Return a column of a catalogue as booleans, read-only."""
    values = np.array([text == "true" for text in texts(name, column)])
    values.flags.writeable = False
    return values


def write_catalogues(extracts: Extracts) -> None:
    """Write the static tables `plans` and `services`."""
    for name in ("plans", "services"):
        columns = raw_tables()[name].schema.names
        extracts.write(name, None, {column: _column(name, column) for column in columns})


def _column(name: str, column: str) -> Column:
    if column.startswith("is_"):
        return flags(name, column)
    if column.startswith("valid_"):
        return np.array([text or "NaT" for text in texts(name, column)], dtype="datetime64[D]")
    if column.endswith("_cny") or column.startswith("included_") or column == "brand_rank":
        return numbers(name, column)
    return coded(np.arange(len(texts(name, column))), texts(name, column))
