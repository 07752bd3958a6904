"""Naive rules: scores that could be given without a model, for a model to beat.

Here belong rules of one column each. They are judged by `evaluation` on the very rows the model is judged on.
The points of the scorecard are counted in the warehouse; here they are only read.
"""

import numpy as np
import pandas as pd


def bill_ratio_risk(frame: pd.DataFrame, column: str = "billed_amount_ratio_6m") -> np.ndarray:
    """Risk by the last bill over its six-month mean: the lower, the riskier; without one, least risky.

    >>> bill_ratio_risk(pd.DataFrame({"billed_amount_ratio_6m": [0.4, 1.1, None]})).tolist()
    [-0.4, -1.1, -inf]
    """
    return _lower_is_riskier(frame, column)


def tenure_risk(frame: pd.DataFrame, column: str = "tenure_months") -> np.ndarray:
    """Risk by the months on net: the shorter, the riskier; unknown, least risky.

    >>> tenure_risk(pd.DataFrame({"tenure_months": [5, 60]})).tolist()
    [-5.0, -60.0]
    """
    return _lower_is_riskier(frame, column)


def scorecard_risk(frame: pd.DataFrame, column: str = "scorecard_points") -> np.ndarray:
    """Risk by the points of the scorecard: the more, the riskier; not evaluated, least risky.

    >>> scorecard_risk(pd.DataFrame({"scorecard_points": [12, 0, None]})).tolist()
    [12.0, 0.0, -inf]
    """
    return _values(frame, column, unknown=-np.inf)


def _lower_is_riskier(frame: pd.DataFrame, column: str) -> np.ndarray:
    return -_values(frame, column, unknown=np.inf)


def _values(frame: pd.DataFrame, column: str, unknown: float) -> np.ndarray:
    if column not in frame.columns:
        raise ValueError(f"Missing column: {column}. The naive rule reads it; deliver it or name another.")
    return frame[column].to_numpy(dtype=np.float64, na_value=unknown)
