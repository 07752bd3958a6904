"""The first page of a worklist: how much there is to do, by when, by whom, and how to fill it in.

Belongs here: counts and instructions of one unit. Not here: the customers themselves (`list_sheet`);
no phone number or subscriber stands on this page.
"""

from datetime import date

import pandas
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestration.worklists.columns import SHEETS
from orchestration.worklists.list_sheet import ListStyle
from orchestration.worklists.looks import BAND_COLOURS, FAINT, RULE

LEFT, RIGHT = 1, 5
"""First columns of the two stacks of tables."""

HEIGHTS = {0: 34, 1: 20, 2: 8}
"""Heights of the title's rows, in points."""

Cell = tuple[object, Format]
ORDER = {
    "sheet": tuple(kind.name for kind in SHEETS),
    "stage": ("visit", "call", "hall", "sms"),
    "value_tier": ("high", "mid", "mass"),
}


def write_summary(
    sheet: Worksheet, rows: pandas.DataFrame, style: ListStyle, *, title: str, unit: str
) -> None:
    """Fill the first page from a unit's rows (the columns that `write_worklists` takes, and `sheet`)."""
    cells: dict[tuple[int, int], Cell] = {}
    add_title(cells, style, title, unit, RIGHT + 2)
    top = _add_figures(cells, rows, style, 4)
    left = _add_staff(cells, rows, style, top + 1)
    right = 4
    for heading, column in (
        ("by_due_date", "due_date"),
        ("by_sheet", "sheet"),
        ("by_stage", "stage"),
        ("by_tier", "value_tier"),
    ):
        right = _add_counts(cells, rows, style, right, heading, column) + 1
    bottom = _add_instructions(cells, style, max(left, right) + 1)
    write_in_order(sheet, cells)
    sheet.set_column(0, 0, 2)
    sheet.set_column(LEFT, LEFT, 30)
    sheet.set_column(LEFT + 1, LEFT + 2, 14)
    sheet.set_column(LEFT + 3, LEFT + 3, 4)
    sheet.set_column(RIGHT, RIGHT, 26)
    sheet.set_column(RIGHT + 1, RIGHT + 1, 14)
    sheet.hide_gridlines(2)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, bottom, RIGHT + 1)
    sheet.set_tab_color(BAND_COLOURS["task"])


def write_in_order(sheet: Worksheet, cells: dict[tuple[int, int], Cell]) -> None:
    """Row by row: a workbook in constant memory takes no cell above the last one written."""
    for row in sorted({row for row, _ in cells}):
        sheet.set_row(row, HEIGHTS.get(row, 18))
    for (row, column), (value, look) in sorted(cells.items(), key=lambda item: item[0]):
        if value is None:
            sheet.write_blank(row, column, None, look)
        elif isinstance(value, str):
            sheet.write_string(row, column, value, look)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, look)
        else:
            sheet.write_number(row, column, float(str(value)), look)


def add_title(
    cells: dict[tuple[int, int], Cell], style: ListStyle, title: str, subtitle: str, width: int
) -> None:
    """Add the bar above a page of `width` columns."""
    bar = {"bg_color": BAND_COLOURS["task"], "font_color": "white"}
    for row, size in ((0, 18), (1, 12), (2, 6)):
        look = style.looks.plain(font_size=size, bold=row == 0, **bar)
        for column in range(width):
            cells[row, column] = (None, look)
    cells[0, LEFT] = (title, style.looks.plain(font_size=18, bold=True, **bar))
    cells[1, LEFT] = (subtitle, style.looks.plain(font_size=12, **bar))


def _add_heading(
    cells: dict[tuple[int, int], Cell], style: ListStyle, row: int, columns: range, words: list[str]
) -> None:
    look = style.looks.plain(bold=True, bottom=2, bottom_color=BAND_COLOURS["task"])
    right = style.looks.plain(bold=True, align="right", bottom=2, bottom_color=BAND_COLOURS["task"])
    for index, column in enumerate(columns):
        cells[row, column] = (words[index] if index < len(words) else None, look if index == 0 else right)


