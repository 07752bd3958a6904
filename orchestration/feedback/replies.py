"""The reply to a dropped file: what became of every answered row, in the operator's language.

Belongs here: words and looks of a reply. Not here: the verdicts (`checking`), where a reply lies (`taking`).

No cell of a reply is a formula, whatever a unit wrote into its file.
"""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from orchestration.feedback.checking import Checked, Reason
from orchestration.feedback.reading import LINE
from orchestration.worklists.texts import Texts

_COLUMNS = ("sheet", "row", "line", "verdict", "reason")
_WIDTHS = (14, 7, 20, 18, 90)
_LONGEST_VALUE = 60
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SEPARATOR = "list.separator"


def reply_name(dropped: str) -> str:
    """Return the name of the reply to a file.

    >>> reply_name("B01.xlsx"), reply_name("calls.csv"), reply_name("photo.jpg")
    ('B01.reply.xlsx', 'calls.reply.csv', 'photo.jpg.reply.csv')
    """
    path = Path(dropped)
    suffix = path.suffix.lower()
    return f"{path.stem}.reply{suffix}" if suffix in (".xlsx", ".csv") else f"{dropped}.reply.csv"


def write_reply(
    file: Path,
    checked: Sequence[Checked],
    *,
    problem: Reason | None,
    is_workbook: bool,
    texts: Texts,
    language: str,
) -> None:
    """Write a reply into `file`, of mode 0600; `problem` is why the dropped file could not be read at all."""
    heads = [texts.text(f"feedback.column.{name}", language) for name in _COLUMNS]
    rows = [_row(result, texts, language) for result in checked]
    title = texts.text(
        "feedback.summary",
        language,
        **{
            verdict: str(sum(result.verdict == verdict for result in checked))
            for verdict in ("accepted", "repeated", "returned")
        },
    )
    if problem is not None:
        title = _told(problem, texts, language)
    file.touch(mode=0o600)
    file.chmod(0o600)
    if is_workbook:
        _write_workbook(file, title, heads, rows)
    else:
        with file.open("w", encoding="utf-8-sig", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows(
                [_plain(value) for value in row] for row in ([title], heads, *rows)
            )


def _row(result: Checked, texts: Texts, language: str) -> list[str]:
    separator = texts.text(_SEPARATOR, language)
    return [
        result.answer.sheet,
        str(result.answer.row),
        result.answer.values.get(LINE, "")[:_LONGEST_VALUE],
        texts.text(f"feedback.{result.verdict}", language),
        separator.join(_told(reason, texts, language) for reason in result.reasons),
    ]


def _told(reason: Reason, texts: Texts, language: str) -> str:
    """Return a reason in words, columns by the heads that the worklist gives them."""
    values = {name: value[:_LONGEST_VALUE] for name, value in reason.values.items()}
    if "column" in values:
        column = values["column"]
        head = {"contacted_at": "contacted_on", "channel": "contact_channel"}.get(column, column)
        values["column"] = texts.label("column", head, language)
    return texts.text(reason.key, language, **values)


def _write_workbook(file: Path, title: str, heads: list[str], rows: list[list[str]]) -> None:
    with xlsxwriter.Workbook(str(file), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        # A fixed moment: the library would otherwise write the clock into the file.
        workbook.set_properties({"created": datetime(2010, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        sheet = workbook.add_worksheet()
        bold = workbook.add_format({"bold": True, "bottom": 1})
        wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        sheet.write_string(0, 0, title, workbook.add_format({"bold": True}))
        for index, (head, width) in enumerate(zip(heads, _WIDTHS, strict=True)):
            sheet.set_column(index, index, width, wrapped)
            sheet.write_string(1, index, head, bold)
        for number, row in enumerate(rows, start=2):
            for index, value in enumerate(row):
                sheet.write_string(number, index, value, wrapped)
        sheet.freeze_panes(2, 0)
        sheet.autofilter(1, 0, max(len(rows) + 1, 1), len(_COLUMNS) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)


def _plain(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
