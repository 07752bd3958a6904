"""Calibration: planted shifts are found again, and few churners or perfect scores break nothing."""

from dataclasses import asdict

import numpy as np
import pytest

from ml.calibration import (
    BetaCalibration,
    Calibration,
    calibrate,
    calibrate_beta,
    calibrated_contributions,
    calibration_from_plain,
    choose_calibration,
    fit_line,
    intercept_update,
)


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


def bent(margin: np.ndarray, low_slope: float, high_slope: float, intercept: float) -> np.ndarray:
    """Outcomes whose log-odds are a ln p - b ln(1 - p) + c, written out with p itself."""
    p = 1 / (1 + np.exp(-margin))
    log_odds = low_slope * np.log(p) - high_slope * np.log(1 - p) + intercept
    return (np.random.default_rng(8).random(len(margin)) < 1 / (1 + np.exp(-log_odds))).astype(float)


def test_beta_recovers_two_planted_slopes() -> None:
    margin = np.random.default_rng(5).normal(-0.5, 2.0, 60_000)

    found = calibrate_beta(margin, bent(margin, 0.6, 1.5, -0.2), minimum_churners=30)

    assert isinstance(found, BetaCalibration)
    assert found.low_slope == pytest.approx(0.6, abs=0.05)
    assert found.high_slope == pytest.approx(1.5, abs=0.1)
    assert found.intercept == pytest.approx(-0.2, abs=0.1)


def test_beta_never_turns_the_ranking_round() -> None:
    margin = np.random.default_rng(5).normal(0.0, 2.0, 20_000)
    # The risk falls where p is large: the high slope would be below 0.
    found = calibrate_beta(margin, bent(margin, 1.5, -0.4, 0.0), minimum_churners=30)

    assert isinstance(found, BetaCalibration)
    assert found.high_slope == 0.0
    assert (np.diff(found.log_odds(np.linspace(-6, 6, 200))) > 0).all()
    turned = calibrate_beta(margin, bent(margin, -1.0, -1.0, 0.0), minimum_churners=30)
    assert isinstance(turned, Calibration)
    assert turned.slope == 1.0


def test_beta_with_few_churners_moves_the_level_only() -> None:
    margin = np.linspace(-3, 3, 200)

    found = calibrate_beta(margin, (margin > 2.8).astype(float), minimum_churners=30)

    assert isinstance(found, Calibration)
    assert found.slope == 1.0


def test_the_better_kind_of_map_is_chosen_by_rows_it_was_not_fitted_on() -> None:
    margin = np.random.default_rng(5).normal(-0.5, 2.0, 30_000)
    part = np.arange(len(margin)) % 5

    straight, honest = choose_calibration(margin, outcomes(margin, 0.7, -0.5), part, minimum_churners=30)
    curved, _ = choose_calibration(margin, bent(margin, 0.5, 2.0, 0.0), part, minimum_churners=30)

    assert honest.mean() == pytest.approx(straight.probability(margin).mean(), abs=0.002)
    assert isinstance(curved, BetaCalibration)


def test_one_part_alone_is_calibrated_by_the_straight_line() -> None:
    margin = np.random.default_rng(5).normal(-0.5, 2.0, 5_000)
    churned = bent(margin, 0.5, 2.0, 0.0)

    found, honest = choose_calibration(margin, churned, np.zeros(5_000), minimum_churners=30)

    assert found == calibrate(margin, churned, minimum_churners=30)
    assert honest.tolist() == found.probability(margin).tolist()


@pytest.mark.parametrize("before", [Calibration(0.8, -0.3), BetaCalibration(0.6, 1.2, -0.3)])
def test_intercept_update_moves_the_level_and_keeps_the_slopes(before: Calibration | BetaCalibration) -> None:
    churned = outcomes(MARGIN, slope=0.8, intercept=0.7)

    after = intercept_update(before, MARGIN, churned)

    assert after.probability(MARGIN).sum() == pytest.approx(churned.sum(), rel=1e-6)
    changed = {name for name, value in asdict(after).items() if value != asdict(before)[name]}
    assert changed == {"intercept"}


def test_intercept_update_without_churners_or_rows_stays_finite() -> None:
    before = Calibration(1.0, -1.0)

    # Platt's target of a stayer is 1 / (stayers + 2).
    assert intercept_update(before, np.zeros(98), np.zeros(98)).probability(np.zeros(1))[0] == pytest.approx(
        1 / 100
    )
    assert intercept_update(before, np.zeros(0), np.zeros(0)) == before


def test_contributions_add_up_to_the_calibrated_log_odds() -> None:
    shares = np.array([[0.5, -0.2, -1.0], [2.0, 1.0, -1.0], [0.3, -0.3, -1.0]])
    for found in (Calibration(0.8, -0.3), BetaCalibration(0.6, 1.2, -0.3)):
        calibrated = calibrated_contributions(found, shares)

        assert calibrated.sum(axis=1) == pytest.approx(found.log_odds(shares.sum(axis=1)))
        assert (np.sign(calibrated[:, :2]) == np.sign(shares[:, :2])).all()
    # A beta map with equal slopes is the straight line, so its contributions are that line's.
    straight = calibrated_contributions(Calibration(0.8, -0.3), shares)
    assert calibrated_contributions(BetaCalibration(0.8, 0.8, -0.3), shares) == pytest.approx(straight)


def test_either_map_is_read_again_from_a_card() -> None:
    for found in (Calibration(0.8, -0.3), BetaCalibration(0.6, 1.2, -0.3)):
        assert calibration_from_plain(asdict(found)) == found
