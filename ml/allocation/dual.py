"""The engine for hours, people and money together, at any size: prices, then repair, with a certificate.

Belongs here: the ascent to prices at which demand meets what there is (Lagrangian relaxation, projected
subgradient), and the repair of what the customers would choose at such prices into an allocation. Every
vector of prices proves a bound; the gap between bound and value says how good the answer is.
"""

from dataclasses import dataclass, replace

import numpy as np

from ml.allocation.problem import NONE, Floats, Integers, Problem, greedy, is_takeable, take

# Above this many options, prices are first sought on a tenth of the customers.
_SAMPLED = 500_000
_SAMPLE_EVERY = 10
_SHRINK = 0.7
_PATIENCE = 6
_BETWEEN_REPAIRS = 25
_IMPROVEMENTS = 4
# The search ends when the gap shrinks by less than a tenth, twice in a row.
_WORTHWHILE = 0.9
_FRUITLESS = 2


@dataclass(frozen=True)
class Ascent:
    """The best prices so far, the bound they prove, the next step's length, steps that bettered nothing."""

    prices: Floats
    bound: float
    step: float
    stalled: int = 0


def solve(
    problem: Problem, warm_prices: Floats | None, *, tolerance: float, iterations: int
) -> tuple[Integers, float, Floats]:
    """Return a choice worth at least the greedy one, the bound, and the prices that prove it.

    Args:
        warm_prices: prices to start from, such as last month's; None: from zero.
        tolerance: stop when (bound - value) / bound is this small.
        iterations: most steps of the ascent.
    """
    prices = _closing(problem, np.zeros(len(problem.capacity)) if warm_prices is None else warm_prices)
    step = 0.5 if warm_prices is None else 0.1
    if len(problem.value) > _SAMPLED:
        sample = problem.sample(_SAMPLE_EVERY)
        start = Ascent(prices, np.inf, step)
        prices = ascend(sample, start, iterations).prices
        step = 0.05
    best = greedy(problem)
    ascent = Ascent(prices, np.inf, step)
    gap, fruitless = np.inf, 0
    for _ in range(0, iterations, _BETWEEN_REPAIRS):
        before = ascent
        ascent = ascend(problem, ascent, _BETWEEN_REPAIRS)
        if ascent.bound < before.bound:
            repaired = repair(problem, ascent.prices)
            if problem.worth(repaired) > problem.worth(best):
                best = repaired
        before_gap, gap = gap, ascent.bound - problem.worth(best)
        fruitless = fruitless + 1 if gap > _WORTHWHILE * before_gap else 0
        if gap <= tolerance * ascent.bound or fruitless == _FRUITLESS:
            break
    return best, ascent.bound, problem.price_closed(ascent.prices)


def _closing(problem: Problem, prices: Floats) -> Floats:
    """Return the prices, those of closed limits so high that nobody wants them: no ascent need find out."""
    closed = np.where(problem.capacity > 0, prices, 0.0)
    for limit, amount in zip(problem.limit, problem.amount, strict=True):
        wants = np.flatnonzero((problem.capacity[limit] == 0) & (amount > 0))
        np.maximum.at(closed, limit[wants], problem.value[wants] / amount[wants])
    return closed


def ascend(problem: Problem, ascent: Ascent, iterations: int) -> Ascent:
    """Return the ascent after some more steps: what is overrun gets dearer, what is left over cheaper."""
    scale = _worth_of_a_unit(problem)
    prices = ascent.prices
    for _ in range(iterations):
        choice, left = problem.best(prices)
        bound = problem.bound(prices, left)
        if bound < ascent.bound:
            ascent = replace(ascent, prices=prices, bound=bound, stalled=0)
        else:
            ascent = replace(ascent, stalled=ascent.stalled + 1)
        if ascent.stalled >= _PATIENCE:
            ascent = replace(ascent, step=ascent.step * _SHRINK, stalled=0)
            prices = ascent.prices
            choice, _ = problem.best(prices)
        load = problem.load(choice[choice != NONE])
        with np.errstate(invalid="ignore", divide="ignore"):
            overrun = np.nan_to_num(np.clip(load / problem.capacity - 1.0, -1.0, 1.0), nan=0.0)
        prices = np.maximum(prices + ascent.step * scale * overrun, 0.0)
    return ascent


def _worth_of_a_unit(problem: Problem) -> Floats:
    """Return for each limit the value of its options over what they use of it: the order of its price."""
    value = np.zeros(len(problem.capacity))
    used = np.zeros(len(problem.capacity))
    for limit, amount in zip(problem.limit, problem.amount, strict=True):
        value += np.bincount(limit, np.where(amount > 0, problem.value, 0.0), len(value))
        used += np.bincount(limit, amount, len(value))
    return np.divide(value, used, out=np.zeros(len(value)), where=used > 0)


def repair(problem: Problem, prices: Floats) -> Integers:
    """Return an allocation near what the customers would choose at these prices.

    Who would lose most by his second best comes first; then those left over, by what their options leave at
    these prices; at last everybody who can have something better from what is still free.
    """
    wanted, left = problem.best(prices)
    reduced = problem.reduced(prices)
    owners = np.flatnonzero(wanted != NONE)
    without = reduced.copy()
    without[wanted[owners]] = -np.inf
    second = np.maximum(np.maximum.reduceat(without, problem.start), 0.0)
    del without
    order = np.argsort(-(left - second)[owners], kind="stable")
    choice = np.full(problem.customers, NONE, dtype=np.int64)
    choice = take(problem, choice, wanted[owners[order]])
    for moves in (False, *[True] * _IMPROVEMENTS):
        room = problem.capacity - problem.load(choice[choice != NONE])
        options = np.flatnonzero(is_takeable(problem, choice, room, slice(None), moves=moves))
        has = choice[problem.owner[options]]
        gain = reduced[options] - np.where(has == NONE, 0.0, reduced[has])
        bettered = take(problem, choice, options[np.argsort(-gain, kind="stable")], moves=moves)
        if moves and np.array_equal(bettered, choice):
            break
        choice = bettered
    return choice
