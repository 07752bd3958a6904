"""Evaluation: how well scores find churners, each figure with an interval.

Here belong the figures and their bootstrap, for any score, be it a model's or a rule's, and the comparison
of two scores on the same rows. How a measure is counted along a ranking belongs to `ranking`; what is scored,
and on which months, to `training` and `splits`; what the profits assume, to `profit`; figures along a curve,
to `curves`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from ml.calibration import fit_line
from ml.profit import ProfitParameters
from ml.ranking import MEASURES, captured_in_tenth, judged_rows, measures_of, ranked

_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % interval; None where it cannot be measured."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """Figures of one score over one set of rows.

    Precision is the share of churners among the rows picked, lift that share over the base rate: in the top
    decile, and in the `capacity` rows that can be worked (where it is given). The profits are per customer of
    all rows, under `profit_parameters`; every bootstrap sample picks its own best campaign, so that their
    intervals reach further up than down. Only where the score is a probability: log loss, expected churners,
    the calibration's slope (below 1 is too sure of itself) and its intercept with the slope held at 1 (below
    0 is too many foretold).
    """

    rows: int
    churners: int
    base_rate: Figure
    auc: Figure
    average_precision: Figure
    top_decile_lift: Figure
    expected_churners: float | None
    calibration_slope: float | None
    calibration_intercept: float | None = None
    log_loss: Figure = Figure()
    top_decile_precision: Figure = Figure()
    capacity: int | None = None
    precision_at_capacity: Figure = Figure()
    lift_at_capacity: Figure = Figure()
    expected_maximum_profit: Figure = Figure()
    maximum_profit: Figure = Figure()
    profit_parameters: ProfitParameters | None = None

    @property
    def observed_over_expected(self) -> Figure:
        """Churners seen for each one foretold, with exact Poisson interval; below 1: too many foretold."""
        if not self.expected_churners:
            return Figure()
        low, high = poisson_interval(self.churners)
        expected = self.expected_churners
        return Figure(self.churners / expected, low / expected, high / expected)


@dataclass(frozen=True)
class PooledEvaluation:
    """Figures of one score ranked within each month, added up over the months; named as in `Evaluation`.

    The capacity is that of each month. Average precision and profits are the months' own, weighted by their
    churners and by their rows.
    """

    months: int
    rows: int
    churners: int
    captured_churners: int
    base_rate: Figure
    auc: Figure
    top_decile_lift: Figure
    average_precision: Figure
    top_decile_precision: Figure
    capacity: int | None
    precision_at_capacity: Figure
    lift_at_capacity: Figure
    expected_maximum_profit: Figure
    maximum_profit: Figure
    profit_parameters: ProfitParameters


@dataclass(frozen=True)
class Difference:
    """A measure of two scores on the same rows, and the first less the second with its 95 % interval."""

    first: float | None = None
    second: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Two scores on the same rows, each measure as in `Evaluation`; above 0 the first is better."""

    rows: int
    churners: int
    auc: Difference
    average_precision: Difference
    top_decile_lift: Difference
    lift_at_capacity: Difference
    expected_maximum_profit: Difference
    capacity: int | None
    profit_parameters: ProfitParameters


_COMPARED = ("auc", "average_precision", "top_decile_lift", "lift_at_capacity", "expected_maximum_profit")


def evaluate(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    entity: np.ndarray | pd.Series,
    *,
    is_probability: bool = True,
    capacity: int | None = None,
    profit_parameters: ProfitParameters | None = None,
    draws: int = 200,
    seed: int = 20,
) -> Evaluation:
    """Figures over rows given as three columns of one length: outcome (true or false), score, subscriber id.

    The higher the score, the riskier. `capacity` is the number of customers that can be worked. The intervals
    come from `draws` bootstrap samples of subscribers, so that the months of one subscriber are drawn
    together. A figure without churners or without stayers is None.

    >>> evaluate(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]), np.array(list("abcd"))).auc.value
    0.75
    """
    churned, scores, subscriber = judged_rows(target, score, entity)
    expected, slope, intercept = _agreement(churned, scores) if is_probability else (None, None, None)
    loss = _log_loss(churned, scores) if is_probability else None
    parameters, capacity = profit_parameters or ProfitParameters(), _checked(capacity)
    measure = partial(
        measures_of,
        [ranked(churned, scores, subscriber, loss)],
        capacity=capacity,
        parameters=parameters,
    )
    figures = dict(zip(MEASURES, _bootstrap(measure, subscriber, draws, seed), strict=True))
    return Evaluation(
        rows=len(churned),
        churners=int(churned.sum()),
        expected_churners=expected,
        calibration_slope=slope,
        calibration_intercept=intercept,
        capacity=capacity,
        profit_parameters=parameters,
        **figures,
    )


