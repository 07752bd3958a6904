"""The exact engine for small problems: the integer programme, solved by HiGHS through scipy.

Belongs here: building the programme and reading its answer and its prices. Small is some ten thousand
options; the other engines are judged by this one.
"""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array, vstack

from ml.allocation.problem import NONE, Floats, Integers, Problem

# Counted, not timed: the same problem ends at the same node on every machine.
_NODES = 20_000


def solve(problem: Problem) -> tuple[Integers, float, Floats]:
    """Return the best choice, the bound that HiGHS proved and the prices of the problem in fractions."""
    options = len(problem.value)
    once = _rows(problem.owner, np.arange(options), np.ones(options), problem.customers, options)
    limits, capacity, scale = _limit_rows(problem)
    programme = vstack([once, limits], format="csr")
    most = np.concatenate([np.ones(problem.customers), capacity])
    answer = milp(
        -problem.value,
        constraints=LinearConstraint(programme, ub=most),
        integrality=np.ones(options),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0, "node_limit": _NODES},
    )
    if answer.mip_dual_bound is None:
        raise RuntimeError(f"HiGHS ended without a bound: {answer.message}")
    choice = np.full(problem.customers, NONE, dtype=np.int64)
    if answer.x is not None:
        taken = np.flatnonzero(answer.x > 0.5)
        choice[problem.owner[taken]] = taken
    # Values are whole numbers, so the nearest is meant.
    bound = float(np.rint(-answer.mip_dual_bound))
    fractions = linprog(-problem.value, A_ub=programme, b_ub=most, bounds=(0, 1), method="highs")
    prices = np.maximum(-fractions.ineqlin.marginals[problem.customers :], 0.0) / scale
    return choice, bound, problem.price_closed(np.append(0.0, prices))


def _rows(row: Integers, column: Integers, value: Floats, rows: int, columns: int) -> csr_array:
    """Return a sparse matrix from its entries; entries at one place add up."""
    return csr_array(coo_array((value, (row, column)), shape=(rows, columns)))


def _limit_rows(problem: Problem) -> tuple[csr_array, Floats, Floats]:
    """Return one row a limit, with its capacity, both divided by the row's greatest common divisor."""
    option, limit, amount = [], [], []
    for each, used in zip(problem.limit, problem.amount, strict=True):
        counts = np.flatnonzero((each > 0) & (used > 0))
        option.append(counts)
        limit.append(each[counts] - 1)
        amount.append(used[counts])
    options = np.concatenate([*option, np.zeros(0, dtype=np.int64)])
    limits = np.concatenate([*limit, np.zeros(0, dtype=np.int32)])
    amounts = np.concatenate([*amount, np.zeros(0)])
    scale = np.zeros(len(problem.capacity) - 1, dtype=np.int64)
    np.gcd.at(scale, limits, amounts.astype(np.int64))
    scale = np.maximum(scale, 1)
    rows = _rows(limits, options, amounts / scale[limits], len(scale), len(problem.value))
    # Unlimited is as much as all options together use.
    capacity = np.minimum(np.floor(problem.capacity[1:] / scale), rows.sum(axis=1))
    return rows, capacity, scale.astype(float)
