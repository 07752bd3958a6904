"""How units answer their worklists: the answer columns of a month's workbooks, filled in by nobody real.

Belongs here: who is contacted, when, by which channel, what comes of it, and the slips that people make.
Not here: what a list looks like beyond what its own reader sees (the hidden names of its columns, the words
of its drop-downs), and whether an answer is taken (`retention feedback`).

A made-up answer moves nobody: the extracts of the months that follow are written already. What it shows is
work done; an effect measured over it is chance.
"""

import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import openpyxl
from openpyxl.workbook import Workbook
from openpyxl.writer.excel import ExcelWriter

from seeds.simulator.randomness import Purpose

LINE = "assignment_id"
_ANY_MOMENT = (2010, 1, 1, 0, 0, 0)
"""In a workbook as packed: its bytes must not tell the clock."""


@dataclass(frozen=True)
class AnswerAssumptions:
    """How units work; shares, none of them measured on a real operator."""

    answered: tuple[float, float] = (0.80, 0.98)
    """Lines of a list that a unit gets round to: least and most diligent unit."""
    on_time: tuple[float, float] = (0.70, 0.95)
    """Contacts that a unit makes by their due date: slowest and fastest unit."""
    days_late: int = 9
    """Longest delay of a late contact."""
    other_channel: float = 0.06
    """Contacts by another channel than the list says."""
    reached: Mapping[str, float] = field(
        default_factory=lambda: {"visit": 0.80, "call": 0.62, "hall": 0.45, "sms": 0.22, "online": 0.30}
    )
    """Contacts that reach the customer, by channel."""
    wrong_number: float = 0.07
    """Of the customers not reached."""
    refused: float = 0.09
    """Of the customers reached, like the next two."""
    leaving: float = 0.08
    leaving_by_probability: float = 0.35
    """Added at a churn probability of 1."""
    retained: float = 0.60
    """Of the rest, who are neither refusing nor leaving; the others are undecided."""
    retained_once_lost: float = 0.08
    """The same of customers who have left already."""
    cause_named: float = 0.75
    """Of the customers reached."""
    cause_as_listed: float = 0.65
    """Of the causes named."""
    offer_made: float = 0.80
    """Of the customers reached with an offer on their line, unless they refuse to talk."""
    accepted: Mapping[str, float] = field(
        default_factory=lambda: {"reached_retained": 0.55, "reached_undecided": 0.12, "reached_leaving": 0.02}
    )
    """Of the offers made, by outcome."""
    said: float = 0.15
    """Of the customers reached: those of whom each of the free texts tells something."""
    slip: float = 0.015
    """Of the answered lines: a day before the list, a day yet to come, no outcome, or one in own words."""


@dataclass(frozen=True)
class AnswersSummary:
    """What was answered: files written, lines they hold, lines answered, slips among them."""

    files: int
    lines: int
    answered: int
    slips: int


_SAID = {
    "problem_found": (
        (
            "Slow data in the evening",
            "Bill higher than expected",
            "Calls drop indoors",
            "Waited long in the hall",
        ),
        ("晚上上网慢", "账单比预期高", "室内通话掉线", "营业厅排队久"),
    ),
    "suggestion": (
        ("Cheaper plan for few calls", "Warn before data runs out", "One bill for the family"),
        ("通话少的便宜套餐", "流量用完前提醒", "家庭合并账单"),
    ),
    "interested_in": (
        ("Family plan", "New handset with a contract", "Broadband bundle"),
        ("家庭套餐", "合约购机", "宽带融合"),
    ),
    "note": (
        ("Call again next month", "Prefers SMS", "Spoke with the account's user"),
        ("下月再联系", "偏好短信", "与使用人沟通"),
    ),
}
"""Free texts by column: English, then Chinese."""

_OWN_WORDS = ("will think about it", "再考虑")


