"""Curves: corners, gains and deciles worked by hand, in agreement with the single figures."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from ml.curves import calibration_curve, gains_curve, roc_curve, share_interval
from ml.evaluation import evaluate


def ids(count: int) -> np.ndarray:
    return np.array([f"S{number:03d}" for number in range(count)])


def test_roc_curve_takes_a_tie_as_one_step_and_leaves_straight_edges_out() -> None:
    # Churner; a tie of both kinds; two stayers one after the other, which make one edge.
    curve = roc_curve(np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.5, 0.5, 0.3, 0.1]))

    assert np.isnan(curve["score"][0])
    assert curve["score"].tolist()[1:] == [0.9, 0.5, 0.1]
    assert curve["true_positive_rate"].tolist() == [0, 0.5, 1, 1]
    assert curve["false_positive_rate"].tolist() == pytest.approx([0, 0, 1 / 3, 1])


def test_area_under_the_roc_curve_is_the_auc() -> None:
    generator = np.random.default_rng(6)
    churned, score = generator.random(500) < 0.3, generator.integers(0, 30, 500)

    curve = roc_curve(churned, score)
    area = np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"])

    assert area == pytest.approx(roc_auc_score(churned, score))


def test_roc_curve_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="All customers left or all stayed"):
        roc_curve(np.zeros(3), np.arange(3))


def test_gains_equal_those_by_hand() -> None:
    churned = np.array([0, 1, 1, 0, 0, 0])
    score = np.array([0.9, 0.8, 0.8, 0.8, 0.2, 0.1])

    curve = gains_curve(churned, score, np.array(list("fcbade")), steps=4)

    # A quarter of 6 rows, halves up, is 2: f, then a of the tie; half adds b; three quarters are 5.
    assert curve["rows"].tolist() == [2, 3, 5, 6]
    assert curve["churners"].tolist() == [0, 1, 2, 2]
    assert curve["gain"].tolist() == [0, 0.5, 1, 1]
    assert curve["precision"].tolist() == pytest.approx([0, 1 / 3, 2 / 5, 1 / 3])
    assert curve["lift"].tolist() == pytest.approx([0, 1, 6 / 5, 1])


def test_gains_leave_out_shares_of_no_row_and_have_no_lift_without_churners() -> None:
    curve = gains_curve(np.zeros(3), np.arange(3), ids(3), steps=10)

    # A tenth of 3 rows rounds to none; two tenths to one.
    assert curve["share"].tolist()[0] == 0.2
    assert curve["rows"].tolist() == [1, 1, 1, 2, 2, 2, 2, 3, 3]
    assert curve["lift"].isna().all()
    assert (curve["precision"] == 0).all()


def test_lift_at_a_tenth_is_the_top_decile_lift() -> None:
    generator = np.random.default_rng(7)
    churned, score = generator.random(125) < 0.3, generator.integers(1, 8, 125) / 10

    curve = gains_curve(churned, score, ids(125), steps=10)

    found = evaluate(churned, score, ids(125), draws=1)
    assert curve["lift"][0] == pytest.approx(found.top_decile_lift.value, rel=1e-12)
    assert curve["precision"][0] == found.top_decile_precision.value


def test_calibration_curve_equals_that_by_hand() -> None:
    churned = np.array([1, 1, 0, 0, 1, 0, 0])
    probability = np.array([0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1])

    curve = calibration_curve(churned, probability, ids(7), bins=2)

    # Half of 7 rows, halves up, are 4.
    assert curve["bin"].tolist() == [1, 2]
    assert curve["rows"].tolist() == [4, 3]
    assert curve["churners"].tolist() == [2, 1]
    assert curve["expected_churners"].tolist() == pytest.approx([2.8, 0.6])
    assert curve["expected_rate"].tolist() == pytest.approx([0.7, 0.2])
    assert curve["observed_rate"].tolist() == pytest.approx([0.5, 1 / 3])
    # Clopper and Pearson for 2 of 4 and 1 of 3, as printed in tables.
    assert curve["observed_rate_low"].tolist() == pytest.approx([0.0676, 0.0084], abs=5e-5)
    assert curve["observed_rate_high"].tolist() == pytest.approx([0.9324, 0.9057], abs=5e-5)


def test_calibration_curve_of_few_rows_leaves_empty_bins_out() -> None:
    curve = calibration_curve(np.array([1, 0, 0]), np.array([0.9, 0.2, 0.1]), ids(3))

    assert curve["rows"].tolist() == [1, 1, 1]
    assert curve["churners"].tolist() == [1, 0, 0]


def test_calibration_curve_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        calibration_curve(np.array([1, 0]), np.array([1.2, 0.1]), ids(2))


@pytest.mark.parametrize(("count", "rows"), [(0, 10), (10, 10), (3, 10), (1, 1)])
def test_limits_of_a_share_leave_a_fortieth_in_each_tail(count: int, rows: int) -> None:
    low, high = (float(limit[0]) for limit in share_interval(np.array([count]), np.array([rows])))

    if count:
        assert binom.sf(count - 1, rows, low) == pytest.approx(0.025)
    else:
        assert low == 0
    if count < rows:
        assert binom.cdf(count, rows, high) == pytest.approx(0.025)
    else:
        assert high == 1
