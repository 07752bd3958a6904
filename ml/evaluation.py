"""Evaluation: how well scores find churners, each figure with an interval.

Here belong the measures and their bootstrap, for any score, be it a model's or a rule's, and the comparison
of two scores on the same rows. What is scored, and on which months, belongs to `training` and `splits`; what
the profits assume, to `profit`; figures along a curve, to `curves`.

Tied scores are treated exactly, and the order of the rows never matters: the area, the average precision and
the profits count a tie as one group; precision and lift of the top decile and at a capacity break it by
subscriber id, and among rows of one subscriber the stayer goes first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from ml.calibration import fit_line
from ml.profit import ProfitParameters, roc_hull

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


# Names of the figures, in the order in which `_ratios` gives them.
_MEASURES = (
    "base_rate",
    "auc",
    "average_precision",
    "top_decile_precision",
    "top_decile_lift",
    "precision_at_capacity",
    "lift_at_capacity",
    "expected_maximum_profit",
    "maximum_profit",
    "log_loss",
)
_COMPARED = ("auc", "average_precision", "top_decile_lift", "lift_at_capacity", "expected_maximum_profit")


@dataclass(frozen=True)
class _Ranking:
    """Rows from the highest score down: outcome, loss, subscriber, and where each group of ties begins."""

    churned: np.ndarray
    loss: np.ndarray
    subscriber: np.ndarray
    tie_start: np.ndarray


class _Totals(NamedTuple):
    """What adds up over rankings, and makes the measures when divided.

    In the right order are pairs of a churner and a stayer (ties are halves); blind is a pick of the same size
    that knows nothing.
    """

    rows: float = 0.0
    churners: float = 0.0
    pairs: float = 0.0
    ordered_pairs: float = 0.0
    precisions: float = 0.0
    tenth: float = 0.0
    captured_in_tenth: float = 0.0
    blind_in_tenth: float = 0.0
    worked: float = 0.0
    captured_in_worked: float = 0.0
    blind_in_worked: float = 0.0
    expected_profit: float = 0.0
    profit: float = 0.0
    loss: float = 0.0


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
        _measures,
        [_rank(churned, scores, subscriber, loss)],
        capacity=capacity,
        parameters=parameters,
    )
    figures = dict(zip(_MEASURES, _bootstrap(measure, subscriber, draws, seed), strict=True))
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
    rankings = [_rank(churned[group], scores[group], subscriber[group]) for group in groups]
    parameters, capacity = profit_parameters or ProfitParameters(), _checked(capacity)
    measure = partial(_measures, rankings, capacity=capacity, parameters=parameters)
    figures = dict(zip(_MEASURES, _bootstrap(measure, subscriber, draws, seed), strict=True))
    # Ranked only: the score need not be a probability.
    del figures["log_loss"]
    captured = sum(
        _captured(*_running(ranking, np.ones(len(ranking.churned))), _tenth(len(ranking.churned)))
        for ranking in rankings
    )
    return PooledEvaluation(
        months=len(groups),
        rows=len(churned),
        churners=int(churned.sum()),
        captured_churners=int(captured),
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
        [_rank(churned[group], scores[group], subscriber[group]) for group in groups]
        for churned, scores, subscriber in contenders
    ]
    churned, _, subscriber = contenders[0]
    compared = [_MEASURES.index(name) for name in _COMPARED]

    def measures(times: np.ndarray) -> list[np.ndarray]:
        return [_measures(each, times, capacity, parameters)[compared] for each in rankings]

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


def judged_rows(
    target: np.ndarray | pd.Series, score: np.ndarray | pd.Series, entity: np.ndarray | pd.Series
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome (1.0 or 0.0), score, and number of the subscriber in the order of the ids, of each row.

    ValueError where a row is not judged or not scored.
    """
    churned, scores = np.asarray(target, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if not len(churned) == len(scores) == len(entity):
        raise ValueError("Outcome, score and subscriber are columns of one length.")
    if np.isnan(churned).any() or np.isnan(scores).any():
        raise ValueError("An outcome or a score is null. Judge closed rows only, and give every row a score.")
    return churned, scores, pd.factorize(pd.Series(entity), sort=True)[0]


def risk_order(churned: np.ndarray, score: np.ndarray, subscriber: np.ndarray) -> np.ndarray:
    """Positions of rows (`judged_rows`) from the highest score down, with ties broken as lift breaks them."""
    # The stayer goes first among one subscriber's rows of one score, so that the order never flatters.
    return np.lexsort((churned, subscriber, -score))


def _months(month: np.ndarray | pd.Series) -> list[np.ndarray]:
    period, names = pd.factorize(pd.Series(month), sort=True)
    return [np.flatnonzero(period == number) for number in range(len(names))]


def _checked(capacity: int | None) -> int | None:
    if capacity is None:
        return None
    if capacity < 0:
        raise ValueError(f"The capacity is {capacity}: give the number of customers that can be worked.")
    return int(capacity)


def _rank(
    churned: np.ndarray, score: np.ndarray, subscriber: np.ndarray, loss: np.ndarray | None = None
) -> _Ranking:
    order = risk_order(churned, score, subscriber)
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = score[order][1:] < score[order][:-1]
    return _Ranking(
        churned[order],
        np.full(len(order), np.nan) if loss is None else loss[order],
        subscriber[order],
        np.flatnonzero(begins),
    )


def _measures(
    rankings: list[_Ranking],
    times: np.ndarray,
    capacity: int | None,
    parameters: ProfitParameters,
) -> np.ndarray:
    """The values of `_MEASURES` over all rankings, when each subscriber stands so many times."""
    totals = [_totals(ranking, times[ranking.subscriber], capacity, parameters) for ranking in rankings]
    return _ratios(_Totals(*np.sum([_Totals(), *totals], axis=0)))


def _totals(
    ranking: _Ranking, count: np.ndarray, capacity: int | None, parameters: ProfitParameters
) -> _Totals:
    """The totals of one ranking when each row stands `count` times."""
    down_to, churners_to = _running(ranking, count)
    rows, total = down_to[-1], churners_to[-1]
    if not rows:
        return _Totals()
    # One step of the curve per group of tied rows that was drawn at all.
    ends = np.concatenate((ranking.tie_start[1:], [len(count)]))
    ends = ends[np.diff(down_to[ends], prepend=0.0) > 0]
    churners, stayers = (
        np.diff(running[ends], prepend=0.0) for running in (churners_to, down_to - churners_to)
    )
    hull = roc_hull(churners, stayers)
    tenth = _tenth(rows)
    worked = min(capacity or 0, rows)
    return _Totals(
        rows=rows,
        churners=total,
        pairs=total * (rows - total),
        ordered_pairs=(stayers * (churners_to[ends] - churners / 2)).sum(),
        precisions=(churners * churners_to[ends] / down_to[ends]).sum(),
        tenth=tenth,
        captured_in_tenth=_captured(down_to, churners_to, tenth),
        blind_in_tenth=tenth * total / rows,
        worked=worked,
        captured_in_worked=_captured(down_to, churners_to, worked),
        blind_in_worked=worked * total / rows,
        expected_profit=hull.expected_maximum_profit(parameters).profit * rows,
        profit=hull.maximum_profit(parameters).profit * rows,
        loss=(count * ranking.loss).sum(),
    )


def _ratios(totals: _Totals) -> np.ndarray:
    """The values of `_MEASURES` from totals; not a number where nothing can be measured."""
    # Without both classes every score earns the same.
    judged = totals.rows if totals.pairs else 0.0
    return np.array(
        [
            _ratio(totals.churners, totals.rows),
            _ratio(totals.ordered_pairs, totals.pairs),
            _ratio(totals.precisions, totals.churners),
            _ratio(totals.captured_in_tenth, totals.tenth),
            _ratio(totals.captured_in_tenth, totals.blind_in_tenth),
            _ratio(totals.captured_in_worked, totals.worked),
            _ratio(totals.captured_in_worked, totals.blind_in_worked),
            _ratio(totals.expected_profit, judged),
            _ratio(totals.profit, judged),
            _ratio(totals.loss, totals.rows),
        ]
    )


def _running(ranking: _Ranking, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and churners down to each place of the ranking; the first are those above it: none."""
    down_to, churners_to = np.zeros(len(count) + 1), np.zeros(len(count) + 1)
    np.cumsum(count, out=down_to[1:])
    np.cumsum(count * ranking.churned, out=churners_to[1:])
    return down_to, churners_to


def _captured(down_to: np.ndarray, churners_to: np.ndarray, picked: float) -> float:
    """Churners among the `picked` rows on top; a row that stands several times may be cut in two."""
    return float(np.interp(picked, down_to, churners_to))


def _tenth(rows: float) -> int:
    return (int(rows) + 5) // 10  # halves rounded up


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


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


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
