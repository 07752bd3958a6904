"""A sheet of customers with drop-down answers: the part of a worklist that is worked and handed back.

Belongs here: heads, rows, protection, drop-downs and print set-up of one list; a further sheet is
one more call. Not here: which columns there are (`columns`), the first page
(`summary_sheet`).

Row 1 is hidden and holds the columns' names, so that a reader finds them whatever the language:
`pandas.read_excel(file, sheet_name=..., skiprows=[1, 2])`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from orchestration.worklists.columns import ANSWERS, ListColumn, ListSheet, answer_codes
from orchestration.worklists.looks import FAINT, Looks
from orchestration.worklists.texts import Texts

CODES_SHEET = "codes"
NAMES_ROW, BAND_ROW, HEAD_ROW, FIRST_ROW = 0, 1, 2, 3
LONGEST_TEXT = 32_767
PAPER_A3 = 8
LINE_HEIGHT = 14.5

Words = Callable[..., str]


@dataclass(frozen=True)
class ListStyle:
    """What all sheets of one workbook share: its words, looks and money."""

    texts: Texts
    language: str
    currency: str
    looks: Looks

    def word(self, key: str, **values: str) -> str:
        """Return a text of the catalogue in the workbook's language."""
        return self.texts.text(key, self.language, **values)

    def head(self, column: ListColumn) -> str:
        """Return a column's head; a column of figures on one code bears the code's word."""
        if column.kind == "whole" and column.vocabulary:
            return self.texts.label(column.vocabulary, column.name, self.language)
        return self.word(f"column.{column.name}", currency=self.currency)


def cell_texts(values: pandas.Series, column: ListColumn, style: ListStyle) -> list[Any]:
    """Return a column's values as a cell shows them: codes as words, dates as dates, missing as None."""
    present = values.astype(object).where(values.notna(), None)
    if column.kind == "code":
        return [
            value if value is None else style.texts.label(column.vocabulary, str(value), style.language)
            for value in present
        ]
    if column.kind == "date":
        days = pandas.to_datetime(values)
        return [None if pandas.isna(day) else day.to_pydatetime() for day in days]
    if column.kind == "text":
        return [value if value is None else str(value)[:LONGEST_TEXT] for value in present]
    return [value if value is None else float(value) for value in present]


def with_joined_columns(rows: pandas.DataFrame, style: ListStyle) -> pandas.DataFrame:
    """Return the rows with the joined columns: a list with fewer, fuller columns is read and printed."""

    def texts(name: str, kind: str = "text", vocabulary: str = "") -> list[Any]:
        return cell_texts(rows[name], ListColumn("", "", 0, kind, vocabulary), style)

    def told(key: str, name: str, words: str | None) -> str | None:
        return None if words is None else style.word(key, **{name: words})

    def leading(codes: str | None) -> str | None:
        """Words of the model's causes: the second is told where it comes close to the first."""
        if codes is None:
            return None
        names = [style.texts.label("cause", code, style.language) for code in codes.split(",")]
        return style.word("list.cause_separator").join(names)

    def causes(main: str | None, model: str | None, rule: str | None) -> list[str | None]:
        return [
            main,
            None if model == main else told("list.model_cause", "cause", model),
            None if rule == main else told("list.rule_cause", "cause", rule),
        ]

    def joined(parts: list[list[str | None]], separator: str) -> pandas.Series:
        lines = [separator.join(filter(None, part)) or None for part in parts]
        return pandas.Series(lines, index=rows.index, dtype=object)

    by_cause = [
        texts("main_cause", "code", "cause"),
        [leading(codes) for codes in texts("model_causes")],
        texts("rule_cause", "code", "cause"),
    ]
    return rows.assign(
        customer=joined(
            [
                list(pair)
                for pair in zip(
                    texts("customer_type", "code", "customer_type"), texts("group_id"), strict=True
                )
            ],
            " ",
        ),
        causes=joined([causes(*words) for words in zip(*by_cause, strict=True)], "\n"),
        seen=joined(
            [
                [told("list.facts", "facts", facts), sentence]
                for facts, sentence in zip(texts("facts"), texts("sentence"), strict=True)
            ],
            "\n",
        ),
    )


