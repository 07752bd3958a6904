"""The list under capacity: who is assigned to whom, who is left out and why, who has to wait.

Belongs here: dispositions, exploration and places over frames of one month. Not here: the arithmetic of
benefit (`ml/benefits.py`), the best choice under limits (`ml/allocation`), the people of a unit
(`ml/people.py`), which unit owns whom by the rules (`dbt_project/models/retention/`), reading and writing
(`orchestration/defs/`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml.allocation import allocate
from ml.people import People

ASSIGNED = "assigned"
SUPPRESSED = "suppressed"
HELD_OUT = "held_out"
BEYOND_CAPACITY = "beyond_capacity"

VISIT = "visit"
CALL = "call"
PEOPLE = "people"
OFFER = "offer"
_GIVEN = (VISIT, CALL, OFFER)
_CENTS = 100
_NO_BUDGET = ""
_TERMS = (
    "offer_id",
    "saving_chance",
    "margin_kept_amount",
    "contact_cost_amount",
    "acceptance_chance",
    "offer_cost_amount",
    "expected_benefit",
)

Limit = tuple[str, str]


@dataclass(frozen=True)
class Policy:
    """The parameters of an assignment."""

    control_share: float
    """Share of customers held out."""
    exploration_share: float
    """Share of customers whose action is drawn at random."""
    continuity_amount: float
    """Money that staying with last month's unit is worth."""


@dataclass(frozen=True)
class Assignment:
    """The list and what its limits were worth."""

    customers: pd.DataFrame
    """The customers by priority_rank, with disposition, owner, action and propensity."""
    limits: pd.DataFrame
    """One row a limit, by kind and id: resource_kind (visit, call, people, offer), resource_id (unit or
    offer), capacity (null: unlimited), used (contacts; money for an offer), shadow_price (money that one more
    is worth; null without a model)."""


class _Option(NamedTuple):
    """What a block of customers may be given: all of it, or nothing."""

    block: int
    is_handed_over: bool
    budget_id: str
    unit_id: str
    value: int
    """Cents, 0 without a model."""
    places: int
    uses: tuple[tuple[Limit, int], ...]


class _Room:
    """What is left of each limit, in contacts and cents."""

    def __init__(self, capacity: Mapping[Limit, float]) -> None:
        self.capacity = capacity
        self.used: dict[Limit, int] = defaultdict(int)

    def left(self, limit: Limit) -> float:
        return self.capacity.get(limit, np.inf) - self.used[limit]

    def fits(self, option: _Option) -> bool:
        return all(amount <= self.left(limit) for limit, amount in option.uses)

    def take(self, option: _Option) -> None:
        for limit, amount in option.uses:
            self.used[limit] += amount

    def leave(self, option: _Option) -> None:
        for limit, amount in option.uses:
            self.used[limit] -= amount


