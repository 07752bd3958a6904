"""How a report speaks in one language: texts, numbers with their units, months.

Belongs here: writing values for people. Not here: the texts themselves (`texts.csv`, `report.…`).
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.worklists.texts import Texts

UNKNOWN = "–"
HARDLY = 0.0005
"""A relative change that is written as none, 0.0 %."""

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Words:
    """The language of one version of the report."""

    texts: Texts
    language: str
    currency: str

    def say(self, key: str, **values: str) -> str:
        """Return the text `report.<key>` with its names filled in."""
        return self.texts.text(f"report.{key}", self.language, currency=self.currency, **values)

    def label(self, vocabulary: str, code: object) -> str:
        """Return the word for a stored code, the code itself for an operator's own, a dash for none."""
        return UNKNOWN if code is None else self.texts.label(vocabulary, str(code), self.language)

    def reason(self, row: dict[str, Any]) -> str:
        """Return the stored reason of a decision, its numbers with true minus signs."""
        return re.sub(r"(?<![\w-])-(?=\d)", _MINUS, row[f"reason_{self.language}"] or UNKNOWN)

    def inline(self, vocabulary: str, code: object) -> str:
        """Return the word for a stored code as it stands within a sentence: small, but for abbreviations."""
        word = self.label(vocabulary, code)
        return word if word[1:2].isupper() else word[:1].lower() + word[1:]

    def count(self, value: float | None) -> str:
        """Return a whole number."""
        return UNKNOWN if value is None else _signed(f"{value:,.0f}")

    def amount(self, value: float | None) -> str:
        """Return money without its unit, whole; small amounts with their cents."""
        if value is None:
            return UNKNOWN
        return _signed(f"{value:,.2f}" if abs(value) < 1000 and value != round(value) else f"{value:,.0f}")

    def money(self, value: float | None) -> str:
        """Return money with its unit."""
        return UNKNOWN if value is None else f"{self.amount(value)} {self.currency}"

    def rate(self, value: float | None) -> str:
        """Return a share as per cent, with as many digits as small shares need."""
        if value is None:
            return UNKNOWN
        return _signed(f"{value:.2%}" if 0 < abs(value) < 0.02 else f"{value:.1%}")

    def number(self, value: float | None) -> str:
        """Return a plain figure, such as a score or a lift."""
        if value is None:
            return UNKNOWN
        return _signed(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}")

    def tenths(self, value: float | None) -> str:
        """Return an estimated count with one digit after the point."""
        return UNKNOWN if value is None else _signed(f"{value:.1f}")

    def in_points(self, value: float | None) -> str:
        """Return a difference of rates in percentage points, where these are named elsewhere."""
        return UNKNOWN if value is None else _with_sign(f"{value * 100:.2f}")

    def points(self, value: float | None) -> str:
        """Return a difference of rates, in percentage points."""
        return UNKNOWN if value is None else self.say("points", value=self.in_points(value))

    def size(self, value: float | None) -> str:
        """Return how large a difference of rates is, whichever way, in percentage points."""
        return UNKNOWN if value is None else self.say("points", value=f"{abs(value) * 100:.2f}")

    def change(self, value: float | None, unit: str = "count") -> str:
        """Return a change with its sign: of rates in percentage points, of all else relative."""
        if value is None:
            return UNKNOWN
        if unit == "rate":
            return self.points(value)
        return _with_sign(f"{value:.2%}" if 0 < abs(value) < 0.005 else f"{value:,.1%}")

    def value(self, value: float | None, unit: str) -> str:
        """Return a metric's value in its unit."""
        return {"count": self.count, "money": self.amount, "rate": self.rate}[unit](value)

    def unit(self, unit: str) -> str:
        """Return the name of a metric's unit."""
        return self.say(f"unit.{unit}")

    def month(self, month: date | None) -> str:
        """Return a month in ISO form."""
        return UNKNOWN if month is None else f"{month:%Y-%m}"

    def difference(self, value: float | None) -> str:
        """Return a difference of counts or amounts with its sign."""
        return UNKNOWN if value is None else _with_sign(f"{value:,.0f}")

    def listed(self, items: list[str]) -> str:
        """Return items as a list within a sentence."""
        return ("、" if self.language == "zh" else ", ").join(items)


def direction(now: float | None, before: float | None, *, hardly: float = 0.0) -> str:
    """Return which way a figure went: rose, fell, same, or first where there is nothing before.

    A relative change below `hardly` is none.

    >>> direction(2, 1), direction(1, 2), direction(1, 1), direction(1, None)
    ('rose', 'fell', 'same', 'first')
    >>> direction(10_004, 10_000, hardly=HARDLY), direction(10_005, 10_000, hardly=HARDLY)
    ('same', 'rose')
    """
    if now is None or before is None:
        return "first"
    if abs(now - before) < hardly * abs(before):
        return "same"
    return "rose" if now > before else "fell" if now < before else "same"


def _signed(text: str) -> str:
    return text.replace("-", _MINUS)


def _with_sign(text: str) -> str:
    if not any(digit in text for digit in "123456789"):
        return text.lstrip("-")
    return _signed(text) if text.startswith("-") else f"+{text}"
