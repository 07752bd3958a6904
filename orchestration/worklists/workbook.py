"""One workbook per unit: written whole, for its one reader, in the same bytes from the same rows.

Belongs here: which sheets a workbook has, file names and file modes. Not here: what stands on a sheet
(`summary_sheet`, `list_sheet`), how a folder is put in place (`orchestration.publishing`).
"""

import re
from datetime import date, datetime, time
from pathlib import Path

import pandas
import xlsxwriter

from orchestration.worklists.columns import LINE_ID, SHOWN
from orchestration.worklists.list_sheet import FIRST_ROW, ListStyle, write_code_lists, write_list
from orchestration.worklists.looks import Looks
from orchestration.worklists.summary_sheet import write_summary
from orchestration.worklists.texts import LANGUAGES, Texts

NEEDED = frozenset(
    {column.name for column in SHOWN} - {"customer", "causes", "seen"}
    | {
        "customer_type",
        "group_id",
        "main_cause",
        "model_cause",
        "rule_cause",
        "sentence",
        "facts",
        LINE_ID.name,
    }
    | {"primary_unit_id", "unit_name", "staff_id", "disposition"}
)
LONGEST_SHEET = 1_048_576 - FIRST_ROW
"""Rows that a sheet holds; beyond it a spreadsheet drops them without a word."""


class WorklistError(ValueError):
    """Worklists cannot be written from these rows; the message says what to change."""


def write_worklists(
    rows: pandas.DataFrame, folder: Path, *, month: date, language: str, currency: str, texts: Texts
) -> list[Path]:
    """Write `<unit_id>.xlsx` for every unit with assigned rows; return the files in unit order.

    `rows` is what `read_worklist_rows` gives: one row per at-risk subscriber; only those of disposition
    `assigned` are listed, by due date, then priority. Money is in `currency`. Files are of mode 0600 in a
    folder of mode 0700. Raises WorklistError for missing columns, an assigned row without unit, or a
    unit with more rows than a sheet holds.
    """
    missing = sorted(NEEDED - set(rows.columns))
    if missing:
        raise WorklistError(f"worklist rows lack column(s) {', '.join(missing)}; add them to the query")
    if language not in LANGUAGES:
        raise WorklistError(f"language is {language!r}; it can be one of {', '.join(LANGUAGES)}")
    assigned = rows[rows["disposition"] == "assigned"]
    if assigned["primary_unit_id"].isna().any():
        raise WorklistError("an assigned row has no primary_unit_id; the assignment must name a unit")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return [
        _write_workbook(own, folder, str(unit_id), month, language, currency, texts)
        for unit_id, own in assigned.groupby("primary_unit_id", sort=True)
    ]


def file_name(unit_id: str) -> str:
    """Return a unit's file name; what a file name cannot hold becomes `%` and its number."""
    return re.sub(r"[^\w.-]", lambda found: f"%{ord(found.group()):02X}", unit_id) + ".xlsx"


def _write_workbook(
    rows: pandas.DataFrame,
    folder: Path,
    unit_id: str,
    month: date,
    language: str,
    currency: str,
    texts: Texts,
) -> Path:
    if len(rows) > LONGEST_SHEET:
        raise WorklistError(
            f"unit {unit_id} has {len(rows)} assigned rows, a sheet holds {LONGEST_SHEET}; "
            "give the unit a capacity"
        )
    rows = rows.sort_values(["due_date", "priority_rank", "assignment_id"], na_position="last")
    name = rows["unit_name"].iloc[0]
    unit = unit_id if pandas.isna(name) else f"{name} ({unit_id})"
    file = folder / file_name(unit_id)
    # Before the first byte: the file must never be readable by others, not even while it grows.
    file.touch(mode=0o600)
    file.chmod(0o600)
    options = {
        "constant_memory": True,
        # Half-written sheets hold phone numbers too.
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(file), options) as workbook:
        style = ListStyle(texts, language, currency, Looks(workbook, language))
        title, list_name = style.word("title.worklist"), style.word("sheet.worklist")
        # A fixed moment: the library would otherwise write the clock into the file.
        workbook.set_properties({"title": title, "created": datetime.combine(month, time.min)})
        summary = workbook.add_worksheet(style.word("sheet.summary"))
        worklist = workbook.add_worksheet(list_name)
        ranges = write_code_lists(workbook, style)
        write_summary(summary, rows, style, unit=unit, month=month, list_name=list_name)
        write_list(worklist, rows, style, title=f"{title}: {unit}, {month:%Y-%m}", month=month, ranges=ranges)
    return file
