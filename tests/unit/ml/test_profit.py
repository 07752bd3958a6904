"""Profit: values published and worked by hand, the definition integrated numerically, what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from ml.profit import (
    MaximumProfit,
    ProfitParameters,
    campaign_profit,
    expected_maximum_profit,
    maximum_profit,
    roc_hull,
)


@pytest.mark.parametrize(
    ("target", "score", "profit", "share"),
    [
        (
            [1, 1, 0, 0, 0, 1, 1, 1, 1, 0],
            [
                0.6125478,
                0.3642710,
                0.4321361,
                0.1402911,
                0.3848959,
                0.2444155,
                0.9706413,
                0.8901728,
                0.7817814,
                0.8687518,
            ],
            30.3003222629848,
            0.899655165231,
        ),
        ([0, 1], [0, 1], 28.0000000000391, 0.499999999728),
        # All tied.
        ([1, 0], [0.5, 0.5], 22.5007912244511, 0.999160101889),
    ],
)
def test_expected_maximum_profit_equals_the_published_values(
    target: list[int], score: list[float], profit: float, share: float
) -> None:
    found = expected_maximum_profit(np.array(target), np.array(score))

    assert found.profit == pytest.approx(profit, abs=1e-11, rel=0)
    assert found.share == pytest.approx(share, abs=1e-11, rel=0)


def by_definition(churned: np.ndarray, score: np.ndarray, parameters: ProfitParameters) -> MaximumProfit:
    """The best of every threshold at each chance of acceptance, integrated over the chance."""
    sizes = [(0, 0), *((churned[score >= level].sum(), (score >= level).sum()) for level in np.unique(score))]
    churners = np.array([size[0] for size in sizes], dtype=float)
    contacted = np.array([size[1] for size in sizes], dtype=float)
    value, offer, contact = parameters.lifetime_value, parameters.offer_cost, parameters.contact_cost

    # Midpoints of a dense grid: the error falls with the square of its width.
    cells = 20_000
    chance = (np.arange(cells)[:, None] + 0.5) / cells
    weight = beta(parameters.acceptance_alpha, parameters.acceptance_beta).pdf(chance[:, 0]) / cells
    # Neslin: who accepts is saved at the cost of the offer, a stayer takes the offer for nothing.
    profits = churners * chance * (value - offer) - (contacted - churners) * offer - contacted * contact
    return MaximumProfit(
        float((weight * profits.max(axis=1)).sum() / len(churned)),
        float((weight * contacted[profits.argmax(axis=1)]).sum() / len(churned)),
    )


@pytest.mark.parametrize(
    "parameters",
    [
        ProfitParameters(),
        ProfitParameters(
            acceptance_alpha=2, acceptance_beta=3, lifetime_value=50, offer_cost=20, contact_cost=4
        ),
        ProfitParameters(offer_cost=5, contact_cost=0),
        # Hardly anything is worth a contact.
        ProfitParameters(lifetime_value=12, contact_cost=3),
    ],
)
@pytest.mark.parametrize("levels", [4, 1000])
def test_closed_form_equals_the_integral_of_the_definition(parameters: ProfitParameters, levels: int) -> None:
    generator = np.random.default_rng(3)
    score = generator.integers(0, levels, 80) / levels
    churned = (generator.random(80) < 0.1 + 0.4 * score).astype(int)

    found, expected = (
        expected_maximum_profit(churned, score, parameters),
        by_definition(churned, score, parameters),
    )

    assert found.profit == pytest.approx(expected.profit, rel=1e-7, abs=1e-8)
    assert found.share == pytest.approx(expected.share, abs=1e-4)


def test_maximum_profit_equals_that_by_hand() -> None:
    churned, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])

    # A churner brings .3 x 190 - 1 = 56, a stayer costs 11: 56, 45, 101, 90 for 1 to 4 customers.
    assert maximum_profit(churned, score) == MaximumProfit(pytest.approx(101 / 4), 0.75)
    # At a chance of .1 a churner brings 18: 18, 7, 25, 14.
    assert maximum_profit(churned, score, acceptance=0.1) == MaximumProfit(pytest.approx(25 / 4), 0.75)
    # At .05 he brings 8.5: 8.5, -2.5, 6, -5.
    assert maximum_profit(churned, score, acceptance=0.05) == MaximumProfit(pytest.approx(8.5 / 4), 0.25)
    # At 0 he costs the contact: nobody is contacted.
    assert maximum_profit(churned, score, acceptance=0) == MaximumProfit(0, 0)


def test_maximum_profit_cannot_cut_a_tie() -> None:
    # All four or none: 2 x 56 - 2 x 11.
    assert maximum_profit(np.array([1, 0, 1, 0]), np.full(4, 0.3)) == MaximumProfit(pytest.approx(90 / 4), 1)


def test_campaign_profit_equals_neslins_formula() -> None:
    churned, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])

    # N x share x [(chance x value + offer x (1 - chance)) x base rate x lift - offer - contact] - fixed.
    neslin = 4 * 0.75 * ((0.3 * 200 + 10 * 0.7) * 0.5 * (2 / 3 / 0.5) - 10 - 1) - 50
    assert campaign_profit(churned, score, 0.75, fixed_cost=50) == pytest.approx(neslin)
    assert neslin == pytest.approx(51)
    assert campaign_profit(churned, score, 0) == 0
    # Half of a tie of a churner and a stayer: half of each.
    assert campaign_profit(np.array([1, 0]), np.array([1, 1]), 0.5) == pytest.approx((56 - 11) / 2)


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40))
def test_the_best_campaign_of_all_sizes_is_the_maximum_profit(rows: list[tuple[bool, int]]) -> None:
    churned, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    if len(set(churned)) < 2:
        return

    found = maximum_profit(churned, score)

    sizes = [0.0, *((score >= level).mean() for level in np.unique(score))]
    assert found.profit * len(rows) == pytest.approx(
        max(campaign_profit(churned, score, size) for size in sizes)
    )
    assert campaign_profit(churned, score, found.share) == pytest.approx(found.profit * len(rows))
    # A campaign that may choose its size when the chance is known earns more than one that may not.
    assert expected_maximum_profit(churned, score).profit >= found.profit - 1e-9


def test_hull_leaves_out_what_lies_below_a_straight_line() -> None:
    # Steps of churn rate 1, 0, 1/2, 0, 0: the second and third pool to 1/3, the last two are one edge.
    hull = roc_hull(np.array([1.0, 0, 1, 0, 0]), np.array([0.0, 1, 1, 1, 2]))

    assert hull.churners.tolist() == [0, 1, 2, 2]
    assert hull.stayers.tolist() == [0, 0, 2, 5]


def test_profit_does_not_depend_on_the_order_of_rows_nor_on_the_kind_of_column() -> None:
    generator = np.random.default_rng(4)
    churned, score = generator.random(300) < 0.2, generator.integers(0, 20, 300)
    shuffled = generator.permutation(300)

    found = expected_maximum_profit(churned, score)

    assert expected_maximum_profit(churned[shuffled], score[shuffled]) == found
    assert expected_maximum_profit(pd.Series(churned, dtype="boolean"), pd.Series(score)) == found
    # Only the order of the scores counts.
    assert expected_maximum_profit(churned, np.exp(score)) == found


@pytest.mark.parametrize("target", [[0, 0], [1, 1], []])
def test_one_class_alone_is_refused(target: list[int]) -> None:
    score = np.linspace(0, 1, len(target))

    for measure in (expected_maximum_profit, maximum_profit):
        with pytest.raises(ValueError, match="no score can be told from another"):
            measure(np.array(target), score)
    with pytest.raises(ValueError, match="no score can be told from another"):
        campaign_profit(np.array(target), score, 0.5)


@pytest.mark.parametrize(
    ("target", "score", "message"),
    [
        ([0, 1, 2], [1, 2, 3], "neither true nor false"),
        ([0, 1, np.nan], [1, 2, 3], "neither true nor false"),
        ([0, 1, 1], [1, 2, np.nan], "score is null"),
        ([0, 1], [1, 2, 3], "one length"),
    ],
)
def test_what_is_no_outcome_or_score_is_refused(
    target: list[float], score: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        expected_maximum_profit(np.array(target), np.array(score))


def test_parameters_without_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match="less than the lifetime value"):
        ProfitParameters(lifetime_value=10, offer_cost=10)
    with pytest.raises(ValueError, match="beta distribution"):
        ProfitParameters(acceptance_alpha=0)
    with pytest.raises(ValueError, match="contact costs"):
        ProfitParameters(contact_cost=-1)
    with pytest.raises(ValueError, match="chance of acceptance"):
        maximum_profit(np.array([0, 1]), np.array([0, 1]), acceptance=1.1)
    with pytest.raises(ValueError, match="share to contact"):
        campaign_profit(np.array([0, 1]), np.array([0, 1]), 1.1)


def test_default_chance_is_the_mean_of_the_distribution() -> None:
    assert ProfitParameters().acceptance == pytest.approx(0.3)
    assert ProfitParameters(acceptance_alpha=1, acceptance_beta=3).acceptance == 0.25
