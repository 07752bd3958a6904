"""Training: a churn model for one target from the snapshot months of a split.

Here belongs the fit: trees on the months that train, their number from the months that stop, the calibration
from the months after those, the figures from months later still, beside the naive rules. No row is weighted
or resampled: that would spoil the probabilities, and with them every expected benefit. Which months, `splits`
says; how the result is kept, `model`.
"""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import xgboost as xgb

from ml.calibration import Calibration, calibrate
from ml.columns import (
    SUBSCRIBER,
    FeatureColumns,
    check_columns,
    key_order,
    learn_levels,
    months_of,
    to_matrix,
    truth,
)
from ml.drift import learn_reference
from ml.evaluation import Evaluation, evaluate
from ml.model import ChurnModel, PartCount, TrainingPlan, raw_log_odds
from ml.naive_rules import bill_ratio_risk, tenure_risk
from ml.splits import MonthSplit

# A leaf holds at least this share of the churners trained on, so that thirty can be learnt from at all.
_CHURNER_SHARE_OF_A_LEAF = 0.02


@dataclass(frozen=True)
class NoModel:
    """No model can be fitted: the reason in a sentence."""

    reason: str


def fit(
    frame: pd.DataFrame,
    target: str,
    split: MonthSplit,
    columns: FeatureColumns,
    plan: TrainingPlan | None = None,
    carried: Sequence[str] = (),
) -> ChurnModel | NoModel:
    """Fit, calibrate and judge a model of `target` on the months of `split`.

    `frame` has one row per subscriber and snapshot month with the keys, the features, the target (true,
    false, or null where not judged; such rows are left out), the two columns of the naive rules, and whatever
    `carried` names besides. Other months than the split's are ignored. The same rows in any order give the
    same model. ValueError names columns that are missing, extra or of the wrong kind, and keys that are null
    or stand twice.
    """
    plan = plan or TrainingPlan()
    if target in columns.names:
        raise ValueError(
            f"The target {target} is among the features. A model must not see what it foretells."
        )
    check_columns(frame, columns, (target, plan.bill_ratio_column, plan.tenure_column, *carried))
    constraints = _constraints(columns, plan)
    churned = truth(frame, target)
    rows = _rows_of_parts(frame, churned, split)
    counts = {part: PartCount(len(places), int(churned[places].sum())) for part, places in rows.items()}
    obstacle = _obstacle(counts, split, target, plan)
    if obstacle:
        return NoModel(obstacle)

    levels = learn_levels(
        frame[list(columns.categorical)].take(rows["train"]), columns, plan.minimum_level_rows
    )
    matrices = {part: to_matrix(frame, columns, levels, places) for part, places in rows.items()}
    outcomes = {part: churned[places] for part, places in rows.items()}
    booster = _grow(matrices, outcomes, columns, plan, constraints)
    margins = {
        part: raw_log_odds(booster, columns, matrices[part], plan.threads)
        for part in ("stop", "calibrate", "test")
    }
    # Without a churner in the months that calibrate, those that stop have to do.
    calibrating = "calibrate" if counts["calibrate"].churners else "stop"
    calibration = calibrate(margins[calibrating], outcomes[calibrating], plan.minimum_churners)
    contested = list(dict.fromkeys((SUBSCRIBER, plan.bill_ratio_column, plan.tenure_column)))
    return ChurnModel(
        target=target,
        split=split,
        columns=columns,
        levels=levels,
        calibration=calibration,
        booster=booster,
        plan=plan,
        counts=counts,
        evaluations=_contest(
            frame[contested].take(rows["test"]), outcomes["test"], margins["test"], calibration, plan
        ),
        limits=_limits(split, counts, calibrating, plan),
        data_sha256=_checksum(matrices, outcomes),
        versions={
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "python": platform.python_version(),
            "xgboost": xgb.__version__,
        },
        reference=learn_reference(
            columns, levels, matrices["train"], calibration.probability(margins[calibrating])
        ),
    )


def _constraints(columns: FeatureColumns, plan: TrainingPlan) -> tuple[int, ...]:
    """Direction of each feature in the model's order: +1, -1, or 0 for free."""
    ordered = columns.numeric + columns.boolean
    unknown = sorted(name for name in plan.monotone if name not in ordered)
    if unknown:
        raise ValueError(
            f"Monotone constraints on no numeric or boolean feature: {', '.join(unknown)}. Take them out."
        )
    if not set(plan.monotone.values()) <= {-1, 1}:
        raise ValueError("A monotone constraint is +1 or -1. Leave a free feature out.")
    return tuple(plan.monotone.get(name, 0) for name in columns.names)


