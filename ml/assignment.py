"""The list under capacity: who is assigned to whom, who is left out and why, who has to wait.

Belongs here: dispositions, exploration and the steps of the choice over frames of one month. Not here: the
arithmetic of benefit (`ml/benefits.py`), what may be given to whom (`ml/options.py`), the best choice under
limits (`ml/allocation`), the people of a unit (`ml/people.py`, `ml/placing.py`), which unit owns whom by the
rules (`dbt_project/models/retention/`), reading and writing (`orchestration/defs/`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.allocation import allocate
from ml.options import (
    CALL,
    CENTS,
    GIVEN,
    OFFER,
    PEOPLE,
    VISIT,
    Limit,
    Option,
    Room,
    capacity_of,
    choices_of,
    options_of,
    payable,
)
from ml.people import People
from ml.placing import place

ASSIGNED = "assigned"
SUPPRESSED = "suppressed"
HELD_OUT = "held_out"
BEYOND_CAPACITY = "beyond_capacity"

_TERMS = (
    "offer_id",
    "saving_chance",
    "margin_kept_amount",
    "contact_cost_amount",
    "acceptance_chance",
    "offer_cost_amount",
    "expected_benefit",
)


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
    whoever still finds room, also where no benefit is known. The lines of a group that the rules give to one
    person, or to nobody by name, go together: one unit, one person, or all of them wait. A customer is handed
    over to another unit only where his own has no room.

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
    capacity = capacity_of(capacities, people)
    listed = _dispositions(rank(_with_history(customers, previous)))
    members = _members(listed)
    choices = choices_of(members, actions, [limit_id for kind, limit_id in capacity if kind == OFFER])
    options = options_of(members, actions, choices, people, policy.continuity_amount)
    room = Room(capacity)
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
    staff_of = place(members, options, selected, people, room)
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
    # Where the rules name a keeper for each area, the lines of a group in two areas have two.
    names = ranked[["group_id", "primary_unit_id", "named_staff_id"]].astype(object)
    names["named_staff_id"] = names["named_staff_id"].where(names["named_staff_id"].notna(), "")
    group = "group|" + names["group_id"] + "|" + names["primary_unit_id"] + "|" + names["named_staff_id"]
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


def _draw(
    members: pd.DataFrame,
    actions: pd.DataFrame,
    options: Mapping[int, list[Option]],
    room: Room,
    policy: Policy,
) -> dict[int, tuple[Option, int]]:
    """Return option and action (a row) of those whose action is drawn, as long as there is room.

    Lines that go together are not drawn: their members have different actions.
    """
    is_drawn = (members["block_size"] == 1) & (members["exploration_draw"] < policy.exploration_share)
    drawn_members = members[is_drawn & members["block"].isin(options)]
    own = payable(actions, room.capacity)
    own = own[own["subscriber_id"].isin(drawn_members["subscriber_id"])]
    by_subscriber = own.sort_values("offer_id", kind="stable").groupby("subscriber_id", sort=False).groups
    drawn: dict[int, tuple[Option, int]] = {}
    for member in drawn_members[["block", "subscriber_id", "option_draw"]].to_dict("records"):
        base = options[member["block"]][0]
        if base.is_handed_over:
            continue
        feasible = by_subscriber[member["subscriber_id"]]
        action = int(feasible[int(member["option_draw"] * len(feasible))])
        offer_id, cost = actions["offer_id"].iloc[action], actions["offer_cost_amount"].iloc[action]
        uses = tuple((limit, amount) for limit, amount in base.uses if limit[0] != OFFER)
        if (OFFER, offer_id) in room.capacity and cost > 0:
            uses = (*uses, ((OFFER, offer_id), int(np.ceil(round(cost * CENTS, 6)))))
        option = base._replace(uses=uses)
        if room.fits(option):
            room.take(option)
            drawn[member["block"]] = option, action
    return drawn


def _best(
    options: Mapping[int, list[Option]], selected: Mapping[int, Option], room: Room
) -> tuple[dict[int, Option], dict[Limit, float] | None]:
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
            "value": [option.value / CENTS for option in offered],
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
        unit = CENTS if kind == OFFER else 1
        frame[amount_name] = [use[1] / unit if use else 0.0 for use in known]
    answer = allocate(
        # Option ids in an order of their own for each customer: of equals the first is taken.
        frame.assign(option_id=frame.groupby("customer_id").cumcount()),
        pd.Series(
            {"|".join(limit): left for limit, left in limits.items() if limit[0] != OFFER}, dtype=float
        ),
        pd.Series(
            {"|".join(limit): left / CENTS for limit, left in limits.items() if limit[0] == OFFER},
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
    best: Mapping[int, Option], options: Mapping[int, list[Option]], room: Room
) -> dict[int, Option]:
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


def _actions_taken(
    members: pd.DataFrame,
    choices: pd.DataFrame,
    selected: Mapping[int, Option],
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
    selected: Mapping[int, Option],
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
    capacities: pd.DataFrame, people: People, room: Room, prices: Mapping[Limit, float] | None
) -> pd.DataFrame:
    """Return what there was of each limit, what was used and what more would be worth."""
    units = people.places()
    table = pd.concat(
        [
            capacities.loc[
                capacities["resource_kind"].isin(GIVEN),
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
        used=[room.used[limit] / (CENTS if limit[0] == OFFER else 1) for limit in limits],
        shadow_price=[np.nan if prices is None else prices.get(limit, 0.0) for limit in limits],
    )
