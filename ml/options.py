"""What the customers of a month may be given, and how much of everything there is to give.

Belongs here: the choices of those who go together as whole options, what each takes of which limit, and what
is left of a limit. Not here: which option is given to whom (`ml/assignment.py`), what an option is worth
(`ml/benefits.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml.people import People

VISIT = "visit"
CALL = "call"
PEOPLE = "people"
OFFER = "offer"
GIVEN = (VISIT, CALL, OFFER)
"""Kinds of limits that are told from outside; places of people follow from who is in office."""

CENTS = 100
_NO_BUDGET = ""

Limit = tuple[str, str]
"""Kind and id (unit or offer) of what there is no more of than so much."""


class Option(NamedTuple):
    """What a block of customers may be given: all of it, or nothing."""

    block: int
    is_handed_over: bool
    budget_id: str
    unit_id: str
    value: int
    """Cents, 0 without a model."""
    places: int
    uses: tuple[tuple[Limit, int], ...]


class Room:
    """What is left of each limit, in contacts and cents."""

    def __init__(self, capacity: Mapping[Limit, float]) -> None:
        """Begin with nothing used; what has no limit in `capacity` never ends."""
        self.capacity = capacity
        self.used: dict[Limit, int] = defaultdict(int)

    def left(self, limit: Limit) -> float:
        """Return how much of a limit is left."""
        return self.capacity.get(limit, np.inf) - self.used[limit]

    def fits(self, option: Option) -> bool:
        """Tell whether all that an option takes is left."""
        return all(amount <= self.left(limit) for limit, amount in option.uses)

    def take(self, option: Option) -> None:
        """Use what an option takes."""
        for limit, amount in option.uses:
            self.used[limit] += amount

    def leave(self, option: Option) -> None:
        """Give back what an option took."""
        for limit, amount in option.uses:
            self.used[limit] -= amount


def capacity_of(capacities: pd.DataFrame, people: People) -> dict[Limit, float]:
    """Return the limits that there are, in contacts and cents."""
    limits: dict[Limit, float] = {}
    rows = zip(
        capacities["resource_kind"],
        capacities["resource_id"],
        capacities["capacity"].astype(float),
        strict=True,
    )
    for kind, resource_id, amount in rows:
        if kind in GIVEN and not np.isnan(amount):
            limits[kind, resource_id] = float(np.floor(round(amount * CENTS, 6))) if kind == OFFER else amount
    for unit_id, places in people.places().items():
        if np.isfinite(places):
            limits[PEOPLE, unit_id] = places
    return limits


def choices_of(members: pd.DataFrame, actions: pd.DataFrame, limited: Iterable[str]) -> pd.DataFrame:
    """Return what the members of a block do by each of its choices: block, budget_id, subscriber_id, action.

    A block draws on one limited budget at most, or on none: each member takes the best of its actions that
    the choice allows (`action`: the row).
    """
    rows = actions[["subscriber_id", "offer_id", "preference"]].assign(action=np.arange(len(actions)))
    rows = rows.merge(members[["subscriber_id", "block"]], on="subscriber_id")
    is_limited = rows["offer_id"].isin(list(limited))
    free = rows[~is_limited].sort_values("preference", kind="stable").drop_duplicates("subscriber_id")
    tight = rows[is_limited].rename(columns={"offer_id": "budget_id"})
    wide = (
        free.drop(columns="offer_id")
        .merge(tight[["block", "budget_id"]].drop_duplicates(), on="block")
        .merge(tight, on=["subscriber_id", "block", "budget_id"], how="left", suffixes=("", "_limited"))
    )
    prefers = wide["preference_limited"] < wide["preference"]
    wide["action"] = wide["action_limited"].where(prefers, wide["action"]).astype(int)
    wide = wide[prefers.groupby([wide["block"], wide["budget_id"]]).transform("any")]
    columns = ["block", "budget_id", "subscriber_id", "action"]
    return pd.concat([free.assign(budget_id=_NO_BUDGET)[columns], wide[columns]], ignore_index=True)


def options_of(
    members: pd.DataFrame,
    actions: pd.DataFrame,
    choices: pd.DataFrame,
    people: People,
    continuity_amount: float,
) -> dict[int, list[Option]]:
    """Return the options of each block, best first, its own unit before another one.

    `continuity_amount` is the money that staying with last month's unit is worth.
    """
    units = pd.concat(
        [
            members.assign(unit_id=members["primary_unit_id"], is_handed_over=False),
            members[members["overflow_unit_id"].notna() & members["group_id"].isna()].assign(
                unit_id=lambda rows: rows["overflow_unit_id"], is_handed_over=True
            ),
        ]
    )
    columns = ["subscriber_id", "unit_id", "is_handed_over", "channel", "uses_capacity", "last_staff_id"]
    rows = choices.merge(units[columns], on="subscriber_id").sort_values(
        ["block", "is_handed_over", "budget_id", "subscriber_id"], kind="stable", ignore_index=True
    )
    taken = actions.iloc[rows["action"]].reset_index(drop=True)
    takes_place = rows["uses_capacity"].astype(bool)
    benefit = (taken["expected_benefit"].fillna(0.0) * CENTS).round().to_numpy()
    stays = rows["last_staff_id"].map(people.unit) == rows["unit_id"]
    # Handing over costs a cent, so that nobody is handed over for nothing.
    value = benefit + stays * round(continuity_amount * CENTS) - rows["is_handed_over"]
    cost = np.ceil((taken["offer_cost_amount"] * CENTS).round(6)).to_numpy()
    amounts = rows[["block", "is_handed_over", "budget_id", "unit_id"]].assign(
        value=np.where(taken["expected_benefit"].isna(), 0, value).astype(int),
        preference=taken["preference"].to_numpy(),
        places=takes_place.astype(int),
        visits=(takes_place & (rows["channel"] == VISIT)).astype(int),
        calls=(takes_place & (rows["channel"] == CALL)).astype(int),
        cost=np.where(taken["offer_id"] == rows["budget_id"], cost, 0).astype(int),
    )
    totals = (
        amounts.groupby(["block", "is_handed_over", "budget_id", "unit_id"], sort=True)
        .sum()
        .reset_index()
        .sort_values(
            ["block", "is_handed_over", "value", "preference", "budget_id"],
            ascending=[True, True, False, True, True],
            kind="stable",
        )
    )
    most = people.most_places()
    options: dict[int, list[Option]] = defaultdict(list)
    for row in totals.to_dict("records"):
        unit_id, places = row["unit_id"], row["places"]
        if not 0 < max(places, 1) <= most.get(unit_id, 0):
            continue
        uses = (
            ((VISIT, unit_id), row["visits"]),
            ((CALL, unit_id), row["calls"]),
            ((PEOPLE, unit_id), places),
            ((OFFER, row["budget_id"]), row["cost"]),
        )
        options[row["block"]].append(
            Option(
                row["block"],
                row["is_handed_over"],
                row["budget_id"],
                unit_id,
                row["value"],
                places,
                tuple((limit, amount) for limit, amount in uses if amount),
            )
        )
    return dict(options)


def payable(actions: pd.DataFrame, capacity: Mapping[Limit, float]) -> pd.DataFrame:
    """Return the actions whose offer its whole budget can pay."""
    budget = actions["offer_id"].map(
        {limit_id: left for (kind, limit_id), left in capacity.items() if kind == OFFER}
    )
    return actions[~(actions["offer_cost_amount"] * CENTS > budget.astype(float))]
