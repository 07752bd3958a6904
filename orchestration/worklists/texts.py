"""The words that people read, in English and Chinese, from the one catalogue `texts.csv`.

Belongs here: reading the catalogue, looking a text up, showing a number. Not here: the words themselves
(`seeds/reference/texts.csv`), names of offers (`offers.csv`).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("en", "zh")


class TextsError(ValueError):
    """The catalogue of texts cannot be used; the message names file, row or key."""


@dataclass(frozen=True)
class Texts:
    """Every text of the catalogue: key -> language -> text."""

    entries: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, file: Path) -> "Texts":
        """Read the catalogue: one row a key, one column a language.

        Raises TextsError for a missing column, a key that comes twice or a text that is empty.
        """
        entries: dict[str, dict[str, str]] = {}
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = {"key", *LANGUAGES} - set(reader.fieldnames or ())
            if missing:
                raise TextsError(f"{file.name}: column(s) {sorted(missing)} are missing; add them")
            for row in reader:
                key, place = row["key"], f"{file.name}, line {reader.line_num}"
                if key in entries:
                    raise TextsError(f"{place}: key {key!r} comes twice; keep one")
                for language in LANGUAGES:
                    if not row[language]:
                        raise TextsError(f"{place}, column {language}: {key!r} has no text; write one")
                entries[key] = {language: row[language] for language in LANGUAGES}
        return cls(entries)

    def text(self, key: str, language: str, **values: str) -> str:
        """Return the text of a key, its `{names}` filled with `values`.

        Raises TextsError for a key or a language that the catalogue does not hold.
        """
        try:
            template = self.entries[key][language]
        except KeyError as error:
            raise TextsError(
                f"texts.csv: no text for key {key!r} in language {language!r}; add a row"
            ) from error
        return template.format(**values) if values else template

    def label(self, vocabulary: str, code: str, language: str) -> str:
        """Return the word for a stored code; the code itself where an operator added one of its own."""
        return self.entries.get(f"{vocabulary}.{code}", {}).get(language, code)


def shown(value: float, unit: str, currency: str) -> str:
    """Return a number as people read it, in its unit.

    >>> shown(0.025, "rate", "CNY"), shown(1234.56, "money", "CNY"), shown(7200.4, "MB", "CNY")
    ('2.5%', '1,234.56 CNY', '7,200')
    >>> shown(0.6683, "ratio", "CNY"), shown(9.0, "calls", "CNY")
    ('0.67', '9')
    """
    if unit in ("share", "rate"):
        return f"{value:.1%}"
    if unit == "money":
        return f"{value:,.2f} {currency}"
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.2f}"
