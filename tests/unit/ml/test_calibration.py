"""Calibration: planted shifts are found again, and few churners or perfect scores break nothing."""

import numpy as np
import pytest

from ml.calibration import Calibration, calibrate, fit_line


def outcomes(margin: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    chance = 1 / (1 + np.exp(-(intercept + slope * margin)))
    return (np.random.default_rng(4).random(len(margin)) < chance).astype(float)


MARGIN = np.random.default_rng(3).normal(-2.0, 1.5, 40_000)


def test_calibration_recovers_a_planted_shift_and_spread() -> None:
    found = calibrate(MARGIN, outcomes(MARGIN, slope=0.7, intercept=-1.0), minimum_churners=30)

    assert found.slope == pytest.approx(0.7, abs=0.05)
    assert found.intercept == pytest.approx(-1.0, abs=0.1)


def test_calibration_foretells_as_many_churners_as_there_were() -> None:
    churned = outcomes(MARGIN, slope=0.7, intercept=-1.0)

    expected = calibrate(MARGIN, churned, minimum_churners=30).probability(MARGIN).sum()

    assert expected == pytest.approx(churned.sum(), abs=2)


def test_calibration_with_few_churners_moves_the_level_only() -> None:
    margin = np.linspace(-3, 3, 200)
    churned = np.zeros(200)
    churned[[150, 170, 190]] = 1

    found = calibrate(margin, churned, minimum_churners=30)

    assert found.slope == 1.0
    assert found.probability(margin).sum() == pytest.approx(3)


def test_calibration_without_churners_stays_finite() -> None:
    found = calibrate(np.linspace(-1, 1, 100), np.zeros(100), minimum_churners=30)

    # Platt's target of a stayer is 1 / (stayers + 2).
    assert found.probability(np.linspace(-1, 1, 100)).mean() == pytest.approx(1 / 102)


def test_calibration_never_turns_the_ranking_round() -> None:
    found = calibrate(MARGIN, outcomes(MARGIN, slope=-1.0, intercept=-3.0), minimum_churners=30)

    assert found.slope == 1.0


def test_calibration_of_scores_that_separate_wholly_stays_finite() -> None:
    margin = np.concatenate([np.linspace(-3, -1, 60), np.linspace(1, 3, 40)])

    found = calibrate(margin, (margin > 0).astype(float), minimum_churners=30)

    assert np.isfinite([found.slope, found.intercept]).all()
    assert found.slope > 0


def test_line_of_two_groups_equals_their_log_odds() -> None:
    # 1 of 4 churns at 0, 3 of 4 at 1: intercept ln(1/3), slope ln(9).
    margin, churned = np.repeat([0.0, 1.0], 4), np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=float)

    found = fit_line(margin, churned)

    assert found.intercept == pytest.approx(-np.log(3))
    assert found.slope == pytest.approx(np.log(9))


def test_probability_lies_strictly_between_zero_and_one() -> None:
    found = Calibration().probability(np.array([-1e6, 1e6]))

    assert 0 < found[0] < found[1] < 1
