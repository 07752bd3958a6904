"""The options of all customers as arrays of whole numbers, and what every engine does with them.

Belongs here: reading the frame, loads, the bound that prices prove, the check of an answer and taking
options in an order as long as they fit. Not here: how an engine finds its order or its prices.

Values, amounts and limits count in ten-thousandths, the finest the warehouse's decimals hold. Whole numbers
add up exactly, so that no order of adding changes an answer and no capacity is passed by a rounding error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

PARTS = 10_000
RESOURCE = "resource"
BUDGET = "budget"
# What an option may use: the column of the limit, the column of how much of it, the kind of limit.
USES = (
    ("resource_id", "resource_amount", RESOURCE),
    ("second_resource_id", "second_resource_amount", RESOURCE),
    ("third_resource_id", "third_resource_amount", RESOURCE),
    ("budget_id", "cost_amount", BUDGET),
)
NONE = -1
# Doubles hold whole numbers exactly up to here.
_LARGEST = 2.0**53
# Pieces that stay in the processor's cache.
_PIECE = 1 << 16

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.signedinteger[Any]]


class InfeasibleAllocationError(RuntimeError):
    """An engine returned an answer that breaks a promise: an error of the program, never of the data."""


@dataclass(frozen=True)
class Problem:
    """The options that may be chosen, by customer and option id. Limit 0 stands for none and never binds."""

    value: Floats
    """Value of each option, above zero."""
    owner: Integers
    """Customer of each option: a position, ascending."""
    start: Integers
    """First option of each customer."""
    limit: tuple[Integers, ...]
    """For each use, the limit of each option."""
    amount: tuple[Floats, ...]
    """For each use, how much of the limit each option takes."""
    capacity: Floats
    """Of each limit."""
    is_budget: npt.NDArray[np.bool_]
    """Whether the limit is a budget."""

    @property
    def customers(self) -> int:
        """The number of customers with an option."""
        return len(self.start)

    @property
    def ends(self) -> Integers:
        """One past the last option of each customer."""
        return np.append(self.start[1:], len(self.value)).astype(np.int64)

    def load(self, taken: Integers) -> Floats:
        """Return what the options taken use of each limit."""
        load = np.zeros(len(self.capacity))
        for limit, amount in zip(self.limit, self.amount, strict=True):
            load += np.bincount(limit[taken], amount[taken], len(load))
        return load

    def worth(self, choice: Integers) -> float:
        """Return the value of a choice: for each customer an option's position, or NONE."""
        return float(self.value[choice[choice != NONE]].sum())

    def reduced(self, prices: Floats, options: slice | Integers = slice(None)) -> Floats:
        """Return the options' values less the price of what they use."""
        left: Floats = self.value[options].copy()
        for limit, amount in zip(self.limit, self.amount, strict=True):
            left -= prices[limit[options]] * amount[options]
        return left

    def best(self, prices: Floats) -> tuple[Integers, Floats]:
        """Return each customer's best option at these prices (NONE where none pays) and what it leaves."""
        choice = np.full(self.customers, NONE, dtype=np.int64)
        left = np.zeros(self.customers)
        for customers, options in self._pieces():
            reduced = self.reduced(prices, options)
            start = self.start[customers] - options.start
            most = np.maximum.reduceat(reduced, start)
            is_best = reduced == most[self.owner[options] - customers.start]
            position = np.flatnonzero(is_best)
            owner = self.owner[options][position]
            # Of equal options the first by id.
            position = position[np.append(True, owner[1:] != owner[:-1])]
            pays = most > 0
            choice[customers] = np.where(pays, position + options.start, NONE)
            left[customers] = np.where(pays, most, 0.0)
        return choice, left

    def bound(self, prices: Floats, left: Floats) -> float:
        """Return what no allocation can exceed, from what each customer's best option leaves at `prices`."""
        paid = prices > 0
        total = float(prices[paid] @ self.capacity[paid]) + float(left.sum())
        # A value is a whole number; the margin covers the rounding of the sums.
        return float(np.floor(total * (1 + 1e-12) + 1e-6))

    def price_closed(self, prices: Floats) -> Floats:
        """Return the prices, those of closed limits (nothing there) as the worth of a first unit each.

        That is the price at which nobody would want it, all other prices as they are.
        """
        _, left = self.best(prices)
        reduced = self.reduced(prices)
        priced = np.where(self.capacity > 0, prices, 0.0)
        for limit, amount in zip(self.limit, self.amount, strict=True):
            wants = np.flatnonzero((self.capacity[limit] == 0) & (amount > 0))
            own = prices[limit[wants]] * amount[wants]
            worth = (reduced[wants] + own - left[self.owner[wants]]) / amount[wants]
            np.maximum.at(priced, limit[wants], worth)
        return priced

    def check(self, choice: Integers) -> None:
        """Raise InfeasibleAllocationError unless each has his own option, within limits."""
        taken = choice[choice != NONE]
        if not np.array_equal(self.owner[taken], np.flatnonzero(choice != NONE)):
            raise InfeasibleAllocationError("a customer was given the option of another")
        over = np.flatnonzero(self.load(taken) > self.capacity)
        if over.size:
            raise InfeasibleAllocationError(f"{over.size} limit(s) are exceeded, the first at {over[0]}")

    def sample(self, every: int) -> "Problem":
        """Return the problem of each `every`-th customer, with that share of each limit."""
        kept = self.owner % every == 0
        owner = self.owner[kept] // every
        return Problem(
            value=self.value[kept],
            owner=owner,
            start=np.flatnonzero(np.diff(owner, prepend=NONE)),
            limit=tuple(limit[kept] for limit in self.limit),
            amount=tuple(amount[kept] for amount in self.amount),
            capacity=self.capacity * ((owner[-1] + 1) / self.customers),
            is_budget=self.is_budget,
        )

    def _pieces(self) -> Iterator[tuple[slice, slice]]:
        """Yield runs of customers with the run of their options."""
        first = 0
        while first < self.customers:
            last = int(np.searchsorted(self.start, self.start[first] + _PIECE))
            last = min(max(last, first + 1), self.customers)
            end = int(self.start[last]) if last < self.customers else len(self.value)
            yield slice(first, last), slice(int(self.start[first]), end)
            first = last


