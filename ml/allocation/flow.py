"""The exact engine for places: every option takes one place of one resource.

Belongs here: OR-Tools' minimum-cost flow and the prices of its answer. Customers are sources, resources are
pipes to one sink; a flow of whole numbers is an allocation, and the best flow is the best allocation.
"""

import numpy as np

from ml.allocation.problem import NONE, Floats, Integers, Problem


def places(problem: Problem) -> tuple[Integers, Floats] | None:
    """Return the resource of each option and the amount that is one place of it; None for another shape.

    The shape: budgets aside, an option uses at most one resource, and all options use the same amount of it.
    """
    resource = np.zeros(len(problem.value), dtype=np.int32)
    place = np.zeros(len(problem.capacity))
    for limit, amount in zip(problem.limit, problem.amount, strict=True):
        counts = (limit > 0) & ~problem.is_budget[limit] & (amount > 0)
        if (resource[counts] > 0).any():
            return None
        resource[counts] = limit[counts]
        np.maximum.at(place, limit[counts], amount[counts])
        if (amount[counts] != place[limit[counts]]).any():
            return None
    return resource, place


def solve(problem: Problem) -> tuple[Integers, Floats] | None:
    """Return the best choice and the price of one unit of each limit; None where the answer breaks a budget.

    Budgets are left out: an answer that keeps them all the same is the best with them too. Raises ValueError
    for another shape than `places` wants.
    """
    shape = places(problem)
    if shape is None:
        raise ValueError("the engine flow needs options that take one place of one resource")
    resource, place = shape
    slots = np.full(len(place), problem.customers, dtype=np.int64)
    limited = place > 0
    slots[limited] = np.minimum(problem.capacity[limited] // place[limited], problem.customers)
    choice = _flow(problem, resource, slots)
    if (problem.load(choice[choice != NONE]) > problem.capacity).any():
        return None
    prices = np.zeros(len(place))
    prices[limited] = _place_prices(problem, resource, slots, choice)[limited] / place[limited]
    return choice, prices


def _flow(problem: Problem, resource: Integers, slots: Integers) -> Integers:
    """Return the choice of the largest value."""
    # Its binary is large; who needs no flow need not load it.
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    customers, resources = problem.customers, len(slots)
    sink = customers + resources
    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        problem.owner.astype(np.int32),
        (resource + customers).astype(np.int32),
        np.ones(len(resource), dtype=np.int64),
        -problem.value.astype(np.int64),
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        np.arange(customers, sink, dtype=np.int32),
        np.full(resources, sink, dtype=np.int32),
        slots,
        np.zeros(resources, dtype=np.int64),
    )
    # No action.
    flow.add_arcs_with_capacity_and_unit_cost(
        np.arange(customers, dtype=np.int32),
        np.full(customers, sink, dtype=np.int32),
        np.ones(customers, dtype=np.int64),
        np.zeros(customers, dtype=np.int64),
    )
    flow.set_nodes_supplies(np.arange(customers, dtype=np.int32), np.ones(customers, dtype=np.int64))
    flow.set_node_supply(sink, -customers)
    status = flow.solve()
    if status != SimpleMinCostFlow.OPTIMAL:
        raise RuntimeError(f"the minimum-cost flow ended with {status}")
    taken = np.flatnonzero(flow.flows(arcs))
    choice = np.full(customers, NONE, dtype=np.int64)
    choice[problem.owner[taken]] = taken
    return choice


def _place_prices(problem: Problem, resource: Integers, slots: Integers, choice: Integers) -> Floats:
    """Return what one more place of each resource would be worth, to the last ten-thousandth.

    One more place goes to a customer with nothing, or to one who leaves his place to somebody else, and so
    on: the most that such a chain can gain. Chains of a best choice have no gaining circle, so they end.
    """
    has = choice[problem.owner]
    gain = problem.value - np.where(has == NONE, 0.0, problem.value[has])
    price = np.zeros(len(slots))
    free = has == NONE
    np.maximum.at(price, resource[free], gain[free])
    # Of all customers who could move from one resource to another, the one who gains most.
    moves = ~free & (resource[has] != resource)
    pair = resource[moves].astype(np.int64) * len(slots) + resource[has[moves]]
    order = np.lexsort((-gain[moves], pair))
    pairs, first = np.unique(pair[order], return_index=True)
    to, origin = np.divmod(pairs, len(slots))
    most = gain[moves][order][first]
    for _ in range(len(slots) + 1):
        before = price.copy()
        np.maximum.at(price, to, most + price[origin])
        if np.array_equal(price, before):
            return price
    raise RuntimeError("the flow's answer can still be bettered")
