"""The leak guards: planted canaries are caught over a real fit, and an honest model passes."""

import numpy as np
import pandas as pd
import pytest

from ml.columns import FeatureColumns
from ml.leaks import (
    CARRIES_ALL,
    PARTS_ALONE,
    SAYS_GONE,
    LeakLimits,
    area_alone,
    find_leaks,
    gain_shares,
    gone_share,
)
from ml.model import ChurnModel
from ml.training import fit

from .conftest import COLUMNS, PLAN, SPLIT, TARGET

LIMITS = LeakLimits(auc=0.90, gain_share=0.50, gone_share=0.90, top_features=20, minimum_churners=30)


def _guards(world: pd.DataFrame, name: str, values: np.ndarray) -> set[tuple[str, str]]:
    """Fit on the world with one feature more; return who was found by which guard."""
    frame = world.assign(**{name: values})
    columns = FeatureColumns((*COLUMNS.numeric, name), COLUMNS.boolean, COLUMNS.categorical)
    fitted = fit(frame, TARGET, SPLIT, columns, PLAN)
    assert isinstance(fitted, ChurnModel)
    return {(finding.feature, finding.guard) for finding in find_leaks(fitted, frame, LIMITS)}


def test_an_honest_model_passes(model: ChurnModel, world: pd.DataFrame) -> None:
    honest = LeakLimits(auc=0.90, gain_share=0.80, gone_share=0.90, top_features=20, minimum_churners=30)

    assert find_leaks(model, world, honest) == ()


def test_the_future_copied_with_noise_is_caught(world: pd.DataFrame) -> None:
    generator = np.random.default_rng(1)
    churned = world[TARGET].to_numpy(dtype=bool)
    canary = churned ^ (generator.random(len(world)) < 0.05)

    assert {("canary", PARTS_ALONE), ("canary", CARRIES_ALL)} <= _guards(
        world, "canary", canary.astype(float)
    )


def test_the_future_under_much_noise_is_caught_as_well(world: pd.DataFrame) -> None:
    generator = np.random.default_rng(2)
    canary = world[TARGET].to_numpy(dtype=float) + generator.normal(0, 0.4, len(world))

    assert ("canary", PARTS_ALONE) in _guards(world, "canary", canary)


def test_a_feature_that_says_gone_is_caught_though_few_have_it(world: pd.DataFrame) -> None:
    generator = np.random.default_rng(3)
    churned = world[TARGET].to_numpy(dtype=bool)
    # One churner in six has fallen silent already; nobody else is silent for long.
    is_gone = churned & (generator.random(len(world)) < 1 / 6)
    days = np.where(is_gone, generator.integers(20, 31, len(world)), generator.integers(0, 8, len(world)))

    found = _guards(world, "days_since_last_use", days.astype(float))

    assert ("days_since_last_use", SAYS_GONE) in found
    assert ("days_since_last_use", PARTS_ALONE) not in found


def test_the_first_month_decides_who_was_gone(world: pd.DataFrame) -> None:
    churned = world[TARGET].to_numpy(dtype=bool)
    frame = world.assign(warned=churned.astype(float), left_at_once=False)
    columns = FeatureColumns((*COLUMNS.numeric, "warned"), COLUMNS.boolean, COLUMNS.categorical)
    fitted = fit(frame, TARGET, SPLIT, columns, PLAN, ("left_at_once",))
    assert isinstance(fitted, ChurnModel)

    whole = {finding.guard for finding in find_leaks(fitted, frame, LIMITS)}
    first = {finding.guard for finding in find_leaks(fitted, frame, LIMITS, "left_at_once")}

    assert SAYS_GONE in whole
    assert SAYS_GONE not in first


def test_a_finding_says_what_and_why(world: pd.DataFrame) -> None:
    frame = world.assign(canary=world[TARGET].to_numpy(dtype=float))
    columns = FeatureColumns((*COLUMNS.numeric, "canary"), COLUMNS.boolean, COLUMNS.categorical)
    fitted = fit(frame, TARGET, SPLIT, columns, PLAN)
    assert isinstance(fitted, ChurnModel)

    finding = find_leaks(fitted, frame, LIMITS)[0]

    assert (finding.feature, finding.guard, finding.value, finding.limit) == (
        "canary",
        PARTS_ALONE,
        1.0,
        0.9,
    )
    assert finding.sentence.startswith("canary alone parts churners from stayers with an AUC of 1.000")


def test_gain_shares_add_up(model: ChurnModel) -> None:
    shares = gain_shares(model)

    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares, key=shares.get) == "complaint_count"


@pytest.mark.parametrize(
    ("values", "area"),
    [
        ([1, 2, 3, 4], 1.0),
        ([4, 3, 2, 1], 1.0),  # whichever way it points
        ([1, 1, 1, 1], 0.5),
        ([1, 3, 2, 4], 0.75),
        ([1, 2, np.nan, np.nan], 1.0),  # missing says it
    ],
)
def test_area_of_one_feature(values: list[float], area: float) -> None:
    assert area_alone(np.array(values, dtype=float), np.array([0.0, 0.0, 1.0, 1.0])) == area


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ([1, 2, 3, 4, 5], 1.0),  # the two highest
        ([5, 4, 3, 2, 1], 1.0),  # the two lowest
        ([1, 2, 3, 3, 3], 2 / 3),  # ties stay together
        ([1, 2, 1, np.nan, np.nan], 1.0),  # without a value
        ([1, 1, 1, 1, 1], 0.4),
    ],
)
def test_share_of_the_gone_among_extreme_values(values: list[float], share: float) -> None:
    gone = np.array([0.0, 0.0, 0.0, 1.0, 1.0])

    assert gone_share(np.array(values, dtype=float), gone, minimum=2) == pytest.approx(share)
