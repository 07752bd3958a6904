"""Calibration: from a model's log-odds to probabilities that come true as often as they say.

Here belong the two-parameter logistic map of Platt (1999), the three-parameter beta map of Kull, Silva Filho
and Flach (2017), the choice between them, and the update of the level alone. Both keep the ranking: plateaus,
as an isotonic map makes them, would cost precision among rare churners. How good a calibration is,
`evaluation` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

# Probabilities stay strictly between 0 and 1, also where a model is certain beyond what a float can hold.
_SMALLEST_PROBABILITY = 1e-12
_MOST_STEPS = 100
# Contributions that add up to less move no log-odds that anybody could read.
_NEARLY_NOTHING = 1e-6


@dataclass(frozen=True)
class Calibration:
    """Straight line on the log-odds: calibrated = intercept + slope x raw, slope above 0."""

    slope: float = 1.0
    intercept: float = 0.0

    def log_odds(self, margin: np.ndarray) -> np.ndarray:
        """Calibrated log-odds of the model's raw log-odds, shape kept."""
        return self.intercept + self.slope * margin.astype(np.float64)

    def probability(self, margin: np.ndarray) -> np.ndarray:
        """Calibrated probability, strictly between 0 and 1, of the model's raw log-odds.

        >>> Calibration(slope=1.0, intercept=0.0).probability(np.array([0.0, 1000.0])).round(2).tolist()
        [0.5, 1.0]
        """
        return _inside(_logistic(self.log_odds(margin)))


@dataclass(frozen=True)
class BetaCalibration:
    """Two slopes: calibrated log-odds = a ln p - b ln(1 - p) + intercept, p the model's own probability.

    `a` (low_slope) bends the map where p is small, `b` (high_slope) where it is large; neither is below 0 and
    one at least is above. Where they are equal, this is the straight line of `Calibration`.
    """

    low_slope: float = 1.0
    high_slope: float = 1.0
    intercept: float = 0.0

    def log_odds(self, margin: np.ndarray) -> np.ndarray:
        """Calibrated log-odds of the model's raw log-odds, shape kept.

        >>> BetaCalibration(2.0, 2.0, 0.5).log_odds(np.array([-1.0, 0.0, 3.0])).round(9).tolist()
        [-1.5, 0.5, 6.5]
        """
        low, high = _beta_terms(margin)
        return self.intercept + self.low_slope * low + self.high_slope * high

    def probability(self, margin: np.ndarray) -> np.ndarray:
        """Calibrated probability, strictly between 0 and 1, of the model's raw log-odds."""
        return _inside(_logistic(self.log_odds(margin)))


AnyCalibration = Calibration | BetaCalibration


def calibration_from_plain(plain: Mapping[str, float]) -> AnyCalibration:
    """The map whose fields a model's card tells.

    >>> calibration_from_plain({"slope": 0.9, "intercept": 0.1})
    Calibration(slope=0.9, intercept=0.1)
    """
    return Calibration(**plain) if "slope" in plain else BetaCalibration(**plain)


def calibrated_contributions(calibration: AnyCalibration, shares: np.ndarray) -> np.ndarray:
    """Contributions to the calibrated log-odds, from those to the raw ones.

    Both have shape (rows, features + 1), the last one a constant; a row adds up to its log-odds. Along a
    straight line each contribution is multiplied by the slope; along a bent one, by the mean slope between
    the constant and the row, so that order and sign stay.

    >>> calibrated_contributions(Calibration(2.0, 1.0), np.array([[0.5, -0.1, -3.0]])).round(9).tolist()
    [[1.0, -0.2, -5.0]]
    """
    constant = shares[:, -1].astype(np.float64)
    found = shares.astype(np.float64)
    if isinstance(calibration, Calibration):
        found *= calibration.slope
        found[:, -1] += calibration.intercept
        return found
    above = found[:, :-1].sum(axis=1)
    rise = calibration.log_odds(constant + above) - calibration.log_odds(constant)
    # Where the contributions cancel out, the slope at the constant stands for the mean slope.
    near = np.abs(above) < _NEARLY_NOTHING
    rise[near] = calibration.log_odds(constant[near] + 0.5) - calibration.log_odds(constant[near] - 0.5)
    found[:, :-1] *= (rise / np.where(near, 1.0, above))[:, None]
    found[:, -1] = calibration.log_odds(constant)
    return found