def _rows_of_parts(frame: pd.DataFrame, churned: np.ndarray, split: MonthSplit) -> dict[str, np.ndarray]:
    """Positions of the judged rows of each part, in the order of their key."""
    order = key_order(frame)
    order = order[~np.isnan(churned[order])]
    month = months_of(frame)[order]
    return {
        part: order[np.isin(month, np.array(months, dtype="datetime64[s]"))]
        for part, months in split.parts.items()
    }


def _obstacle(counts: dict[str, PartCount], split: MonthSplit, target: str, plan: TrainingPlan) -> str | None:
    """Why these rows cannot make a model, or None where they can."""
    train, stop = counts["train"], counts["stop"]
    span = f"{split.train[0]:%Y-%m} to {split.train[-1]:%Y-%m}"
    if train.churners < plan.minimum_churners:
        return (
            f"Too few churners for {target}: {train.churners} among {train.rows} rows of the training months "
            f"{span}, and {plan.minimum_churners} are needed."
        )
    if train.churners == train.rows:
        return f"All {train.rows} rows of the training months {span} are churners for {target}."
    if not stop.churners:
        return (
            f"No churner for {target} among {stop.rows} rows of {split.stop[0]:%Y-%m}, the month that says "
            "when to stop learning."
        )
    return None


def _grow(
    matrices: dict[str, np.ndarray],
    outcomes: dict[str, np.ndarray],
    columns: FeatureColumns,
    plan: TrainingPlan,
    constraints: tuple[int, ...],
) -> xgb.Booster:
    """Trees up to the best round on the stopping months."""
    churners = float(outcomes["train"].sum())
    parameters = {
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
        "monotone_constraints": constraints,
        "nthread": plan.threads,
        "seed": plan.seed,
    }
    described = {
        "feature_names": list(columns.names),
        "feature_types": columns.types,
        "max_bin": plan.maximum_bins,
        "enable_categorical": True,
        "nthread": plan.threads,
    }
    train = xgb.QuantileDMatrix(matrices["train"], label=outcomes["train"], **described)
    stop = xgb.QuantileDMatrix(matrices["stop"], label=outcomes["stop"], ref=train, **described)
    booster = xgb.train(
        parameters,
        train,
        num_boost_round=plan.rounds,
        evals=[(stop, "stop")],
        early_stopping_rounds=plan.early_stopping_rounds,
        verbose_eval=False,
    )
    return booster[: booster.best_iteration + 1]


def _contest(
    frame: pd.DataFrame,
    churned: np.ndarray,
    margin: np.ndarray,
    calibration: Calibration,
    plan: TrainingPlan,
) -> dict[str, Evaluation]:
    """The model and the naive rules, judged on the same rows of the test months with the same draws."""
    judge = partial(evaluate, churned, entity=frame[SUBSCRIBER], draws=plan.interval_draws, seed=plan.seed)
    rules = {
        "bill_ratio": bill_ratio_risk(frame, plan.bill_ratio_column),
        "tenure": tenure_risk(frame, plan.tenure_column),
    }
    return {"model": judge(score=calibration.probability(margin))} | {
        rule: judge(score=risk, is_probability=False) for rule, risk in rules.items()
    }


def _limits(
    split: MonthSplit, counts: dict[str, PartCount], calibrating: str, plan: TrainingPlan
) -> tuple[str, ...]:
    """What a reader of the figures has to know, in plain words."""
    test = counts["test"]
    limits = [
        f"Learnt from snapshot months up to {split.train[-1]:%Y-%m} and judged on {split.test[-1]:%Y-%m}: "
        f"no newer labels were closed at the end of {split.known_in:%Y-%m}, later changes are unknown to it.",
        "Scores are for candidates only: active mid- and high-value subscribers, long enough on net.",
        "A contribution says why the model is worried, not that mending it keeps the customer.",
    ]
    if set(split.stop) & set(split.parts[calibrating]):
        limits.append(
            "The same month stopped the learning and calibrated it: probabilities are rougher than usual."
        )
    if counts[calibrating].churners < plan.minimum_churners:
        limits.append(
            f"Only {counts[calibrating].churners} churners to calibrate on: "
            "the level of the probabilities was set, their spread was not."
        )
    if test.churners < plan.minimum_churners:
        limits.append(
            f"Only {test.churners} churners to judge by: the figures are rough, see their intervals."
        )
    return tuple(limits)


def _checksum(matrices: dict[str, np.ndarray], outcomes: dict[str, np.ndarray]) -> str:
    """SHA-256 of all that the trees, calibration and figures were made of, in the order of the keys."""
    digest = hashlib.sha256()
    for part in sorted(matrices):
        digest.update(np.ascontiguousarray(matrices[part]).data)
        digest.update(np.ascontiguousarray(outcomes[part]).data)
    return digest.hexdigest()
