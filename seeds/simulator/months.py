"""The simulator's calendar.

Belongs here: one month as the unit of the simulation. Not here: seasons (`assumptions.py`), or any clock.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""One value per line, account, cell, … ; the owner says which."""


@dataclass(frozen=True)
class Month:
    """A billing month, counted from the first one written; months before it warm the world up."""

    start: np.datetime64
    index: int

    @classmethod
    def of(cls, year_month: str, index: int) -> "Month":
        """Return the month that `YYYY-MM` names."""
        return cls(np.datetime64(f"{year_month}-01", "D"), index)

    def plus(self, months: int) -> "Month":
        """Return the month that lies `months` later."""
        start = (self.start.astype("datetime64[M]") + months).astype("datetime64[D]")
        return Month(start, self.index + months)

    @property
    def end(self) -> np.datetime64:
        """The last day."""
        return self.plus(1).start - np.timedelta64(1, "D")

    @property
    def days(self) -> int:
        """Number of days."""
        return int((self.end - self.start).astype(int)) + 1

    @property
    def number(self) -> int:
        """Month of the year, 1 to 12."""
        return int(self.start.astype("datetime64[M]").astype(int)) % 12 + 1

    @property
    def label(self) -> str:
        """`YYYY-MM`, as folders are named."""
        return str(self.start.astype("datetime64[M]"))

    def day(self, day_of_month: Array) -> Array:
        """Return dates from days of the month counted from 1, kept inside the month."""
        offset = np.clip(np.asarray(day_of_month), 1, self.days) - 1
        return np.asarray(self.start + offset.astype("timedelta64[D]"))

    def holds(self, dates: Array) -> Array:
        """Return which dates lie in this month."""
        return np.asarray((dates >= self.start) & (dates <= self.end))


def at_time(dates: Array, rng: np.random.Generator, first_hour: int = 8, last_hour: int = 20) -> Array:
    """Return timestamps (microseconds, no zone) on the given dates within opening hours."""
    seconds = rng.integers(first_hour * 3600, last_hour * 3600, len(dates)).astype("timedelta64[s]")
    return np.asarray((dates.astype("datetime64[s]") + seconds).astype("datetime64[us]"))
