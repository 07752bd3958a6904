"""Calibration: from a model's log-odds to probabilities that come true as often as they say.

Here belongs the two-parameter logistic map of Platt (1999) with its fit. It keeps the ranking: plateaus, as
an isotonic map makes them, would cost precision among rare churners. How good a calibration is, `evaluation`
says.
"""

from dataclasses import dataclass

import numpy as np

# Probabilities stay strictly between 0 and 1, also where a model is certain beyond what a float can hold.
_SMALLEST_PROBABILITY = 1e-12
_MOST_STEPS = 100


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
        return np.clip(_logistic(self.log_odds(margin)), _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)


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
    # The smoothing keeps both parameters finite, also where the scores separate the classes wholly.
    smoothed = np.where(target > 0, (churners + 1) / (churners + 2), 1 / (stayers + 2))
    if churners >= minimum_churners and np.ptp(margin) > 0:
        fitted = fit_line(margin, smoothed)
        if fitted.slope > 0:
            return fitted
    # The level alone separates nothing: only where one class is missing does it need the smoothing.
    return fit_line(margin, target if churners and stayers else smoothed, fixed_slope=1.0)


def fit_line(margin: np.ndarray, outcome: np.ndarray, fixed_slope: float | None = None) -> Calibration:
    """Most likely line for outcomes in [0, 1], by halved Newton steps; the slope can be held fixed."""
    raw = margin.astype(np.float64)
    slope, intercept = (0.0 if fixed_slope is None else fixed_slope), 0.0
    loss = _loss(slope, intercept, raw, outcome)
    for _ in range(_MOST_STEPS):
        expected = _logistic(intercept + slope * raw)
        error, weight = expected - outcome, expected * (1 - expected)
        # Sums, not matrix products: their order is fixed, whatever the threads.
        gradient = np.array([error.sum(), (error * raw).sum()])
        cross = (weight * raw).sum()
        curvature = np.array([[weight.sum(), cross], [cross, (weight * raw * raw).sum()]]) + 1e-12 * np.eye(2)
        if fixed_slope is None:
            step_intercept, step_slope = np.linalg.solve(curvature, gradient)
        else:
            step_intercept, step_slope = gradient[0] / curvature[0, 0], 0.0
        size = 1.0
        while (
            new := _loss(slope - size * step_slope, intercept - size * step_intercept, raw, outcome)
        ) > loss:
            size /= 2
            if size < 1e-10:
                return Calibration(slope, intercept)
        slope, intercept, loss = slope - size * step_slope, intercept - size * step_intercept, new
        if size * max(abs(step_slope), abs(step_intercept)) < 1e-10:
            break
    return Calibration(float(slope), float(intercept))


def _logistic(log_odds: np.ndarray) -> np.ndarray:
    # By way of tanh nothing overflows.
    return 0.5 * (1 + np.tanh(0.5 * log_odds))


def _loss(slope: float, intercept: float, raw: np.ndarray, outcome: np.ndarray) -> float:
    log_odds = intercept + slope * raw
    return float((np.logaddexp(0, log_odds) - outcome * log_odds).sum())
