"""One workbook per unit: written whole, for its one reader, in the same bytes from the same rows.

Belongs here: which sheets a workbook has. Not here: what stands on a sheet (`summary_sheet`, `list_sheet`),
file names and modes (`files`), how a folder is put in place (`orchestration.publishing`).
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas

from orchestration.weeks import WarningWeek
from orchestration.worklists.columns import LINE_ID, SHEETS, SHOWN
from orchestration.worklists.files import file_name, private_workbook
from orchestration.worklists.list_sheet import FIRST_ROW, ListStyle, write_code_lists, write_list
from orchestration.worklists.looks import Looks
from orchestration.worklists.summary_sheet import write_summary
from orchestration.worklists.texts import LANGUAGES, Texts

NEEDED = frozenset(
    {column.name for column in SHOWN} - {"line_number", "customer", "causes", "seen"}
    | {
        "list_kind",
        "colour",
        "priority_rank",
        "customer_type",
        "group_id",
        "main_cause",
        "model_causes",
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


@dataclass(frozen=True)
class Period:
    """What a workbook is about: the `texts.csv` key of its title, its name, the first day of an answer."""

    title: str
    name: str
    first_day: date

    @classmethod
    def of_month(cls, month: date) -> "Period":
        """Return the list of a closed month (its first day): it is worked from the next month on.

        >>> Period.of_month(date(2026, 12, 1))
        Period(title='title.worklist', name='2026-12', first_day=datetime.date(2027, 1, 1))
        """
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        return cls("title.worklist", f"{month:%Y-%m}", following)

    @classmethod
    def of_week(cls, week: WarningWeek) -> "Period":
        """Return the tasks of a warning week: they are worked from its Wednesday on."""
        return cls("title.tasks", week.warning_week.isoformat(), week.warning_week)


def write_worklists(
    rows: pandas.DataFrame, folder: Path, *, period: Period, language: str, currency: str, texts: Texts
) -> list[Path]:
    """Write `<unit_id>.xlsx` for every unit with assigned rows; return the files in unit order.

    `rows` is what `read_worklist_rows` or `read_task_rows` gives; only those of disposition `assigned` are
    listed, a sheet a colour, by due date, then priority: nothing in a workbook tells of the others. Money is
    in `currency`. Files are of mode 0600, a folder that is made of mode 0700. Raises WorklistError for
    missing columns, an assigned row without unit or of an unknown colour, or a unit with more rows than a
    sheet holds.
    """
    missing = sorted(NEEDED - set(rows.columns))
    if missing:
        raise WorklistError(f"worklist rows lack column(s) {', '.join(missing)}; add them to the query")
    if language not in LANGUAGES:
        raise WorklistError(f"language is {language!r}; it can be one of {', '.join(LANGUAGES)}")
    assigned = rows[rows["disposition"] == "assigned"]
    if assigned["primary_unit_id"].isna().any():
        raise WorklistError("an assigned row has no primary_unit_id; the assignment must name a unit")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [
        _write_workbook(own, folder, str(unit_id), period, language, currency, texts)
        for unit_id, own in assigned.groupby("primary_unit_id", sort=True)
    ]


def _write_workbook(
    rows: pandas.DataFrame,
    folder: Path,
    unit_id: str,
    period: Period,
    language: str,
    currency: str,
    texts: Texts,
) -> Path:
    if len(rows) > LONGEST_SHEET:
        raise WorklistError(
            f"unit {unit_id} has {len(rows)} assigned rows, a sheet holds {LONGEST_SHEET}; "
            "give the unit a capacity"
        )
    rows = rows.assign(sheet=rows["colour"].fillna("other").where(rows["list_kind"] != "lost", "lost"))
    unknown = sorted(set(rows["sheet"]) - {kind.name for kind in SHEETS})
    if unknown:
        raise WorklistError(f"unit {unit_id} has rows of colour {', '.join(unknown)}; no sheet is for it")
    rows = rows.sort_values(["due_date", "priority_rank", "assignment_id"], na_position="last")
    name = rows["unit_name"].iloc[0]
    unit = unit_id if pandas.isna(name) else f"{name} ({unit_id})"
    title = texts.text(period.title, language)
    file = folder / file_name(unit_id)
    with private_workbook(file, title=title, day=period.first_day) as workbook:
        style = ListStyle(texts, language, currency, Looks(workbook, language))
        summary = workbook.add_worksheet(style.word("sheet.summary"))
        own = {kind: rows[rows["sheet"] == kind.name] for kind in SHEETS}
        sheets = {
            kind: workbook.add_worksheet(style.word(f"sheet.{kind.name}"))
            for kind in SHEETS
            if len(own[kind])
        }
        ranges = write_code_lists(workbook, style)
        write_summary(summary, rows, style, title=title, unit=f"{unit}   ·   {period.name}")
        first = 1
        for kind, sheet in sheets.items():
            lines = own[kind].assign(line_number=range(first, first + len(own[kind])))
            first += len(lines)
            words = f"{title}: {unit}, {period.name} · {sheet.get_name()}"
            write_list(sheet, kind, lines, style, title=words, first_day=period.first_day, ranges=ranges)
    return file
