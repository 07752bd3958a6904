"""Logistic regression: the plainest model there is, for the trees to beat.

Here belong its preparation (standardised numbers, missing values marked, categories one by one) and its fit.
It is a contender in a contest, never kept.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ml.columns import CategoryLevels, FeatureColumns, learn_levels, to_matrix

_MINIMUM_LEVEL_ROWS = 50
# An outlier counts as this many standard deviations: one absurd bill must not turn the line.
_FARTHEST = 4.0
# More rows move no coefficient that thirty columns have.
_MOST_ROWS = 200_000
# Also where a feature knows the answer, a probability lies strictly between 0 and 1.
_SMALLEST_PROBABILITY = 1e-12


def logistic_risk(
    train_frame: pd.DataFrame, y: np.ndarray | pd.Series, test_frame: pd.DataFrame, columns: FeatureColumns
) -> np.ndarray:
    """Probability of churn of each row of `test_frame`, by a logistic regression on `columns`.

    `y` is 1 (or true) for a churner, 0 for a stayer, one for each row of `train_frame`. All that is learnt
    (means, deviations, levels) comes from `train_frame`. Of more than 200,000 rows, as many evenly spread
    ones train.

    >>> train = pd.DataFrame({"complaints": [0, 0, 0, 0, 3, 3, 3, 3]})
    >>> churned = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    >>> new = pd.DataFrame({"complaints": [0.0, 3.0, None]})
    >>> logistic_risk(train, churned, new, FeatureColumns(("complaints",))).round(1).tolist()
    [0.3, 0.7, 0.5]
    """
    churned = np.asarray(y, dtype=np.float64)
    if len(churned) != len(train_frame):
        raise ValueError(f"{len(churned)} outcomes for {len(train_frame)} rows. Give one for each row.")
    if not np.isin(churned, (0.0, 1.0)).all() or len(np.unique(churned)) < 2:
        raise ValueError("Outcomes must be 0 or 1 (null is neither), and both must occur.")
    if not len(test_frame):
        return np.empty(0)
    rows = np.arange(len(churned))
    if len(rows) > _MOST_ROWS:
        rows = np.linspace(0, len(rows) - 1, _MOST_ROWS).astype(np.int64)
    levels = learn_levels(
        train_frame[list(columns.categorical)].take(rows), columns, min(_MINIMUM_LEVEL_ROWS, len(rows))
    )
    train = to_matrix(train_frame, columns, levels, rows, np.float64)
    test = to_matrix(test_frame, columns, levels, np.arange(len(test_frame)), np.float64)
    known = ~np.isnan(train)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, train, 0).sum(axis=0) / counts
    deviation = np.sqrt(np.where(known, (train - mean) ** 2, 0).sum(axis=0) / counts)
    deviation[deviation == 0] = 1.0

    def design(matrix: np.ndarray) -> np.ndarray:
        return _design(matrix, columns, levels, mean, deviation, ~known.all(axis=0))

    # One thread: with several, the order of the sums would be the library's.
    with threadpool_limits(limits=1):
        model = LogisticRegression(solver="newton-cholesky", max_iter=200, tol=1e-8)
        model.fit(design(train), churned[rows])
        risk = model.predict_proba(design(test))[:, 1]
    return np.clip(risk, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)


def _design(
    matrix: np.ndarray,
    columns: FeatureColumns,
    levels: dict[str, CategoryLevels],
    mean: np.ndarray,
    deviation: np.ndarray,
    has_missing: np.ndarray,
) -> np.ndarray:
    """The matrix as the regression sees it: no value missing, every column near the unit scale."""
    count = len(columns.numeric + columns.boolean)
    numbers, codes = matrix[:, :count], matrix[:, count:]
    scaled = np.clip((numbers - mean[:count]) / deviation[:count], -_FARTHEST, _FARTHEST)
    parts = [np.nan_to_num(scaled, nan=0.0), np.isnan(numbers[:, has_missing[:count]]).astype(np.float64)]
    for place, name in enumerate(columns.categorical):
        number_of_levels = len(levels[name].kept) + bool(levels[name].pooled)
        # A level that is missing or unknown is none of them: all zeros.
        parts.append((codes[:, [place]] == np.arange(number_of_levels)).astype(np.float64))
    return np.hstack(parts)