def calibrate(margin: np.ndarray, target: np.ndarray, minimum_churners: int) -> Calibration:
    """Fit the map on raw log-odds and their outcomes (1.0 or 0.0), with Platt's smoothed targets.

    With fewer than `minimum_churners` churners, or where the slope would turn the ranking round, only the
    intercept is fitted, so that as many churners are expected as there were. Without any churner the
    expectation is that of Platt's smoothing: about one in as many rows.

    >>> churned = np.repeat([1.0, 0.0], [100, 300])
    >>> calibrate(np.zeros(400), churned, minimum_churners=30).probability(np.zeros(1)).round(3).tolist()
    [0.25]
    """
    churners = float(target.sum())
    stayers = len(target) - churners
    smoothed = _smoothed(target)
    if churners >= minimum_churners and np.ptp(margin) > 0:
        fitted = fit_line(margin, smoothed)
        if fitted.slope > 0:
            return fitted
    # The level alone separates nothing: only where one class is missing does it need the smoothing.
    return fit_line(margin, target if churners and stayers else smoothed, fixed_slope=1.0)


def calibrate_beta(margin: np.ndarray, target: np.ndarray, minimum_churners: int) -> AnyCalibration:
    """Fit the beta map on raw log-odds and their outcomes (1.0 or 0.0), with Platt's smoothed targets.

    Slopes below 0 would turn the ranking round at one end: such a one is set to 0 and the rest fitted anew.
    With fewer than `minimum_churners` churners, or where no slope is left, the answer is `calibrate`'s.
    """
    if target.sum() < minimum_churners or np.ptp(margin) == 0:
        return calibrate(margin, target, minimum_churners)
    low, high = _beta_terms(margin)
    outcome, level = _smoothed(target), np.ones(len(low))
    intercept, low_slope, high_slope = _most_likely([level, low, high], outcome)
    if low_slope < 0:
        (intercept, high_slope), low_slope = _most_likely([level, high], outcome), 0.0
    elif high_slope < 0:
        (intercept, low_slope), high_slope = _most_likely([level, low], outcome), 0.0
    if min(low_slope, high_slope) < 0 or max(low_slope, high_slope) == 0:
        return calibrate(margin, target, minimum_churners)
    return BetaCalibration(float(low_slope), float(high_slope), float(intercept))


def choose_calibration(
    margin: np.ndarray, target: np.ndarray, part: np.ndarray, minimum_churners: int
) -> tuple[AnyCalibration, np.ndarray]:
    """The straight or the beta map, whichever foretells better rows that it was not fitted on.

    `part` numbers the parts (folds, or months) of the rows: each part is foretold by the maps fitted on the
    others. Returns the map fitted on all rows, and those honest probabilities of the chosen kind. At a tie,
    and where there is one part only, the straight line is chosen.
    """
    numbers = np.unique(part)
    best: tuple[float, AnyCalibration, np.ndarray] | None = None
    for fit_map in (calibrate, calibrate_beta):
        whole = fit_map(margin, target, minimum_churners)
        honest = whole.probability(margin)
        for number in numbers if len(numbers) > 1 else ():
            here = part == number
            other = fit_map(margin[~here], target[~here], minimum_churners)
            honest[here] = other.probability(margin[here])
        loss = mean_log_loss(target, honest)
        if best is None or (len(numbers) > 1 and loss < best[0]):
            best = (loss, whole, honest)
    assert best is not None
    return best[1], best[2]


