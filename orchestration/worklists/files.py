"""Files for one reader: named, of mode 0600, in the same bytes from the same rows, and without formulas.

Belongs here: how a workbook or a CSV with personal data is opened, named and kept from running. Not here:
what stands in it.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path

import pandas
import xlsxwriter

_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d+$)")
"""How a text begins that a spreadsheet would work out; a phone number with its plus is none."""


def file_name(unit_id: str) -> str:
    """Return a unit's file name; what a file name cannot hold becomes `%` and its number."""
    return re.sub(r"[^\w.-]", lambda found: f"%{ord(found.group()):02X}", unit_id) + ".xlsx"


@contextmanager
def private_workbook(file: Path, *, title: str, day: date) -> Iterator[xlsxwriter.Workbook]:
    """Open a workbook that only its owner reads; `day` stands in it as the day it was made."""
    _touch(file)
    options = {
        "constant_memory": True,
        # Half-written sheets hold phone numbers too.
        "tmpdir": str(file.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(file), options) as workbook:
        # A fixed moment: the library would otherwise write the clock into the file.
        workbook.set_properties({"title": title, "created": datetime.combine(day, time.min)})
        yield workbook


def write_private_csv(file: Path, rows: pandas.DataFrame) -> None:
    """Write a CSV that only its owner reads, in UTF-8 with its mark, so that a spreadsheet reads it right."""
    _touch(file)
    rows = rows.map(lambda value: inert(value) if isinstance(value, str) else value)
    rows.to_csv(file, index=False, encoding="utf-8-sig", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> inert("=1+1"), inert("+8613800000001"), inert("+1-cmd"), inert("S1")
    ("'=1+1", '+8613800000001', "'+1-cmd", 'S1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _touch(file: Path) -> None:
    # Before the first byte: the file must never be readable by others, not even while it grows.
    file.touch(mode=0o600)
    file.chmod(0o600)
