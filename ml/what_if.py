"""What-ifs: how a probability would move if something that can be acted on were different.

Here belongs the way from what-ifs, as rows of feature changes, to probabilities before and after. They are
the model's answer to other numbers, no proof that doing it keeps anybody: what an action brings is measured
against the control group. Why a probability is high belongs to `reasons`.
"""

import operator
from collections.abc import Callable

import numpy as np
import pandas as pd

from ml.columns import MONTH, SUBSCRIBER, key_order

Probability = Callable[[pd.DataFrame], np.ndarray]
"""From a frame of keys and features to one probability per row, in the order of the rows."""

_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_OPERATIONS: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "set": lambda values, value: pd.Series(value, index=values.index),
    "add": lambda values, value: values + value,
    "multiply": lambda values, value: values * value,
}


def what_ifs(
    frame: pd.DataFrame, changes: pd.DataFrame, probability: Probability, *, minimum_fall: float = 0.0
) -> pd.DataFrame:
    """One row per row of `frame` and what-if that applies to it, ordered by key and what_if_id.

    `changes` has one row per what-if and feature: what_if_id, feature, operation (set, add, multiply), value,
    and condition_feature, operator, threshold, which say where the what-if applies; the rows of one what-if
    share the condition. A what-if changes all its features at once; a missing number stays missing when it is
    added to or multiplied. It is not evaluated where the condition's feature is missing, nor where `frame`
    lacks one of its columns, as with a model that does not know it.

    Columns: snapshot_month, subscriber_id, what_if_id, probability, what_if_probability, change (the second
    less the first), help_rank (1 lowers the probability most, ties by what_if_id; missing where it falls by
    less than `minimum_fall`, or not at all). ValueError names an operation or operator that is not known.

    >>> frame = pd.DataFrame(
    ...     {"snapshot_month": "2026-06-01", "subscriber_id": ["S1", "S2"], "overdue_complaint_count": [2, 0]}
    ... )
    >>> closed = {"what_if_id": ["closed"], "feature": ["overdue_complaint_count"], "operation": ["set"]}
    >>> when = {"condition_feature": ["overdue_complaint_count"], "operator": [">="], "threshold": [1]}
    >>> changes = pd.DataFrame(closed | {"value": [0]} | when)
    >>> found = what_ifs(frame, changes, lambda rows: 0.1 + 0.2 * rows["overdue_complaint_count"].to_numpy())
    >>> found[["subscriber_id", "probability", "what_if_probability", "help_rank"]].values.tolist()
    [['S1', 0.5, 0.1, 1]]
    """
    _check(changes)
    rows = frame.take(key_order(frame)).reset_index(drop=True)
    before = probability(rows)
    parts = [
        _what_if(rows, before, str(name), own, probability)
        for name, own in changes.groupby("what_if_id", sort=True)
        if {*own["feature"], *own["condition_feature"]} <= set(rows.columns)
    ]
    empty = _rows(rows.head(0), before[:0], "", before[:0])
    found = pd.concat([empty, *parts]).sort_index(kind="stable").reset_index(drop=True)
    return found.assign(help_rank=_help_ranks(found, minimum_fall))


def _check(changes: pd.DataFrame) -> None:
    for column, known in (("operation", _OPERATIONS), ("operator", _COMPARISONS)):
        unknown = sorted(set(changes[column]) - set(known))
        if unknown:
            raise ValueError(f"Unknown {column}: {', '.join(unknown)}. Use one of {', '.join(known)}.")


def _what_if(
    rows: pd.DataFrame, before: np.ndarray, name: str, changes: pd.DataFrame, probability: Probability
) -> pd.DataFrame:
    """The rows that one what-if applies to, with the index of `rows`."""
    applies = pd.Series(True, index=rows.index)
    condition = changes[["condition_feature", "operator", "threshold"]].drop_duplicates()
    for feature, sign, threshold in condition.itertuples(index=False):
        # A missing number compares as false.
        applies &= _COMPARISONS[sign](_numbers(rows, feature), float(threshold))
    changed = {
        feature: _OPERATIONS[operation](_numbers(rows, feature), float(value))
        for feature, operation, value in changes[["feature", "operation", "value"]].itertuples(index=False)
    }
    # A frame without rows is not put to a model.
    if not applies.any():
        return _rows(rows.head(0), before[:0], name, before[:0])
    after = probability(rows.assign(**changed)[applies])
    return _rows(rows[applies], before[applies.to_numpy()], name, after)


def _numbers(rows: pd.DataFrame, feature: str) -> pd.Series:
    return rows[feature].astype("float64")


def _rows(rows: pd.DataFrame, before: np.ndarray, name: str, after: np.ndarray) -> pd.DataFrame:
    return rows[[MONTH, SUBSCRIBER]].assign(
        what_if_id=pd.array([name] * len(rows), dtype="str"),
        probability=before,
        what_if_probability=after,
        change=after - before,
    )


def _help_ranks(found: pd.DataFrame, minimum_fall: float) -> pd.Series:
    """The place of each row among those of its subscriber that lower the probability far enough."""
    helps = found[(found["change"] < 0) & (found["change"] <= -minimum_fall)]
    best_first = helps.sort_values([MONTH, SUBSCRIBER, "change", "what_if_id"], kind="stable")
    ranks = best_first.groupby([MONTH, SUBSCRIBER]).cumcount() + 1
    return ranks.reindex(found.index).astype("Int64")
