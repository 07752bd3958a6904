"""Library: a churn model of any table, in four calls: fit, predict, evaluate, explain.

Here belongs the way of a table through the other modules: by month where it has months, by folds where it is
a single cross-section. How its columns are read, `tables` says. The warehouse's own models come from
`training`, which knows its frame and takes nothing for granted.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xgboost as xgb

from ml import tables
from ml.boosting import fit_folds, fit_trees
from ml.calibration import AnyCalibration, calibrated_contributions, choose_calibration
from ml.columns import MONTH, CategoryLevels, FeatureColumns, learn_levels, to_matrix
from ml.evaluation import Evaluation
from ml.evaluation import evaluate as judge
from ml.folds import stratified_folds
from ml.model import TrainingPlan, raw_contributions, raw_log_odds
from ml.splits import CLOSED, MonthSplit, NoSplit, split_by_month
from ml.tuning import FOLDS, SETTINGS, Search, held_back, search

CONSTANT = "constant"
"""Name of the column of `explain` that belongs to no feature."""

# Finer steps than the monthly models': a table is fitted once, and has the time.
_START = TrainingPlan(rounds=3000, early_stopping_rounds=100, learning_rate=0.03)
# A second thread on fewer rows would mostly wait for the first.
_ROWS_FOR_TWO_THREADS = 20_000
# Rows put to the trees at a time, so that memory does not grow with the table.
_ROWS_AT_A_TIME = 100_000


@dataclass(frozen=True)
class TableModel:
    """A model of one table, with all that its other three calls need.

    `evaluation` holds its honest figures: on the months after all others, or, without months, on each fold
    foretold by trees and calibration of the other folds. `split` is None without months, `search` where a
    plan was given. `churner` is the target's value that means churn; `left_out` tells the columns that looked
    like features and are none, with the reason.
    """

    target: str
    churner: object
    entity: str | None
    month: str | None
    columns: FeatureColumns
    left_out: Mapping[str, str]
    levels: Mapping[str, CategoryLevels]
    plan: TrainingPlan
    search: Search | None
    split: MonthSplit | None
    booster: xgb.Booster
    calibration: AnyCalibration
    evaluation: Evaluation


@dataclass(frozen=True)
class _Table:
    """The rows to learn from, in the order of their keys: arrays of one length; months NaT without any."""

    features: pd.DataFrame
    churned: np.ndarray
    entity: np.ndarray
    month: np.ndarray


@dataclass(frozen=True)
class _Fitted:
    """What either way of fitting ends in."""

    booster: xgb.Booster
    calibration: AnyCalibration
    evaluation: Evaluation


def fit(
    frame: pd.DataFrame,
    *,
    target: str,
    entity: str | None = None,
    month: str | None = None,
    columns: FeatureColumns | Sequence[str] | None = None,
    churner: object = None,
    plan: TrainingPlan | None = None,
    settings: int = len(SETTINGS),
    outcome_months: int = 1,
) -> TableModel:
    """Fit, calibrate and judge a model that foretells `target`.

    Args:
        frame: one row per entity, or per entity and month.
        target: column of two values: yes/no, true/false, 1/0 or the like; null where not known (left out).
        entity: column that names the customer, whose rows are never parted; without, each row is its own.
        month: column of months, if there is one: earlier months learn, the newest judge.
        columns: the features, as names or with their kinds; without, all other columns. Kinds not declared
            follow from the values; ids and dates are then left out, and a warning names them.
        churner: the target's value that means churn, where its two values do not say so themselves.
        plan: how the trees are grown, such as `plan_from_json` reads it; without, settings are searched.
        settings: how many settings the search tries; 0 takes the first as it is.
        outcome_months: with months only: how many months after its own a row's target becomes known.

    The same rows in any order give the same model, as long as entity and month tell them apart. ValueError
    names the column, and the row, that cannot be read.
    """
    tables.require_columns(frame, [name for name in (target, entity, month) if name is not None])
    features, left_out = _features(frame, (target, entity, month), columns)
    if left_out:
        listed = "; ".join(f"{name} ({why})" for name, why in left_out.items())
        warnings.warn(f"Left out, being no features: {listed}.", stacklevel=2)
    churner = tables.churn_value(frame[target], target, churner)
    table = _table(frame, features, target, churner, entity, month)
    split = None if month is None else _split(table, outcome_months)
    learning = np.arange(len(table.churned)) if split is None else _rows_of(table, split.train, split.stop)
    threads = _START.threads if len(learning) >= _ROWS_FOR_TWO_THREADS else 1
    start = plan or replace(_START, threads=threads, **SETTINGS[0])
    _check_churners(table.churned[learning], target, start.minimum_churners)
    levels = learn_levels(
        table.features[list(features.categorical)].take(learning), features, start.minimum_level_rows
    )

    def matrix_of(rows: np.ndarray) -> np.ndarray:
        return to_matrix(table.features, features, levels, rows)

    found = None
    if plan is None:
        found = search(
            lambda rows: matrix_of(learning[rows]),
            table.churned[learning],
            table.entity[learning],
            features,
            start,
            settings,
        )
    chosen = start if found is None else found.plan
    matrix = matrix_of(np.arange(len(table.churned)))
    if split is None:
        fitted = _fit_cross_section(matrix, table, features, chosen)
    else:
        fitted = _fit_months(matrix, table, split, features, chosen)
    return TableModel(
        target=target,
        churner=churner,
        entity=entity,
        month=month,
        columns=features,
        left_out=left_out,
        levels=levels,
        plan=chosen,
        search=found,
        split=split,
        **vars(fitted),
    )


def predict(model: TableModel, frame: pd.DataFrame) -> pd.Series:
    """Probability of churn of each row, in (0, 1), with the frame's index.

    Only the model's features are read: ValueError names those that are missing. A category that the model has
    never met counts as missing.
    """
    table = tables.readable(frame, model.columns)
    probability = np.empty(len(table))
    for rows in _portions(len(table)):
        matrix = to_matrix(table, model.columns, model.levels, rows)
        margin = raw_log_odds(model.booster, model.columns, matrix, model.plan.threads)
        probability[rows] = model.calibration.probability(margin)
    return pd.Series(probability, index=frame.index, name="probability")


def evaluate(model: TableModel, frame: pd.DataFrame) -> Evaluation:
    """Figures of the model on rows whose target is known; rows where it is null are left out.

    On rows that it learnt from, a model flatters itself: `model.evaluation` holds its honest figures.
    """
    tables.require_columns(frame, [name for name in (model.target, model.entity) if name is not None])
    churned = tables.outcomes(frame[model.target], model.target, model.churner)
    known = np.flatnonzero(~np.isnan(churned))
    probability = predict(model, frame.take(known)).to_numpy()
    return _judge(churned[known], probability, tables.entities(frame, model.entity)[known], model.plan)


def explain(model: TableModel, frame: pd.DataFrame, causes: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Exact contributions to the log-odds of each row's probability, with the frame's index.

    One column per feature, or per cause where `causes` maps every feature to one, and the column "constant":
    a row adds up to its log-odds. Above 0 raises the risk.
    """
    names = model.columns.names
    without = [name for name in names if causes is not None and name not in causes]
    if without:
        raise ValueError(f"Features without a cause: {', '.join(without)}. Map each feature to a cause.")
    table = tables.readable(frame, model.columns)
    shares = np.empty((len(table), len(names) + 1))
    for rows in _portions(len(table)):
        matrix = to_matrix(table, model.columns, model.levels, rows)
        raw = raw_contributions(model.booster, model.columns, matrix, model.plan.threads)
        shares[rows] = calibrated_contributions(model.calibration, raw)
    by_feature = pd.DataFrame(shares, index=frame.index, columns=[*names, CONSTANT])
    if causes is None:
        return by_feature
    # Added up cause by cause in the features' order, so that the same rows give the same bytes.
    listed = sorted({causes[name] for name in names})
    summed = {cause: sum(by_feature[name] for name in names if causes[name] == cause) for cause in listed}
    return pd.DataFrame({**summed, CONSTANT: by_feature[CONSTANT]}, index=frame.index)