def rank(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the customers by priority, with `priority_rank` from 1.

    By expected benefit; without a model by colour, points, bill; of equals first who had to wait last month,
    then by subscriber_id (domain.md section 8).

    Args:
        customers: subscriber_id, expected_benefit (null without a model), colour (red, yellow, blue, null),
            score (points), average_amount_3m, list_kind (at_risk before lost), has_waited.

    >>> rank(pd.DataFrame({"subscriber_id": ["a", "b"], "expected_benefit": [1.0, 2.0],
    ...                    "colour": [None, None], "score": [10, 3], "average_amount_3m": [100, 100],
    ...                    "list_kind": "at_risk", "has_waited": False}))["subscriber_id"].tolist()
    ['b', 'a']
    """
    order = {
        "expected_benefit": -customers["expected_benefit"].astype(float),
        "is_lost": customers["list_kind"] == "lost",
        "colour": customers["colour"].map({"red": 0, "yellow": 1, "blue": 2}).fillna(3),
        "score": -customers["score"].astype(float),
        "average_amount_3m": -customers["average_amount_3m"].astype(float),
        "has_waited": ~customers["has_waited"].astype(bool),
        "subscriber_id": customers["subscriber_id"],
    }
    rows = pd.DataFrame(order).sort_values(list(order), na_position="last", kind="stable").index
    ordered = customers.loc[rows].reset_index(drop=True)
    return ordered.assign(priority_rank=np.arange(1, len(ordered) + 1))


def assign(
    customers: pd.DataFrame,
    actions: pd.DataFrame,
    capacities: pd.DataFrame,
    staff: pd.DataFrame,
    previous: pd.DataFrame,
    policy: Policy,
) -> Assignment:
    """Return the list: who is assigned within all limits, and why everybody else is not.

    First those whose action is drawn at random, then the choice of the largest benefit, then by priority
    whoever still finds room, also where no benefit is known. The lines of a group go together: one unit, one
    person, or all of them wait. A customer is handed over to another unit only where his own has no room.

    Args:
        customers: one row a listed customer, in any order: what `rank` needs but has_waited, group_id (null:
            a line of its own), primary_unit_id, overflow_unit_id (null: nobody to hand over to),
            named_staff_id and overflow_staff_id (account manager or keeper in either unit), channel,
            uses_capacity (false: a message), suppression_reason, is_held_out, exploration_draw and
            option_draw (0 to below 1, the same in every run).
        actions: what each customer may be offered, as `benefits.fitting_actions` returns it.
        capacities: resource_kind (visit and call: contacts of a unit; offer: money; others are passed over),
            resource_id (unit or offer), capacity (null: unlimited, as is what has no row).
        staff: people in office: staff_id, owner_unit_id, monthly_capacity (customers; null: unlimited).
        previous: last month's list: subscriber_id, staff_id, disposition.
        policy: the parameters.

    Raises:
        ValueError: a subscriber stands on the list twice.
    """
    twice = customers.loc[customers["subscriber_id"].duplicated(), "subscriber_id"]
    if not twice.empty:
        raise ValueError(f"{len(twice)} subscriber(s) stand on the list twice, the first is {twice.iloc[0]}")
    people = People(staff)
    capacity = _capacity(capacities, people)
    listed = _dispositions(rank(_with_history(customers, previous)))
    members = _members(listed)
    choices = _choices(members, actions, [limit_id for kind, limit_id in capacity if kind == OFFER])
    options = _options(members, actions, choices, people, policy)
    room = _Room(capacity)
    drawn = _draw(members, actions, options, room, policy)
    selected = {block: option for block, (option, _) in drawn.items()}
    best, prices = _best(options, selected, room)
    for option in best.values():
        room.take(option)
    selected |= _handed_back(best, options, room)
    for block in sorted(options.keys() - selected.keys()):
        for option in options[block]:
            if room.fits(option):
                room.take(option)
                selected[block] = option
                break
    staff_of = _placed(members, options, selected, people, room)
    drawn_actions = {
        block: action for block, (option, action) in drawn.items() if selected.get(block) is option
    }
    taken = _actions_taken(members, choices, selected, drawn_actions)
    return Assignment(
        customers=_listed(listed, members, actions, selected, taken, staff_of, people, drawn_actions, policy),
        limits=_limits(capacities, people, room, prices),
    )


def _with_history(customers: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Return the customers with whether they had to wait last month, and who had them."""
    waited = previous.loc[previous["disposition"] == BEYOND_CAPACITY, "subscriber_id"]
    held = previous[previous["disposition"] == ASSIGNED].set_index("subscriber_id")["staff_id"]
    return customers.assign(
        has_waited=customers["subscriber_id"].isin(waited),
        last_staff_id=customers["subscriber_id"].map(held).astype(object),
    )


def _dispositions(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return the list with those left out, everybody else waiting, and the block that each belongs to."""
    group = "group|" + ranked["group_id"].astype(object) + "|" + ranked["primary_unit_id"].astype(object)
    return ranked.assign(
        block_key=group.where(group.notna(), "line|" + ranked["subscriber_id"].astype(object)),
        disposition=np.select(
            [ranked["suppression_reason"].notna(), ranked["is_held_out"].astype(bool)],
            [SUPPRESSED, HELD_OUT],
            BEYOND_CAPACITY,
        ),
    )


def _members(listed: pd.DataFrame) -> pd.DataFrame:
    """Return who may be assigned, with `block`, the rank of the first of those who go together."""
    members = listed[(listed["disposition"] == BEYOND_CAPACITY) & listed["primary_unit_id"].notna()]
    blocks = members.groupby("block_key")["priority_rank"]
    return members.assign(block=blocks.transform("min"), block_size=blocks.transform("size"))


def _capacity(capacities: pd.DataFrame, people: People) -> dict[Limit, float]:
    """Return the limits that there are, in contacts and cents."""
    limits: dict[Limit, float] = {}
    rows = zip(
        capacities["resource_kind"],
        capacities["resource_id"],
        capacities["capacity"].astype(float),
        strict=True,
    )
    for kind, resource_id, amount in rows:
        if kind in _GIVEN and not np.isnan(amount):
            limits[kind, resource_id] = (
                float(np.floor(round(amount * _CENTS, 6))) if kind == OFFER else amount
            )
    for unit_id, places in people.places().items():
        if np.isfinite(places):
            limits[PEOPLE, unit_id] = places
    return limits


def _choices(members: pd.DataFrame, actions: pd.DataFrame, limited: Iterable[str]) -> pd.DataFrame:
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


def _options(
    members: pd.DataFrame, actions: pd.DataFrame, choices: pd.DataFrame, people: People, policy: Policy
) -> dict[int, list[_Option]]:
    """Return the options of each block, best first, its own unit before another one."""
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
    benefit = (taken["expected_benefit"].fillna(0.0) * _CENTS).round().to_numpy()
    stays = rows["last_staff_id"].map(people.unit) == rows["unit_id"]
    # Handing over costs a cent, so that nobody is handed over for nothing.
    value = benefit + stays * round(policy.continuity_amount * _CENTS) - rows["is_handed_over"]
    cost = np.ceil((taken["offer_cost_amount"] * _CENTS).round(6)).to_numpy()
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
    options: dict[int, list[_Option]] = defaultdict(list)
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
            _Option(
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


def _draw(
    members: pd.DataFrame,
    actions: pd.DataFrame,
    options: Mapping[int, list[_Option]],
    room: _Room,
    policy: Policy,
) -> dict[int, tuple[_Option, int]]:
    """Return option and action (a row) of those whose action is drawn, as long as there is room.

    Lines that go together are not drawn: their members have different actions.
    """
    is_drawn = (members["block_size"] == 1) & (members["exploration_draw"] < policy.exploration_share)
    drawn_members = members[is_drawn & members["block"].isin(options)]
    own = _feasible(actions, room.capacity)
    own = own[own["subscriber_id"].isin(drawn_members["subscriber_id"])]
    by_subscriber = own.sort_values("offer_id", kind="stable").groupby("subscriber_id", sort=False).groups
    drawn: dict[int, tuple[_Option, int]] = {}
    for member in drawn_members[["block", "subscriber_id", "option_draw"]].to_dict("records"):
        base = options[member["block"]][0]
        if base.is_handed_over:
            continue
        feasible = by_subscriber[member["subscriber_id"]]
        action = int(feasible[int(member["option_draw"] * len(feasible))])
        offer_id, cost = actions["offer_id"].iloc[action], actions["offer_cost_amount"].iloc[action]
        uses = tuple((limit, amount) for limit, amount in base.uses if limit[0] != OFFER)
        if (OFFER, offer_id) in room.capacity and cost > 0:
            uses = (*uses, ((OFFER, offer_id), int(np.ceil(round(cost * _CENTS, 6)))))
        option = base._replace(uses=uses)
        if room.fits(option):
            room.take(option)
            drawn[member["block"]] = option, action
    return drawn


def _feasible(actions: pd.DataFrame, capacity: Mapping[Limit, float]) -> pd.DataFrame:
    """Return the actions whose offer its whole budget can pay."""
    budget = actions["offer_id"].map(
        {limit_id: left for (kind, limit_id), left in capacity.items() if kind == OFFER}
    )
    return actions[~(actions["offer_cost_amount"] * _CENTS > budget.astype(float))]


def _best(
    options: Mapping[int, list[_Option]], selected: Mapping[int, _Option], room: _Room
) -> tuple[dict[int, _Option], dict[Limit, float] | None]:
    """Return the choice of the largest value in the room left, and the price of each limit.

    Nothing, and no prices, where no option has a value.
    """
    offered = [
        option
        for block, several in options.items()
        if block not in selected
        for option in several
        if option.value > 0
    ]
    if not offered:
        return {}, None
    frame = pd.DataFrame(
        {
            "customer_id": [option.block for option in offered],
            "option_id": np.arange(len(offered)),
            "value": [option.value / _CENTS for option in offered],
        }
    )
    columns = {VISIT: "resource", CALL: "second_resource", PEOPLE: "third_resource"}
    limits = {limit: max(room.left(limit), 0.0) for limit in room.capacity}
    for kind in (*columns, OFFER):
        uses = [
            next(((limit, amount) for limit, amount in option.uses if limit[0] == kind), None)
            for option in offered
        ]
        known = [use if use is not None and use[0] in limits else None for use in uses]
        name, amount_name = (
            ("budget_id", "cost_amount")
            if kind == OFFER
            else (f"{columns[kind]}_id", f"{columns[kind]}_amount")
        )
        frame[name] = pd.Series([use and "|".join(use[0]) for use in known], dtype=object)
        unit = _CENTS if kind == OFFER else 1
        frame[amount_name] = [use[1] / unit if use else 0.0 for use in known]
    answer = allocate(
        # Option ids in an order of their own for each customer: of equals the first is taken.
        frame.assign(option_id=frame.groupby("customer_id").cumcount()),
        pd.Series(
            {"|".join(limit): left for limit, left in limits.items() if limit[0] != OFFER}, dtype=float
        ),
        pd.Series(
            {"|".join(limit): left / _CENTS for limit, left in limits.items() if limit[0] == OFFER},
            dtype=float,
        ),
    )
    first = frame.groupby("customer_id")["option_id"].min()
    taken = answer.choice.dropna(subset="option_id")
    best = {
        int(block): offered[int(first[block] + position)]
        for block, position in zip(taken["customer_id"], taken["option_id"], strict=True)
    }
    prices = dict(zip(answer.limits["limit_id"], answer.limits["price"], strict=True))
    return best, {limit: float(prices["|".join(limit)]) for limit in limits}


def _handed_back(
    best: Mapping[int, _Option], options: Mapping[int, list[_Option]], room: _Room
) -> dict[int, _Option]:
    """Return the choice with those in their own unit who find room there after all."""
    choice = dict(best)
    for block in sorted(block for block, option in best.items() if option.is_handed_over):
        room.leave(best[block])
        for option in options[block]:
            if option.budget_id == best[block].budget_id and room.fits(option):
                choice[block] = option
                break
        room.take(choice[block])
    return choice


def _wishes(members: pd.DataFrame) -> dict[tuple[int, bool], list[str]]:
    """Return, by block and whether it is handed over, the named person, then whoever had it last month."""
    wishes: dict[tuple[int, bool], list[str]] = {}
    first = members.groupby("block")[["named_staff_id", "overflow_staff_id", "last_staff_id"]].first()
    for block, named, overflow_named, last in first.itertuples():
        for is_handed_over, person in ((False, named), (True, overflow_named)):
            wishes[block, is_handed_over] = [
                staff_id if isinstance(staff_id, str) else "" for staff_id in (person, last)
            ]
    return wishes


def _placed(
    members: pd.DataFrame,
    options: Mapping[int, list[_Option]],
    selected: dict[int, _Option],
    people: People,
    room: _Room,
) -> dict[int, str]:
    """Return the person of each block selected; who finds nobody leaves `selected`, and others come in.

    The named person first, then who had the customer last month, then whoever has most room, the largest
    groups before the others. Messages take nobody's place and come last.
    """
    wishes = _wishes(members)
    staff_of: dict[int, str] = {}
    placing = sorted(block for block, option in selected.items() if option.places)
    for wish in (0, 1):
        for block in placing:
            option = selected[block]
            person = wishes[block, option.is_handed_over][wish]
            if block not in staff_of and people.is_free(person, option.unit_id, option.places):
                staff_of[block] = people.take(person, option.places)
    left = [block for block in placing if block not in staff_of]
    for block in sorted(left, key=lambda block: (-selected[block].places, block)):
        found = people.place(selected[block].unit_id, selected[block].places, [])
        if found is None:
            room.leave(selected.pop(block))
        else:
            staff_of[block] = found
    for block in sorted(options.keys() - selected.keys()):
        for option in options[block]:
            if not option.places or not room.fits(option):
                continue
            found = people.place(option.unit_id, option.places, wishes[block, option.is_handed_over])
            if found is not None:
                room.take(option)
                selected[block], staff_of[block] = option, found
                break
    for block in sorted(selected.keys() - staff_of.keys()):
        option = selected[block]
        found = people.place(option.unit_id, 0, wishes[block, option.is_handed_over])
        if found is not None:
            staff_of[block] = found
    return staff_of


def _actions_taken(
    members: pd.DataFrame,
    choices: pd.DataFrame,
    selected: Mapping[int, _Option],
    drawn: Mapping[int, int],
) -> pd.Series:
    """Return the action (a row) of each subscriber who is assigned."""
    picked = pd.DataFrame(
        {"block": list(selected), "budget_id": [option.budget_id for option in selected.values()]}
    ).astype({"block": int, "budget_id": object})
    taken = choices.merge(picked, on=["block", "budget_id"]).set_index("subscriber_id")
    override = taken["block"].map(dict(drawn))
    return override.where(override.notna(), taken["action"]).astype(int)


def _listed(
    listed: pd.DataFrame,
    members: pd.DataFrame,
    actions: pd.DataFrame,
    selected: Mapping[int, _Option],
    taken: pd.Series,
    staff_of: Mapping[int, str],
    people: People,
    drawn: Mapping[int, int],
    policy: Policy,
) -> pd.DataFrame:
    """Return the list with owner, action and propensity: what is done, or what would be."""
    subscriber = listed["subscriber_id"]
    block = subscriber.map(members.set_index("subscriber_id")["block"])
    is_assigned = block.isin(list(staff_of))
    unit = block[is_assigned].map({number: option.unit_id for number, option in selected.items()})
    person = pd.Series(None, index=listed.index, dtype=object)
    person[is_assigned] = block[is_assigned].map(dict(staff_of))
    of_block = dict(zip(listed["block_key"][is_assigned], person[is_assigned], strict=True))
    waiting = listed[~is_assigned & listed["primary_unit_id"].notna()]
    columns = ["primary_unit_id", "block_key", "named_staff_id", "last_staff_id"]
    would_have = []
    for unit_id, block_key, named, last in waiting[columns].itertuples(index=False):
        wishes = [wish for wish in (named, of_block.get(block_key), last) if isinstance(wish, str)]
        would_have.append(people.place(str(unit_id), 0, wishes))
        of_block.setdefault(block_key, would_have[-1])
    person[waiting.index] = would_have
    preferred = actions.assign(action=np.arange(len(actions)))
    preferred = preferred[preferred["preference"] == 1].set_index("subscriber_id")
    would_be = subscriber.map(preferred["action"])
    action = subscriber.map(taken).where(is_assigned, would_be).astype(int)
    is_drawn = is_assigned & block.isin(list(drawn))
    terms = actions.iloc[action][list(_TERMS)].set_axis(listed.index)
    is_single = listed.groupby("block_key")["subscriber_id"].transform("size") == 1
    count = subscriber.map(actions["subscriber_id"].value_counts()).astype(float)
    share = policy.exploration_share * is_single
    chance = share / count + np.where(is_drawn & (action != would_be), 0.0, 1 - share)
    return listed.drop(columns=["block_key", "last_staff_id", "has_waited"]).assign(
        **{name: terms[name] for name in _TERMS},
        disposition=listed["disposition"].where(~is_assigned, ASSIGNED),
        primary_unit_id=unit.reindex(listed.index).where(is_assigned, listed["primary_unit_id"]),
        staff_id=person,
        is_explored=is_drawn,
        propensity=((1 - policy.control_share) * chance).where(listed["disposition"] != SUPPRESSED, 0.0),
    )


def _limits(
    capacities: pd.DataFrame, people: People, room: _Room, prices: Mapping[Limit, float] | None
) -> pd.DataFrame:
    """Return what there was of each limit, what was used and what more would be worth."""
    units = people.places()
    table = pd.concat(
        [
            capacities.loc[
                capacities["resource_kind"].isin(_GIVEN),
                ["resource_kind", "resource_id", "capacity"],
            ].astype({"capacity": float}),
            pd.DataFrame(
                {"resource_kind": PEOPLE, "resource_id": list(units), "capacity": list(units.values())}
            ),
        ],
        ignore_index=True,
    ).sort_values(["resource_kind", "resource_id"], kind="stable", ignore_index=True)
    limits = list(zip(table["resource_kind"], table["resource_id"], strict=True))
    return table.assign(
        capacity=table["capacity"].replace(np.inf, np.nan),
        used=[room.used[limit] / (_CENTS if limit[0] == OFFER else 1) for limit in limits],
        shadow_price=[np.nan if prices is None else prices.get(limit, 0.0) for limit in limits],
    )
