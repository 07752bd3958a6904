"""Measures of a ranking, for any number of times that each subscriber stands in it.

Belongs here: the order of rows by score, and what is counted along it. Not here: intervals, and what a
person is told of them (`ml/evaluation.py`); what the profits assume (`ml/profit.py`).

Tied scores are treated exactly, and the order of the rows never matters: the area, the average precision and
the profits count a tie as one group; precision and lift of the top decile and at a capacity break it by
subscriber id, and among rows of one subscriber the stayer goes first.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml.profit import ProfitParameters, roc_hull

MEASURES = (
    "base_rate",
    "auc",
    "average_precision",
    "top_decile_precision",
    "top_decile_lift",
    "precision_at_capacity",
    "lift_at_capacity",
    "expected_maximum_profit",
    "maximum_profit",
    "log_loss",
)
"""Names of the measures, in the order in which `measures_of` gives them."""


@dataclass(frozen=True)
class Ranking:
    """Rows from the highest score down: outcome, loss, subscriber, and where each group of ties begins."""

    churned: np.ndarray
    loss: np.ndarray
    subscriber: np.ndarray
    tie_start: np.ndarray


class _Totals(NamedTuple):
    """What adds up over rankings, and makes the measures when divided.

    In the right order are pairs of a churner and a stayer (ties are halves); blind is a pick of the same size
    that knows nothing.
    """

    rows: float = 0.0
    churners: float = 0.0
    pairs: float = 0.0
    ordered_pairs: float = 0.0
    precisions: float = 0.0
    tenth: float = 0.0
    captured_in_tenth: float = 0.0
    blind_in_tenth: float = 0.0
    worked: float = 0.0
    captured_in_worked: float = 0.0
    blind_in_worked: float = 0.0
    expected_profit: float = 0.0
    profit: float = 0.0
    loss: float = 0.0


def judged_rows(
    target: np.ndarray | pd.Series, score: np.ndarray | pd.Series, entity: np.ndarray | pd.Series
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome (1.0 or 0.0), score, and number of the subscriber in the order of the ids, of each row.

    ValueError where a row is not judged or not scored.
    """
    churned, scores = np.asarray(target, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if not len(churned) == len(scores) == len(entity):
        raise ValueError("Outcome, score and subscriber are columns of one length.")
    if np.isnan(churned).any() or np.isnan(scores).any():
        raise ValueError("An outcome or a score is null. Judge closed rows only, and give every row a score.")
    return churned, scores, pd.factorize(pd.Series(entity), sort=True)[0]


def risk_order(churned: np.ndarray, score: np.ndarray, subscriber: np.ndarray) -> np.ndarray:
    """Positions of rows (`judged_rows`) from the highest score down, with ties broken as lift breaks them."""
    # The stayer goes first among one subscriber's rows of one score, so that the order never flatters.
    return np.lexsort((churned, subscriber, -score))


def ranked(
    churned: np.ndarray, score: np.ndarray, subscriber: np.ndarray, loss: np.ndarray | None = None
) -> Ranking:
    """Rank rows (`judged_rows`) by their score; `loss` is each row's, where the score is a probability."""
    order = risk_order(churned, score, subscriber)
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = score[order][1:] < score[order][:-1]
    return Ranking(
        churned[order],
        np.full(len(order), np.nan) if loss is None else loss[order],
        subscriber[order],
        np.flatnonzero(begins),
    )


def measures_of(
    rankings: list[Ranking],
    times: np.ndarray,
    capacity: int | None,
    parameters: ProfitParameters,
) -> np.ndarray:
    """The values of `MEASURES` over all rankings, when each subscriber stands so many `times`."""
    totals = [_totals(ranking, times[ranking.subscriber], capacity, parameters) for ranking in rankings]
    return _ratios(_Totals(*np.sum([_Totals(), *totals], axis=0)))


def captured_in_tenth(ranking: Ranking) -> float:
    """Churners among the tenth of the rows on top."""
    down_to, churners_to = _running(ranking, np.ones(len(ranking.churned)))
    return _captured(down_to, churners_to, _tenth(len(ranking.churned)))


def _totals(
    ranking: Ranking, count: np.ndarray, capacity: int | None, parameters: ProfitParameters
) -> _Totals:
    """The totals of one ranking when each row stands `count` times."""
    down_to, churners_to = _running(ranking, count)
    rows, total = down_to[-1], churners_to[-1]
    if not rows:
        return _Totals()
    # One step of the curve per group of tied rows that was drawn at all.
    ends = np.concatenate((ranking.tie_start[1:], [len(count)]))
    ends = ends[np.diff(down_to[ends], prepend=0.0) > 0]
    churners, stayers = (
        np.diff(running[ends], prepend=0.0) for running in (churners_to, down_to - churners_to)
    )
    hull = roc_hull(churners, stayers)
    tenth = _tenth(rows)
    worked = min(capacity or 0, rows)
    return _Totals(
        rows=rows,
        churners=total,
        pairs=total * (rows - total),
        ordered_pairs=(stayers * (churners_to[ends] - churners / 2)).sum(),
        precisions=(churners * churners_to[ends] / down_to[ends]).sum(),
        tenth=tenth,
        captured_in_tenth=_captured(down_to, churners_to, tenth),
        blind_in_tenth=tenth * total / rows,
        worked=worked,
        captured_in_worked=_captured(down_to, churners_to, worked),
        blind_in_worked=worked * total / rows,
        expected_profit=hull.expected_maximum_profit(parameters).profit * rows,
        profit=hull.maximum_profit(parameters).profit * rows,
        loss=(count * ranking.loss).sum(),
    )


def _ratios(totals: _Totals) -> np.ndarray:
    """The values of `MEASURES` from totals; not a number where nothing can be measured."""
    # Without both classes every score earns the same.
    judged = totals.rows if totals.pairs else 0.0
    return np.array(
        [
            _ratio(totals.churners, totals.rows),
            _ratio(totals.ordered_pairs, totals.pairs),
            _ratio(totals.precisions, totals.churners),
            _ratio(totals.captured_in_tenth, totals.tenth),
            _ratio(totals.captured_in_tenth, totals.blind_in_tenth),
            _ratio(totals.captured_in_worked, totals.worked),
            _ratio(totals.captured_in_worked, totals.blind_in_worked),
            _ratio(totals.expected_profit, judged),
            _ratio(totals.profit, judged),
            _ratio(totals.loss, totals.rows),
        ]
    )


def _running(ranking: Ranking, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and churners down to each place of the ranking; the first are those above it: none."""
    down_to, churners_to = np.zeros(len(count) + 1), np.zeros(len(count) + 1)
    np.cumsum(count, out=down_to[1:])
    np.cumsum(count * ranking.churned, out=churners_to[1:])
    return down_to, churners_to


def _captured(down_to: np.ndarray, churners_to: np.ndarray, picked: float) -> float:
    """Churners among the `picked` rows on top; a row that stands several times may be cut in two."""
    return float(np.interp(picked, down_to, churners_to))


def _tenth(rows: float) -> int:
    return (int(rows) + 5) // 10  # halves rounded up


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
