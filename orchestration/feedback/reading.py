"""Answers as a unit wrote them: every answered row of a workbook or CSV file, as text.

Belongs here: file formats, where the rows stand, a workbook's own words for codes. Not here: whether an
answer is right (`checking`).
"""

import csv
import unicodedata
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from orchestration.landing import LandingError
from orchestration.landing.contract import Column, load_contract
from orchestration.landing.extracts import Extract
from orchestration.landing.text_files import open_text
from orchestration.worklists.columns import LINE_ID
from orchestration.worklists.list_sheet import CODES_SHEET, FIRST_ROW, NAMES_ROW

CONTACTS_TABLE = "retention_contacts"
LINE = LINE_ID.name
SUBSCRIBER = "subscriber_id"

_CONTRACT_NAMES = {"contacted_on": "contacted_at", "contact_channel": "channel"}
"""Columns of a workbook that the raw contract calls otherwise."""

_GIVEN = frozenset({LINE, "attempt_no", "staff_id", "offer_id"})
"""Columns that name a contact: a row with nothing else is not answered yet."""

_MOST_UNPACKED_BYTES = 500_000_000


class FeedbackError(ValueError):
    """A dropped file that holds no answers anybody can read; `key` names the text that says why."""

    def __init__(self, key: str, **values: str) -> None:
        """Take the key of a text in `texts.csv` and what it is filled with."""
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True)
class Answer:
    """One answered row: where it stands, and what stands there by the raw contract's column names.

    `told` has every column of the file that means anything here, empty ones as ''; `formulas` names the
    columns in which a formula stands instead of a value.
    """

    sheet: str
    row: int
    told: Mapping[str, str]
    formulas: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FilledFile:
    """The answered rows of a file in their order; column -> word -> code as its own drop-downs have it."""

    answers: tuple[Answer, ...]
    words: Mapping[str, Mapping[str, str]]


@cache
def contact_columns() -> tuple[Column, ...]:
    """Return the columns of a contact in the raw contract."""
    (table,) = (table for table in load_contract() if table.name == CONTACTS_TABLE)
    return table.columns


def read_filled(file: Path, scratch: Path) -> FilledFile:
    """Read a filled workbook (.xlsx) or outcome file (.csv); `scratch` is an empty folder for copies.

    Raises FeedbackError for another kind of file, one that cannot be read, or one without line ids.
    """
    suffix = file.suffix.lower()
    if suffix == ".xlsx":
        return _read_workbook(file)
    if suffix == ".csv":
        return _read_csv(file, scratch)
    raise FeedbackError("feedback.file_kind")


def as_text(value: object) -> str:
    """Return a cell's value as one line of plain text; landing takes every such text.

    >>> as_text(17.0), as_text(True), as_text(date(2026, 7, 2)), as_text("  two\\nlines\\0 ")
    ('17', 'true', '2026-07-02', 'two lines')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    words = " ".join(str(value).split())
    return "".join(letter for letter in words if unicodedata.category(letter) not in ("Cc", "Cs"))


def _read_workbook(file: Path) -> FilledFile:
    words: dict[str, dict[str, str]] = {}
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > _MOST_UNPACKED_BYTES:
                raise FeedbackError("feedback.file_unreadable")
        with warnings.catch_warnings():
            # What the library says of drop-downs and looks is nothing to whoever reads answers.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, read_only=True)
            try:
                lists = [sheet for sheet in book.worksheets if sheet.title != CODES_SHEET]
                found = [answer for sheet in lists for answer in _sheet_answers(sheet)]
                for sheet in book.worksheets:
                    if sheet.title == CODES_SHEET:
                        words = _words(sheet)
            finally:
                book.close()
    except FeedbackError:
        raise
    except Exception as error:
        # Whatever the damage leads to: the library names no error of its own.
        raise FeedbackError("feedback.file_unreadable") from error
    if None not in found:
        raise FeedbackError("feedback.no_lines", column=LINE)
    return FilledFile(tuple(answer for answer in found if answer is not None), words)


def _sheet_answers(sheet: Any) -> Iterator[Answer | None]:
    """Yield None where the sheet is a list, then its answered rows."""
    names: list[str] = []
    for number, cells in enumerate(sheet.iter_rows()):
        if number == NAMES_ROW:
            names = [as_text(cell.value) for cell in cells]
            if LINE not in names:
                return
            yield None
        if number < FIRST_ROW:
            continue
        formulas = [cell.data_type == "f" for cell in cells]
        answer = _answer(sheet.title, number + 1, names, [as_text(cell.value) for cell in cells], formulas)
        if answer:
            yield answer


def _words(sheet: Any) -> dict[str, dict[str, str]]:
    """Return column -> word -> code of a workbook's hidden sheet."""
    words: dict[str, dict[str, str]] = {}
    for column, code, word in sheet.iter_rows(min_row=2, max_col=3, values_only=True):
        name = _CONTRACT_NAMES.get(as_text(column), as_text(column))
        words.setdefault(name, {})[as_text(word)] = as_text(code)
    return words


def _read_csv(file: Path, scratch: Path) -> FilledFile:
    known = frozenset(column.name for column in contact_columns()) | {SUBSCRIBER, *_CONTRACT_NAMES}
    answers = []
    try:
        text = open_text(Extract(file, file.name), scratch, known)
        with text.path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines, delimiter=text.delimiter)
            next(rows)
            if LINE not in text.header:
                raise FeedbackError("feedback.no_lines", column=LINE)
            for row in rows:
                values = [as_text(value) for value in row]
                answer = _answer("", rows.line_num, text.header, values, [False] * len(values))
                if answer:
                    answers.append(answer)
    except (LandingError, csv.Error, UnicodeDecodeError, StopIteration) as error:
        raise FeedbackError("feedback.file_unreadable") from error
    return FilledFile(tuple(answers), {})


def _answer(
    sheet: str, row: int, names: Iterable[str], values: Iterable[str], formulas: Iterable[bool]
) -> Answer | None:
    """Return a row as an answer; None where nobody has answered."""
    contract = {column.name for column in contact_columns()}
    known = {}
    calculated = set()
    for name, value, is_formula in zip(names, values, formulas, strict=False):
        column = _CONTRACT_NAMES.get(name, name)
        if column in contract or column == SUBSCRIBER:
            known[column] = value
            if is_formula:
                calculated.add(column)
    if not any(known.get(name) for name in contract - _GIVEN):
        return None
    return Answer(sheet, row, known, frozenset(calculated))
