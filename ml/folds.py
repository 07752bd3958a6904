"""Folds: parts of a table without a calendar, so that every row is foretold by trees that never saw it.

Here belongs the deal of rows into folds, stratified by the target and whole by entity. Tables with a calendar
are split by `splits`, never like this: rows of one month would tell of the others.
"""

import numpy as np
import pandas as pd


def stratified_folds(
    entity: np.ndarray | pd.Series, target: np.ndarray, folds: int, seed: int = 20
) -> np.ndarray:
    """The fold of each row, 0 to folds - 1: all rows of an entity in one, churners spread evenly.

    An entity counts as a churner when any of its rows is one. The deal hangs on the entities alone, not on
    the order of the rows.

    >>> stratified_folds(np.array(["a", "b", "c", "d", "a"]), np.array([1.0, 0, 1, 0, 0]), folds=2).tolist()
    [0, 0, 1, 1, 0]
    """
    codes, names = pd.factorize(pd.Series(entity), sort=True)
    churned = np.zeros(len(names))
    np.maximum.at(churned, codes, target)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    dealt = shuffled[np.argsort(-churned[shuffled], kind="stable")]
    fold = np.empty(len(names), dtype=np.int64)
    fold[dealt] = np.arange(len(names)) % folds
    return fold[codes]
