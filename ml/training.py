"""Training: a churn model for one target from the snapshot months of a split.

Here belong the judged fit (trees on the months that train, their number from the months that stop, the
calibration from the months after those, the figures from months later still, beside the naive rules) and the
refit of the same recipe on newer months, which is what scores. No row is weighted or resampled: that would
spoil the probabilities, and with them every expected benefit. Which months, `splits` says; how the result is
kept, `model`.
"""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import xgboost as xgb

from ml.boosting import grow, monotone_constraints, training_data
from ml.calibration import calibrate, intercept_update
from ml.columns import (
    SUBSCRIBER,
    CategoryLevels,
    FeatureColumns,
    check_columns,
    key_order,
    learn_levels,
    months_of,
    to_matrix,
    truth,
)
from ml.drift import Bins, DriftReference, learn_reference
from ml.evaluation import Evaluation, evaluate, poisson_interval
from ml.logistic import logistic_risk
from ml.model import ChurnModel, PartCount, TrainingPlan, raw_log_odds
from ml.naive_rules import bill_ratio_risk, scorecard_risk, tenure_risk
from ml.profit import ProfitParameters
from ml.splits import MonthSplit


@dataclass(frozen=True)
class NoModel:
    """No model can be fitted: the reason in a sentence."""

    reason: str


@dataclass(frozen=True)
class ContestTerms:
    """What the contenders are judged by, and whether a logistic regression is one of them.

    `capacity` is how many of the judged rows can be worked in a month, where known; the profits' parameters
    are the literature's where none are given; `logistic` holds the features of the regression.
    """

    capacity: int | None = None
    profit_parameters: ProfitParameters | None = None
    logistic: FeatureColumns | None = None


@dataclass(frozen=True)
class _Prepared:
    """The rows of a split's parts as a model sees them, without any outcome.

    Those that train and stop are binned for the trees; `bins` counts those that train, for later months to be
    compared with; `digest` says what they were all made of.
    """

    levels: Mapping[str, CategoryLevels]
    bins: Mapping[str, Bins]
    train: xgb.QuantileDMatrix
    stop: xgb.QuantileDMatrix | None
    matrices: Mapping[str, np.ndarray]
    digest: bytes