def intercept_update(calibration: AnyCalibration, margin: np.ndarray, target: np.ndarray) -> AnyCalibration:
    """The same map at the level of newer outcomes: as many churners are expected of `margin` as there were.

    The slopes stay, and with them the ranking and the spread: what moved is the base rate. Without a churner,
    or without a stayer, Platt's smoothing says how far. No row leaves the map as it is.

    >>> before = Calibration(slope=1.0, intercept=0.0)
    >>> after = intercept_update(before, np.zeros(400), np.repeat([1.0, 0.0], [100, 300]))
    >>> round(after.slope, 9), after.probability(np.zeros(1)).round(3).tolist()
    (1.0, [0.25])
    """
    if not len(target):
        return calibration
    outcome = target if 0 < target.sum() < len(target) else _smoothed(target)
    shift = fit_line(calibration.log_odds(margin), outcome, fixed_slope=1.0).intercept
    return replace(calibration, intercept=calibration.intercept + shift)


def mean_log_loss(target: np.ndarray, probability: np.ndarray) -> float:
    """Mean of -ln of the probability given to what came true; the lower, the better.

    >>> round(mean_log_loss(np.array([1.0, 0.0]), np.array([0.5, 0.5])), 6)
    0.693147
    """
    return float(-np.log(np.where(target > 0, probability, 1 - probability)).mean())


def fit_line(margin: np.ndarray, outcome: np.ndarray, fixed_slope: float | None = None) -> Calibration:
    """Most likely line for outcomes in [0, 1], by halved Newton steps; the slope can be held fixed."""
    raw, level = margin.astype(np.float64), np.ones(len(margin))
    if fixed_slope is None:
        intercept, slope = _most_likely([level, raw], outcome)
        return Calibration(slope, intercept)
    return Calibration(fixed_slope, _most_likely([level], outcome, offset=fixed_slope * raw)[0])


def _most_likely(
    terms: Sequence[np.ndarray], outcome: np.ndarray, offset: np.ndarray | None = None
) -> list[float]:
    """Factor of each term in the log-odds, most likely for outcomes in [0, 1]; by halved Newton steps."""

    def log_odds(factors: np.ndarray) -> np.ndarray:
        start = np.zeros(len(outcome)) if offset is None else offset
        return sum((factor * term for factor, term in zip(factors, terms, strict=True)), start)

    factors = np.zeros(len(terms))
    loss = _loss(log_odds(factors), outcome)
    for _ in range(_MOST_STEPS):
        expected = _logistic(log_odds(factors))
        error, weight = expected - outcome, expected * (1 - expected)
        # Sums, not matrix products: their order is fixed, whatever the threads.
        gradient = np.array([(error * term).sum() for term in terms])
        curvature = np.array([[(weight * one * other).sum() for other in terms] for one in terms])
        step = np.linalg.solve(curvature + 1e-12 * np.eye(len(terms)), gradient)
        size = 1.0
        while (new := _loss(log_odds(factors - size * step), outcome)) > loss:
            size /= 2
            if size < 1e-10:
                return factors.tolist()
        factors, loss = factors - size * step, new
        if size * np.abs(step).max() < 1e-10:
            break
    return factors.tolist()


def _smoothed(target: np.ndarray) -> np.ndarray:
    """Platt's targets: they keep every slope finite, also where the scores separate the classes wholly."""
    churners = float(target.sum())
    stayers = len(target) - churners
    return np.where(target > 0, (churners + 1) / (churners + 2), 1 / (stayers + 2))


def _beta_terms(margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ln p and -ln(1 - p) of raw log-odds, without ever forming p."""
    raw = margin.astype(np.float64)
    return -np.logaddexp(0, -raw), np.logaddexp(0, raw)


def _inside(probability: np.ndarray) -> np.ndarray:
    return np.clip(probability, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)


def _logistic(log_odds: np.ndarray) -> np.ndarray:
    # By way of tanh nothing overflows.
    return 0.5 * (1 + np.tanh(0.5 * log_odds))


def _loss(log_odds: np.ndarray, outcome: np.ndarray) -> float:
    return float((np.logaddexp(0, log_odds) - outcome * log_odds).sum())