def is_takeable(
    problem: Problem, choice: Integers, room: Floats, options: slice | Integers, *, moves: bool
) -> npt.NDArray[np.bool_]:
    """Return for each of the options whether it fits in the room left, and its customer is free for it.

    With `moves` a customer is free for what is worth more than what he has, whose room he then leaves.
    """
    has = choice[problem.owner[options]]
    is_free = has == NONE
    better = problem.value[options] > problem.value[has]
    takeable = is_free | better if moves else is_free.copy()
    for limit, amount in zip(problem.limit, problem.amount, strict=True):
        left = room[limit[options]]
        if moves:
            left += np.where(~is_free & (limit[has] == limit[options]), amount[has], 0.0)
        takeable &= amount[options] <= left
    return takeable


def take(problem: Problem, choice: Integers, order: Integers, *, moves: bool = False) -> Integers:
    """Return the choice after each option in `order` was taken if its customer is free and it still fits.

    One after the other, as by hand; options that cannot be taken any more are passed over by the thousand.

    Args:
        choice: what is taken already.
        order: options, the first come first.
        moves: a customer who is not free moves to an option that is worth more than what he has.
    """
    choice = choice.copy()
    room = problem.capacity - problem.load(choice[choice != NONE])
    uses = range(len(problem.limit))
    for begin in range(0, len(order), _PIECE):
        options = order[begin : begin + _PIECE]
        options = options[is_takeable(problem, choice, room, options, moves=moves)]
        left = room.tolist()
        limits = [problem.limit[use][options].tolist() for use in uses]
        amounts = [problem.amount[use][options].tolist() for use in uses]
        for place, (option, owner) in enumerate(
            zip(options.tolist(), problem.owner[options].tolist(), strict=True)
        ):
            held = choice[owner]
            if held != NONE:
                if not moves or problem.value[held] >= problem.value[option]:
                    continue
                for use in uses:
                    left[problem.limit[use][held]] += problem.amount[use][held]
                choice[owner] = NONE
            if all(amounts[use][place] <= left[limits[use][place]] for use in uses):
                held = option
            if held != NONE:
                for use in uses:
                    left[problem.limit[use][held]] -= problem.amount[use][held]
                choice[owner] = held
        room = np.array(left)
    return choice


def greedy(problem: Problem) -> Integers:
    """Return the choice of somebody who takes the most valuable option that fits, again and again."""
    order = np.argsort(-problem.value, kind="stable")
    return take(problem, np.full(problem.customers, NONE, dtype=np.int64), order)


@dataclass(frozen=True)
class Table:
    """A problem and the way back to the ids of its frames."""

    problem: Problem
    customer_ids: pd.Index
    """All customers, also those without an option that may be chosen."""
    customer: Integers
    """For each customer of the problem his position in `customer_ids`."""
    row: Integers
    """For each option its row in the frame."""
    limits: pd.DataFrame
    """kind, limit_id, limit_amount; row i is limit i + 1 of the problem."""


