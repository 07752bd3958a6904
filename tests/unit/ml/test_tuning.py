"""Tuning: the budget is kept, half goes on, and the months that judge are not seen."""

import pandas as pd

from ml.columns import MONTH
from ml.model import TrainingPlan
from ml.tuning import SETTINGS, halve, plan_from_json, search_by_month

from .conftest import COLUMNS, PLAN, SPLIT, TARGET


def test_halving_tries_all_first_and_the_better_half_again() -> None:
    asked = []

    def loss(setting: dict, folds: int) -> float:
        asked.append((setting["depth"], folds))
        return abs(setting["depth"] - 3.2) + folds / 100

    trials = halve([{"depth": depth} for depth in (2, 3, 4, 5)], loss, (2, 5))

    assert asked == [(2, 2), (3, 2), (4, 2), (5, 2), (3, 5), (4, 5)]
    assert [trial.setting["depth"] for trial in trials] == [3, 4, 2, 5]


def test_halving_keeps_the_earlier_setting_at_a_tie() -> None:
    trials = halve([{"depth": 4}, {"depth": 2}], lambda setting, folds: 0.5, (2, 5))

    assert trials[0].setting == {"depth": 4}


def test_a_single_setting_needs_no_trial() -> None:
    trials = halve([{"depth": 4}], lambda setting, folds: 1 / 0, (2, 5))

    assert [(trial.setting, trial.losses) for trial in trials] == [({"depth": 4}, ())]


def test_search_by_month_is_read_again_and_sees_no_month_that_judges(world: pd.DataFrame) -> None:
    judging = world[MONTH].isin([pd.Timestamp(month) for month in SPLIT.calibrate + SPLIT.test])
    changed = world.assign(**{TARGET: world[TARGET].mask(judging, ~world[TARGET])})

    found = search_by_month(world, TARGET, SPLIT, COLUMNS, PLAN, settings=2)
    again = search_by_month(changed, TARGET, SPLIT, COLUMNS, PLAN, settings=2)

    assert found.to_json() == again.to_json()
    plan = plan_from_json(found.to_json())
    assert plan == found.plan
    assert plan.maximum_depth in {setting["maximum_depth"] for setting in SETTINGS[:2]}
    assert (plan.learning_rate, plan.seed) == (PLAN.learning_rate, PLAN.seed)


def test_without_a_budget_the_plan_stays(world: pd.DataFrame) -> None:
    found = search_by_month(world, TARGET, SPLIT, COLUMNS, PLAN, settings=0)

    assert found.plan == PLAN
    assert isinstance(found.plan, TrainingPlan)
