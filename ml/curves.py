"""Curves: how well scores rank and how far their probabilities hold, as frames to draw or to print.

Here belong the ROC curve, cumulative gains with lift, and the calibration curve. Ties are treated as in
`evaluation`: the ROC curve takes a tie as one step, gains and deciles break it by subscriber id, and among
rows of one subscriber the stayer goes first. So the area under the ROC curve is the AUC, and the lift at a
tenth is the top-decile lift. Single figures with intervals belong to `evaluation`.
"""

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from ml.profit import score_steps
from ml.ranking import judged_rows, risk_order


def roc_curve(target: np.ndarray | pd.Series, score: np.ndarray | pd.Series) -> pd.DataFrame:
    """One row per corner of the ROC curve, from (0, 0) to (1, 1); needs churners and stayers.

    Columns: `score` (who has at least this is called a churner; null in the first row, where nobody is),
    `false_positive_rate` (share of the stayers called so), `true_positive_rate` (share of the churners).
    Scores along a straight edge of the curve are left out.

    >>> roc_curve(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]))["true_positive_rate"].tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]
    """
    levels, churners, stayers = score_steps(target, score)
    # The edge goes straight on where two steps have the same slope (products of whole numbers: exact).
    turns = churners[1:] * stayers[:-1] != churners[:-1] * stayers[1:]
    corners = np.concatenate((np.flatnonzero(turns), [len(levels) - 1]))
    down_to = [np.cumsum(counts)[corners] / counts.sum() for counts in (stayers, churners)]
    return pd.DataFrame(
        {
            "score": np.concatenate(([np.nan], levels[corners])),
            "false_positive_rate": np.concatenate(([0.0], down_to[0])),
            "true_positive_rate": np.concatenate(([0.0], down_to[1])),
        }
    )


def gains_curve(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    entity: np.ndarray | pd.Series,
    steps: int = 100,
) -> pd.DataFrame:
    """Cumulative gains and lift: one row per share of the rows picked, from 1/`steps` to all.

    Columns: `share`, `rows` (that share of the rows, halves rounded up), `churners` (among them), `gain`
    (share of all churners), `precision` (churners over rows), `lift` (precision over the base rate). Shares
    of no row are left out. Gain and lift are null without churners.

    >>> gains_curve(np.array([1, 0, 0]), np.array([3, 2, 1]), np.array(list("abc")), steps=3)["lift"].tolist()
    [3.0, 1.5, 1.0]
    """
    churned, scores, subscriber = judged_rows(target, score, entity)
    ordered = churned[risk_order(churned, scores, subscriber)]
    step = np.arange(1, steps + 1)
    rows = _part(step, steps, len(ordered))
    step, rows = step[rows > 0], rows[rows > 0]
    churners = np.concatenate(([0.0], np.cumsum(ordered)))[rows].astype(np.int64)
    total = ordered.sum() or np.nan
    return pd.DataFrame(
        {
            "share": step / steps,
            "rows": rows,
            "churners": churners,
            "gain": churners / total,
            "precision": churners / rows,
            "lift": churners * len(ordered) / (rows * total),
        }
    )


def calibration_curve(
    target: np.ndarray | pd.Series,
    probability: np.ndarray | pd.Series,
    entity: np.ndarray | pd.Series,
    bins: int = 10,
) -> pd.DataFrame:
    """Foretold against seen: one row per tenth of the rows (`bins`), number 1 with the highest probabilities.

    Columns: `bin`, `rows`, `churners`, `expected_churners`, `expected_rate` (mean probability),
    `observed_rate` with the exact 95 % interval of a share (Clopper and Pearson 1934) in
    `observed_rate_low` and `observed_rate_high`. Bins of no row are left out.
    """
    churned, scores, subscriber = judged_rows(target, probability, entity)
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("A probability lies outside 0 to 1.")
    order = risk_order(churned, scores, subscriber)
    edges = _part(np.arange(bins + 1), bins, len(order))
    rows = np.diff(edges)
    churners, expected = (
        np.diff(np.concatenate(([0.0], np.cumsum(values[order])))[edges]) for values in (churned, scores)
    )
    curve = pd.DataFrame(
        {
            "bin": np.arange(1, bins + 1),
            "rows": rows,
            "churners": churners.astype(np.int64),
            "expected_churners": expected,
        }
    ).loc[rows > 0]
    low, high = share_interval(curve["churners"].to_numpy(), curve["rows"].to_numpy())
    return curve.assign(
        expected_rate=curve["expected_churners"] / curve["rows"],
        observed_rate=curve["churners"] / curve["rows"],
        observed_rate_low=low,
        observed_rate_high=high,
    ).reset_index(drop=True)


def share_interval(count: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exact 95 % interval of the share behind `count` of `rows` (Clopper and Pearson 1934).

    >>> low, high = share_interval(np.array([0]), np.array([10]))
    >>> (low.tolist(), high.round(4).tolist())
    ([0.0], [0.3085])
    """
    # A parameter of the beta distribution is above 0, also where the limit is known to be 0 or 1.
    low = np.where(count > 0, betaincinv(np.maximum(count, 1), rows - count + 1, 0.025), 0.0)
    high = np.where(count < rows, betaincinv(count + 1, np.maximum(rows - count, 1), 0.975), 1.0)
    return low, high


def _part(step: np.ndarray, steps: int, rows: int) -> np.ndarray:
    """So many `steps` of the rows, halves rounded up."""
    return (2 * step * rows + steps) // (2 * steps)
