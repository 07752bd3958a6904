"""Charts: values where they belong, words at the marks, the same bytes again."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestration.charts import (
    Bar,
    Interval,
    Series,
    Step,
    bars,
    bridge,
    columns,
    intervals,
    lines,
    markdown_image,
    stacked_columns,
)

SVG = "{http://www.w3.org/2000/svg}"


def whole(value: float) -> str:
    return f"{value:.0f}"


def texts(svg: str) -> list[str]:
    return ["".join(found.itertext()) for found in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def marks(svg: str, name: str) -> list[list[tuple[float, float]]]:
    """The points of every mark of a name, in the order drawn, y downwards."""
    found = []
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") == name:
            path = next(group.iter(f"{SVG}path")).get("d") or ""
            numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]
            found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def spans(svg: str, name: str, axis: int) -> list[tuple[float, float]]:
    """The extent of every mark of a name across (0) or down (1)."""
    return [
        (min(point[axis] for point in points), max(point[axis] for point in points))
        for points in marks(svg, name)
    ]


def test_bars_are_as_long_as_their_values() -> None:
    svg = bars([Bar("A", 100), Bar("B", 25), Bar("C", None)], whole, title="t")

    (start, full), (also_start, quarter) = spans(svg, "bar", 0)
    assert start == pytest.approx(also_start)
    assert quarter - start == pytest.approx((full - start) / 4)
    assert texts(svg) == ["A", "100", "B", "25", "C", "–"]


def test_bars_below_zero_lie_on_the_other_side() -> None:
    svg = bars([Bar("A", 30), Bar("B", -10)], whole, title="t")

    (zero, right), (left, also_zero) = spans(svg, "bar", 0)
    assert zero == pytest.approx(also_zero)
    assert zero - left == pytest.approx((right - zero) / 3)


def test_bars_show_interval_and_reference() -> None:
    svg = bars(
        [Bar("Model", 4, low=2, high=8), Bar("Scorecard", 1)],
        whole,
        title="t",
        reference=2,
        reference_label="blind",
    )

    (zero, four), (_, one) = spans(svg, "bar", 0)
    unit = (four - zero) / 4
    assert one - zero == pytest.approx(unit)
    assert spans(svg, "interval", 0)[0] == pytest.approx((zero + 2 * unit, zero + 8 * unit))
    assert spans(svg, "reference", 0)[0] == pytest.approx((zero + 2 * unit, zero + 2 * unit))
    assert "blind" in texts(svg)


def test_columns_stand_on_zero_and_the_unsettled_ones_are_pale() -> None:
    svg = columns(["05", "06", "07"], [10, 20, 40], whole, title="t", provisional=1)

    (top_10, floor), (top_20, _), (top_40, _) = spans(svg, "column", 1)
    assert floor - top_20 == pytest.approx(2 * (floor - top_10))
    assert floor - top_40 == pytest.approx(4 * (floor - top_10))
    assert svg.count("stroke-dasharray") == 1
    assert "40" in texts(svg)


def test_stacks_lie_on_one_another_and_are_named_with_the_last_value() -> None:
    svg = stacked_columns(
        ["05", "06"], [Series("Red", [5, 10]), Series("Blue", [20, None])], whole, title="t"
    )

    (red_top, floor), (last_red_top, _), (blue_top, blue_floor) = spans(svg, "column", 1)
    assert blue_floor == pytest.approx(red_top)
    assert blue_floor - blue_top == pytest.approx(4 * (floor - red_top))
    assert floor - last_red_top == pytest.approx(2 * (floor - red_top))
    assert {"Red 10", "Blue"} <= set(texts(svg))


def test_lines_break_at_the_unknown_and_dash_what_may_change() -> None:
    svg = lines(
        ["03", "04", "05", "06"], [Series("High", [0, None, 50, 100])], whole, title="t", provisional=1
    )

    (rest,) = marks(svg, "provisional")
    (before, after) = rest
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert len(marks(svg, "provisionaldot")) == 1
    # 0 and 50 stand alone: a gap lies between them, and the dashed part begins at 50.
    assert len(marks(svg, "alone")) == 1
    assert "High 100" in texts(svg)


def test_lines_place_values_between_the_axis_marks() -> None:
    svg = lines(["05", "06"], [Series("High", [0, 100])], whole, title="t")

    ((first, last),) = marks(svg, "series")
    rules = sorted(points[0][1] for points in marks(svg, "rule"))
    assert (last[1], first[1]) == pytest.approx((rules[0], rules[-1]))
    assert texts(svg)[:5] == ["0", "25", "50", "75", "100"]


def test_a_bridge_hangs_each_step_where_the_last_ended() -> None:
    svg = bridge(
        [Step("May", 100, True), Step("Left", -60), Step("New", 20), Step("June", 60, True)],
        whole,
        title="t",
    )

    (may_top, floor), (june_top, _) = spans(svg, "total", 1)
    (left_top, left_bottom), (new_top, new_bottom) = spans(svg, "step", 1)
    unit = (floor - may_top) / 100
    assert left_top == pytest.approx(may_top)
    assert left_bottom - left_top == pytest.approx(60 * unit)
    assert new_bottom == pytest.approx(left_bottom)
    assert new_top == pytest.approx(june_top)
    assert {"100", "-60", "+20", "60"} <= set(texts(svg))


def test_a_bridge_of_small_changes_tears_its_totals() -> None:
    svg = bridge([Step("May", 1000, True), Step("Left", -10), Step("June", 990, True)], whole, title="t")

    assert len(marks(svg, "tear")) == 4
    ((top, bottom),) = spans(svg, "step", 1)
    assert bottom - top > 50


def test_an_interval_that_holds_the_reference_is_hollow() -> None:
    svg = intervals(
        [
            Interval("Red", -4, -6, -2),
            Interval("Yellow", 1, -3, 5),
            Interval("Blue", None, None, None, "none yet"),
        ],
        whole,
        title="t",
        reference_label="no effect",
    )

    (red, yellow) = spans(svg, "whisker", 0)
    assert red[1] - red[0] == pytest.approx((yellow[1] - yellow[0]) / 2)
    assert {"-4 [-6, -2]", "1 [-3, 5]", "none yet", "no effect"} <= set(texts(svg))
    first, second = (svg.index('class="estimate"', place) for place in (0, svg.index('class="estimate"') + 1))
    assert "fill: #ffffff" not in svg[first:second]
    assert "fill: #ffffff" in svg[second:]


KINDS: list[Callable[[str], str]] = [
    lambda label: bars([Bar(label, 1.5)], whole, title=label),
    lambda label: columns([label], [1], whole, title=label),
    lambda label: stacked_columns([label], [Series(label, [1]), Series("B", [2])], whole, title=label),
    lambda label: lines([label, "b"], [Series(label, [1, 2])], whole, title=label),
    lambda label: bridge([Step(label, 1, True)], whole, title=label),
    lambda label: intervals([Interval(label, 1, 0, 2)], whole, title=label),
]


@pytest.mark.parametrize("draw", KINDS)
def test_a_chart_has_the_same_bytes_and_one_root_without_ids_of_groups(draw: Callable[[str], str]) -> None:
    svg = draw("高价值")

    assert svg == draw("高价值")
    assert ElementTree.fromstring(svg).tag == f"{SVG}svg"
    assert "高价值" in "".join(texts(svg))
    assert "<g id=" not in svg
    assert "DejaVu" not in svg
    assert not re.search(r"\b20\d\d-\d\d-\d\d", svg)


@pytest.mark.parametrize("draw", KINDS)
def test_a_label_is_text_whatever_stands_in_it(draw: Callable[[str], str]) -> None:
    svg = draw("$x$ <script>&\x00")

    assert "<script" not in svg
    assert any("$x$ <script>&\N{REPLACEMENT CHARACTER}" in text for text in [*texts(svg), svg_title(svg)])


def svg_title(svg: str) -> str:
    return ElementTree.fromstring(svg).findtext(f"{SVG}title") or ""


@pytest.mark.parametrize(
    "draw",
    [
        lambda: bars([], whole, title="t"),
        lambda: columns([], [], whole, title="t"),
        lambda: stacked_columns(["a"], [], whole, title="t"),
        lambda: lines([], [], whole, title="t"),
        lambda: lines(["a"], [Series("A", [None])], whole, title="t"),
        lambda: lines(["a"], [Series("A", [0])], whole, title="t"),
        lambda: bridge([], whole, title="t"),
        lambda: intervals([], whole, title="t"),
    ],
)
def test_a_chart_of_nothing_is_empty_not_an_error(draw: Callable[[], str]) -> None:
    assert draw().startswith("<svg")


def test_a_markdown_image_carries_its_data() -> None:
    image = markdown_image("<svg/>", "Lift [curve]")

    assert image == "![Lift  curve ](data:image/svg+xml;base64,PHN2Zy8+)"


def test_charts_have_the_same_bytes_in_another_process() -> None:
    program = (
        "from orchestration.charts import Series, lines\n"
        "print(lines(['a', 'b'], [Series('A', [1, 2])], str, title='t'), end='')"
    )
    again = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    ).stdout

    assert again == lines(["a", "b"], [Series("A", [1, 2])], str, title="t")


def test_long_labels_are_smaller_then_take_two_lines_and_lose_nothing() -> None:
    short, longer = "Price", "Account manager, outbound call: overall"
    longest = "Account manager of group customers, outbound call: overall"

    assert texts(bars([Bar(longer, 1), Bar(short, 2)], whole, title="t")) == [longer, "1", short, "2"]
    assert texts(bars([Bar(longest, 1), Bar(short, 2)], whole, title="t")) == [
        *("Account manager of group", "customers, outbound call: overall", "1"),
        *(short, "2"),
    ]


def test_a_chart_tells_its_values_to_who_cannot_see_it() -> None:
    series = [Series("High", [None, 20, 40]), Series("Mid", [None, None, None])]

    assert "<desc>A: 100  (up); B: –</desc>" in bars(
        [Bar("A", 100, note="(up)"), Bar("B", None)], whole, title="t"
    )
    assert "<desc>High: 06 20, 07 40; Mid: </desc>" in lines(["05", "06", "07"], series, whole, title="t")
    assert "<desc>&lt;A&gt;: 2 [1, 3]</desc>" in intervals([Interval("<A>", 2, 1, 3)], whole, title="t")
    assert "<desc>05: 100; left: -20; 06: 80</desc>" in bridge(
        [Step("05", 100, True), Step("left", -20), Step("06", 80, True)], whole, title="t"
    )