class SharedRows:
    """The prepared rows of one frame, kept for other targets that are judged on the same rows.

    Hand the same one to the fits of a frame; only the last two are kept, those of a fit and of its refit.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._kept: dict[str, _Prepared] = {}

    def prepare(
        self,
        frame: pd.DataFrame,
        rows: Mapping[str, np.ndarray],
        columns: FeatureColumns,
        plan: TrainingPlan,
    ) -> _Prepared:
        """The prepared rows at these positions of the frame, those at hand or new ones."""
        key = hashlib.sha256(repr((columns, plan.maximum_bins, plan.minimum_level_rows)).encode())
        for part, places in rows.items():
            key.update(part.encode() + places.tobytes())
        name = key.hexdigest()
        prepared = self._kept.pop(name, None) or _prepare(frame, rows, columns, plan)
        self._kept = dict([*self._kept.items(), (name, prepared)][-2:])
        return prepared


def fit(
    frame: pd.DataFrame,
    target: str,
    split: MonthSplit,
    columns: FeatureColumns,
    plan: TrainingPlan | None = None,
    carried: Sequence[str] = (),
    shared: SharedRows | None = None,
    terms: ContestTerms | None = None,
) -> ChurnModel | NoModel:
    """Fit, calibrate and judge a model of `target` on the months of `split`.

    `frame` has one row per subscriber and snapshot month with the keys, the features, the target (true,
    false, or null where not judged; such rows are left out), the two columns of the naive rules, the points
    of the scorecard where there are any, and whatever `carried` names besides. Other months than the split's
    are ignored. The same rows in any order give the same model. `shared` saves time where several targets are
    fitted on one frame; `terms` say what is judged. ValueError names columns that are missing, extra or of
    the wrong kind, and keys that are null or stand twice.
    """
    plan = plan or TrainingPlan()
    if target in columns.names:
        raise ValueError(
            f"The target {target} is among the features. A model must not see what it foretells."
        )
    _check(frame, target, columns, plan, carried)
    monotone_constraints(columns, plan)  # Said before the rows are prepared, where one is wrong.
    churned = truth(frame, target)
    rows = _rows_of_parts(frame, churned, split)
    counts = _counts(rows, churned)
    obstacle = _obstacle(counts, split, target, plan)
    if obstacle:
        return NoModel(obstacle)

    prepared = (shared or SharedRows()).prepare(frame, rows, columns, plan)
    outcomes = {part: churned[places] for part, places in rows.items()}
    booster = _grow(prepared, outcomes, columns, plan)
    margins = {
        part: raw_log_odds(booster, columns, matrix, plan.threads)
        for part, matrix in prepared.matrices.items()
    }
    # Without a churner in the months that calibrate, those that stop have to do.
    calibrating = "calibrate" if counts["calibrate"].churners else "stop"
    calibration = calibrate(margins[calibrating], outcomes[calibrating], plan.minimum_churners)
    terms = terms or ContestTerms()
    risks = {"model": calibration.probability(margins["test"])}
    if terms.logistic:
        seen, tested = (frame[list(terms.logistic.names)].take(rows[part]) for part in ("train", "test"))
        risks["logistic"] = logistic_risk(seen, outcomes["train"], tested, terms.logistic)
    return ChurnModel(
        target=target,
        split=split,
        columns=columns,
        levels=prepared.levels,
        calibration=calibration,
        booster=booster,
        plan=plan,
        counts=counts,
        evaluations=_contest(
            frame[_contested(frame, plan)].take(rows["test"]),
            outcomes["test"],
            risks,
            plan,
            terms,
        ),
        limits=_limits(split, counts, calibrating, plan),
        data_sha256=_checksum(prepared, outcomes),
        versions={
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "python": platform.python_version(),
            "xgboost": xgb.__version__,
        },
        reference=_reference(prepared, calibration.probability(margins[calibrating])),
    )


def refit(
    frame: pd.DataFrame,
    judged: ChurnModel,
    split: MonthSplit,
    carried: Sequence[str] = (),
    shared: SharedRows | None = None,
) -> ChurnModel:
    """The recipe of `judged`, its plan and its number of trees, fitted on the newer months of `split`.

    `frame` is as for `fit`; `split` comes from `splits.refit_split`. The figures stay those of the judged
    fit: they say what the recipe did on months that it had not seen. Where the newer months hold too few
    churners to train, or none to calibrate on, `judged` itself is returned.
    """
    plan, columns, target = judged.plan, judged.columns, judged.target
    _check(frame, target, columns, plan, carried)
    churned = truth(frame, target)
    rows = {part: places for part, places in _rows_of_parts(frame, churned, split).items() if len(places)}
    counts = _counts(rows, churned)
    train, calibrating = counts.get("train", PartCount(0, 0)), counts.get("calibrate", PartCount(0, 0))
    if not plan.minimum_churners <= train.churners < train.rows or not calibrating.churners:
        return judged

    prepared = (shared or SharedRows()).prepare(frame, rows, columns, plan)
    outcomes = {part: churned[places] for part, places in rows.items()}
    booster = _grow(prepared, outcomes, columns, plan, trees=judged.booster.num_boosted_rounds())
    margin = raw_log_odds(booster, columns, prepared.matrices["calibrate"], plan.threads)
    calibration = calibrate(margin, outcomes["calibrate"], plan.minimum_churners)
    return replace(
        judged,
        split=split,
        levels=prepared.levels,
        calibration=calibration,
        booster=booster,
        counts=counts,
        limits=_limits_of_refit(judged, split),
        data_sha256=_checksum(prepared, outcomes),
        judged_on=judged.split,
        reference=_reference(prepared, calibration.probability(margin)),
    )


def intercept_shift(frame: pd.DataFrame, model: ChurnModel, months: Sequence[date]) -> float:
    """What the log-odds of a `model` lack (below 0: have too much) in closed `months` of `frame`.

    0 where chance alone may have made more or fewer churners than expected: only where the exact Poisson
    interval of observed over expected excludes 1 did the base rate move. Outcome windows of neighbouring
    months overlap, so the interval counts each churner once, however many of the months hold him. Months that
    the trees learnt from are left out: there a model agrees with what it knows by heart.
    """
    unseen = np.array([month for month in months if month > model.split.train[-1]], dtype="datetime64[s]")
    churned = truth(frame, model.target)
    places = np.flatnonzero(np.isin(months_of(frame), unseen) & ~np.isnan(churned))
    places = places[key_order(frame.take(places))]
    outcome = churned[places]
    margin = model.margin(to_matrix(frame, model.columns, model.levels, places))
    churners = frame[SUBSCRIBER].take(places[outcome == 1]).nunique()
    # Months in which a churner stands, on average.
    months_each = outcome.sum() / churners if churners else 1.0
    low, high = (limit * months_each for limit in poisson_interval(churners))
    if not len(places) or low <= model.calibration.probability(margin).sum() <= high:
        return 0.0
    return intercept_update(model.calibration, margin, outcome).intercept - model.calibration.intercept


def _reference(prepared: _Prepared, probability: np.ndarray) -> DriftReference:
    """What later months are compared with: the rows that trained, the scores of those that calibrate."""
    no_columns = FeatureColumns(numeric=())
    scores = learn_reference(no_columns, {}, np.empty((0, 0)), probability).score
    return DriftReference(prepared.bins, scores)


def _prepare(
    frame: pd.DataFrame, rows: Mapping[str, np.ndarray], columns: FeatureColumns, plan: TrainingPlan
) -> _Prepared:
    levels = learn_levels(
        frame[list(columns.categorical)].take(rows["train"]), columns, plan.minimum_level_rows
    )
    matrices = {part: to_matrix(frame, columns, levels, places) for part, places in rows.items()}
    digest = hashlib.sha256()
    for part in sorted(matrices):
        digest.update(np.ascontiguousarray(matrices[part]).data)
    bins = learn_reference(columns, levels, matrices["train"], np.zeros(1)).features
    train = training_data(matrices.pop("train"), columns, plan)
    stop = training_data(matrices["stop"], columns, plan, reference=train) if "stop" in matrices else None
    return _Prepared(levels, bins, train, stop, matrices, digest.digest())


def _check(
    frame: pd.DataFrame, target: str, columns: FeatureColumns, plan: TrainingPlan, carried: Sequence[str]
) -> None:
    check_columns(frame, columns, (target, *_contested(frame, plan), *carried))


def _contested(frame: pd.DataFrame, plan: TrainingPlan) -> list[str]:
    """Columns that the contest reads: the key of a lift's ties and those of the rules, each once."""
    rules = [plan.bill_ratio_column, plan.tenure_column]
    if plan.scorecard_column in frame.columns:
        rules.append(plan.scorecard_column)
    return list(dict.fromkeys((SUBSCRIBER, *rules)))


