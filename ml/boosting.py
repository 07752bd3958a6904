"""Boosting: trees from a matrix, by a plan; how many of them, rows say that the trees have not seen.

Here belongs what is said to XGBoost. Which rows learn and which stop, `folds` and `splits` say; what is made
of the trees, `library`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb

from ml.columns import FeatureColumns
from ml.model import TrainingPlan, raw_log_odds

# A leaf holds at least this share of the churners trained on, so that thirty can be learnt from at all.
_CHURNER_SHARE_OF_A_LEAF = 0.02
# An improvement of the mean log loss below this is no reason to wait for more trees.
_LEAST_GAIN = 1e-7

Fold = tuple[np.ndarray, np.ndarray]
"""Positions of the rows that learn, and of those held back."""


@dataclass(frozen=True)
class FoldFit:
    """Trees of each fold, cut to one common number, and what they say of the rows held back.

    `log_loss` is the mean over the folds at that number; `margins` are raw log-odds, fold by fold.
    """

    trees: int
    log_loss: float
    boosters: tuple[xgb.Booster, ...]
    margins: tuple[np.ndarray, ...]


def fit_folds(
    matrix: np.ndarray,
    churned: np.ndarray,
    folds: Sequence[Fold],
    columns: FeatureColumns,
    plan: TrainingPlan,
) -> FoldFit:
    """Grow the folds' trees side by side, up to the number at which their mean log loss is least.

    One number for all folds: were each fold stopped at its own best, its figures would flatter it.
    """
    sides = []
    for learning, held in folds:
        train = training_data(matrix[learning], columns, plan, churned[learning])
        stop = training_data(matrix[held], columns, plan, churned[held], reference=train)
        parameters = boosting_parameters(columns, plan, float(churned[learning].sum()))
        sides.append((xgb.Booster(parameters, [train, stop]), train, stop))
    least, trees = np.inf, 0
    for place in range(plan.rounds):
        losses = []
        for booster, train, stop in sides:
            booster.update(train, place)
            losses.append(float(booster.eval_set([(stop, "stop")], place).rsplit(":", 1)[1]))
        if (loss := sum(losses) / len(losses)) < least - _LEAST_GAIN:
            least, trees = loss, place + 1
        elif place + 1 - trees >= plan.early_stopping_rounds:
            break
    boosters = tuple(_named(booster[:trees], columns) for booster, _, _ in sides)
    margins = tuple(
        raw_log_odds(booster, columns, matrix[held], plan.threads)
        for booster, (_, held) in zip(boosters, folds, strict=True)
    )
    return FoldFit(trees, float(least), boosters, margins)


def fit_trees(
    matrix: np.ndarray, churned: np.ndarray, columns: FeatureColumns, plan: TrainingPlan, trees: int
) -> xgb.Booster:
    """So many trees on all rows."""
    return grow(training_data(matrix, columns, plan, churned), columns, plan, trees=trees)


def grow(
    train: xgb.QuantileDMatrix,
    columns: FeatureColumns,
    plan: TrainingPlan,
    stop: xgb.QuantileDMatrix | None = None,
    trees: int | None = None,
) -> xgb.Booster:
    """So many `trees` on the rows of `train`, or without a number those up to the best round on `stop`.

    Both come from `training_data`, with their outcomes.
    """
    parameters = boosting_parameters(columns, plan, float(train.get_label().sum(dtype=np.float64)))
    if trees is None and stop is not None:
        booster = xgb.train(
            parameters,
            train,
            num_boost_round=plan.rounds,
            evals=[(stop, "stop")],
            early_stopping_rounds=plan.early_stopping_rounds,
            verbose_eval=False,
        )
        booster = booster[: booster.best_iteration + 1]
    else:
        booster = xgb.train(parameters, train, num_boost_round=trees or plan.rounds)
    return _named(booster, columns)


def boosting_parameters(columns: FeatureColumns, plan: TrainingPlan, churners: float) -> dict[str, object]:
    """XGBoost's parameters for a plan, when so many churners are trained on."""
    return {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "learning_rate": plan.learning_rate,
        "max_depth": plan.maximum_depth,
        "min_child_weight": min(plan.maximum_child_weight, max(1.0, _CHURNER_SHARE_OF_A_LEAF * churners)),
        "subsample": plan.row_share,
        "colsample_bytree": plan.column_share,
        "lambda": plan.l2_penalty,
        "max_bin": plan.maximum_bins,
        "monotone_constraints": monotone_constraints(columns, plan),
        "nthread": plan.threads,
        "seed": plan.seed,
    }


def monotone_constraints(columns: FeatureColumns, plan: TrainingPlan) -> tuple[int, ...]:
    """Direction of each feature in the model's order: +1, -1, or 0 for free.

    >>> monotone_constraints(FeatureColumns(("bill", "complaints")), TrainingPlan(monotone={"complaints": 1}))
    (0, 1)
    """
    unknown = sorted(name for name in plan.monotone if name not in columns.numeric + columns.boolean)
    if unknown:
        raise ValueError(
            f"Monotone constraints on no numeric or boolean feature: {', '.join(unknown)}. Take them out."
        )
    if not set(plan.monotone.values()) <= {-1, 1}:
        raise ValueError("A monotone constraint is +1 or -1. Leave a free feature out.")
    return tuple(plan.monotone.get(name, 0) for name in columns.names)


def training_data(
    matrix: np.ndarray,
    columns: FeatureColumns,
    plan: TrainingPlan,
    churned: np.ndarray | None = None,
    reference: xgb.QuantileDMatrix | None = None,
) -> xgb.QuantileDMatrix:
    """A matrix of `columns.to_matrix`, binned for the trees; like `reference`, where that is given."""
    # Names are put on the grown trees: on the rows they would be compared anew in every round.
    return xgb.QuantileDMatrix(
        matrix,
        label=churned,
        ref=reference,
        feature_types=columns.types,
        max_bin=plan.maximum_bins,
        enable_categorical=True,
        nthread=plan.threads,
    )


def _named(booster: xgb.Booster, columns: FeatureColumns) -> xgb.Booster:
    booster.feature_names = list(columns.names)
    return booster
