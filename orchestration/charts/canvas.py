"""The drawing surface: a figure of matplotlib without its axes, and its SVG text.

Belongs here: the one place that knows matplotlib: sizes, fonts, ids, what varies between runs. Not here: a
kind of chart. matplotlib is imported when the first chart is drawn: most commands draw none.
"""

import base64
import io
import re
import unicodedata
import warnings
from collections.abc import Sequence
from html import escape
from typing import Any

from orchestration.charts.palette import FAINT, INK, RULE

FONT_SIZE = 12.0
WIDE, NARROW = 680.0, 500.0
"""Of a chart on a desk, and of one whose words are large enough on a telephone, too."""

FONTS = "'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'Segoe UI', Arial, sans-serif"
"""What readers' machines have, Latin before Chinese."""

_MEASURED_BY = "DejaVu Sans"
"""Comes with matplotlib, so that a chart has the same bytes on every machine; the reader's font draws it."""

_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "retention",
    "svg.id": None,
    "path.simplify": False,
    "figure.dpi": 72,
    "savefig.dpi": 72,
}
_WIDE = {"W", "F"}
_NARROW_EM, _WIDE_EM = 0.56, 1.0


class Canvas:
    """A chart while it is drawn: a plot area within margins, in data coordinates, y upwards.

    Marks bear a name, the class of their `<g>` in the SVG.
    """

    def __init__(self, width: float, height: float, margins: tuple[float, float, float, float]) -> None:
        """Open a surface of a size in pixels; margins are left, right, top, bottom."""
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.left, self.right, self.top, self.bottom = margins
        # Without axes of matplotlib's: making them takes longer than drawing all of a chart.
        self.figure = Figure(figsize=(width / 72, height / 72))
        self.limits((0.0, 1.0), (0.0, 1.0))
        self._named = 0

    @property
    def plot_width(self) -> float:
        """Width of the plot area."""
        return self.width - self.left - self.right

    @property
    def plot_height(self) -> float:
        """Height of the plot area."""
        return self.height - self.top - self.bottom

    def limits(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Set the data coordinates of the plot area's edges, before anything is drawn."""
        from matplotlib.transforms import Affine2D

        self._x, self._y = x, y
        across, up = self.per_pixel()
        self._to_pixels = Affine2D().translate(-x[0], -y[0]).scale(1 / across, 1 / up)
        self._to_pixels.translate(self.left, self.bottom)

    def per_pixel(self) -> tuple[float, float]:
        """Return what one pixel is in data coordinates, across and up."""
        (x0, x1), (y0, y1) = self._x, self._y
        return (x1 - x0) / self.plot_width, (y1 - y0) / self.plot_height

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        align: str = "left",
        vertical: str = "center",
        colour: str = INK,
        size: float = FONT_SIZE,
        bold: bool = False,
    ) -> None:
        """Write a text at data coordinates."""
        self.figure.text(
            x,
            y,
            inert(text),
            transform=self._to_pixels,
            ha=align,
            va=vertical,
            color=colour,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            fontfamily=_MEASURED_BY,
            parse_math=False,  # A `$` in a name is a `$`.
        )

    def stack(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        *,
        align: str,
        colour: str,
        size: float,
        from_top: bool = False,
    ) -> None:
        """Write lines below one another, each aligned by itself; around `y`, or `from_top` below it."""
        _, up = self.per_pixel()
        step = (size + 1) * up
        top = y - step / 2 if from_top else y + step * (len(lines) - 1) / 2
        for number, line in enumerate(lines):
            self.text(x, top - number * step, line, align=align, colour=colour, size=size)

    def above(self, x: float, text: str) -> None:
        """Write a small text over the plot area, in its middle at a place across."""
        _, up = self.per_pixel()
        place = self._y[1] + 6 * up
        self.text(x, place, text, align="center", vertical="bottom", colour=FAINT, size=FONT_SIZE - 1)

    def box(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        colour: str,
        name: str,
        *,
        hollow: bool = False,
    ) -> None:
        """Fill a box given by its edges; a hollow one is what may still change."""
        from matplotlib.patches import Rectangle

        patch = Rectangle(
            (x[0], y[0]),
            x[1] - x[0],
            y[1] - y[0],
            facecolor=_paler(colour) if hollow else colour,
            edgecolor=colour if hollow else "none",
            linestyle=(0, (3, 2)) if hollow else "solid",
            linewidth=1.0 if hollow else 0.0,
        )
        self._add(patch, name)

    def line(
        self,
        x: Sequence[float],
        y: Sequence[float],
        colour: str = RULE,
        name: str = "rule",
        *,
        width: float = 1.0,
        dashed: bool = False,
    ) -> None:
        """Draw a line through points; a not-a-number breaks it."""
        from matplotlib.lines import Line2D

        line = Line2D(
            x,
            y,
            color=colour,
            linewidth=width,
            linestyle=(0, (4, 3)) if dashed else "solid",
            solid_capstyle="round",
            zorder=0 if name == "rule" else 2,  # Behind the bars.
        )
        self._add(line, name)

    def dots(
        self, x: Sequence[float], y: Sequence[float], colour: str, name: str, *, hollow: bool = False
    ) -> None:
        """Draw dots; hollow ones are what may still change."""
        from matplotlib.lines import Line2D

        dots = Line2D(
            x,
            y,
            linestyle="none",
            marker="o",
            markersize=6,
            markerfacecolor="white" if hollow else colour,
            markeredgecolor=colour,
            markeredgewidth=1.5,
        )
        self._add(dots, name)

    def area(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str, name: str
    ) -> None:
        """Fill the area between two lines, pale."""
        from matplotlib.patches import Polygon

        points = [*zip(x, low, strict=True), *reversed(list(zip(x, high, strict=True)))]
        patch = Polygon(points, closed=True, facecolor=_paler(colour), edgecolor="none")
        self._add(patch, name)

    def svg(self, title: str, told: Sequence[str] = ()) -> str:
        """Return the chart as an `<svg>` element; a screen reader says `title` and then what is `told`."""
        import matplotlib

        file = io.StringIO()
        with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
            # It measures by a font without Chinese; readers' fonts draw, see `FONTS`.
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
            self.figure.savefig(
                file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
            )
        return _element(file.getvalue(), title, "; ".join(told))

    def _add(self, artist: Any, name: str) -> None:
        # Numbered, since an id must be the only one of its name; the number goes with the id.
        self._named += 1
        artist.set_gid(f"{name}-{self._named}")
        artist.set_transform(self._to_pixels)
        self.figure.add_artist(artist)


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """Return about how wide a text is, in pixels.

    >>> text_width("流失", 10), round(text_width("July", 10), 1)
    (20.0, 22.4)
    """
    return size * sum(
        _WIDE_EM if unicodedata.east_asian_width(letter) in _WIDE else _NARROW_EM for letter in text
    )