def _counts(rows: dict[str, np.ndarray], churned: np.ndarray) -> dict[str, PartCount]:
    return {part: PartCount(len(places), int(churned[places].sum())) for part, places in rows.items()}


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
    prepared: _Prepared,
    outcomes: Mapping[str, np.ndarray],
    columns: FeatureColumns,
    plan: TrainingPlan,
    trees: int | None = None,
) -> xgb.Booster:
    prepared.train.set_label(outcomes["train"])
    if prepared.stop is not None:
        prepared.stop.set_label(outcomes["stop"])
    return grow(prepared.train, columns, plan, prepared.stop, trees)


def _contest(
    frame: pd.DataFrame,
    churned: np.ndarray,
    probabilities: Mapping[str, np.ndarray],
    plan: TrainingPlan,
    terms: ContestTerms,
) -> dict[str, Evaluation]:
    """The models and the naive rules, judged on the same rows of the test months with the same draws."""
    judge = partial(
        evaluate,
        churned,
        entity=frame[SUBSCRIBER],
        capacity=terms.capacity,
        profit_parameters=terms.profit_parameters,
        draws=plan.interval_draws,
        seed=plan.seed,
    )
    rules = {
        "bill_ratio": bill_ratio_risk(frame, plan.bill_ratio_column),
        "tenure": tenure_risk(frame, plan.tenure_column),
    }
    # Points that were never given order nobody.
    if plan.scorecard_column in frame.columns and frame[plan.scorecard_column].notna().any():
        rules["scorecard"] = scorecard_risk(frame, plan.scorecard_column)
    return {name: judge(score=probability) for name, probability in probabilities.items()} | {
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


def _limits_of_refit(judged: ChurnModel, split: MonthSplit) -> tuple[str, ...]:
    """The limits of the judged fit, and after its first what is different of the refit."""
    first, *others = judged.limits
    return (
        first,
        f"Then learnt anew by the same recipe from months up to {split.train[-1]:%Y-%m}, and calibrated on "
        f"{split.calibrate[0]:%Y-%m} to {split.calibrate[-1]:%Y-%m}: the figures are of the fit before it.",
        *others,
    )


def _checksum(prepared: _Prepared, outcomes: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of all that the trees, calibration and figures were made of, in the order of the keys."""
    digest = hashlib.sha256(prepared.digest)
    for part in sorted(outcomes):
        digest.update(np.ascontiguousarray(outcomes[part]).data)
    return digest.hexdigest()
