"""Scoring: the probability of every candidate of a month, from a fitted model.

Here belongs the way from a frame of candidates to probabilities; nothing is fitted here. Why a probability is
high belongs to `reasons`; who is worked, to `assignment`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ml.columns import MONTH, SUBSCRIBER, check_columns, key_order, to_matrix
from ml.model import ChurnModel

# Rows put to the trees at a time, so that memory does not grow with the base.
_ROWS_AT_A_TIME = 100_000


def score(model: ChurnModel, frame: pd.DataFrame, carried: Sequence[str] = ()) -> pd.DataFrame:
    """One row per row of `frame`, ordered by key: snapshot_month, subscriber_id, probability.

    A probability is calibrated and lies in (0, 1). `frame` has the keys, the model's features and the columns
    that `carried` names, no others: ValueError names what is missing or extra, and keys that are null or
    stand twice.
    """
    check_columns(frame, model.columns, carried)
    order = key_order(frame)
    probability = np.empty(len(order))
    for start in range(0, len(order), _ROWS_AT_A_TIME):
        rows = order[start : start + _ROWS_AT_A_TIME]
        matrix = to_matrix(frame, model.columns, model.levels, rows)
        probability[start : start + len(rows)] = model.calibration.probability(model.margin(matrix))
    return pd.DataFrame(
        {
            MONTH: frame[MONTH].take(order).array,
            SUBSCRIBER: frame[SUBSCRIBER].take(order).array,
            "probability": probability,
        }
    )
