"""The page as such: heads, captions, alternative texts, contrast, nobody's data, the same bytes."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.charts import palette
from orchestration.report import write_reports
from orchestration.report.page import Edition, Section, Table, page
from orchestration.settings import OperatorSettings
from tests.report_tables import EFFECT, KPI, LIST, MOVES, STOPS, TEXTS, context, publication

PACKAGE = Path(__file__).parents[3] / "orchestration" / "report"
TABLES = ";".join([KPI, MOVES, STOPS, LIST, EFFECT])


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with publication() as connection:
        yield connection


def written(connection: duckdb.DuckDBPyConnection, folder: Path, name: str = OperatorSettings.name) -> str:
    folder.mkdir(exist_ok=True)
    month = context(connection).month
    settings = OperatorSettings(name=name)
    write_reports(connection, month, folder, published="publication", settings=settings, texts=TEXTS)
    return (folder / "report.html").read_text(encoding="utf-8")


def of_table(table: Table) -> str:
    section = Section("base", "Base", "Message", blocks=[table])
    return page([Edition("en", "Title", "Subtitle", "Contents", [section], "Closing")], "en")


def test_heads_name_their_columns_and_rows() -> None:
    shown = of_table(
        Table(
            "Caption",
            ["Kind", "Base", "Lines"],
            [["Stop", "Mid", "1"], ["", "All", "2"], ["Churn", "Mid", "3"]],
            numbers_from=2,
            groups=[("", 1), ("Group", 2)],
        )
    )

    assert '<th scope="colgroup" colspan="2">Group</th>' in shown
    assert '<th scope="col">Kind</th>' in shown
    assert '<th scope="col" class="number">Lines</th>' in shown
    # An empty name belongs to the one above.
    assert '<tr><th scope="row" rowspan="2">Stop</th><td>Mid</td><td class="number">1</td></tr>' in shown
    assert '<tr><td>All</td><td class="number">2</td></tr>' in shown
    assert '<tr><th scope="row">Churn</th>' in shown
    # Outside of what scrolls, so that a narrow screen does not cut it.
    assert '<figcaption>Caption</figcaption><div class="scroll"><table>' in shown


def test_every_head_has_a_scope_and_every_chart_words(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    connection.execute(TABLES)

    shown = written(connection, tmp_path)

    heads, drawings = re.findall(r"<th\b[^>]*>", shown), re.findall(r"<svg\b.*?</svg>", shown, re.DOTALL)
    assert len(heads) > 50
    assert len(drawings) > 14
    assert all(re.search(r' scope="(col|row|colgroup)"', head) for head in heads)
    for drawing in drawings:
        assert ' role="img"' in drawing
        assert re.search(r"<title>[^<]+</title><desc>[^<]+</desc>", drawing), drawing[:400]


def test_the_same_month_again_is_the_same_page(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    connection.execute(TABLES)

    assert written(connection, tmp_path / "once") == written(connection, tmp_path / "again")


def test_the_title_names_an_operator_that_has_a_name(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert "<title>Retention report 2026-06</title>" in written(connection, tmp_path)
    assert "<title>Retention report 2026-06, East Mobile</title>" in written(
        connection, tmp_path, "East Mobile"
    )


def test_nobody_is_named_and_no_number_is_told(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    connection.execute(TABLES)
    connection.execute(
        """
        alter table publication.marts.dim_subscribers add column msisdn varchar default '13800138000';
        alter table publication.retention.responsibilities add column staff_name varchar default 'Li Wei';
        alter table publication.retention.responsibilities add column staff_id varchar default 'K0815'
        """
    )
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))

    shown = written(connection, tmp_path)

    assert not re.search(r"13800138000|Li Wei|K0815", shown)
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", shown)
    # Whoever reads a line's or a person's columns here has to say so in this test.
    assert not re.search(r"\b(msisdn|staff_name|staff_id|customer_name|customer_id|account_id)\b", source)


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    # The grey that WCAG's own examples call just enough.
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_words_can_be_read_on_their_ground() -> None:
    style = (PACKAGE / "page.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(\w+): (#[0-9A-F]{6})", style))
    grounds = ("#FFFFFF", colours["band"])

    assert set(re.findall(r"(?<![-\w])color: ([^;]+);", style)) == {
        "var(--ink)",
        "var(--faint)",
        "var(--accent)",
        "#fff",
        "#5F6B73",
    }
    for words in (colours["ink"], colours["faint"], colours["accent"], palette.INK, palette.FAINT):
        for ground in grounds:
            assert contrast(words, ground) >= 4.5, (words, ground)
    assert contrast("#FFFFFF", colours["ink"]) >= 4.5


def test_grey_bars_stand_out_from_the_page() -> None:
    assert contrast(palette.COLOURS["rest"], "#FFFFFF") >= 3