def _add_figures(
    cells: dict[tuple[int, int], Cell], rows: pandas.DataFrame, style: ListStyle, row: int
) -> int:
    """Add the key figures, one under the other; return the row below them."""
    label = style.looks.plain(bottom=1, bottom_color=RULE)
    big = {"bold": True, "font_size": 13, "align": "right", "bottom": 1, "bottom_color": RULE}
    number, day = (style.looks.plain(num_format=form, **big) for form in ("#,##0", "yyyy-mm-dd"))
    benefit = rows["expected_benefit"].astype("float64")
    figures: list[tuple[str, object, Format]] = [
        (style.word("summary.customers"), len(rows), number),
        (style.word("summary.high_tier"), int((rows["value_tier"] == "high").sum()), number),
        (style.word("summary.first_due"), _first_day(rows["due_date"]), day),
        (
            style.word("summary.benefit", currency=style.currency),
            None if benefit.isna().all() else benefit.sum(),
            number,
        ),
    ]
    _add_heading(cells, style, row, range(LEFT, LEFT + 3), [style.word("summary.figures")])
    for words, value, look in figures:
        row += 1
        cells[row, LEFT] = (words, label)
        cells[row, LEFT + 1] = (None, label)
        cells[row, LEFT + 2] = (value, look)
    return row + 1


def _first_day(days: pandas.Series) -> date | None:
    first = pandas.to_datetime(days).min()
    return None if pandas.isna(first) else first.to_pydatetime()


def _add_staff(cells: dict[tuple[int, int], Cell], rows: pandas.DataFrame, style: ListStyle, row: int) -> int:
    """Add one line per staff member: customers and the first due date; return the row below."""
    line = {"bottom": 1, "bottom_color": RULE}
    text, number, day = (
        style.looks.plain(**line),
        style.looks.plain(align="right", num_format="#,##0", **line),
        style.looks.plain(align="right", num_format="yyyy-mm-dd", **line),
    )
    _add_heading(
        cells,
        style,
        row,
        range(LEFT, LEFT + 3),
        [style.word("summary.by_staff"), style.word("summary.count"), style.word("summary.first_due")],
    )
    names = rows["staff_name"].fillna(rows["staff_id"]).fillna(style.word("summary.unassigned"))
    # By id beneath the name: two people may bear the same one.
    for _, own in rows.assign(shown=names).groupby(["shown", "staff_id"], dropna=False, sort=True):
        row += 1
        cells[row, LEFT] = (str(own["shown"].iloc[0]), text)
        cells[row, LEFT + 1] = (len(own), number)
        cells[row, LEFT + 2] = (_first_day(own["due_date"]), day)
    return row + 1


def _add_counts(
    cells: dict[tuple[int, int], Cell],
    rows: pandas.DataFrame,
    style: ListStyle,
    row: int,
    heading: str,
    column: str,
) -> int:
    """Add the customers per value of a column; return the row below."""
    line = {"bottom": 1, "bottom_color": RULE}
    text, number = style.looks.plain(**line), style.looks.plain(align="right", num_format="#,##0", **line)
    _add_heading(
        cells,
        style,
        row,
        range(RIGHT, RIGHT + 2),
        [style.word(f"summary.{heading}"), style.word("summary.count")],
    )
    if column == "due_date":
        values = pandas.to_datetime(rows[column]).dt.strftime("%Y-%m-%d")
    else:
        values = rows[column].astype(object)
    counts = {str(value): count for value, count in values.value_counts().items()}
    usual = ORDER.get(column, ())
    for value in sorted(counts, key=lambda code: (usual.index(code) if code in usual else len(usual), code)):
        row += 1
        words = value if column == "due_date" else style.texts.label(column, value, style.language)
        cells[row, RIGHT] = (words, text)
        cells[row, RIGHT + 1] = (counts[value], number)
    return row + 1


def _add_instructions(cells: dict[tuple[int, int], Cell], style: ListStyle, row: int) -> int:
    """Add how to fill the workbook in; return the last row."""
    _add_heading(cells, style, row, range(LEFT, RIGHT + 2), [style.word("summary.how")])
    plain = style.looks.plain()
    for number, step in enumerate(("order", "answer", "ask", "what_if", "plan", "late", "return"), start=1):
        row += 1
        cells[row, LEFT] = (f"{number}.  {style.word(f'summary.how.{step}')}", plain)
    cells[row + 2, LEFT] = (style.word("summary.personal"), style.looks.plain(font_color=FAINT, italic=True))
    return row + 2
