"""Hazards: pooling and the discrete hazard against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.hazards import hazards, pooled_horizons


@pytest.mark.parametrize(
    ("given_probabilities", "expected"),
    [
        # In order: nothing happens.
        ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]),
        # One violation among the shorter horizons: their mean.
        ([0.4, 0.2, 0.5], [0.3, 0.3, 0.5]),
        # Above the whole window's: capped by it, and it does not move.
        ([0.1, 0.5, 0.4], [0.1, 0.4, 0.4]),
        # Pooled first (0.5), then capped.
        ([0.6, 0.4, 0.3], [0.3, 0.3, 0.3]),
        # A single horizon is the whole window.
        ([0.2], [0.2]),
        # 0.5, 0.1, 0.3 violate as one run only after 0.5 and 0.1 were pooled to 0.3: then 0.3 and 0.3 agree.
        ([0.5, 0.1, 0.3, 0.9], [0.3, 0.3, 0.3, 0.9]),
        # 0.6 and 0.2 pool to 0.4, which violates 0.1: all three become 0.3.
        ([0.6, 0.2, 0.1, 0.9], [0.3, 0.3, 0.3, 0.9]),
        # 0.2 stands; 0.5 and 0.3 pool to 0.4.
        ([0.2, 0.5, 0.3, 0.9], [0.2, 0.4, 0.4, 0.9]),
    ],
)
def test_pooling_gives_the_values_worked_out_by_hand(
    given_probabilities: list[float], expected: list[float]
) -> None:
    assert pooled_horizons(np.array([given_probabilities]))[0] == pytest.approx(expected)


def test_pooling_is_done_row_by_row() -> None:
    pooled = pooled_horizons(np.array([[0.4, 0.2, 0.5], [0.1, 0.2, 0.3]]))

    assert pooled == pytest.approx(np.array([[0.3, 0.3, 0.5], [0.1, 0.2, 0.3]]))


def test_hazards_are_the_risks_of_those_still_there() -> None:
    # Of 100, 10 leave; of the 90 left, 18 more (28 in all); of the 72 left, 36 (64 in all).
    assert hazards(np.array([[0.1, 0.28, 0.64]]))[0] == pytest.approx([0.1, 0.2, 0.5])


def test_a_month_in_which_nobody_leaves_has_no_hazard() -> None:
    assert hazards(np.array([[0.0, 0.3, 0.3]]))[0] == pytest.approx([0.0, 0.3, 0.0])


def test_an_unknown_horizon_leaves_its_month_and_the_next_unknown() -> None:
    found = hazards(np.array([[0.1, np.nan, 0.3, 0.44]]))[0]

    assert np.isnan(found).tolist() == [False, True, True, False]
    assert found[[0, 3]] == pytest.approx([0.1, 0.2])


@settings(max_examples=100)
@given(arrays(np.float64, (5, 3), elements=st.floats(0.001, 0.999)))
def test_pooled_horizons_rise_and_their_hazards_give_them_back(probability: np.ndarray) -> None:
    pooled = pooled_horizons(probability)
    monthly = hazards(pooled)

    assert (np.diff(pooled, axis=1) >= 0).all()
    assert (pooled[:, -1] == probability[:, -1]).all()
    assert ((monthly >= 0) & (monthly < 1)).all()
    assert 1 - np.cumprod(1 - monthly, axis=1) == pytest.approx(pooled)