def pooled(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    entity: np.ndarray | pd.Series,
    month: np.ndarray | pd.Series,
    *,
    capacity: int | None = None,
    profit_parameters: ProfitParameters | None = None,
    draws: int = 200,
    seed: int = 20,
) -> PooledEvaluation:
    """Figures of several months, ranked within each: columns as in `evaluate`, and the month.

    Lift = churners in the months' top deciles over those that blind picks of the same size would have met;
    area = pairs of a churner and a stayer of the same month in the right order, over all such pairs.
    """
    churned, scores, subscriber = judged_rows(target, score, entity)
    groups = _months(month)
    rankings = [ranked(churned[group], scores[group], subscriber[group]) for group in groups]
    parameters, capacity = profit_parameters or ProfitParameters(), _checked(capacity)
    measure = partial(measures_of, rankings, capacity=capacity, parameters=parameters)
    figures = dict(zip(MEASURES, _bootstrap(measure, subscriber, draws, seed), strict=True))
    # Ranked only: the score need not be a probability.
    del figures["log_loss"]
    return PooledEvaluation(
        months=len(groups),
        rows=len(churned),
        churners=int(churned.sum()),
        captured_churners=int(sum(map(captured_in_tenth, rankings))),
        capacity=capacity,
        profit_parameters=parameters,
        **figures,
    )


def compare(
    target: np.ndarray | pd.Series,
    first: np.ndarray | pd.Series,
    second: np.ndarray | pd.Series,
    entity: np.ndarray | pd.Series,
    month: np.ndarray | pd.Series | None = None,
    *,
    capacity: int | None = None,
    profit_parameters: ProfitParameters | None = None,
    draws: int = 200,
    seed: int = 20,
) -> Comparison:
    """How much better the `first` score ranks than the `second`, on the same rows with the same draws.

    Columns as in `evaluate`; neither score need be a probability. With a `month` each score ranks within
    every month, as in `pooled`, and the capacity is each month's. The intervals are those of the differences
    (paired bootstrap): they are much narrower than two separate intervals would suggest.

    >>> found = compare(np.array([1, 0, 0]), np.array([3, 2, 1]), np.array([1, 2, 3]), np.array(list("abc")))
    >>> (found.auc.first, found.auc.second, found.auc.value)
    (1.0, 0.0, 1.0)
    """
    groups = _months(month) if month is not None else [np.arange(len(target))]
    parameters, capacity = profit_parameters or ProfitParameters(), _checked(capacity)
    contenders = [judged_rows(target, score, entity) for score in (first, second)]
    rankings = [
        [ranked(churned[group], scores[group], subscriber[group]) for group in groups]
        for churned, scores, subscriber in contenders
    ]
    churned, _, subscriber = contenders[0]
    compared = [MEASURES.index(name) for name in _COMPARED]

    def measures(times: np.ndarray) -> list[np.ndarray]:
        return [measures_of(each, times, capacity, parameters)[compared] for each in rankings]

    def difference(times: np.ndarray) -> np.ndarray:
        one, other = measures(times)
        return one - other

    levels = [[_figure(value).value for value in each] for each in measures(_once(subscriber))]
    differences = {
        name: Difference(one, other, figure.value, figure.low, figure.high)
        for name, one, other, figure in zip(
            _COMPARED, *levels, _bootstrap(difference, subscriber, draws, seed), strict=True
        )
    }
    return Comparison(
        rows=len(churned),
        churners=int(churned.sum()),
        capacity=capacity,
        profit_parameters=parameters,
        **differences,
    )


