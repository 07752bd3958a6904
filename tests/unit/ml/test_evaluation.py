"""Evaluation: figures worked by hand, against scikit-learn, and where there is nothing to measure."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.evaluation import (
    Comparison,
    Difference,
    Figure,
    as_plain,
    compare,
    evaluate,
    from_plain,
    poisson_interval,
    pooled,
)
from ml.profit import ProfitParameters, expected_maximum_profit, maximum_profit


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
    # The pick of one row is a churner.
    assert found.top_decile_precision.value == 1
    # -ln of what was foretold of each: .9, .2, .8, .5, .9.
    assert found.log_loss.value == pytest.approx(-np.log(0.9 * 0.2 * 0.8 * 0.5 * 0.9) / 5)
    # At a chance of .3 a churner brings 56, a stayer costs 11: the first three rows bring 101.
    assert found.maximum_profit.value == pytest.approx(101 / 5)


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

    for name in ("base_rate", "auc", "average_precision", "top_decile_lift", "expected_maximum_profit"):
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
    terms = ProfitParameters(lifetime_value=150)
    # Counts of a frame come as numpy's numbers, which JSON does not know.
    found = evaluate(
        np.array([1, 0, 1]),
        np.array([0.9, 0.5, 0.4]),
        ids(3),
        capacity=np.int64(2),
        profit_parameters=terms,
        draws=10,
    )

    assert from_plain(json.loads(json.dumps(as_plain(found)))) == found


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


def test_capacity_takes_so_many_rows_from_the_top() -> None:
    churned = np.array([1, 0, 1, 0, 0, 1, 0, 0])
    score = np.array([0.9, 0.8, 0.8, 0.5, 0.4, 0.3, 0.2, 0.1])

    # Rows a and b; then the tie's c as well. The base rate is 3/8.
    two, three = (evaluate(churned, score, ids(8), capacity=size, draws=5) for size in (2, 3))
    assert (two.precision_at_capacity.value, two.lift_at_capacity.value) == (0.5, pytest.approx(4 / 3))
    assert three.precision_at_capacity.value == pytest.approx(2 / 3)
    assert (two.capacity, three.capacity) == (2, 3)
    # Capacity for more than there are: all.
    all_rows = evaluate(churned, score, ids(8), capacity=100, draws=5)
    assert (all_rows.precision_at_capacity.value, all_rows.lift_at_capacity.value) == (3 / 8, 1)
    for nothing in (None, 0):
        found = evaluate(churned, score, ids(8), capacity=nothing, draws=5)
        assert found.precision_at_capacity == found.lift_at_capacity == Figure()
    with pytest.raises(ValueError, match="capacity is -1"):
        evaluate(churned, score, ids(8), capacity=-1)


def test_profits_are_those_of_the_score_under_the_parameters() -> None:
    generator = np.random.default_rng(8)
    score = generator.integers(1, 99, 300) / 100
    churned = generator.random(300) < score / 2
    dear = ProfitParameters(lifetime_value=80, offer_cost=30)

    found = evaluate(churned, score, ids(300), profit_parameters=dear, draws=60)

    assert found.profit_parameters == dear
    assert found.expected_maximum_profit.value == pytest.approx(
        expected_maximum_profit(churned, score, dear).profit, rel=1e-12
    )
    assert found.maximum_profit.value == pytest.approx(maximum_profit(churned, score, dear).profit, rel=1e-12)
    for figure in (found.expected_maximum_profit, found.maximum_profit, found.log_loss):
        assert figure.low < figure.value < figure.high
    with_defaults = evaluate(churned, score, ids(300), draws=1)
    assert with_defaults.profit_parameters == ProfitParameters()


def test_a_row_drawn_thrice_counts_as_three_rows_in_every_figure() -> None:
    generator = np.random.default_rng(9)
    score = generator.integers(1, 40, 200) / 41
    churned = generator.random(200) < score / 2

    once = evaluate(churned, score, ids(200), capacity=30, draws=25)
    thrice = evaluate(np.tile(churned, 3), np.tile(score, 3), np.tile(ids(200), 3), capacity=90, draws=25)

    for name, figure in vars(once).items():
        if isinstance(figure, Figure):
            again = getattr(thrice, name)
            assert again.value == pytest.approx(figure.value), name
            assert (again.low, again.high) == pytest.approx((figure.low, figure.high)), name


def test_calibration_intercept_is_the_shift_of_the_log_odds_at_slope_one() -> None:
    # Foretold 1/5 of all (log-odds -ln 4), seen 1/2 (0).
    found = evaluate(np.array([1, 0, 1, 0]), np.full(4, 0.2), ids(4), draws=1)

    assert found.calibration_intercept == pytest.approx(np.log(4))
    assert found.calibration_slope is None


def test_interval_of_observed_over_expected_is_poissons() -> None:
    churned, probability = np.repeat([1, 0], [10, 10]), np.full(20, 0.25)

    found = evaluate(churned, probability, ids(20), draws=1).observed_over_expected

    # Ten seen: the mean lies between 4.7954 and 18.3904 (printed tables); five foretold.
    assert found.value == 2
    assert found.low == pytest.approx(4.7954 / 5, abs=2e-5)
    assert found.high == pytest.approx(18.3904 / 5, abs=2e-5)
    assert poisson_interval(0) == (0, pytest.approx(-np.log(0.025)))


def test_a_rule_has_no_log_loss_and_no_intercept() -> None:
    found = evaluate(np.array([1, 0, 0]), np.array([3, 2, 1]), ids(3), is_probability=False, draws=5)

    assert found.log_loss == found.observed_over_expected == Figure()
    assert found.calibration_intercept is None


@pytest.mark.parametrize("churned", [[0, 0, 0], [1, 1, 1]])
def test_one_class_gives_no_profit(churned: list[int]) -> None:
    found = evaluate(np.array(churned), np.array([0.3, 0.2, 0.1]), ids(3), draws=5)

    assert found.expected_maximum_profit == found.maximum_profit == Figure()


def test_card_of_an_older_model_lacks_the_figures_it_never_measured() -> None:
    plain = as_plain(evaluate(np.array([1, 0, 1]), np.array([0.9, 0.5, 0.4]), ids(3), capacity=2, draws=10))
    older = {
        name: plain[name]
        for name in (
            "rows",
            "churners",
            "base_rate",
            "auc",
            "average_precision",
            "top_decile_lift",
            "expected_churners",
            "calibration_slope",
        )
    }

    found = from_plain(older)

    assert found.auc.value == 0.5
    assert found.expected_maximum_profit == found.lift_at_capacity == Figure()
    assert found.profit_parameters is None


def test_pooled_capacity_profit_and_precision_add_up_over_the_months() -> None:
    churned = np.array([1, 0, 0, 0, 0, 1, 0, 0])
    score = np.array([4, 3, 2, 1, 14, 13, 12, 11])

    found = pooled(churned, score, np.tile(ids(4), 2), np.repeat([1, 2], 4), capacity=1, draws=5)

    # One row a month: a churner in the first, a stayer in the second; blind picks meet 1/4 each.
    assert found.precision_at_capacity.value == 0.5
    assert found.lift_at_capacity.value == 2
    # Each month's average precision, 1 and 1/2, of one churner each.
    assert found.average_precision.value == 0.75
    # Best is one row in the first month (56) and two in the second (56 - 11), of 8 rows.
    assert found.maximum_profit.value == pytest.approx((56 + 45) / 8)


def test_pooled_profit_counts_a_month_without_churners_as_nothing_earned() -> None:
    churned, score = np.array([1, 0, 0, 0]), np.array([2, 1, 2, 1])

    found = pooled(churned, score, np.tile(ids(2), 2), np.repeat([1, 2], 2), draws=5)

    assert found.maximum_profit.value == pytest.approx(56 / 4)


def test_comparison_by_hand() -> None:
    churned = np.array([1, 0, 1, 0, 0])

    found = compare(
        churned, np.array([5, 4, 3, 2, 1]), np.array([1, 2, 3, 4, 5]), ids(5), capacity=2, draws=20
    )

    # Pairs in order: 5 of 6, and the same the other way round.
    assert (found.auc.first, found.auc.second) == pytest.approx((5 / 6, 1 / 6))
    assert found.auc.value == pytest.approx(4 / 6)
    # Precisions at the churners: 1 and 2/3; 1/3 and 2/5.
    assert found.average_precision.value == pytest.approx((5 / 3 - 11 / 15) / 2)
    # The top row is a churner, or a stayer; of the two top rows one is, or none.
    assert found.top_decile_lift.value == pytest.approx(2.5)
    assert found.lift_at_capacity.value == pytest.approx((1 / 2) / (2 / 5))
    assert (found.rows, found.churners, found.capacity) == (5, 2, 2)


def noisy_scores(noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(10)
    risk = generator.normal(-2, 1, 1500)
    churned = generator.random(1500) < 1 / (1 + np.exp(-risk))
    return churned, risk, risk + generator.normal(0, noise, 1500)


def measures(comparison: Comparison) -> dict[str, Difference]:
    return {name: value for name, value in vars(comparison).items() if isinstance(value, Difference)}


def test_comparison_has_the_levels_of_the_evaluations_and_turns_round() -> None:
    churned, first, second = noisy_scores(1)

    there = compare(churned, first, second, ids(1500), capacity=100, draws=40)
    back = compare(churned, second, first, ids(1500), capacity=100, draws=40)
    alone = evaluate(churned, first, ids(1500), is_probability=False, capacity=100, draws=1)

    assert set(measures(there)) == {
        "auc",
        "average_precision",
        "top_decile_lift",
        "lift_at_capacity",
        "expected_maximum_profit",
    }
    for name, found in measures(there).items():
        turned = measures(back)[name]
        assert found.first == turned.second == getattr(alone, name).value
        assert (found.value, found.low, found.high) == pytest.approx(
            (-turned.value, -turned.high, -turned.low), rel=1e-9
        )


def test_a_score_compared_with_itself_differs_by_nothing() -> None:
    churned, score, _ = noisy_scores(1)

    # Another scale, the same order.
    found = compare(churned, score, np.exp(score), ids(1500), capacity=50, draws=20)

    assert {(each.value, each.low, each.high) for each in measures(found).values()} == {(0, 0, 0)}


def test_paired_intervals_tell_apart_what_separate_intervals_do_not() -> None:
    churned, first, second = noisy_scores(0.7)

    found = compare(churned, first, second, ids(1500)).auc
    one, other = (evaluate(churned, score, ids(1500), is_probability=False).auc for score in (first, second))

    assert other.high > one.low
    assert found.low > 0
    # Variances of separate draws would add up.
    assert found.high - found.low < 0.8 * np.hypot(one.high - one.low, other.high - other.low)


def test_comparison_by_month_ranks_within_each_month() -> None:
    churned, first, second = noisy_scores(1)
    month = np.repeat([1, 2, 3], 500)
    # Levels of the months that differ must not matter.
    found = compare(churned, first + 10 * month, second, np.tile(ids(500), 3), month, capacity=40, draws=20)
    alone = pooled(churned, first, np.tile(ids(500), 3), month, capacity=40, draws=1)

    for name, difference in measures(found).items():
        assert difference.first == pytest.approx(getattr(alone, name).value, rel=1e-12)


def test_comparison_without_churners_or_capacity_has_no_figures() -> None:
    found = compare(np.zeros(4), np.arange(4), np.arange(4), ids(4), draws=5)

    assert set(measures(found).values()) == {Difference()}


def test_comparison_refuses_a_missing_score() -> None:
    with pytest.raises(ValueError, match="is null"):
        compare(np.array([1, 0]), np.array([2, 1]), np.array([np.nan, 1]), ids(2))
    with pytest.raises(ValueError, match="one length"):
        compare(np.array([1, 0]), np.array([2, 1]), np.array([3, 2, 1]), ids(2))
