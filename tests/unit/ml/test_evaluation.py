"""Evaluation: figures worked by hand, against scikit-learn, and where there is nothing to measure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.evaluation import Figure, as_plain, evaluate, from_plain, pooled


def ids(count: int) -> np.ndarray:
    return np.array([f"S{number:03d}" for number in range(count)])


def test_figures_with_a_tie_equal_those_by_hand() -> None:
    churned = np.array([1, 0, 1, 0, 0])
    score = np.array([0.9, 0.8, 0.8, 0.5, 0.1])

    found = evaluate(churned, score, ids(5), draws=20)

    # Pairs: 3 for the first churner; half, 1 and 1 for the second; of 6.
    assert found.auc.value == pytest.approx(5.5 / 6)
    # Half of the churners at a precision of 1, half at 2/3.
    assert found.average_precision.value == pytest.approx(0.5 + 0.5 * 2 / 3)
    # A tenth of 5 rows, halves up, is 1 row, a churner: 1 / (2/5).
    assert found.top_decile_lift.value == pytest.approx(2.5)
    assert (found.rows, found.churners, found.base_rate.value) == (5, 2, 0.4)
    assert found.expected_churners == pytest.approx(3.1)
    assert found.observed_over_expected.value == pytest.approx(2 / 3.1)


def test_lift_breaks_a_tie_by_subscriber_and_rounds_half_up() -> None:
    churned = np.zeros(15)
    churned[[0, 14]] = 1

    found = evaluate(churned, np.full(15, 0.5), ids(15), draws=20)

    # All tie: 1.5 rows round to 2, the first two ids, one of them a churner: (1/2) / (2/15).
    assert found.top_decile_lift.value == pytest.approx(3.75)
    assert found.auc.value == 0.5
    assert found.average_precision.value == pytest.approx(2 / 15)


def test_figures_do_not_depend_on_the_order_of_the_rows() -> None:
    generator = np.random.default_rng(1)
    churned, score = generator.random(200) < 0.2, generator.integers(1, 9, 200) / 10
    shuffled = generator.permutation(200)

    given_order = evaluate(churned, score, np.repeat(ids(100), 2), draws=30)
    other_order = evaluate(
        churned[shuffled], score[shuffled], np.repeat(ids(100), 2)[shuffled], draws=30, is_probability=False
    )

    for name in ("base_rate", "auc", "average_precision", "top_decile_lift"):
        assert getattr(other_order, name) == getattr(given_order, name)


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8])), min_size=2, max_size=60
    ).filter(lambda rows: len({churned for churned, _ in rows}) == 2)
)
def test_area_and_precision_agree_with_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    churned, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])

    found = evaluate(churned, score, ids(len(rows)), draws=1)

    assert found.auc.value == pytest.approx(roc_auc_score(churned, score))
    assert found.average_precision.value == pytest.approx(average_precision_score(churned, score))


def test_interval_holds_the_value_and_draws_a_subscriber_with_all_his_months() -> None:
    generator = np.random.default_rng(2)
    churned = generator.random(400) < 0.2
    score = np.clip(0.2 + 0.2 * churned + generator.normal(0, 0.1, 400), 0.01, 0.99)

    once = evaluate(churned, score, ids(400))
    # Every row three times over tells nothing new: the interval must not narrow.
    thrice = evaluate(np.tile(churned, 3), np.tile(score, 3), np.tile(ids(400), 3))

    assert once.auc.low is not None
    assert once.auc.value is not None
    assert once.auc.high is not None
    assert 0.5 < once.auc.low < once.auc.value < once.auc.high < 1
    assert thrice.auc.low == pytest.approx(once.auc.low)
    assert thrice.auc.high == pytest.approx(once.auc.high)


def test_interval_of_the_area_is_as_wide_as_delongs() -> None:
    generator = np.random.default_rng(5)
    churned = np.repeat([True, False], [200, 800])
    score = 1 / (1 + np.exp(-generator.normal(churned, 1)))

    found = evaluate(churned, score, ids(1000), draws=400).auc
    assert found.low is not None
    assert found.high is not None

    # DeLong, DeLong and Clarke-Pearson (1988): variances of each row's share of the pairs won.
    won = score[churned][:, None] > score[~churned]
    variance = won.mean(axis=1).var(ddof=1) / 200 + won.mean(axis=0).var(ddof=1) / 800
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.12)


@pytest.mark.parametrize("churned", [[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
def test_one_class_gives_no_area(churned: list[int]) -> None:
    found = evaluate(np.array(churned), np.linspace(0.1, 0.9, 6), ids(6), draws=10)

    assert found.auc == Figure(None, None, None)
    assert found.calibration_slope is None
    assert found.base_rate.value == churned[0]


def test_no_churner_gives_neither_lift_nor_precision() -> None:
    found = evaluate(np.zeros(20), np.linspace(0.1, 0.9, 20), ids(20), draws=10)

    assert found.top_decile_lift == found.average_precision == Figure()
    assert found.observed_over_expected.value == 0


def test_no_rows_give_no_figures() -> None:
    found = evaluate(np.array([]), np.array([]), np.array([], dtype=object), draws=10)

    assert (found.rows, found.churners) == (0, 0)
    assert found.auc == found.base_rate == Figure()
    assert found.expected_churners is None


def test_calibration_slope_of_two_groups_equals_that_by_hand() -> None:
    # Foretold 1/5 and 4/5 (log-odds -+ln 4), seen 1/4 and 3/4 (-+ln 3).
    churned, score = np.array([1, 0, 0, 0, 1, 1, 1, 0]), np.repeat([0.2, 0.8], 4)

    assert evaluate(churned, score, ids(8), draws=1).calibration_slope == pytest.approx(np.log(3) / np.log(4))


def test_calibration_slope_is_none_where_scores_separate_wholly() -> None:
    assert evaluate(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.7]), ids(3), draws=1).calibration_slope is None


def test_scores_of_a_rule_may_be_any_numbers() -> None:
    found = evaluate(
        np.array([1, 0, 0]), np.array([-0.4, -np.inf, -np.inf]), ids(3), is_probability=False, draws=5
    )

    assert found.auc.value == 1.0
    assert found.expected_churners is None


def test_evaluate_refuses_null_outcomes_and_impossible_probabilities() -> None:
    with pytest.raises(ValueError, match="is null"):
        evaluate(np.array([1, np.nan]), np.array([0.1, 0.2]), ids(2))
    with pytest.raises(ValueError, match=r"outside \(0, 1\)"):
        evaluate(np.array([1, 0]), np.array([0.5, 1.0]), ids(2))


def test_evaluation_survives_being_written_down() -> None:
    found = evaluate(np.array([1, 0, 1]), np.array([0.9, 0.5, 0.4]), ids(3), draws=10)

    assert from_plain(as_plain(found)) == found


def test_pooled_figures_rank_within_each_month() -> None:
    # January: its one churner on top. February: three churners, the top one stays; its scores are all higher.
    churned = np.array([1] + [0] * 9 + [0, 1, 1, 1] + [0] * 6)
    score = np.concatenate([np.linspace(0.3, 0.1, 10), np.linspace(0.9, 0.5, 10)])

    found = pooled(churned, score, np.tile(ids(10), 2), np.repeat(["2025-01", "2025-02"], 10), draws=20)

    assert (found.months, found.rows, found.churners, found.captured_churners) == (2, 20, 4, 1)
    # One captured; blind picks would meet 1/10 + 3/10.
    assert found.top_decile_lift.value == pytest.approx(2.5)
    # Pairs in order: all 9 in January, 3 x 6 of 21 in February.
    assert found.auc.value == pytest.approx(27 / 30)
    assert found.top_decile_lift.low is not None


def test_pooled_without_rows_gives_no_figures() -> None:
    found = pooled(
        np.array([]), np.array([]), np.array([], dtype=object), np.array([], dtype=object), draws=5
    )

    assert (found.months, found.captured_churners) == (0, 0)
    assert found.auc == found.top_decile_lift == Figure()
