"""One interface to the three engines, and the checks that no answer passes without.

Belongs here: choosing the engine, checking its answer against the frames, and the frames of the answer.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ml.allocation import dual, exact, flow
from ml.allocation.problem import (
    NONE,
    PARTS,
    USES,
    Floats,
    InfeasibleAllocationError,
    Integers,
    Problem,
    Table,
    read,
)

Engine = Literal["auto", "flow", "dual", "exact"]
# Up to here the integer programme takes a second or so, and the other engines' gaps are widest.
_EXACT_OPTIONS = 2_000


@dataclass(frozen=True)
class Allocation:
    """The option of each customer, its proof and what more would be worth. Money is in the values' unit."""

    choice: pd.DataFrame
    """One row a customer, by id: customer_id, option_id (null: no action), value (0 for no action)."""
    value: float
    """Sum of the chosen options' values."""
    bound: float
    """No allocation within these limits is worth more."""
    gap: float
    """(bound - value) / bound: at most this share is given away; 0 means the best there is."""
    limits: pd.DataFrame
    """One row a limit, by kind and id: kind (resource, budget), limit_id, limit_amount, used_amount, price.

    `price` is the shadow price: what one more unit of the limit is worth; 0 where some of it is left over and
    the answer is the best. Exact for the engine flow; for the others the price of a unit at the margin, which
    where few customers share a limit lies anywhere from what one more adds to what one less costs.
    """
    engine: str
    """The engine that found it: flow, dual or exact."""


def allocate(
    options: pd.DataFrame,
    resources: pd.Series,
    budgets: pd.Series,
    *,
    engine: Engine = "auto",
    earlier: pd.DataFrame | None = None,
    tolerance: float = 2e-4,
    iterations: int = 300,
) -> Allocation:
    """Return the allocation of the largest value: at most one option a customer, no limit exceeded.

    The answer depends on ids and numbers only, not on the order of rows; of equals the first id is taken.

    Args:
        options: one row a customer and option: customer_id, option_id, value (what the option is worth to
            us, such as the expected benefit in money; an option of 0 or less is never chosen), and what it
            uses, each pair where there is such a limit: resource_id and resource_amount (a slot: 1, or
            hours), second_resource_id and second_resource_amount, third_resource_id and
            third_resource_amount (such as a call and a place of the staff), budget_id and cost_amount
            (money). A null id: uses none.
        resources: how much there is of each resource, by resource_id, in the options' units; infinite:
            unlimited.
        budgets: money of each budget, by budget_id.
        engine: auto takes the first that fits: exact for small problems, flow where each option takes one
            place of one resource and no budget is exceeded, else dual.
        earlier: the `limits` of an earlier allocation, to start from its prices (engine dual).
        tolerance: gap at which the engine dual stops.
        iterations: most steps of the engine dual.

    Raises:
        ValueError: the frames contradict themselves, or the engine asked for does not fit.
        InfeasibleAllocationError: an engine broke a limit or its own bound.

    >>> options = pd.DataFrame({"customer_id": ["a", "b"], "option_id": ["visit", "visit"],
    ...                         "value": [10.0, 7.0], "resource_id": ["east", "east"],
    ...                         "resource_amount": [1, 1]})
    >>> answer = allocate(options, pd.Series({"east": 1}), pd.Series(dtype=float), engine="flow")
    >>> answer.choice["option_id"].tolist(), answer.value, answer.gap
    (['visit', None], 10.0, 0.0)
    >>> answer.limits.loc[0, ["used_amount", "price"]].tolist()
    [1.0, 7.0]
    """
    table = read(options, resources, budgets)
    choice, bound, prices, used_engine = _solve(table, engine, earlier, tolerance, iterations)
    table.problem.check(choice)
    value = table.problem.worth(choice)
    if value > bound:
        raise InfeasibleAllocationError(f"the value {value} exceeds the bound {bound}")
    chosen = options.iloc[table.row[choice[choice != NONE]]]
    limits = table.limits.assign(used_amount=_used(chosen, table.limits), price=prices[1:])
    if (limits["used_amount"] > limits["limit_amount"] + 0.5 / PARTS).any():
        raise InfeasibleAllocationError("a limit of the frame is exceeded")
    return Allocation(
        choice=_choice(table, choice, chosen),
        value=value / PARTS,
        bound=bound / PARTS,
        gap=(bound - value) / bound if bound > 0 else 0.0,
        limits=limits,
        engine=used_engine,
    )


def _solve(
    table: Table, engine: Engine, earlier: pd.DataFrame | None, tolerance: float, iterations: int
) -> tuple[Integers, float, Floats, str]:
    """Return choice, bound, prices and the name of the engine."""
    problem = table.problem
    if problem.customers == 0:
        return (
            np.zeros(0, dtype=np.int64),
            0.0,
            np.zeros(len(problem.capacity)),
            engine.replace("auto", "exact"),
        )
    options = len(problem.value)
    if engine == "exact" or (engine == "auto" and options <= _EXACT_OPTIONS):
        return *exact.solve(problem), "exact"
    if engine == "flow" or (engine == "auto" and flow.places(problem) is not None):
        answer = flow.solve(problem)
        if answer is not None:
            choice, prices = answer
            return choice, _proved(problem, prices), prices, "flow"
        if engine == "flow":
            raise ValueError("the engine flow knows no budgets, and one of them is exceeded")
    if engine not in ("auto", "dual"):
        raise ValueError(f"no engine is called {engine}")
    warm = None if earlier is None else _warm_prices(table, earlier)
    return *dual.solve(problem, warm, tolerance=tolerance, iterations=iterations), "dual"


def _proved(problem: Problem, prices: Floats) -> float:
    """Return the bound that prices prove."""
    _, left = problem.best(prices)
    return problem.bound(prices, left)


def _warm_prices(table: Table, earlier: pd.DataFrame) -> Floats:
    """Return the earlier prices of the limits of today; 0 for a new one."""
    known = earlier.set_index(["kind", "limit_id"])["price"]
    keys = pd.MultiIndex.from_frame(table.limits[["kind", "limit_id"]])
    return np.append(0.0, known.reindex(keys).fillna(0.0).to_numpy(dtype=float))


def _used(chosen: pd.DataFrame, limits: pd.DataFrame) -> Floats:
    """Return what the chosen options use of each limit, in its unit."""
    parts = [
        pd.DataFrame(
            {
                "kind": kind,
                "limit_id": chosen[limit].astype(object),
                "parts": (chosen[amount].astype(float) * PARTS).round(),
            }
        )
        for limit, amount, kind in USES
        if limit in chosen
    ]
    if not parts:
        return np.zeros(len(limits))
    used = pd.concat(parts).groupby(["kind", "limit_id"])["parts"].sum()
    keys = pd.MultiIndex.from_frame(limits[["kind", "limit_id"]])
    return used.reindex(keys).fillna(0.0).to_numpy(dtype=float) / PARTS


def _choice(table: Table, choice: Integers, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return one row a customer, by id."""
    customers = len(table.customer_ids)
    option_id = np.full(customers, None, dtype=object)
    value = np.zeros(customers)
    acts = table.customer[choice != NONE]
    option_id[acts] = chosen["option_id"].to_numpy()
    value[acts] = table.problem.value[choice[choice != NONE]] / PARTS
    return pd.DataFrame(
        {
            "customer_id": table.customer_ids,
            "option_id": pd.Series(option_id, dtype=object),
            "value": value,
        }
    )
