"""Hazards: from probabilities of churn within one, two, ... months to the risk of each month.

Here belong the pooling of horizons that contradict each other and the discrete hazard. The probabilities come
from models of their own, one a horizon; how they are fitted belongs to `training`.
"""

import numpy as np


def pooled_horizons(probability: np.ndarray) -> np.ndarray:
    """Probabilities of shape (rows, horizons), shortest first, that never fall with the horizon.

    The last one, that of the whole outcome window, holds fast: it is published, ranked and calibrated by
    itself. The others are pooled row by row (pool adjacent violators, the mean of a violating run) and then
    capped by it, which is the least-squares answer under that bound.

    >>> pooled_horizons(np.array([[0.4, 0.2, 0.9], [0.1, 0.5, 0.4]])).round(2).tolist()
    [[0.3, 0.3, 0.9], [0.1, 0.4, 0.4]]
    """
    if not probability.shape[1]:
        return probability.copy()
    shorter, whole = probability[:, :-1], probability[:, -1:]
    count = shorter.shape[1]
    pooled = np.empty_like(shorter)
    for place in range(count):
        # Isotone regression as the greatest, over where a run starts, of its least mean over where it ends.
        least = [
            np.min([shorter[:, first:last].mean(axis=1) for last in range(place + 1, count + 1)], axis=0)
            for first in range(place + 1)
        ]
        pooled[:, place] = np.max(least, axis=0)
    return np.hstack([np.minimum(pooled, whole), whole])


def hazards(probability: np.ndarray) -> np.ndarray:
    """Risk of leaving in each month for those still there: h_k = (p_k - p_{k-1}) / (1 - p_{k-1}).

    `probability` has shape (rows, months): column k is the probability of leaving within k + 1 months, as
    `pooled_horizons` gives it, below 1. A null column (NaN) leaves its own month and the next one null.

    >>> hazards(np.array([[0.1, 0.28, 0.28]])).round(2).tolist()
    [[0.1, 0.2, 0.0]]
    """
    before = np.hstack([np.zeros((len(probability), 1)), probability[:, :-1]])
    return (probability - before) / (1 - before)
