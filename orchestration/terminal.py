"""Tables for a person at a terminal, and for whatever reads the output of a command.

Belongs here: how rows look as text: aligned, coloured on a terminal, as wide as there is room for. Not
here: which rows (`orchestration.publishing`), what a command does (`orchestration.cli`).
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any, Literal

import pandas
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.publishing.query import Answer

WIDEST = 10_000
ROWS_SHOWN = 40
_GAP = 2
_NARROWEST_TEXT = 12
"""A column of text is folded down to this many characters before rows are told one by one."""

STYLES = {
    "published": "green",
    "stale": "yellow",
    "failed": "bold red",
    "running": "cyan",
    "closed": "yellow",
    "red": "red",
    "yellow": "yellow",
    "blue": "blue",
    "success": "green",
    "failure": "bold red",
}
"""Words that are told in a colour where they stand alone in a cell."""


def console() -> Console:
    """Return standard output as it is now; colours only on a terminal, and not where NO_COLOR is set."""
    return Console(highlight=False)


def render_table(frame: pandas.DataFrame) -> str:
    """Return a frame as a table of text, as wide as it needs to be: nothing is cut off or wrapped.

    Months and dates in ISO form, true and false as yes and no, missing as nothing; characters that would
    steer a terminal are replaced.
    """
    out = Console(file=StringIO(), width=WIDEST, color_system=None, force_terminal=False)
    with out.capture() as captured:
        out.print(_table(frame, heads=_shown))
    return "\n".join(line.rstrip() for line in captured.get().split("\n")).strip("\n")


def print_overview(
    out: Console, frame: pandas.DataFrame, *, drop: Sequence[Sequence[str]] = (), title: str = ""
) -> None:
    """Print a table of a few known columns: whole numbers with separators, heads on two lines at most.

    Where it is wider than the terminal, the groups of columns in `drop` go, first to last, until it fits;
    those that went are named below.
    """
    gone: list[str] = []
    groups = list(drop)
    while out.is_terminal and groups and _width(frame, _head_of_two) > out.width:
        names = [name for name in groups.pop(0) if name in frame.columns]
        frame = frame.drop(columns=names)
        gone += names
    if title:
        out.print(Text(title, style="bold"))
    _print(out, _table(frame, heads=_head_of_two, grouped=True))
    if gone:
        missing = ", ".join(name.replace("_", " ") for name in gone)
        out.print(Text(f"Not shown in {out.width} columns: {missing}.", style="dim"))


def print_rows(out: Console, answer: Answer, limit: int | None) -> None:
    """Print the rows of a statement, at most `limit` (0: all), and say how many there are beyond.

    Without a limit a terminal is given 40; what is no terminal gets all.
    """
    if limit is None:
        limit = ROWS_SHOWN if out.is_terminal else 0
    frame = answer.take(limit or WIDEST)
    while not limit and len(more := answer.take(WIDEST)):
        frame = pandas.concat([frame, more], ignore_index=True)
    print_frame(out, frame)
    rest = answer.count_rest() if limit else 0
    if rest:
        told = f"{len(frame):,} of {len(frame) + rest:,} rows; --limit 0 shows all, --format csv writes all."
        out.print(Text(told, style="bold"))
    elif out.is_terminal:
        out.print(Text("1 row" if len(frame) == 1 else f"{len(frame):,} rows", style="dim"))


def print_frame(out: Console, frame: pandas.DataFrame) -> None:
    """Print rows whole: as a table, with heads and texts folded where only that makes it fit, or one by one.

    Off a terminal there is room for any width.
    """
    if not out.is_terminal:
        out.file.write(f"{render_table(frame)}\n")
    elif _width(frame, _shown) <= out.width:
        _print(out, _table(frame, heads=_shown))
    elif _width(frame, _broken, folded=True) <= out.width:
        _print(out, _table(frame, heads=_broken, folded=True))
    else:
        _print_records(out, frame)


def _print_records(out: Console, frame: pandas.DataFrame) -> None:
    widest = max(len(str(name)) for name in frame.columns)
    for number, line in enumerate(frame.itertuples(index=False, name=None), start=1):
        out.print(Text(f"── row {number} ".ljust(min(out.width, 60), "─"), style="dim"))
        fields = Table.grid(padding=(0, _GAP, 0, 0))
        fields.add_column(width=widest, no_wrap=True)
        fields.add_column(overflow="fold")
        for name, value in zip(frame.columns, line, strict=True):
            fields.add_row(Text(_shown(name), style="bold"), _cell(value))
        out.print(fields)


def _print(out: Console, table: Table) -> None:
    if out.is_terminal:
        out.print(table)
        return
    out.file.write(_as_text(table))


def _as_text(table: Table) -> str:
    out = Console(file=StringIO(), width=WIDEST, color_system=None, force_terminal=False)
    with out.capture() as captured:
        out.print(table)
    return "\n".join(line.rstrip() for line in captured.get().split("\n")).strip("\n") + "\n"


def _table(
    frame: pandas.DataFrame,
    *,
    heads: Callable[[Any], str],
    grouped: bool = False,
    folded: bool = False,
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, _GAP // 2), header_style="bold")
    for name in frame.columns:
        is_number = frame[name].map(_is_number).any()
        justify: Literal["left", "right"] = "right" if is_number else "left"
        wraps = folded and not is_number
        table.add_column(
            Text(heads(name)),
            justify=justify,
            no_wrap=not wraps,
            overflow="fold",
            min_width=min(_NARROWEST_TEXT, _column_width(frame, name, heads)) if wraps else None,
        )
    for line in frame.itertuples(index=False, name=None):
        table.add_row(*(_cell(value, grouped=grouped) for value in line))
    return table


def _width(frame: pandas.DataFrame, heads: Callable[[Any], str], *, folded: bool = False) -> int:
    """Return the columns of a terminal that a table takes; folded as far as its texts may be."""
    widths = [_column_width(frame, name, heads) for name in frame.columns]
    if folded:
        widths = [
            width if frame[name].map(_is_number).any() else min(width, _NARROWEST_TEXT)
            for name, width in zip(frame.columns, widths, strict=True)
        ]
    return sum(widths) + (_GAP + 1) * len(widths)


def _column_width(frame: pandas.DataFrame, name: str, heads: Callable[[Any], str]) -> int:
    words = [*heads(name).split("\n"), *(_cell(value, grouped=True).plain for value in frame[name])]
    return max(Text(word).cell_len for word in words)


def _cell(value: Any, *, grouped: bool = False) -> Text:
    if grouped and isinstance(value, int) and not isinstance(value, bool):
        return Text(f"{value:,}")
    text = _shown(value)
    return Text(text, style=STYLES.get(text, "") if isinstance(value, str) else "")


def _head_of_two(name: str) -> str:
    """Return a head in words, on two lines where it is of two words.

    >>> _head_of_two("held_out"), _head_of_two("month")
    ('held\\nout', 'month')
    """
    return name.replace("_", "\n", 1).replace("_", " ")


def _broken(name: Any) -> str:
    """Return a head that breaks after its words.

    >>> _broken("control_churn_rate")
    'control_\\nchurn_\\nrate'
    """
    return _shown(name).replace("_", "_\n").rstrip("\n")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if pandas.api.types.is_scalar(value) and pandas.isna(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))
