"""Leaks: features that know the answer, found in a model before it is released.

Here belong the guards against a model that is too good to be true: a feature that alone parts churners from
stayers, one that carries most of the model, one whose extreme values say that the customer is gone already.
They look at the features that the model leans on most: what it does not use cannot mislead it. Whether a
finding stops a release, the gate says; that no feature sees past its month, the warehouse's checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.columns import FeatureColumns, months_of, to_matrix, truth
from ml.model import ChurnModel

PARTS_ALONE, CARRIES_ALL, SAYS_GONE = "parts_alone", "carries_all", "says_gone"


@dataclass(frozen=True)
class LeakLimits:
    """From where on a feature is too good to be true; the rule book sets them.

    `top_features` are looked at, those that the model gains most from.
    """

    auc: float
    gain_share: float
    gone_share: float
    top_features: int
    minimum_churners: int

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "LeakLimits":
        """The limits that the rule book's parameters set."""
        return cls(
            auc=float(parameters["leak_auc"]),
            gain_share=float(parameters["leak_gain_share"]),
            gone_share=float(parameters["leak_gone_share"]),
            top_features=int(parameters["leak_top_features"]),
            minimum_churners=int(parameters["minimum_churners"]),
        )


@dataclass(frozen=True)
class LeakFinding:
    """A feature that a guard speaks of: which guard, the figure, its limit, and a sentence."""

    feature: str
    guard: str
    value: float
    limit: float
    sentence: str


def find_leaks(
    model: ChurnModel, frame: pd.DataFrame, limits: LeakLimits, first_month_target: str | None = None
) -> tuple[LeakFinding, ...]:
    """Findings on the months that the model learnt from and was judged on, the strongest feature first.

    `frame` has those months' rows: keys, the model's features and its target. `first_month_target` names a
    column that says who churned in the first month of the outcome window already; without it the whole
    window's target tells who was gone.
    """
    shares = gain_shares(model)
    top = sorted(shares, key=lambda name: (-shares[name], name))[: limits.top_features]
    months = np.array([*model.split.train, *model.split.test], dtype="datetime64[s]")
    churned = truth(frame, model.target)
    rows = np.flatnonzero(np.isin(months_of(frame), months) & ~np.isnan(churned))
    churned = churned[rows]
    gone = churned
    if first_month_target is not None:
        gone = np.nan_to_num(truth(frame, first_month_target)[rows])
    findings = []
    for name in top:
        values = to_matrix(frame, FeatureColumns((name,)), model.levels, rows)[:, 0]
        if name in model.levels:
            values = _churn_rates(values, churned)
        findings += _judged(name, shares[name], values, churned, gone, limits)
    return tuple(findings)


def gain_shares(model: ChurnModel) -> dict[str, float]:
    """Share of each used feature in all that the model's trees gained in training; they add up to 1."""
    found = model.booster.get_score(importance_type="total_gain")
    gains = {name: float(np.sum(gain)) for name, gain in sorted(found.items())}
    total = sum(gains.values())
    return {name: gain / total for name, gain in gains.items()} if total else {}


def area_alone(values: np.ndarray, churned: np.ndarray) -> float:
    """Area under the curve of one feature, whichever way it points; the better of missing as low or as high.

    >>> area_alone(np.array([3.0, 2.0, 1.0, np.nan]), np.array([0.0, 0.0, 1.0, 1.0]))
    1.0
    """
    areas = []
    for missing in (-np.inf, np.inf):
        area = _area(np.where(np.isnan(values), missing, values), churned)
        areas += [area, 1 - area]
    return max(areas)


def gone_share(values: np.ndarray, gone: np.ndarray, minimum: int) -> float:
    """Largest share of the gone among the rows with the highest, the lowest or no value, `minimum` at least.

    >>> gone_share(np.array([0.0, 0.0, 0.0, 7.0, 9.0]), np.array([0.0, 0.0, 1.0, 1.0, 1.0]), minimum=2)
    1.0
    """
    missing = np.isnan(values)
    found = [0.0]
    if missing.sum() >= minimum:
        found.append(float(gone[missing].mean()))
    known, outcome = values[~missing], gone[~missing]
    for ranked in (-known, known):
        order = np.argsort(ranked, kind="stable")
        last_of_tie = np.append(np.diff(ranked[order]) > 0, True)[: len(order)]
        rows = np.arange(1, len(order) + 1)
        allowed = last_of_tie & (rows >= minimum)
        if allowed.any():
            found.append(float((np.cumsum(outcome[order]) / rows)[allowed].max()))
    return max(found)


def _judged(
    name: str,
    share: float,
    values: np.ndarray,
    churned: np.ndarray,
    gone: np.ndarray,
    limits: LeakLimits,
) -> list[LeakFinding]:
    findings = []
    area = area_alone(values, churned)
    if area >= limits.auc:
        findings.append(
            LeakFinding(
                name,
                PARTS_ALONE,
                area,
                limits.auc,
                f"{name} alone parts churners from stayers with an AUC of {area:.3f} (limit "
                f"{limits.auc:g}): it seems to know the answer.",
            )
        )
    if share >= limits.gain_share:
        findings.append(
            LeakFinding(
                name,
                CARRIES_ALL,
                share,
                limits.gain_share,
                f"{name} brings {share:.0%} of all that the model gains (limit {limits.gain_share:.0%}): "
                "the model is hardly more than this feature.",
            )
        )
    certain = gone_share(values, gone, limits.minimum_churners)
    if certain >= limits.gone_share:
        findings.append(
            LeakFinding(
                name,
                SAYS_GONE,
                certain,
                limits.gone_share,
                f"Of the customers with extreme values of {name} {certain:.0%} leave (limit "
                f"{limits.gone_share:.0%}): it says who is gone already, not who will go.",
            )
        )
    return findings


def _area(values: np.ndarray, churned: np.ndarray) -> float:
    """Chance that a churner's value lies above a stayer's, ties as halves; a half without either."""
    levels, place = np.unique(values, return_inverse=True)
    churners = np.bincount(place, churned, minlength=len(levels))
    stayers = np.bincount(place, minlength=len(levels)) - churners
    pairs = churners.sum() * stayers.sum()
    if not pairs:
        return 0.5
    below = np.cumsum(stayers) - stayers
    return float((churners * (below + stayers / 2)).sum() / pairs)


def _churn_rates(codes: np.ndarray, churned: np.ndarray) -> np.ndarray:
    """Replace each category by its churn rate: categories have no order of their own."""
    known = ~np.isnan(codes)
    place = codes[known].astype(np.intp)
    rows = np.maximum(np.bincount(place), 1)
    rates = np.bincount(place, churned[known]) / rows
    replaced = np.full(len(codes), np.nan)
    replaced[known] = rates[place]
    return replaced
