"""Putting the reports of a month together and writing them.

Belongs here: the order of sections, the editions, the file. Not here: what a section says (`sections`).
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.report.context import Context
from orchestration.report.page import Edition, Section, page
from orchestration.report.reading import Reader
from orchestration.report.sections import (
    base,
    changes,
    churn,
    effect,
    model,
    overview,
    recommendations,
    service,
    spend,
    warnings,
    work,
    year,
)
from orchestration.report.words import Words
from orchestration.settings import OperatorSettings
from orchestration.worklists.texts import LANGUAGES, Texts

Ask = Callable[[Context], Section]

SECTIONS: tuple[Ask, ...] = (
    overview.section,
    recommendations.section,
    changes.section,
    base.section,
    spend.section,
    churn.section,
    service.section,
    warnings.section,
    work.section,
    effect.section,
    model.section,
)
"""What a manager reads first comes first."""

YEAR_SECTIONS: tuple[Ask, ...] = (year.figures, year.spend, year.churn, year.work, effect.section, year.model)


def write_reports(
    connection: duckdb.DuckDBPyConnection,
    month: date,
    folder: Path,
    *,
    published: str,
    settings: OperatorSettings,
    texts: Texts,
    stale: Sequence[date] = (),
) -> None:
    """Write `report.html` of a month into its folder and, of a December, `report-<year>.html` of its year.

    Each holds all languages, the operator's own in front. `published` names the attached database that holds
    the published tables with the month among them; `stale` are earlier months whose files changed after they
    were closed.
    """
    pages = [("report.html", SECTIONS, "")]
    if month.month == 12:
        pages.append((f"report-{month.year}.html", YEAR_SECTIONS, "year."))
    with Reader(connection, month, published=published) as reader:
        for name, sections, headings in pages:
            editions = [
                _edition(
                    Context(reader, Words(texts, language, settings.currency), settings.parameters, stale),
                    sections,
                    headings,
                    "" if settings.name == OperatorSettings.name else settings.name,
                )
                for language in LANGUAGES
            ]
            (folder / name).write_text(page(editions, settings.language), encoding="utf-8")


def _edition(
    context: Context,
    sections: Sequence[Ask],
    headings: str,
    operator: str,
) -> Edition:
    words = context.words
    month = words.month(context.month)
    title = words.say(f"{headings}title", month=month, year=str(context.month.year))
    return Edition(
        language=words.language,
        title=words.say("of_operator", title=title, operator=operator) if operator else title,
        subtitle=words.say(f"{headings}subtitle", month=month),
        contents=words.say("contents"),
        sections=[section(context) for section in sections],
        closing=words.say("closing", month=month),
    )