def answer_worklists(
    worklists: Path,
    out: Path,
    *,
    month: date,
    seed: int,
    assumptions: AnswerAssumptions | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> AnswersSummary:
    """Answer every workbook of `worklists`, the lists of `month`, in the month after; write them into `out`.

    A copy is named by month and unit and saved, by its time stamp, on the last day on which it was worked.
    The same workbooks and seed give the same bytes.
    """
    out.mkdir(parents=True, exist_ok=True)
    counts = np.zeros(3, dtype=int)
    files = sorted(worklists.glob("*.xlsx"))
    for file in files:
        book = openpyxl.load_workbook(file)
        counts += _answer_workbook(book, file.stem, month, seed, assumptions or AnswerAssumptions())
        _save(
            book, out / f"{month:%Y-%m}-{file.name}", saved_on=_next_month(_next_month(month)) - timedelta(1)
        )
    lines, answered, slips = counts.tolist()
    progress(f"answers: {answered} of {lines} lines of {len(files)} workbooks of {month:%Y-%m}")
    return AnswersSummary(len(files), lines, answered, slips)


class _Unit:
    """A unit at work: its habits, the words that its drop-downs offer, the days that it has."""

    def __init__(
        self,
        name: str,
        words: Mapping[str, Mapping[str, str]],
        month: date,
        seed: int,
        assumptions: AnswerAssumptions,
    ) -> None:
        rng = np.random.default_rng([seed, Purpose.ANSWERS, crc32(name.encode())])
        self.assumptions = assumptions
        self.words = words
        self.seed = seed
        self.answered = rng.uniform(*assumptions.answered)
        self.on_time = rng.uniform(*assumptions.on_time)
        self.first_day = _next_month(month)
        self.last_day = _next_month(self.first_day) - timedelta(1)
        self.language = 0 if all(word.isascii() for word in words["outcome"].values()) else 1

    def answer(self, line: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Return the cells to fill of a line, none where nobody got round to it, and whether one is a slip.

        What is drawn belongs to the line alone: other lines of the list do not move it.
        """
        rng = np.random.default_rng([self.seed, Purpose.ANSWERS, crc32(str(line[LINE]).encode())])
        if rng.random() >= self.answered:
            return {}, False
        shares = self.assumptions
        channel = self._code("contact_channel", line.get("stage")) or "call"
        if rng.random() < shares.other_channel:
            channel = _pick(rng, sorted(self.words["contact_channel"]))
        outcome = self._outcome(rng, line, channel)
        cells: dict[str, Any] = {
            "contacted_on": datetime.combine(self._day(rng, line), time.min),
            "contact_channel": self.words["contact_channel"][channel],
            "outcome": self.words["outcome"][outcome],
        }
        if outcome not in ("not_reached", "wrong_number"):
            cells |= self._talk(rng, line, outcome)
        is_slip = rng.random() < shares.slip
        if is_slip:
            cells |= self._slip(rng)
        return cells, is_slip

    def _code(self, column: str, word: object) -> str | None:
        """Return the code of a drop-down's word; None where it has no such word."""
        return next((code for code, shown in self.words[column].items() if shown == word), None)

    def _day(self, rng: np.random.Generator, line: Mapping[str, Any]) -> date:
        due = line["due_date"].date()
        if rng.random() < self.on_time:
            day = self.first_day + timedelta(int(rng.integers(0, max((due - self.first_day).days, 0) + 1)))
        else:
            day = due + timedelta(int(rng.integers(1, self.assumptions.days_late + 1)))
        return min(max(day, self.first_day), self.last_day)

    def _outcome(self, rng: np.random.Generator, line: Mapping[str, Any], channel: str) -> str:
        shares = self.assumptions
        if rng.random() >= shares.reached[channel]:
            return "wrong_number" if rng.random() < shares.wrong_number else "not_reached"
        if rng.random() < shares.refused:
            return "refused"
        probability = float(line.get("churn_probability") or 0)
        if rng.random() < shares.leaving + shares.leaving_by_probability * probability:
            return "reached_leaving"
        # Neither probability nor points, where the sheet has columns for them: the customer has left.
        is_lost = "score" in line and line["score"] is None and line["churn_probability"] is None
        retained = shares.retained_once_lost if is_lost else shares.retained
        return "reached_retained" if rng.random() < retained else "reached_undecided"

    def _talk(self, rng: np.random.Generator, line: Mapping[str, Any], outcome: str) -> dict[str, Any]:
        """Return what a customer said who was reached."""
        shares = self.assumptions
        cells: dict[str, Any] = {}
        if rng.random() < shares.cause_named:
            listed = self._code("churn_cause", str(line.get("causes") or "").split("\n")[0])
            is_listed = listed is not None and rng.random() < shares.cause_as_listed
            cause = listed if listed and is_listed else _pick(rng, sorted(self.words["churn_cause"]))
            cells["churn_cause"] = self.words["churn_cause"][cause]
        if outcome != "refused" and line.get("offer_name") and rng.random() < shares.offer_made:
            is_accepted = rng.random() < shares.accepted[outcome]
            cells["offer_accepted"] = self.words["offer_accepted"]["true" if is_accepted else "false"]
        for column, texts in _SAID.items():
            if rng.random() < shares.said:
                cells[column] = _pick(rng, texts[self.language])
        return cells

    def _slip(self, rng: np.random.Generator) -> dict[str, Any]:
        def moment(day: date) -> datetime:
            return datetime.combine(day, time.min)

        return (
            {"contacted_on": moment(self.first_day - timedelta(3))},
            {"contacted_on": moment(self.last_day + timedelta(4))},
            {"outcome": None},
            {"outcome": _OWN_WORDS[self.language]},
        )[rng.integers(4)]


def _answer_workbook(
    book: Workbook, name: str, month: date, seed: int, assumptions: AnswerAssumptions
) -> tuple[int, int, int]:
    """Fill in the answers of a workbook; return its lines, how many were answered, and slips among these."""
    sheets = [_lines(sheet) for sheet in book.worksheets]
    words: dict[str, dict[str, str]] = {}
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        if next(rows, ())[:3] == ("column", "code", "word"):
            for column, code, word in (row[:3] for row in rows):
                words.setdefault(str(column), {})[str(code)] = str(word)
    if not words:
        return 0, 0, 0
    unit = _Unit(name, words, month, seed, assumptions)
    answered = slips = 0
    lines = [line for sheet in sheets for line in sheet]
    for line in lines:
        cells, is_slip = unit.answer({column: cell.value for column, cell in line.items()})
        for column, value in cells.items():
            line[column].value = value
        answered += bool(cells)
        slips += is_slip
    return len(lines), answered, slips


def _lines(sheet: Any) -> list[dict[str, Any]]:
    """Return the lines of a list as cells by column name; none where the sheet is no list."""
    rows = sheet.iter_rows()
    names = [cell.value for cell in next(rows, ())]
    if LINE not in names:
        return []
    lines = (dict(zip(names, row, strict=True)) for row in rows)
    # Heads stand between the names and the first line; they have no date.
    return [line for line in lines if line[LINE].value and isinstance(line["due_date"].value, datetime)]


def _save(book: Workbook, file: Path, *, saved_on: date) -> None:
    """Write a workbook, of mode 0600, as saved on the evening of a day."""
    packed = BytesIO()
    # `book.save` would write the clock into it.
    ExcelWriter(book, zipfile.ZipFile(packed, "w")).save()
    half_written = file.with_name(f".{file.name}.tmp")
    half_written.touch(mode=0o600)
    with (
        zipfile.ZipFile(packed) as parts,
        zipfile.ZipFile(half_written, "w", zipfile.ZIP_DEFLATED) as written,
    ):
        for part in parts.infolist():
            written.writestr(
                zipfile.ZipInfo(part.filename, _ANY_MOMENT), parts.read(part), zipfile.ZIP_DEFLATED
            )
    # Noon in Greenwich: the same day nearly everywhere.
    saved = datetime.combine(saved_on, time(12), UTC).timestamp()
    os.utime(half_written, (saved, saved))
    half_written.replace(file)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(32)).replace(day=1)


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
