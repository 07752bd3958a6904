"""Drift: how far a month's candidates and their scores lie from those that a model was made of.

Here belong the reference that a model's card carries, the population stability index with the value that
chance alone reaches, and what came of the scores: observed against expected, slope and intercept. Pure
figures and the level they call for; which months are compared, and who is told, the warehouse's watch says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtri

from ml.calibration import fit_line
from ml.columns import CategoryLevels, FeatureColumns, to_matrix

OK, INVESTIGATE, STOP = LEVELS = ("ok", "investigate", "stop")
"""How loud the watch speaks, from low to high."""

_BINS = 10
_CONFIDENCE = 0.95
_DEVIATIONS = 1.96
"""Standard errors on each side that hold as much."""


@dataclass(frozen=True)
class Bins:
    """Counts of one column of the reference: up to each edge, above the last one, and of missing values."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def count(self, values: np.ndarray) -> tuple[int, ...]:
        """Count other values of the same column (NaN is missing) in these bins."""
        # Whatever is missing is sorted behind infinity.
        ends = np.array([*self.edges, np.inf], dtype=values.dtype)
        places = np.searchsorted(ends, values, side="left")
        return tuple(np.bincount(places, minlength=len(ends) + 1).tolist())


@dataclass(frozen=True)
class DriftReference:
    """Bins of a model's features, from the months it learnt from, and of its score, from those after them."""

    features: Mapping[str, Bins]
    score: Bins

    def as_plain(self) -> dict[str, Any]:
        """The reference as plain dictionaries and lists, for a model's card."""
        return {
            "features": {name: _plain(bins) for name, bins in self.features.items()},
            "score": _plain(self.score),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "DriftReference":
        """The reference that `as_plain` wrote down."""
        return cls(
            {name: _from_plain(bins) for name, bins in plain["features"].items()}, _from_plain(plain["score"])
        )


@dataclass(frozen=True)
class DriftLimits:
    """From where on the watch speaks; the rule book sets them."""

    psi_investigate: float
    psi_stop: float
    missing_share_change: float
    observed_over_expected_low: float
    observed_over_expected_high: float
    calibration_intercept: float
    calibration_slope_low: float
    calibration_slope_high: float

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "DriftLimits":
        """The limits that the rule book's parameters set."""
        return cls(
            psi_investigate=float(parameters["psi_investigate"]),
            psi_stop=float(parameters["psi_stop"]),
            missing_share_change=float(parameters["missing_share_change"]),
            observed_over_expected_low=float(parameters["observed_over_expected_low"]),
            observed_over_expected_high=float(parameters["observed_over_expected_high"]),
            calibration_intercept=float(parameters["calibration_intercept_limit"]),
            calibration_slope_low=float(parameters["calibration_slope_low"]),
            calibration_slope_high=float(parameters["calibration_slope_high"]),
        )


@dataclass(frozen=True)
class Outcome:
    """What came of scored customers, beside what their scores said; None where it cannot be measured.

    `observed_over_expected` with its exact 95 % Poisson interval. `slope` is that of the outcome on the
    log-odds, 1 where the scores are as spread as the truth, with its standard error; `intercept` what had to
    be added to the log-odds, 0 where their level is right.
    """

    rows: int
    observed: int
    expected: float
    observed_over_expected: float | None
    low: float | None
    high: float | None
    slope: float | None
    slope_error: float | None
    intercept: float | None


def learn_reference(
    columns: FeatureColumns,
    levels: Mapping[str, CategoryLevels],
    matrix: np.ndarray,
    score: np.ndarray,
) -> DriftReference:
    """Bins of the training months' matrix (of `columns.to_matrix`) and of the calibrating months' scores.

    Numbers lie in at most ten bins, between the deciles; flags and categories each have a bin a level, and
    missing values one of their own. A level never seen in training is missing.
    """
    features = {}
    for place, name in enumerate(columns.names):
        values = matrix[:, place]
        if name in columns.numeric:
            features[name] = _binned(values, _decile_edges(values))
        else:
            codes = len(set(levels[name].codes.values())) if name in levels else 2
            features[name] = _binned(values, tuple(float(code) for code in range(codes - 1)))
    return DriftReference(features, _binned(score, _decile_edges(score)))


def drift(
    reference: DriftReference,
    frame: pd.DataFrame,
    columns: FeatureColumns,
    levels: Mapping[str, CategoryLevels],
) -> pd.DataFrame:
    """One row per feature of `frame`, whose rows are the candidates of a month, in the model's order.

    Columns: feature, psi, critical_value, psi_over_critical, missing_share, reference_missing_share, rows.
    Columns of the frame become numbers one at a time, so memory stays that of the frame.
    """
    rows = np.arange(len(frame))
    found = []
    for name in columns.names:
        values = to_matrix(frame, FeatureColumns((name,)), levels, rows)[:, 0]
        found.append({"feature": name, **compare(reference.features[name], values)})
    return pd.DataFrame(found)


def compare(reference: Bins, values: np.ndarray) -> dict[str, float | int | None]:
    """Compare one column with its bins: the figures of a row of `drift`."""
    expected, actual = reference.counts, reference.count(values)
    bins = sum(1 for pair in zip(expected, actual, strict=True) if any(pair))
    psi = stability_index(expected, actual)
    critical = critical_value(sum(expected), sum(actual), bins)
    return {
        "psi": psi,
        "critical_value": critical,
        "psi_over_critical": psi / critical if psi is not None and critical else None,
        "missing_share": _missing_share(actual),
        "reference_missing_share": _missing_share(expected),
        "rows": sum(actual),
    }


def stability_index(expected: Sequence[int], actual: Sequence[int]) -> float | None:
    """Population stability index of counts in the same bins: 0 is no change; None where one side is empty.

    Where a bin is empty on one side only, every count is raised by a half, so that the figure is finite; bins
    empty on both sides do not count.

    >>> round(stability_index([10] * 10, [8, 9, 10, 10, 10, 10, 10, 10, 11, 12]), 7)
    0.010116
    """
    counts = np.array([expected, actual], dtype=np.float64)
    if not counts.sum(axis=1).all():
        return None
    counts = counts[:, counts.any(axis=0)]
    if not counts.all():
        counts += 0.5
    before, now = counts / counts.sum(axis=1, keepdims=True)
    return float(((now - before) * np.log(now / before)).sum())


def critical_value(expected_rows: int, actual_rows: int, bins: int) -> float | None:
    """Index that chance alone exceeds in 5 of 100 samples of the same population; None for a single bin.

    Under no change PSI is about (1/n + 1/m) times a chi-square with a degree of freedom less than bins
    (Yurdakul and Naranjo).

    >>> round(critical_value(1000, 1000, 10), 4)
    0.0338
    """
    if bins < 2 or not expected_rows or not actual_rows:
        return None
    return float((1 / expected_rows + 1 / actual_rows) * chdtri(bins - 1, 1 - _CONFIDENCE))


def feature_level(
    psi: float | None,
    critical: float | None,
    missing_share: float | None,
    reference_missing_share: float | None,
    limits: DriftLimits,
) -> str:
    """Level that one feature's figures call for.

    A change counts by its size, but only where it is more than chance makes of so few rows.
    """
    if psi is None or critical is None or psi < critical:
        return OK
    if psi >= limits.psi_stop:
        return STOP
    if psi >= limits.psi_investigate:
        return INVESTIGATE
    if missing_share is None or reference_missing_share is None:
        return OK
    is_other = abs(missing_share - reference_missing_share) >= limits.missing_share_change
    return INVESTIGATE if is_other else OK


def outcome(probability: np.ndarray, churned: np.ndarray) -> Outcome:
    """Compare probabilities with what came of them (1.0 or 0.0)."""
    observed, expected = int(churned.sum()), float(probability.sum())
    ratio, low, high = observed_over_expected(observed, expected)
    slope = error = intercept = None
    if 0 < observed < len(churned):
        log_odds = np.log(probability) - np.log1p(-probability)
        intercept = fit_line(log_odds, churned, fixed_slope=1.0).intercept
        left, stayed = log_odds[churned == 1], log_odds[churned == 0]
        # Where scores part the classes wholly, or do not differ, no slope fits best.
        if np.ptp(log_odds) > 0 and left.min() < stayed.max() and stayed.min() < left.max():
            line = fit_line(log_odds, churned)
            slope, error = line.slope, _slope_error(log_odds, line.probability(log_odds))
    return Outcome(len(churned), observed, expected, ratio, low, high, slope, error, intercept)


def observed_over_expected(
    observed: int, expected: float
) -> tuple[float, float, float] | tuple[None, None, None]:
    """Churners seen for each one expected, with the exact 95 % Poisson interval; None without expectation.

    >>> [round(value, 3) for value in observed_over_expected(10, 8.0)]
    [1.25, 0.599, 2.299]
    """
    if expected <= 0:
        return None, None, None
    tail = (1 - _CONFIDENCE) / 2
    low = chdtri(2 * observed, 1 - tail) / 2 if observed else 0.0
    high = chdtri(2 * observed + 2, tail) / 2
    return observed / expected, float(low) / expected, float(high) / expected


def score_alarms(
    psi: float | None,
    critical: float | None,
    judged: Outcome | None,
    early: Outcome | None,
    limits: DriftLimits,
) -> tuple[str, tuple[str, ...]]:
    """Level of a month's scores, and the figures that call for it.

    `judged` is the newest closed month. `early` counts only churners known so far: too many already say
    something, too few do not. A figure out of its bounds counts where it is more than chance makes of so few.
    """
    alarms = []
    score_change = feature_level(psi, critical, None, None, limits)
    if score_change != OK:
        alarms.append("psi")
    if judged is not None and judged.low is not None and judged.high is not None:
        is_other = judged.high < 1 or judged.low > 1
        low, high = limits.observed_over_expected_low, limits.observed_over_expected_high
        if is_other and not low <= judged.observed / judged.expected <= high:
            alarms.append("observed_over_expected")
        if is_other and judged.intercept is not None and abs(judged.intercept) > limits.calibration_intercept:
            alarms.append("calibration_intercept")
        if (
            judged.slope is not None
            and judged.slope_error is not None
            and abs(judged.slope - 1) > _DEVIATIONS * judged.slope_error
            and not limits.calibration_slope_low <= judged.slope <= limits.calibration_slope_high
        ):
            alarms.append("calibration_slope")
    if (
        early is not None
        and early.low is not None
        and early.low > 1
        and early.observed / early.expected > limits.observed_over_expected_high
    ):
        alarms.append("early_observed_over_expected")
    level = score_change if score_change == STOP else INVESTIGATE if alarms else OK
    return level, tuple(alarms)


def _slope_error(log_odds: np.ndarray, fitted: np.ndarray) -> float:
    """Standard error of a slope fitted together with its intercept, from the curvature there."""
    weight = fitted * (1 - fitted)
    mean = (weight * log_odds).sum() / weight.sum()
    return float(1 / np.sqrt((weight * (log_odds - mean) ** 2).sum()))


def _decile_edges(values: np.ndarray) -> tuple[float, ...]:
    """Upper ends of all bins but the last; deciles that are the same number make one bin."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ()
    highest = known.max()
    if highest == known.min():
        # A constant is a bin of its own, between what is lower and what is higher.
        return float(np.nextafter(highest, -np.inf, dtype=known.dtype)), float(highest)
    shares = np.arange(1, _BINS) / _BINS
    deciles = np.unique(np.quantile(known, shares, method="inverted_cdf"))
    return tuple(float(edge) for edge in deciles if edge < highest)


def _binned(values: np.ndarray, edges: tuple[float, ...]) -> Bins:
    return Bins(edges, Bins(edges, ()).count(values))


def _missing_share(counts: Sequence[int]) -> float | None:
    return counts[-1] / sum(counts) if any(counts) else None


def _plain(bins: Bins) -> dict[str, list[float] | list[int]]:
    return {"edges": list(bins.edges), "counts": list(bins.counts)}


def _from_plain(plain: Mapping[str, Any]) -> Bins:
    return Bins(tuple(plain["edges"]), tuple(plain["counts"]))