def read(options: pd.DataFrame, resources: pd.Series, budgets: pd.Series) -> Table:
    """Return the problem that the frames of `allocate` state.

    Left out is what no allocation has: options worth nothing or less, and those that alone exceed an open
    limit.
    Amounts are rounded up and limits down to the next ten-thousandth, values to the nearest.

    Raises:
        ValueError: an option stands twice, uses one resource twice or a limit that is not there, a value is
            unknown, or an amount or a limit is unknown or below zero.
    """
    limits = _limits(resources, budgets)
    capacity = np.append(np.inf, _whole(np.floor, limits["limit_amount"], "limit"))
    customer, customer_ids = pd.factorize(options["customer_id"], sort=True)
    option, option_ids = pd.factorize(options["option_id"], sort=True)
    if (customer < 0).any() or (option < 0).any():
        raise ValueError("an option has no customer_id or no option_id")
    # Millions of rows: narrow, and dropped as soon as may be.
    customer = customer.astype(np.int32)
    key = customer.astype(np.int64) * max(len(option_ids), 1) + option
    del option
    row = (np.arange(len(key)) if (np.diff(key) > 0).all() else np.argsort(key, kind="stable")).astype(
        np.int32
    )
    twice = np.flatnonzero(np.diff(key[row]) == 0)
    if twice.size:
        raise ValueError(f"an option of customer {customer_ids[customer[row[twice[0]]]]} stands twice")
    del key

    value = np.rint(_numbers(options["value"], "value") * PARTS)
    if np.isinf(value).any():
        raise ValueError("a value is infinite")
    uses = [_use(options, limits, *columns) for columns in USES if columns[0] in options]
    if any(((one > 0) & (one == other)).any() for (one, _), (other, _) in combinations(uses, 2)):
        raise ValueError("an option uses one resource twice")
    kept = value > 0
    for limit, amount in uses:
        # A closed resource (0) keeps its options: they tell what opening it would be worth.
        kept &= (amount <= capacity[limit]) | (capacity[limit] == 0)
    row = row[kept[row]]
    owner = customer[row]
    value = value[row]
    used = np.zeros(len(capacity))
    columns = []
    for limit, amount in uses:
        limit, amount = limit[row], amount[row]
        used += np.bincount(limit, amount, len(used))
        columns.append((limit, amount))
    # A limit that all options together cannot exceed need not be looked at again.
    slack = used <= capacity
    columns = [(np.where(slack[limit], 0, limit).astype(np.int32), amount) for limit, amount in columns]
    columns = [(limit, amount) for limit, amount in columns if limit.any()]
    start = np.flatnonzero(np.diff(owner, prepend=NONE))
    compact = (np.cumsum(np.diff(owner, prepend=NONE) != 0) - 1).astype(np.int32)
    return Table(
        problem=Problem(
            value=value,
            owner=compact,
            start=start,
            limit=tuple(limit for limit, _ in columns),
            amount=tuple(np.where(limit > 0, amount, 0.0) for limit, amount in columns),
            capacity=capacity,
            is_budget=np.append(False, (limits["kind"] == BUDGET).to_numpy(dtype=bool)),
        ),
        customer_ids=pd.Index(customer_ids),
        customer=owner[start],
        row=row,
        limits=limits,
    )


def _limits(resources: pd.Series, budgets: pd.Series) -> pd.DataFrame:
    """Return one row a resource and a budget, by kind and id: kind, limit_id, limit_amount."""
    for kind, series in ((RESOURCE, resources), (BUDGET, budgets)):
        if series.index.has_duplicates or series.index.hasnans:
            raise ValueError(f"a {kind} stands twice or has no id")
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "kind": kind,
                    "limit_id": series.index.astype(object),
                    "limit_amount": series.to_numpy(dtype=float),
                }
            ).sort_values("limit_id", kind="stable")
            for kind, series in ((RESOURCE, resources), (BUDGET, budgets))
        ],
        ignore_index=True,
    )


def _use(
    options: pd.DataFrame, limits: pd.DataFrame, id_column: str, amount_column: str, kind: str
) -> tuple[Integers, Floats]:
    """Return for each option the limit it uses (0: none) and how much of it."""
    ids = limits.loc[limits["kind"] == kind, "limit_id"]
    named, names = pd.factorize(options[id_column])
    position = pd.Index(ids).get_indexer(pd.Index(names, dtype=object))
    if (position < 0).any():
        raise ValueError(f"no {kind} {names[np.flatnonzero(position < 0)[0]]!r} is given")
    first = int(ids.index[0]) + 1 if len(ids) else 0
    limit = np.append(position + first, 0).astype(np.int32)[named]
    amount = np.where(limit > 0, options[amount_column].to_numpy(dtype=float), 0.0)
    if np.isinf(amount).any():
        raise ValueError(f"a {amount_column} is infinite")
    return limit, _whole(np.ceil, amount, amount_column)


def _numbers(values: pd.Series | Floats, name: str) -> Floats:
    """Return doubles, none unknown, together small enough to be counted exactly; infinite ones are let be."""
    numbers = np.asarray(values, dtype=float)
    if np.isnan(numbers).any():
        raise ValueError(f"a {name} is unknown")
    if np.abs(numbers[np.isfinite(numbers)]).sum() * PARTS > _LARGEST:
        raise ValueError(f"the {name}s are too large to be counted in ten-thousandths")
    return numbers


def _whole(rounding: np.ufunc, values: pd.Series | Floats, name: str) -> Floats:
    """Return ten-thousandths; the nearest where it is meant, otherwise rounded the way told."""
    numbers = _numbers(values, name)
    if (numbers < 0).any():
        raise ValueError(f"a {name} is below zero")
    parts = numbers * PARTS
    nearest = np.rint(parts)
    # 0.1 + 0.2 means 0.3: a difference this small is no amount but how doubles are written.
    with np.errstate(invalid="ignore"):
        is_meant = np.abs(parts - nearest) < 1e-3
    return np.where(is_meant | np.isinf(parts), nearest, rounding(parts))
