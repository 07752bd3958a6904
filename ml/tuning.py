"""Tuning: which settings of the trees suit a table, by a short search that gives the same answer each time.

Here belong the ordered list of settings, the search by halving, and its result as JSON, to be kept and used
again: a search is made once, not each month. It sees training rows only, and its budget is a number of
settings, not a time, so that a busy machine chooses no other model.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ml.boosting import Fold, fit_folds
from ml.columns import SUBSCRIBER, FeatureColumns, key_order, learn_levels, months_of, to_matrix, truth
from ml.folds import stratified_folds
from ml.model import TrainingPlan
from ml.splits import MonthSplit

SETTINGS: tuple[Mapping[str, Any], ...] = (
    {"maximum_depth": 3, "maximum_child_weight": 10, "row_share": 0.7, "column_share": 0.4, "l2_penalty": 2},
    {"maximum_depth": 4, "maximum_child_weight": 20, "row_share": 0.8, "column_share": 0.6, "l2_penalty": 2},
    {"maximum_depth": 6, "maximum_child_weight": 30, "row_share": 0.7, "column_share": 0.4, "l2_penalty": 5},
    {"maximum_depth": 2, "maximum_child_weight": 5, "row_share": 0.7, "column_share": 0.4, "l2_penalty": 2},
    {"maximum_depth": 5, "maximum_child_weight": 10, "row_share": 0.6, "column_share": 0.2, "l2_penalty": 5},
    {"maximum_depth": 8, "maximum_child_weight": 60, "row_share": 0.6, "column_share": 0.3, "l2_penalty": 10},
)
"""Settings in the order they are tried: a budget of n tries the first n; at a tie the earlier one wins."""

FOLDS = 5
# Folds that every setting is tried on; the better half of the settings goes on to all of them.
_FIRST_FOLDS = 2
# While comparing, coarser steps and less patience: the order of the settings is much the same.
_COARSE = {"learning_rate": 0.1, "early_stopping_rounds": 20}
_SEARCHED_ROWS = 40_000


@dataclass(frozen=True)
class Trial:
    """A setting and its mean log loss over the first folds, and over all where it got so far."""

    setting: Mapping[str, Any]
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Search:
    """The plan that was chosen, and what was tried on the way."""

    plan: TrainingPlan
    trials: tuple[Trial, ...]

    def to_json(self) -> str:
        """The search as text, to be kept; `plan_from_json` reads its plan again."""
        plain = {"plan": asdict(self.plan), "trials": [asdict(trial) for trial in self.trials]}
        return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def plan_from_json(text: str) -> TrainingPlan:
    """The plan that a search chose.

    >>> plan_from_json(Search(TrainingPlan(maximum_depth=3), ()).to_json()).maximum_depth
    3
    """
    return TrainingPlan(**json.loads(text)["plan"])


def search_by_month(
    frame: pd.DataFrame,
    target: str,
    split: MonthSplit,
    columns: FeatureColumns,
    plan: TrainingPlan,
    settings: int = len(SETTINGS),
) -> Search:
    """Search the settings of a monthly model: `frame` as for `training.fit`, months that train and stop only.

    Folds are dealt by subscriber over all those months: one month alone has too few churners to tell
    settings apart, and windows that overlap belong to one subscriber, who stays in one fold.
    """
    churned = truth(frame, target)
    order = key_order(frame)
    learning = np.array(split.train + split.stop, dtype="datetime64[s]")
    rows = order[~np.isnan(churned[order]) & np.isin(months_of(frame)[order], learning)]
    levels = learn_levels(frame[list(columns.categorical)].take(rows), columns, plan.minimum_level_rows)

    def matrix_of(places: np.ndarray) -> np.ndarray:
        return to_matrix(frame, columns, levels, rows[places])

    return search(matrix_of, churned[rows], frame[SUBSCRIBER].to_numpy()[rows], columns, plan, settings)


def search(
    matrix_of: Callable[[np.ndarray], np.ndarray],
    churned: np.ndarray,
    entity: np.ndarray,
    columns: FeatureColumns,
    plan: TrainingPlan,
    settings: int = len(SETTINGS),
) -> Search:
    """Try the first `settings` of the list in place of the plan's own values; at most 40,000 rows are read.

    `matrix_of` gives the matrix of rows at these positions. What the list does not name stays the plan's.
    """
    places = np.arange(len(churned))
    if len(places) > _SEARCHED_ROWS:
        places = np.flatnonzero(stratified_folds(entity, churned, -(-len(places) // _SEARCHED_ROWS)) == 0)
    matrix, outcome = matrix_of(places), churned[places]
    folds = held_back(stratified_folds(entity[places], outcome, FOLDS))

    def loss(setting: Mapping[str, Any], count: int) -> float:
        tried = replace(plan, **{**setting, **_COARSE})
        return fit_folds(matrix, outcome, folds[:count], columns, tried).log_loss

    trials = halve(SETTINGS[:settings], loss, (_FIRST_FOLDS, FOLDS))
    return Search(replace(plan, **trials[0].setting), tuple(trials)) if trials else Search(plan, ())


def halve(
    settings: Sequence[Mapping[str, Any]],
    loss: Callable[[Mapping[str, Any], int], float],
    amounts: Sequence[int],
) -> list[Trial]:
    """All settings tried, the best first: each amount of data halves the field of those that go on.

    >>> settings = [{"depth": depth} for depth in (2, 3, 4)]
    >>> tried = halve(settings, lambda setting, folds: setting["depth"] / folds, (1, 2))
    >>> [(trial.setting["depth"], trial.losses) for trial in tried]
    [(2, (2.0, 1.0)), (3, (3.0, 1.5)), (4, (4.0,))]
    """
    trials = [Trial(setting, ()) for setting in settings]
    going_on = len(trials)
    for amount in amounts:
        if going_on < 2:
            break
        tried = [
            Trial(trial.setting, (*trial.losses, loss(trial.setting, amount))) for trial in trials[:going_on]
        ]
        trials = sorted(tried, key=lambda trial: trial.losses[-1]) + trials[going_on:]
        going_on = math.ceil(going_on / 2)
    return trials


def held_back(fold: np.ndarray) -> list[Fold]:
    """Each fold held back once, learnt from by the others."""
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in np.unique(fold)]