def _features(
    frame: pd.DataFrame, keys: tuple[str | None, ...], columns: FeatureColumns | Sequence[str] | None
) -> tuple[FeatureColumns, dict[str, str]]:
    if isinstance(columns, FeatureColumns):
        features, left_out = columns, {}
        tables.require_columns(frame, features.names)
    else:
        names = [name for name in frame.columns if name not in keys] if columns is None else list(columns)
        tables.require_columns(frame, names)
        found = tables.infer_columns(frame, names, named=columns is not None)
        features, left_out = found.features, found.left_out
    among = [name for name in keys if name in features.names]
    if among:
        raise ValueError(
            f"Target or key columns among the features: {', '.join(map(str, among))}. "
            "A model must not see them."
        )
    if not features.names:
        raise ValueError("No column is left as a feature. Give at least one.")
    return features, left_out


def _table(
    frame: pd.DataFrame,
    features: FeatureColumns,
    target: str,
    churner: object,
    entity: str | None,
    month: str | None,
) -> _Table:
    """Rows whose target is known, by month and entity, so that their order in the frame changes nothing."""
    churned = tables.outcomes(frame[target], target, churner)
    named = tables.entities(frame, entity)
    months = np.full(len(frame), np.datetime64("NaT", "s")) if month is None else tables.months(frame, month)
    keys = pd.DataFrame({"month": months, "entity": named})
    if month is not None and entity is not None and keys.duplicated().any():
        twice = keys[keys.duplicated()].iloc[0]
        raise ValueError(
            f"{entity} {twice['entity']} stands twice in {twice['month']:%Y-%m}. "
            "Give one row per entity and month."
        )
    order = keys.sort_values(["month", "entity"], kind="stable").index.to_numpy()
    order = order[~np.isnan(churned[order])]
    return _Table(tables.readable(frame, features).take(order), churned[order], named[order], months[order])


