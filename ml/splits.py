"""Splits by month: which snapshot months train, stop, calibrate and test a model, as far as a month can know.

Here belong the two sets of months of a run: those of the judged fit with its embargo (no month is trained on
whose labels were not all closed when the test month was the present), and the newer ones of the refit that is
kept. Rows are never split within a month. What is fitted on the months belongs to `training`.
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from ml.columns import MONTH, months_of

CLOSED = "closed_in_month"

# From here on early stopping and calibration no longer have to share a month.
_MONTHS_FOR_SEPARATE_CALIBRATION = 4
_MONTHS_FOR_TWO_CALIBRATION_MONTHS = 8


@dataclass(frozen=True)
class MonthSplit:
    """Snapshot months (first days) of the four parts, oldest first, as known at the end of `known_in`.

    A refit stops and tests on no month: its number of trees and its figures are the judged fit's.
    """

    known_in: date
    train: tuple[date, ...]
    stop: tuple[date, ...]
    calibrate: tuple[date, ...]
    test: tuple[date, ...]

    @property
    def parts(self) -> dict[str, tuple[date, ...]]:
        """The months of each part by its name; stop and calibrate may share months, no other two do."""
        return {"train": self.train, "stop": self.stop, "calibrate": self.calibrate, "test": self.test}

    @property
    def months(self) -> tuple[date, ...]:
        """Every month that a fit reads, once, oldest first."""
        return tuple(sorted({month for months in self.parts.values() for month in months}))


@dataclass(frozen=True)
class NoSplit:
    """No split can be made: the reason in a sentence, and the first month that could make one, if known."""

    reason: str
    possible_from: date | None = None


def split_by_month(
    labels: pd.DataFrame,
    known_in: date,
    *,
    test_months: int = 1,
    maximum_training_months: int = 18,
    outcome_months: int = 1,
    closing_months: int | None = None,
) -> MonthSplit | NoSplit:
    """Split the snapshot months whose labels are closed in `known_in`.

    `labels` has one row per subscriber and snapshot month, or one per snapshot month with the latest closing,
    with the columns `snapshot_month` and `closed_in_month` (null where still open). A month is usable in a
    month k when all of its rows are closed in k or before. The newest `test_months` usable months test;
    whatever was usable in the first of them may train: its last months stop and calibrate, the newest
    `maximum_training_months` before them train.

    Months that train lie at least `outcome_months`, the length of the outcome window, before the one that
    stops: windows that overlap hold the same churners, and a model that learns them by heart would never be
    told to stop.

    `closing_months` is the greatest number of months a label can stay open: it tells a young operator when
    the first split can be made; without it, the longest closing seen so far does.

    >>> labels = pd.DataFrame({"snapshot_month": [date(2020, 6, 1), date(2020, 7, 1), date(2020, 8, 1)],
    ...                        "closed_in_month": [date(2020, 7, 1), date(2020, 8, 1), date(2020, 9, 1)]})
    >>> split = split_by_month(labels, date(2020, 9, 1))
    >>> [f"{name} {months[0]:%b}" for name, months in split.parts.items()]
    ['train Jun', 'stop Jul', 'calibrate Jul', 'test Aug']
    >>> split_by_month(labels, date(2020, 8, 1)).possible_from
    datetime.date(2020, 9, 1)
    """
    if min(test_months, maximum_training_months, outcome_months) < 1:
        raise ValueError("test_months, maximum_training_months and outcome_months must be at least 1.")
    closed_in = _last_closing(labels)
    usable = _usable(closed_in, known_in)
    test = usable[-test_months:]
    before: tuple[date, ...] = ()
    if len(test) == test_months:
        before = tuple(month for month in _usable(closed_in, test[0]) if month < test[0])
    shares = _shares(before, outcome_months)
    if shares is None:
        return _no_split(closed_in, usable, before, known_in, test_months, outcome_months, closing_months)
    train, stop, calibrate = shares
    return MonthSplit(known_in, train[-maximum_training_months:], stop, calibrate, test)


def refit_split(
    labels: pd.DataFrame,
    judged: MonthSplit,
    *,
    maximum_training_months: int = 18,
    outcome_months: int = 1,
) -> MonthSplit:
    """Months of the model that is kept, once `judged` has said how good its recipe is: as new as can be.

    `labels` and the numbers are those that `judged` was made with. The newest two months usable in
    `judged.known_in` calibrate; the months that train lie at least `outcome_months` before the first of them,
    so that no window of one part overlaps a window of the other.

    >>> labels = pd.DataFrame({"snapshot_month": [date(2020, month, 1) for month in range(1, 7)],
    ...                        "closed_in_month": [date(2020, month + 1, 1) for month in range(1, 7)]})
    >>> judged = split_by_month(labels, date(2020, 7, 1))
    >>> [f"{name} {months[-1]:%b}" for name, months in judged.parts.items()]
    ['train Mar', 'stop Apr', 'calibrate May', 'test Jun']
    >>> refit = refit_split(labels, judged)
    >>> [f"{month:%b}" for month in refit.train], [f"{month:%b}" for month in refit.calibrate]
    (['Jan', 'Feb', 'Mar', 'Apr'], ['May', 'Jun'])
    """
    usable = _usable(_last_closing(labels), judged.known_in)
    calibrate = usable[-2:]
    # Never empty: the judged fit's first month lies a whole window before the one that stops it, and that one
    # is not newer than the first that calibrates.
    train = tuple(month for month in usable if months_between(month, calibrate[0]) >= outcome_months)
    return MonthSplit(judged.known_in, train[-maximum_training_months:], (), calibrate, ())


def _last_closing(labels: pd.DataFrame) -> dict[date, date | None]:
    """Month by month, oldest first, the month that closed its last row; None while a row is open."""
    months = pd.DataFrame({MONTH: months_of(labels), CLOSED: months_of(labels, CLOSED)})
    last = months.groupby(MONTH, sort=True)[CLOSED].agg(lambda closed: closed.max(skipna=False))
    return {
        month.date(): None if pd.isna(closed) else closed.date()
        for month, closed in zip(pd.DatetimeIndex(last.index), last, strict=True)
    }


def _usable(closed_in: dict[date, date | None], known_in: date) -> tuple[date, ...]:
    return tuple(month for month, closed in closed_in.items() if closed is not None and closed <= known_in)


def _shares(
    before: tuple[date, ...], outcome_months: int
) -> tuple[tuple[date, ...], tuple[date, ...], tuple[date, ...]] | None:
    """Months that train, stop and calibrate, of those that were usable in the test month.

    As many calibrate as can be spared; None when no month lies far enough before the one that stops.
    """
    for calibrating, least in (
        (2, _MONTHS_FOR_TWO_CALIBRATION_MONTHS),
        (1, _MONTHS_FOR_SEPARATE_CALIBRATION),
        (0, 0),
    ):
        stopping = before[: len(before) - calibrating][-1:]
        train = tuple(
            month for month in before if stopping and months_between(month, stopping[0]) >= outcome_months
        )
        if train and len(before) >= least:
            return train, stopping, before[-calibrating:] if calibrating else stopping
    return None


def _no_split(
    closed_in: dict[date, date | None],
    usable: tuple[date, ...],
    before: tuple[date, ...],
    known_in: date,
    test_months: int,
    outcome_months: int,
    closing_months: int | None,
) -> NoSplit:
    # One month to train, and a whole outcome window later one that stops and calibrates.
    needed_before = outcome_months + 1
    if closing_months is None:
        closing_months = max((months_between(month, closed_in[month]) for month in usable), default=None)
    possible_from = None
    if closed_in and closing_months is not None:
        # The last of these closes, that month is the first to test, and the last month to test closes.
        waiting = needed_before - 1 + closing_months + test_months - 1 + closing_months
        possible_from = months_later(min(closed_in), waiting)
        # Later than now in any case: what this month lacks, it still lacks.
        possible_from = max(possible_from, months_later(known_in, 1))
    if len(usable) < test_months:
        found = f"labels of {len(usable)} snapshot months are closed in {known_in:%Y-%m}"
        needed = f"{test_months} to test on are needed, and {needed_before} before to learn from"
    else:
        first_tested = usable[-test_months]
        found = f"labels of {len(before)} snapshot months were closed in the test month {first_tested:%Y-%m}"
        needed = f"{needed_before} are needed, the first to train and the last to stop and calibrate"
    outlook = f" It can work from {possible_from:%Y-%m} on at the earliest." if possible_from else ""
    return NoSplit(f"Too little history: {found}; {needed}.{outlook}", possible_from)


def months_between(earlier: date, later: date | None) -> int:
    """Months from one first day of a month to another; 0 where the later one is not known."""
    return 0 if later is None else 12 * (later.year - earlier.year) + later.month - earlier.month


def months_later(month: date, count: int) -> date:
    """First day of the month so many months later, or earlier where `count` is below 0."""
    years, place = divmod(month.month - 1 + count, 12)
    return date(month.year + years, place + 1, 1)
