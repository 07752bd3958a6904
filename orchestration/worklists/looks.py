"""The looks of a worklist: fonts, colours, number formats.

Belongs here: every cell format. Not here: which cell holds what (`summary_sheet`, `list_sheet`).
"""

from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.format import Format

FONTS = {"en": "Calibri", "zh": "Microsoft YaHei"}
BAND_COLOURS = {
    "task": "#1F4E5F",
    "customer": "#35687A",
    "why": "#7A4B2B",
    "offer": "#5B4A7D",
    "answer": "#2E7D4F",
    "line": "#7B858C",
}
ANSWER_FILL = "#F1F8F2"
INK, FAINT, RULE = "#22303A", "#8A949B", "#D5DBDF"
NUMBER_FORMATS = {"date": "yyyy-mm-dd", "percent": "0%", "money": "#,##0", "whole": "0"}
CENTRED = {"date", "percent", "whole", "code"}


@dataclass(frozen=True)
class Looks:
    """Makes the formats of one workbook in the font of its language."""

    workbook: xlsxwriter.Workbook
    language: str

    def _format(self, **properties: object) -> Format:
        return self.workbook.add_format(
            {
                "font_name": FONTS[self.language],
                "font_size": 10,
                "font_color": INK,
                "valign": "vcenter",
                **properties,
            }
        )

    def plain(self, **properties: object) -> Format:
        """Return a borderless text format."""
        return self._format(**properties)

    def band(self, band: str) -> Format:
        """Return the format of a band above the column heads."""
        return self._format(
            bold=True, font_color="white", bg_color=BAND_COLOURS[band], align="left", indent=1
        )

    def head(self, band: str) -> Format:
        """Return the format of a column head."""
        return self._format(
            bold=True,
            text_wrap=True,
            align="center",
            bottom=2,
            bottom_color=BAND_COLOURS[band],
            bg_color="#E4F1E7" if band == "answer" else "#EEF2F4",
        )

    def cell(self, kind: str, band: str, **more: object) -> Format:
        """Return the format of a list's cell with `more` properties; answers are unlocked and tinted."""
        properties: dict[str, object] = {
            "border": 1,
            "border_color": RULE,
            "align": "center" if kind in CENTRED else "right" if kind == "money" else "left",
            "indent": 0 if kind in CENTRED else 1,
            "text_wrap": kind not in NUMBER_FORMATS,
        }
        if kind in NUMBER_FORMATS:
            properties["num_format"] = NUMBER_FORMATS[kind]
        if band == "answer":
            properties |= {"locked": False, "bg_color": ANSWER_FILL}
        if band == "line":
            properties |= {"font_color": FAINT, "font_size": 8}
        return self._format(**properties | more)

    def condition(self, **properties: object) -> Format:
        """Return a format that a condition lays over a cell."""
        return self.workbook.add_format(properties)
