"""Evaluation: how well scores find churners, each figure with an interval.

Here belong the measures and their bootstrap, for any score, be it a model's or a rule's. All of them treat
tied scores exactly: the area and the precision count a tie as one group, the lift breaks it by subscriber id.
What is scored, and on which months, belongs to `training` and `splits`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.calibration import fit_line

_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % interval; None where it cannot be measured."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """Figures of one score over one set of rows; the last two only where the score is a probability."""

    rows: int
    churners: int
    base_rate: Figure
    auc: Figure
    average_precision: Figure
    top_decile_lift: Figure
    expected_churners: float | None
    calibration_slope: float | None

    @property
    def expected_over_observed(self) -> float | None:
        """Churners foretold for each one seen: 1 is right, above 1 is too many."""
        if self.expected_churners is None or not self.churners:
            return None
        return self.expected_churners / self.churners


@dataclass(frozen=True)
class PooledEvaluation:
    """Figures of one score ranked within each month, added up over the months."""

    months: int
    rows: int
    churners: int
    captured_churners: int
    auc: Figure
    top_decile_lift: Figure


@dataclass(frozen=True)
class _Ranking:
    """Outcomes from the highest score down, with the number of their tie group and of their subscriber."""

    churned: np.ndarray
    tie: np.ndarray
    subscriber: np.ndarray


def evaluate(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    entity: np.ndarray | pd.Series,
    *,
    is_probability: bool = True,
    draws: int = 200,
    seed: int = 20,
) -> Evaluation:
    """Figures over rows given as three columns of one length: outcome (true or false), score, subscriber id.

    The higher the score, the riskier. The intervals come from `draws` bootstrap samples of subscribers, so
    that the months of one subscriber are drawn together. A figure without churners or without stayers is
    None.

    >>> evaluate(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]), np.array(list("abcd"))).auc.value
    0.75
    """
    churned = np.asarray(target, dtype=np.float64)
    ranking = _rank(
        churned, np.asarray(score, dtype=np.float64), pd.factorize(pd.Series(entity), sort=True)[0]
    )
    base_rate, auc, precision, lift = _bootstrap(
        [ranking], lambda counts: _measures(ranking, counts[0]), draws, seed
    )
    expected, slope = (
        _agreement(churned, np.asarray(score, dtype=np.float64)) if is_probability else (None, None)
    )
    return Evaluation(len(churned), int(churned.sum()), base_rate, auc, precision, lift, expected, slope)


def pooled(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    entity: np.ndarray | pd.Series,
    month: np.ndarray | pd.Series,
    *,
    draws: int = 200,
    seed: int = 20,
) -> PooledEvaluation:
    """Figures of several months, ranked within each: columns as in `evaluate`, and the month.

    Lift = churners in the months' top deciles over those that blind picks of the same size would have met;
    area = pairs of a churner and a stayer of the same month in the right order, over all such pairs.
    """
    churned, scores = np.asarray(target, dtype=np.float64), np.asarray(score, dtype=np.float64)
    subscriber = pd.factorize(pd.Series(entity), sort=True)[0]
    period, names = pd.factorize(pd.Series(month), sort=True)
    groups = [np.flatnonzero(period == number) for number in range(len(names))]
    rankings = [_rank(churned[group], scores[group], subscriber[group]) for group in groups]

    def totals(counts: list[np.ndarray]) -> np.ndarray:
        each = (np.array(_counts(*pair)) for pair in zip(rankings, counts, strict=True))
        return sum(each, np.zeros(4))

    def ratios(counts: list[np.ndarray]) -> np.ndarray:
        ordered, pairs, captured, expected = totals(counts)
        return np.array([_ratio(ordered, pairs), _ratio(captured, expected)])

    auc, lift = _bootstrap(rankings, ratios, draws, seed)
    captured = totals([np.ones(len(group)) for group in groups])[2]
    return PooledEvaluation(len(names), len(churned), int(churned.sum()), int(captured), auc, lift)


def _rank(churned: np.ndarray, score: np.ndarray, subscriber: np.ndarray) -> _Ranking:
    if np.isnan(churned).any() or np.isnan(score).any():
        raise ValueError("An outcome or a score is null. Judge closed rows only, and give every row a score.")
    # Months of one subscriber with the same score: the stayer goes first, so that the order never flatters.
    order = np.lexsort((churned, subscriber, -score))
    falls = score[order][1:] < score[order][:-1]
    return _Ranking(churned[order], np.concatenate(([0], np.cumsum(falls)))[: len(order)], subscriber[order])


def _measures(ranking: _Ranking, count: np.ndarray) -> np.ndarray:
    """Base rate, area, average precision and lift when each row stands `count` times."""
    ordered, pairs, captured, expected = _counts(ranking, count)
    churners = np.bincount(ranking.tie, count * ranking.churned)
    down_to = np.cumsum(np.bincount(ranking.tie, count))
    precision = np.divide(np.cumsum(churners), down_to, out=np.zeros(len(down_to)), where=down_to > 0)
    total = churners.sum()
    return np.array(
        [
            _ratio(total, count.sum()),
            _ratio(ordered, pairs),
            _ratio((churners * precision).sum(), total),
            _ratio(captured, expected),
        ]
    )


def _counts(ranking: _Ranking, count: np.ndarray) -> tuple[float, float, float, float]:
    """Pairs in the right order (ties are halves), pairs, churners in the top decile and in a blind pick."""
    churners = np.bincount(ranking.tie, count * ranking.churned)
    stayers = np.bincount(ranking.tie, count) - churners
    ordered = (stayers * (np.cumsum(churners) - churners / 2)).sum()
    total, rows = churners.sum(), count.sum()
    picked = (int(rows) + 5) // 10  # a tenth of the rows, halves rounded up
    taken = np.clip(picked - (np.cumsum(count) - count), 0, count)
    captured = (taken * ranking.churned).sum()
    return ordered, total * stayers.sum(), captured, picked * total / rows if rows else 0.0


def _bootstrap(
    rankings: list[_Ranking],
    measure: Callable[[list[np.ndarray]], np.ndarray],
    draws: int,
    seed: int,
) -> list[Figure]:
    """Each measure over all rows, with the percentiles over samples of subscribers drawn with replacement."""
    generator = np.random.default_rng(seed)
    values = measure([np.ones(len(ranking.churned)) for ranking in rankings])
    subscribers = max((int(ranking.subscriber.max(initial=-1)) for ranking in rankings), default=-1) + 1
    samples = np.full((draws, len(values)), np.nan)
    for draw in range(draws if subscribers else 0):
        times = np.bincount(generator.integers(0, subscribers, subscribers), minlength=subscribers).astype(
            np.float64
        )
        samples[draw] = measure([times[ranking.subscriber] for ranking in rankings])
    return [
        _figure(value, sample[~np.isnan(sample)]) for value, sample in zip(values, samples.T, strict=True)
    ]


def _figure(value: float, sample: np.ndarray) -> Figure:
    if np.isnan(value):
        return Figure()
    if not len(sample):
        return Figure(float(value))
    low, high = np.percentile(sample, _INTERVAL)
    return Figure(float(value), float(low), float(high))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _agreement(churned: np.ndarray, probability: np.ndarray) -> tuple[float | None, float | None]:
    """Expected churners, and the slope of the outcome on the log-odds: below 1 is too sure of itself."""
    if not len(probability):
        return None, None
    if not ((probability > 0) & (probability < 1)).all():
        raise ValueError(
            "A probability lies outside (0, 1). Give probabilities, or say is_probability=False."
        )
    log_odds = np.log(probability) - np.log1p(-probability)
    if len(np.unique(churned)) < 2 or np.ptp(log_odds) == 0:
        return float(probability.sum()), None
    left, stayed = log_odds[churned == 1], log_odds[churned == 0]
    # Where scores part the classes wholly, no finite slope fits best.
    separated = left.min() >= stayed.max() or left.max() <= stayed.min()
    return float(probability.sum()), None if separated else fit_line(log_odds, churned).slope


def as_plain(evaluation: Evaluation) -> dict[str, object]:
    """The evaluation as plain dictionaries, for a model's card."""
    return {
        name: vars(value).copy() if isinstance(value, Figure) else value
        for name, value in vars(evaluation).items()
    }


def from_plain(plain: Mapping[str, Any]) -> Evaluation:
    """The evaluation that `as_plain` wrote down."""
    values: dict[str, Any] = {
        name: Figure(**value) if isinstance(value, dict) else value for name, value in plain.items()
    }
    return Evaluation(**values)
