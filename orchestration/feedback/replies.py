"""The reply to a dropped file: what became of every answered row, in the operator's language.

Belongs here: words and looks of a reply. Not here: the verdicts (`checking`), where a reply lies (`taking`).

No cell of a reply is a formula, whatever a unit wrote into its file.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas

from orchestration.feedback.checking import Checked, Reason
from orchestration.feedback.reading import LINE
from orchestration.worklists.files import private_workbook, write_private_csv
from orchestration.worklists.texts import Texts

_COLUMNS = ("sheet", "row", "line", "verdict", "reason")
_WIDTHS = (14, 7, 20, 18, 90)
_LONGEST_VALUE = 60
# The bytes of a reply must not tell the clock.
_ANY_DAY = date(2010, 1, 1)


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
    if problem is not None:
        rows.append(["", "", "", texts.text("feedback.returned", language), _told(problem, texts, language)])
    if not is_workbook:
        write_private_csv(file, pandas.DataFrame(rows, columns=heads, dtype=object))
        return
    verdicts = [result.verdict for result in checked]
    summary = texts.text(
        "feedback.summary",
        language,
        accepted=str(verdicts.count("accepted")),
        repeated=str(verdicts.count("repeated")),
        returned=str(verdicts.count("returned")),
    )
    with private_workbook(file, title=heads[-2], day=_ANY_DAY) as workbook:
        sheet = workbook.add_worksheet()
        bold = workbook.add_format({"bold": True})
        head = workbook.add_format({"bold": True, "bottom": 1})
        wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        for index, width in enumerate(_WIDTHS):
            sheet.set_column(index, index, width)
        sheet.write_string(0, 0, rows[0][-1] if problem is not None else summary, bold)
        for number, row in enumerate((heads, *rows), start=1):
            for index, value in enumerate(row):
                # With the type said: a text that looks like a formula stays a text.
                sheet.write_string(number, index, value, head if number == 1 else wrapped)
        sheet.freeze_panes(2, 0)
        sheet.autofilter(1, 0, max(len(rows) + 1, 2), len(_COLUMNS) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)


def _row(result: Checked, texts: Texts, language: str) -> list[str]:
    separator = texts.text("list.separator", language)
    return [
        result.answer.sheet,
        str(result.answer.row),
        result.answer.told.get(LINE, "")[:_LONGEST_VALUE],
        texts.text(f"feedback.{result.verdict}", language),
        separator.join(_told(reason, texts, language) for reason in result.reasons),
    ]


def _told(reason: Reason, texts: Texts, language: str) -> str:
    """Return a reason in words, columns by the heads that the worklist gives them."""
    values = {name: value[:_LONGEST_VALUE] for name, value in reason.details.items()}
    if "column" in values:
        column = values["column"]
        head = {"contacted_at": "contacted_on", "channel": "contact_channel"}.get(column, column)
        values["column"] = texts.label("column", head, language)
    return texts.text(reason.key, language, **values)
