"""Profit: what a retention campaign earns when the customers with the highest scores are contacted.

Here belong the profit of a campaign of a given size (Neslin et al. 2006), the maximum profit over all sizes
(MPC, Verbeke et al. 2012) and the expected maximum profit (EMPC, Verbraken, Verbeke and Baesens 2013). All of
them assume what the literature assumes: every customer is worth the same, a loyal customer who is contacted
takes the offer, a churner who is not persuaded costs the contact only, and the chance of persuading him does
not hang on the score. So the figures compare models; what a list earns, `benefits` says customer by customer.

Customers with the same score stand or fall together: they are one step of the curve, in whatever order the
rows come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression
from scipy.special import betainc


@dataclass(frozen=True)
class ProfitParameters:
    """Values and costs of a campaign; the defaults are the literature's.

    The chance that a churner accepts the offer is one number, `acceptance`, for the maximum profit; for the
    expected maximum profit it is unknown and follows Beta(acceptance_alpha, acceptance_beta), whose mean
    `acceptance` is. Money is in one currency, whichever.
    """

    acceptance_alpha: float = 6.0
    acceptance_beta: float = 14.0
    lifetime_value: float = 200.0
    offer_cost: float = 10.0
    contact_cost: float = 1.0

    def __post_init__(self) -> None:
        """ValueError where the formulas would have no meaning."""
        if not (self.acceptance_alpha > 0 and self.acceptance_beta > 0):
            raise ValueError("acceptance_alpha and acceptance_beta of a beta distribution are above 0.")
        if not 0 <= self.offer_cost < self.lifetime_value:
            raise ValueError("An offer costs at least 0 and less than the lifetime value of the customer.")
        if self.contact_cost < 0:
            raise ValueError("A contact costs at least 0.")

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "ProfitParameters":
        """The values and costs that the rule book's parameters set.

        >>> names = ("acceptance_alpha", "acceptance_beta", "lifetime_value", "offer_cost", "contact_cost")
        >>> book = dict(zip((f"profit_{name}" for name in names), ("6", "14", "200", "10", "1")))
        >>> ProfitParameters.from_parameters(book) == ProfitParameters()
        True
        """
        return cls(**{field.name: float(parameters[f"profit_{field.name}"]) for field in fields(cls)})

    @property
    def acceptance(self) -> float:
        """Mean chance that a churner accepts the offer: 0.3 by default."""
        return self.acceptance_alpha / (self.acceptance_alpha + self.acceptance_beta)


@dataclass(frozen=True)
class MaximumProfit:
    """Profit per customer, over all customers, and the share of them that is contacted to make it."""

    profit: float
    share: float


@dataclass(frozen=True)
class RocHull:
    """Corners of the convex hull of a ROC curve: churners and stayers down to each, from (0, 0) on."""

    churners: np.ndarray
    stayers: np.ndarray

    def expected_maximum_profit(self, parameters: ProfitParameters) -> MaximumProfit:
        """Mean of the best profit over the beta-distributed chance of acceptance, in closed form.

        Between two neighbouring breaks of that chance the best campaign ends at the same corner.
        """
        alpha, beta = parameters.acceptance_alpha, parameters.acceptance_beta
        gained = parameters.lifetime_value - parameters.offer_cost
        wasted = parameters.offer_cost + parameters.contact_cost
        steps, stayers = np.diff(self.churners), np.diff(self.stayers)
        # A step without churners never pays.
        breaks = np.full(len(steps), np.inf)
        np.divide(
            wasted * stayers + parameters.contact_cost * steps, gained * steps, out=breaks, where=steps > 0
        )
        breaks = np.concatenate(([0.0], np.minimum(breaks, 1.0), [1.0]))
        weight = np.diff(betainc(alpha, beta, breaks))
        acceptance = np.diff(betainc(alpha + 1, beta, breaks)) * parameters.acceptance
        rows = self.churners[-1] + self.stayers[-1]
        cost = parameters.contact_cost * self.churners + wasted * self.stayers
        profit = (gained * self.churners * acceptance - cost * weight).sum()
        return MaximumProfit(
            float(profit / rows), float((weight * (self.churners + self.stayers)).sum() / rows)
        )

    def maximum_profit(self, parameters: ProfitParameters, acceptance: float | None = None) -> MaximumProfit:
        """Best profit at one chance of acceptance; of equally good campaigns the smallest."""
        profits = _profit(self.churners, self.stayers, parameters, acceptance)
        best = int(np.argmax(profits))
        rows = self.churners[-1] + self.stayers[-1]
        return MaximumProfit(
            float(profits[best] / rows), float((self.churners[best] + self.stayers[best]) / rows)
        )


def expected_maximum_profit(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    parameters: ProfitParameters | None = None,
) -> MaximumProfit:
    """EMPC of a score, and the share to contact: outcome (true or false) and score of each customer.

    The higher the score, the riskier. ValueError where all customers left or all stayed: then no score can
    be told from another.

    >>> found = expected_maximum_profit(np.array([0, 1]), np.array([0.0, 1.0]))
    >>> (round(found.profit, 6), round(found.share, 6))
    (28.0, 0.5)
    """
    return _hull(target, score).expected_maximum_profit(parameters or ProfitParameters())


def maximum_profit(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    parameters: ProfitParameters | None = None,
    acceptance: float | None = None,
) -> MaximumProfit:
    """MPC of a score at one chance of acceptance, by default the mean of the beta distribution.

    Arguments and errors as in `expected_maximum_profit`.
    """
    return _hull(target, score).maximum_profit(parameters or ProfitParameters(), acceptance)


def campaign_profit(
    target: np.ndarray | pd.Series,
    score: np.ndarray | pd.Series,
    share: float,
    parameters: ProfitParameters | None = None,
    acceptance: float | None = None,
    fixed_cost: float = 0.0,
) -> float:
    """Profit in all of contacting the `share` (0 to 1) of customers with the highest scores.

    Where the cut falls among customers with the same score, each of them is contacted in part, as a blind
    draw would on average. Arguments and errors otherwise as in `maximum_profit`.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"The share to contact is {share}, not between 0 and 1.")
    _, churners, stayers = score_steps(target, score)
    down_to = np.concatenate(([0.0], np.cumsum(churners + stayers)))
    contacted = share * down_to[-1]
    captured = np.interp(contacted, down_to, np.concatenate(([0.0], np.cumsum(churners))))
    return (
        float(_profit(captured, contacted - captured, parameters or ProfitParameters(), acceptance))
        - fixed_cost
    )