def lines_needed(text: str | None, width: int) -> int:
    """Return the lines that a text takes in a column; a Chinese character is two wide."""
    # UTF-8 takes one byte for a narrow and three for a wide character.
    return sum(
        max(1, -(-(len(part) + len(part.encode())) // (2 * width))) for part in (text or "").split("\n")
    )


def write_code_lists(workbook: xlsxwriter.Workbook, style: ListStyle) -> dict[str, str]:
    """Write the hidden sheet that drop-downs pick from; return answer column -> range of its words.

    The sheet also says which code each word stands for: a workbook can be read back long after a word
    of the catalogue was bettered.
    """
    sheet = workbook.add_worksheet(CODES_SHEET)
    sheet.very_hidden()
    sheet.protect()
    sheet.write_row(0, 0, ["column", "code", "word"])
    ranges: dict[str, str] = {}
    row = 1
    for column in ANSWERS:
        if column.kind != "code":
            continue
        first = row
        for code in answer_codes(column.name):
            sheet.write_row(
                row, 0, [column.name, code, style.texts.label(column.vocabulary, code, style.language)]
            )
            row += 1
        ranges[column.name] = f"={CODES_SHEET}!$C${first + 1}:$C${row}"
    return ranges


def write_list(
    sheet: Worksheet,
    kind: ListSheet,
    rows: pandas.DataFrame,
    style: ListStyle,
    *,
    title: str,
    first_day: date,
    ranges: dict[str, str],
) -> None:
    """Fill a sheet with one line per row, in the given order.

    `rows` has the columns that `write_worklists` takes, and `line_number`; `title` stands in the page's
    head; `ranges` is what `write_code_lists` returned. Answers can be dated from `first_day` on.
    """
    _write_heads(sheet, kind, style)
    _write_rows(sheet, kind, with_joined_columns(rows, style), style)
    last_row = max(FIRST_ROW + len(rows) - 1, FIRST_ROW)
    sheet.freeze_panes(FIRST_ROW, kind.frozen_columns)
    sheet.autofilter(HEAD_ROW, 0, last_row, len(kind.columns) - 1)
    sheet.hide_gridlines(2)
    sheet.set_zoom(90)
    sheet.protect(
        "", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True, "objects": True}
    )
    _add_answer_rules(sheet, kind, style, first_day, ranges, last_row)
    _add_highlights(sheet, kind, style, last_row)
    _set_up_print(sheet, kind, style, title, last_row)


def _bands(columns: tuple[ListColumn, ...]) -> Iterator[tuple[str, int, int]]:
    """Yield each band with its first and last column."""
    first = 0
    for index, column in enumerate(columns):
        if index + 1 == len(columns) or columns[index + 1].band != column.band:
            yield column.band, first, index
            first = index + 1


def _write_heads(sheet: Worksheet, kind: ListSheet, style: ListStyle) -> None:
    looks = style.looks
    for index, column in enumerate(kind.columns):
        sheet.set_column(index, index, column.width)
    sheet.set_row(NAMES_ROW, None, None, {"hidden": True})
    sheet.write_row(NAMES_ROW, 0, [column.name for column in kind.columns])
    sheet.set_row(BAND_ROW, 20)
    for band, first, last in _bands(kind.columns):
        look = looks.band(band)
        for index in range(first, last + 1):
            sheet.write_blank(BAND_ROW, index, None, look)
        sheet.write_string(BAND_ROW, first, style.word(f"group.{band}"), look)
    sheet.set_row(HEAD_ROW, 34)
    for index, column in enumerate(kind.columns):
        sheet.write_string(HEAD_ROW, index, style.head(column), looks.head(column.band))


def _write_rows(sheet: Worksheet, kind: ListSheet, rows: pandas.DataFrame, style: ListStyle) -> None:
    """Write cell by cell with the type said: a text that looks like a formula stays a text."""
    looks = [style.looks.cell(column.kind, column.band) for column in kind.columns]
    looks[0] = style.looks.cell(kind.shown[0].kind, kind.shown[0].band, bg_color=kind.tint)
    writers = [
        sheet.write_datetime
        if column.kind == "date"
        else sheet.write_number
        if column.kind in {"whole", "percent", "money"}
        else sheet.write_string
        for column in kind.columns
    ]
    empty: list[Any] = [None] * len(rows)
    values = [
        empty if column in ANSWERS else cell_texts(rows[column.name], column, style)
        for column in kind.columns
    ]
    wrapped = [index for index, column in enumerate(kind.shown) if column.kind == "text"]
    for number, line in enumerate(zip(*values, strict=True), start=FIRST_ROW):
        # Said, since not every spreadsheet fits the height of a wrapped row by itself.
        lines = max(lines_needed(line[index], kind.columns[index].width) for index in wrapped)
        sheet.set_row(number, LINE_HEIGHT * lines + 4)
        for index, value in enumerate(line):
            if value is None:
                sheet.write_blank(number, index, None, looks[index])
            else:
                writers[index](number, index, value, looks[index])


def _add_answer_rules(
    sheet: Worksheet,
    kind: ListSheet,
    style: ListStyle,
    first_day: date,
    ranges: dict[str, str],
    last_row: int,
) -> None:
    for index, column in enumerate(ANSWERS, start=len(kind.shown)):
        if column.kind == "date":
            sheet.data_validation(
                FIRST_ROW,
                index,
                last_row,
                index,
                {
                    "validate": "date",
                    "criteria": ">=",
                    "value": first_day,
                    "error_title": style.head(column),
                    "error_message": style.word("error.date", example=first_day.isoformat()),
                },
            )
        elif column.name in ranges:
            sheet.data_validation(
                FIRST_ROW,
                index,
                last_row,
                index,
                {
                    "validate": "list",
                    "source": ranges[column.name],
                    "error_title": style.head(column),
                    "error_message": style.word("error.pick"),
                },
            )


def _add_highlights(sheet: Worksheet, kind: ListSheet, style: ListStyle, last_row: int) -> None:
    names = [column.name for column in kind.columns]
    first = FIRST_ROW + 1
    outcome = f"${xl_col_to_name(names.index('outcome'))}{first}"
    due = f"${xl_col_to_name(names.index('due_date'))}{first}"
    sheet.conditional_format(
        FIRST_ROW,
        0,
        last_row,
        len(kind.shown) - 1,
        {
            "type": "formula",
            "criteria": f'={outcome}<>""',
            "format": style.looks.condition(font_color=FAINT, bg_color="#F2F3F4"),
            "stop_if_true": True,
        },
    )
    sheet.conditional_format(
        FIRST_ROW,
        names.index("due_date"),
        last_row,
        names.index("due_date"),
        {
            "type": "formula",
            "criteria": f"={due}<TODAY()",
            "format": style.looks.condition(font_color="#B3261E", bold=True),
        },
    )
    if "churn_probability" not in names:
        return
    sheet.conditional_format(
        FIRST_ROW,
        names.index("churn_probability"),
        last_row,
        names.index("churn_probability"),
        {
            "type": "data_bar",
            "min_type": "num",
            "max_type": "num",
            "min_value": 0,
            "max_value": 1,
            "bar_color": "#F0D3C2",
        },
    )


def _set_up_print(sheet: Worksheet, kind: ListSheet, style: ListStyle, title: str, last_row: int) -> None:
    """A3: on A4 the list is too small to read, and a printer scales A3 down where it must."""
    sheet.set_landscape()
    sheet.set_paper(PAPER_A3)
    sheet.center_horizontally()
    sheet.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(BAND_ROW, HEAD_ROW)
    sheet.print_area(BAND_ROW, 0, last_row, len(kind.columns) - 1)
    sheet.set_header(f"&L&B{title.replace('&', '&&')[:100]}")
    page = style.word("footer.page", page="&P", pages="&N")
    sheet.set_footer(f"&L{style.word('summary.personal')}&R{page}")
    sheet.set_tab_color(kind.tint)
