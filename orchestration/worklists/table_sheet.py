"""A sheet that is only read: a title, a head that stays, rows that can be filtered and printed.

Belongs here: the form of such a sheet. Not here: lists that are filled in (`list_sheet`).
"""

from collections.abc import Sequence

import pandas
from xlsxwriter.worksheet import Worksheet

from orchestration.worklists.columns import ListColumn
from orchestration.worklists.list_sheet import LINE_HEIGHT, ListStyle, cell_texts, lines_needed
from orchestration.worklists.looks import BAND_COLOURS, FAINT

HEAD_ROW, FIRST_ROW = 3, 4
_PAPER_A4 = 9
_NUMBERS = {"whole", "percent", "money"}


def write_table(
    sheet: Worksheet,
    columns: Sequence[ListColumn],
    rows: pandas.DataFrame,
    style: ListStyle,
    *,
    title: str,
    subtitle: str,
) -> None:
    """Fill a sheet with one line per row, in the given order; without rows it says that there are none."""
    bar = {"bg_color": BAND_COLOURS["task"], "font_color": "white"}
    for row, size, height in ((0, 16, 30), (1, 11, 20), (2, 6, 8)):
        sheet.set_row(row, height)
        look = style.looks.plain(font_size=size, bold=row == 0, indent=1, **bar)
        for index in range(len(columns)):
            sheet.write_blank(row, index, None, look)
        if row < 2:
            sheet.write_string(row, 0, (title, subtitle)[row], look)
    sheet.set_row(HEAD_ROW, 34)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width)
        sheet.write_string(HEAD_ROW, index, style.head(column), style.looks.head(column.band))
    looks = [style.looks.cell(column.kind, column.band) for column in columns]
    values = [cell_texts(rows[column.name], column, style) for column in columns]
    for number, line in enumerate(zip(*values, strict=True), start=FIRST_ROW):
        lines = max(
            lines_needed(value, column.width)
            for value, column in zip(line, columns, strict=True)
            if value is None or isinstance(value, str)
        )
        sheet.set_row(number, LINE_HEIGHT * lines + 4)
        for index, (value, column) in enumerate(zip(line, columns, strict=True)):
            if value is None:
                sheet.write_blank(number, index, None, looks[index])
            elif column.kind == "date":
                sheet.write_datetime(number, index, value, looks[index])
            elif column.kind in _NUMBERS:
                sheet.write_number(number, index, value, looks[index])
            else:
                sheet.write_string(number, index, value, looks[index])
    if rows.empty:
        sheet.write_string(
            FIRST_ROW, 0, style.word("list.none"), style.looks.plain(font_color=FAINT, italic=True, indent=1)
        )
    last_row = FIRST_ROW + max(len(rows), 1) - 1
    sheet.freeze_panes(FIRST_ROW, 0)
    sheet.autofilter(HEAD_ROW, 0, last_row, len(columns) - 1)
    sheet.hide_gridlines(2)
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEAD_ROW)
    sheet.print_area(0, 0, last_row, len(columns) - 1)
    sheet.set_footer(f"&R{style.word('footer.page', page='&P', pages='&N')}")
    sheet.set_tab_color(BAND_COLOURS["task"])