def score_steps(
    target: np.ndarray | pd.Series, score: np.ndarray | pd.Series
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each score that occurs, from the highest down, with its churners and its stayers.

    ValueError where there are not both, where an outcome is not true or false, and where a score is null.
    """
    churned, scores = np.asarray(target, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if churned.shape != scores.shape or churned.ndim != 1:
        raise ValueError("Outcome and score are two columns of one length.")
    if np.isnan(scores).any() or not ((churned == 0) | (churned == 1)).all():
        raise ValueError("A score is null, or an outcome is neither true nor false.")
    if not 0 < churned.sum() < len(churned):
        raise ValueError(
            "All customers left or all stayed, or there are none: so no score can be told from another."
        )
    # Sorting the scores alone is several times as fast as sorting the rows by them.
    levels, rows = np.unique(scores, return_counts=True)
    churners = np.bincount(np.searchsorted(levels, scores[churned == 1]), minlength=len(levels))
    return levels[::-1], churners[::-1].astype(np.float64), (rows - churners)[::-1].astype(np.float64)


def roc_hull(churners: np.ndarray, stayers: np.ndarray) -> RocHull:
    """Hull of the curve whose steps, from the highest score down, hold so many churners and stayers.

    No step is empty. The corners are those of the falling isotonic regression of the churn rate: a hull's
    edges are the blocks in which pooling adjacent violators ends.
    """
    rows = churners + stayers
    corners = isotonic_regression(churners / rows, weights=rows, increasing=False).blocks
    return RocHull(*(np.concatenate(([0.0], np.cumsum(counts)))[corners] for counts in (churners, stayers)))


def _profit(
    churners: np.ndarray, stayers: np.ndarray, parameters: ProfitParameters, acceptance: float | None
) -> np.ndarray:
    """Profit of contacting so many churners and stayers."""
    chance = parameters.acceptance if acceptance is None else acceptance
    if not 0 <= chance <= 1:
        raise ValueError(f"The chance of acceptance is {chance}, not between 0 and 1.")
    per_churner = chance * (parameters.lifetime_value - parameters.offer_cost) - parameters.contact_cost
    return per_churner * churners - (parameters.offer_cost + parameters.contact_cost) * stayers


def _hull(target: np.ndarray | pd.Series, score: np.ndarray | pd.Series) -> RocHull:
    _, churners, stayers = score_steps(target, score)
    return roc_hull(churners, stayers)