def _split(table: _Table, outcome_months: int) -> MonthSplit:
    months = pd.DatetimeIndex(np.unique(table.month))
    closed = months + pd.DateOffset(months=outcome_months)
    labels = pd.DataFrame({MONTH: months, CLOSED: closed})
    split = split_by_month(labels, closed[-1].date(), outcome_months=outcome_months)
    if isinstance(split, NoSplit):
        raise ValueError(f"{split.reason} Without `month`, the table is taken as a single cross-section.")
    return split


def _rows_of(table: _Table, *parts: Sequence[object]) -> np.ndarray:
    months = np.array([month for part in parts for month in part], dtype="datetime64[s]")
    return np.flatnonzero(np.isin(table.month, months))


def _check_churners(churned: np.ndarray, target: str, minimum: int) -> None:
    churners, stayers = int(churned.sum()), int((churned == 0).sum())
    if min(churners, stayers) < minimum:
        raise ValueError(
            f"Too little to learn {target} from: {churners} churners and {stayers} stayers among the rows "
            f"that learn, and {minimum} of each are needed."
        )


def _fit_cross_section(
    matrix: np.ndarray, table: _Table, features: FeatureColumns, plan: TrainingPlan
) -> _Fitted:
    """Folds say how many trees, calibrate and judge; the trees that are kept learn from all rows."""
    fold = stratified_folds(table.entity, table.churned, FOLDS, plan.seed)
    folds = held_back(fold)
    found = fit_folds(matrix, table.churned, folds, features, plan)
    margin = np.empty(len(fold), dtype=np.float32)
    for (_, held), margins in zip(folds, found.margins, strict=True):
        margin[held] = margins
    calibration, honest = choose_calibration(margin, table.churned, fold, plan.minimum_churners)
    return _Fitted(
        fit_trees(matrix, table.churned, features, plan, found.trees),
        calibration,
        _judge(table.churned, honest, table.entity, plan),
    )


def _fit_months(
    matrix: np.ndarray, table: _Table, split: MonthSplit, features: FeatureColumns, plan: TrainingPlan
) -> _Fitted:
    """The months of the split train, stop, calibrate and judge."""
    train, stop, calibrate, test = (
        _rows_of(table, months) for months in (split.train, split.stop, split.calibrate, split.test)
    )
    _check_churners(table.churned[train], "the training months", plan.minimum_churners)
    found = fit_folds(matrix, table.churned, [(train, stop)], features, plan)

    def margin(rows: np.ndarray) -> np.ndarray:
        return raw_log_odds(found.boosters[0], features, matrix[rows], plan.threads)

    calibration, _ = choose_calibration(
        margin(calibrate), table.churned[calibrate], table.month[calibrate], plan.minimum_churners
    )
    probability = calibration.probability(margin(test))
    return _Fitted(
        found.boosters[0], calibration, _judge(table.churned[test], probability, table.entity[test], plan)
    )


def _judge(
    churned: np.ndarray, probability: np.ndarray, entity: np.ndarray, plan: TrainingPlan
) -> Evaluation:
    return judge(churned, probability, entity, draws=plan.interval_draws, seed=plan.seed)


def _portions(rows: int) -> list[np.ndarray]:
    return np.split(np.arange(rows), range(_ROWS_AT_A_TIME, rows, _ROWS_AT_A_TIME))