def poisson_interval(count: int) -> tuple[float, float]:
    """Exact 95 % interval of the mean of a Poisson count (Garwood 1936).

    >>> [round(limit, 3) for limit in poisson_interval(10)]
    [4.795, 18.39]
    """
    low, high = (percentile / 100 for percentile in _INTERVAL)
    return float(gammaincinv(count, low)) if count else 0.0, float(gammaincinv(count + 1, high))


def as_plain(evaluation: Evaluation) -> dict[str, object]:
    """The evaluation as plain dictionaries, for a model's card."""
    return {
        name: vars(value).copy() if isinstance(value, Figure | ProfitParameters) else value
        for name, value in vars(evaluation).items()
    }


def from_plain(plain: Mapping[str, Any]) -> Evaluation:
    """The evaluation that `as_plain` wrote down; figures that an older card does not have are None."""
    values: dict[str, Any] = {
        name: Figure(**value) if isinstance(value, dict) and name != "profit_parameters" else value
        for name, value in plain.items()
    }
    if values.get("profit_parameters"):
        values["profit_parameters"] = ProfitParameters(**values["profit_parameters"])
    return Evaluation(**values)


def _months(month: np.ndarray | pd.Series) -> list[np.ndarray]:
    period, names = pd.factorize(pd.Series(month), sort=True)
    return [np.flatnonzero(period == number) for number in range(len(names))]


def _checked(capacity: int | None) -> int | None:
    if capacity is None:
        return None
    if capacity < 0:
        raise ValueError(f"The capacity is {capacity}: give the number of customers that can be worked.")
    return int(capacity)


def _bootstrap(
    measure: Callable[[np.ndarray], np.ndarray], subscriber: np.ndarray, draws: int, seed: int
) -> list[Figure]:
    """Each measure over all rows, with the percentiles over samples of subscribers drawn with replacement.

    `measure` gives the measures when each subscriber stands as many times as its argument says.
    """
    generator = np.random.default_rng(seed)
    once = _once(subscriber)
    values = measure(once)
    samples = np.full((draws, len(values)), np.nan)
    for draw in range(draws if len(once) else 0):
        drawn = np.bincount(generator.integers(0, len(once), len(once)), minlength=len(once))
        samples[draw] = measure(drawn.astype(np.float64))
    return [
        _figure(value, sample[~np.isnan(sample)]) for value, sample in zip(values, samples.T, strict=True)
    ]


def _once(subscriber: np.ndarray) -> np.ndarray:
    """Each subscriber stands one time: the rows as they are."""
    return np.ones(int(subscriber.max(initial=-1)) + 1)


def _figure(value: float, sample: np.ndarray | None = None) -> Figure:
    if np.isnan(value):
        return Figure()
    if sample is None or not len(sample):
        return Figure(float(value))
    low, high = np.percentile(sample, _INTERVAL)
    return Figure(float(value), float(low), float(high))


def _log_loss(churned: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Loss of each row."""
    return -np.where(churned == 1, np.log(probability), np.log1p(-probability))


def _agreement(
    churned: np.ndarray, probability: np.ndarray
) -> tuple[float | None, float | None, float | None]:
    """Expected churners, slope of the outcome on the log-odds, and intercept with that slope held at 1."""
    if not len(probability):
        return None, None, None
    if not ((probability > 0) & (probability < 1)).all():
        raise ValueError(
            "A probability lies outside (0, 1). Give probabilities, or say is_probability=False."
        )
    log_odds = np.log(probability) - np.log1p(-probability)
    expected = float(probability.sum())
    if len(np.unique(churned)) < 2:
        return expected, None, None
    intercept = fit_line(log_odds, churned, fixed_slope=1.0).intercept
    left, stayed = log_odds[churned == 1], log_odds[churned == 0]
    # Where scores part the classes wholly, no finite slope fits best; where all are one, none is told.
    separated = left.min() >= stayed.max() or left.max() <= stayed.min()
    return expected, None if separated else fit_line(log_odds, churned).slope, intercept
