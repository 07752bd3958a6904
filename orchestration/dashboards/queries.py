"""The queries of the datasets, with the words of a language put in.

Belongs here: reading `datasets/*.sql`, what the words in it stand for, asking DuckDB which columns come out.
Not here: what the words are (`texts.csv`).

A query is plain SQL beside words that look like functions: `label(vocabulary, column)` is the text of a
stored code, `localised(column)` the column of that language (`reason` -> `reason_zh`), `words(key)` one text,
`newest_day()` the day that is told late from, as a table of one row.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.publishing.catalogue import literal
from orchestration.publishing.dictionary import MEANINGS_FILE, one_line, read_meanings
from orchestration.worklists.texts import Texts

FOLDER = Path(__file__).parent / "datasets"
_LABEL = re.compile(r"\blabel\(([\w.]+), ([\w.]+)\)")
_LOCALISED = re.compile(r"\blocalised\(([\w.]+)\)")
_WORDS = re.compile(r"\bwords\(([\w.]+)\)")


_NEWEST_DAY = """(
    select greatest(
        coalesce((select max(warning_week) from retention.churn_warnings), date '1970-01-01'),
        coalesce((select max(snapshot_month) + interval 1 month from ops.month_closes), date '1970-01-01')
    ) as day
)"""
"""What `newest_day()` stands for: late is whatever was due before the newest week or month published."""


class NotPublishedError(LookupError):
    """A query reads a table or column that the published file does not hold."""


@dataclass(frozen=True)
class ResultColumn:
    """A column that a query gives."""

    name: str
    data_type: str

    @property
    def is_date(self) -> bool:
        """Whether it is a day or a moment."""
        return self.data_type.startswith(("DATE", "TIMESTAMP"))

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number."""
        return self.data_type in ("INTEGER", "BIGINT", "HUGEINT")


def query(name: str, texts: Texts, language: str) -> str:
    """Return the query of a dataset in a language.

    Raises TextsError for a word without a text.
    """

    def labelled(match: re.Match[str]) -> str:
        vocabulary, column = match.groups()
        codes = codes_of(vocabulary, texts)
        whens = " ".join(f"when {literal(code)} then {literal(codes[code][language])}" for code in codes)
        return f"case {column} {whens} else {column} end" if whens else column

    written = (FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip()
    written = written.replace("newest_day()", _NEWEST_DAY)
    written = _LABEL.sub(labelled, written)
    written = _LOCALISED.sub(rf"\1_{language}", written)
    return _WORDS.sub(lambda match: literal(texts.text(match.group(1), language)), written)


def codes_of(vocabulary: str, texts: Texts) -> dict[str, dict[str, str]]:
    """Return the texts of a vocabulary by code: those of everybody, and those that only dashboards need."""
    found: dict[str, dict[str, str]] = {}
    for prefix in (f"{vocabulary}.", f"dashboard.code.{vocabulary}."):
        for key, entry in texts.entries.items():
            code = key.removeprefix(prefix)
            if key.startswith(prefix) and "." not in code:
                found[code] = dict(entry)
    return found


def result_columns(connection: duckdb.DuckDBPyConnection, sql: str) -> list[ResultColumn]:
    """Return what a query gives, without running it.

    Raises NotPublishedError where a table or column of it is missing.
    """
    try:
        rows = connection.execute(f"describe {sql}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise NotPublishedError(str(error).splitlines()[0]) from error
    return [ResultColumn(row[0], row[1]) for row in rows]


def comments(connection: duckdb.DuckDBPyConnection, language: str) -> dict[str, str]:
    """Return the comments of the published columns by `schema.table.column`, in one language."""
    rows = connection.execute(
        """
        select schema_name || '.' || table_name || '.' || column_name, comment from duckdb_columns()
        where database_name = current_database() and comment is not null
        """
    ).fetchall()
    chinese = read_meanings(MEANINGS_FILE) if language == "zh" else {}
    return {name: chinese.get(one_line(comment), one_line(comment)) for name, comment in rows}
