"""The page: sections as HTML that asks for nothing from outside and prints on A4.

Belongs here: the parts of a section, their HTML, the style sheet. Not here: what stands in them. Whatever
comes in is text and is escaped; charts alone come as SVG.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
_LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
_LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}


@dataclass(frozen=True)
class Chart:
    """A drawing with what it shows: figure, unit and month."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A small table: a caption, heads, rows of written values; numbers from column `numbers_from` on.

    The first column names its row; an empty name belongs to the one above. `groups` are heads above heads,
    each with the number of columns it spans. `sparks` are drawings for a last column, one a row. A wide table
    takes the whole width.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers_from: int = 1
    strong: frozenset[int] = frozenset()
    is_wide: bool = False
    sparks: Sequence[str] = ()
    spark_head: str = ""
    groups: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True)
class Section:
    """One topic: its name, its message, and what shows it."""

    key: str
    topic: str
    message: str
    paragraphs: Sequence[str] = ()
    blocks: Sequence[Chart | Table] = ()
    notes: Sequence[str] = ()
    points: Sequence[str] = ()


@dataclass(frozen=True)
class Edition:
    """The report in one language: heading, line beneath it, sections, closing line."""

    language: str
    title: str
    subtitle: str
    contents: str
    sections: Sequence[Section]
    closing: str


def page(editions: Sequence[Edition], shown: str) -> str:
    """Return the page of all editions; the one in the language `shown` is seen first."""
    inputs = "".join(
        f'<input type="radio" name="language" id="show-{edition.language}" class="switch"'
        f"{' checked' if edition.language == shown else ''}>"
        for edition in editions
    )
    labels = "".join(
        f'<label for="show-{edition.language}" lang="{_LANGUAGE_TAGS[edition.language]}">'
        f"{_LANGUAGE_NAMES[edition.language]}</label>"
        for edition in editions
    )
    title = next(edition.title for edition in editions if edition.language == shown)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{_LANGUAGE_TAGS[shown]}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_STYLE}</style>",
            "</head>",
            "<body>",
            inputs,
            f'<nav class="languages">{labels}</nav>',
            *(_article(edition) for edition in editions),
            "</body>",
            "</html>",
            "",
        ]
    )


def _article(edition: Edition) -> str:
    language = edition.language
    contents = "".join(
        f'<li><a href="#{language}-{section.key}">{escape(section.topic)}</a></li>'
        for section in edition.sections
    )
    return "\n".join(
        [
            f'<article class="edition {language}" lang="{_LANGUAGE_TAGS[language]}">',
            f"<header><h1>{_text(edition.title)}</h1><p>{_text(edition.subtitle)}</p></header>",
            f'<nav class="contents" aria-label="{escape(edition.contents)}"><ol>{contents}</ol></nav>',
            *(_section(section, language) for section in edition.sections),
            f"<footer>{_text(edition.closing)}</footer>",
            "</article>",
        ]
    )


def _section(section: Section, language: str) -> str:
    parts = [f'<section id="{language}-{section.key}">']
    head = [
        f'<p class="topic">{escape(section.topic)}</p>',
        f"<h2>{_text(section.message)}</h2>",
        *(f"<p>{_text(paragraph)}</p>" for paragraph in section.paragraphs),
    ]
    if section.points:
        head.append("<ul>" + "".join(f"<li>{_text(point)}</li>" for point in section.points) + "</ul>")
    parts.append(f'<div class="head">{"".join(head)}</div>')
    if section.blocks:
        parts.append(f'<div class="blocks">{"".join(_block(block) for block in section.blocks)}</div>')
    parts += [f'<p class="note">{_text(note)}</p>' for note in section.notes]
    return "\n".join([*parts, "</section>"])


def _block(block: Chart | Table) -> str:
    kind, shown = ("chart", block.svg) if isinstance(block, Chart) else ("table", _table(block))
    width = " wide" if isinstance(block, Table) and block.is_wide else ""
    return (
        f'<figure class="{kind}{width}"><figcaption>{_text(block.caption)}</figcaption>'
        f'<div class="scroll">{shown}</div></figure>'
    )


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_numeric(index, table)}>{_text(head)}</th>'
        for index, head in enumerate(table.heads)
    )
    if table.sparks:
        heads += f'<th scope="col">{escape(table.spark_head)}</th>'
    groups = "".join(
        f'<th scope="colgroup" colspan="{span}">{_text(name)}</th>' if name else f'<td colspan="{span}"></td>'
        for name, span in table.groups
    )
    rows = []
    for number, (name, *values) in enumerate(table.rows):
        cells = "".join(
            f"<td{_numeric(index, table)}>{escape(value)}</td>" for index, value in enumerate(values, 1)
        )
        if table.sparks:
            cells += f'<td class="spark">{table.sparks[number]}</td>'
        span = _rows_named(table, number)
        over = f' rowspan="{span}"' if span > 1 else ""
        named = f'<th scope="row"{over}>{escape(name)}</th>' if span else ""
        rows.append(f"<tr{' class=strong' if number in table.strong else ''}>{named}{cells}</tr>")
    above = f'<tr class="groups">{groups}</tr>' if groups else ""
    return f"<table><thead>{above}<tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _rows_named(table: Table, number: int) -> int:
    """Return how many rows the name of a row stands for, 0 where that of a row above does."""
    names = [row[0] for row in table.rows]
    if not names[number]:
        return 0
    following = (later for later in range(number + 1, len(names)) if names[later])
    return next(following, len(names)) - number


def _numeric(index: int, table: Table) -> str:
    return ' class="number"' if index >= table.numbers_from else ""


def _text(text: str) -> str:
    # A month would break at its hyphen.
    return re.sub(r"\b\d{4}-\d{2}(?:-\d{2})?\b", r'<span class="whole">\g<0></span>', escape(text))