def fitted(text: str, width: float, size: float = FONT_SIZE) -> str:
    """Return a text cut to a width, with an ellipsis where it was cut.

    >>> fitted("Network quality", 60, 10), fitted("Price", 60, 10)
    ('Network q…', 'Price')
    """
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def two_lines(label: str, room: float, size: float = FONT_SIZE) -> list[str]:
    """Return a label on as few lines of a width as it needs, two at most; cut where it needs more.

    >>> two_lines("Network quality", 60, 10), two_lines("Price", 60, 10)
    (['Network', 'quality'], ['Price'])
    """
    if text_width(label, size) <= room:
        return [label]
    if " " in label:
        words = label.split(" ")
        breaks = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    else:
        breaks = [(label[:at], label[at:]) for at in range(1, len(label))] or [(label, "")]
    best = min(breaks, key=lambda pair: max(text_width(part, size) for part in pair))
    return [fitted(part, room, size) for part in best]


def inert(text: str) -> str:
    """Return a text without what XML cannot hold.

    >>> inert("A\\x00B")
    'A\\ufffdB'
    """
    return "".join(
        letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round values from `low` to `high`, the ends included in their span.

    >>> ticks(0, 87)
    [0.0, 25.0, 50.0, 75.0, 100.0]
    """
    from matplotlib.ticker import MaxNLocator

    return [float(value) for value in MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places moved as little apart as keeps labels from overlapping, within bounds, in their order.

    >>> spread([1.0, 1.2, 5.0], gap=1.0, low=0.0, high=6.0)
    [1.0, 2.0, 5.0]
    >>> spread([5.9, 6.0], gap=1.0, low=0.0, high=6.0)
    [5.0, 6.0]
    """
    order = sorted(range(len(places)), key=lambda index: (places[index], index))
    moved = list(places)
    least = low
    for index in order:
        moved[index] = max(moved[index], least)
        least = moved[index] + gap
    most = high
    for index in reversed(order):
        moved[index] = min(moved[index], most)
        most = moved[index] - gap
    return moved


def markdown_image(svg: str, title: str) -> str:
    """Return a chart as a Markdown picture that carries its own data."""
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    name = re.sub(r"[\[\]\n]", " ", title)
    return f"![{name}](data:image/svg+xml;base64,{data})"


def _paler(colour: str) -> str:
    """Return a colour mixed with three parts of white.

    >>> _paler("#000000")
    '#bfbfbf'
    """
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{(part + 3 * 255) // 4:02x}" for part in parts)


def _element(text: str, title: str, told: str) -> str:
    """Return the `<svg>` element of a file: as part of a page, where other charts bear the same ids."""
    said = f"<title>{escape(inert(title), quote=False)}</title>"
    said += f"<desc>{escape(inert(told), quote=False)}</desc>" if told else ""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    # Ids of groups serve nobody; as classes they tell marks apart and may come twice in a page.
    text = re.sub(r'<g id="([a-z]+)[_-]?[^"]*"', r'<g class="\1"', text)
    text = text.replace(f"'{_MEASURED_BY}'", FONTS.replace('"', "'"))
    text = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', text, count=2)
    opening = re.search(r"<svg[^>]*>", text)
    if opening is None:
        raise ValueError("matplotlib wrote no <svg> element")
    tag = opening.group()[:-1] + ' role="img" font-family="sans-serif">'
    return f"{tag}{said}{text[opening.end() :].strip()}"
