"""From scores to a list with an owner: expected benefit, who is listed, which person.

Belongs here: pure arithmetic over frames of one month. Not here: which unit owns whom by the rules
(`dbt_project/models/retention/would_be_owners.sql`), reading and writing
(`orchestration/defs/assignment.py`).
"""

import numpy as np
import pandas as pd

ASSIGNED = "assigned"
BEYOND_CAPACITY = "beyond_capacity"


def expected_benefits(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.DataFrame:
    """Return the best option of each customer, with every term of its expected benefit.

    Benefit = probability x chance that the contact saves x margin kept over the horizon - cost of the
    contact - probability of acceptance x cost of the offer (domain.md section 7).

    Args:
        customers: one row a customer: subscriber_id, churn_probability (0 to 1, null without a model),
            margin_amount (money a month), main_cause, value_tier, phase, and the terms of his first
            contact: saving_chance (0 to 1), contact_cost_amount (money).
        options: one row an offer, and one row of nulls for "no offer": offer_id, cause, value_tier and phase
            (null: any), saving_factor (x the contact's chance), acceptance_chance, offer_cost_amount (money).
        horizon_months: months over which the margin of a saved customer counts.

    Returns:
        One row a customer in the order given: subscriber_id, offer_id, saving_chance (with the offer),
        contact_cost_amount, acceptance_chance, offer_cost_amount, margin_kept_amount, expected_benefit (null
        without a model; then the first offer of the cause, the most specific first, is proposed).

    >>> customers = pd.DataFrame({"subscriber_id": ["a"], "churn_probability": [0.2],
    ...                           "margin_amount": [50.0], "main_cause": ["price"], "value_tier": ["mid"],
    ...                           "phase": ["maintenance"], "saving_chance": [0.1],
    ...                           "contact_cost_amount": [6.0]})
    >>> options = pd.DataFrame({"offer_id": [None, "o1"], "cause": [None, "price"],
    ...                         "value_tier": [None, None], "phase": [None, None],
    ...                         "saving_factor": [1.0, 2.0],
    ...                         "acceptance_chance": [0.0, 0.25], "offer_cost_amount": [0.0, 30.0]})
    >>> best = expected_benefits(customers, options, horizon_months=12)
    >>> best.loc[0, "offer_id"], float(best.loc[0, "expected_benefit"])
    ('o1', 10.5)
    """
    terms = ["saving_factor", "acceptance_chance", "offer_cost_amount"]
    # An offer before none, the more specific before the more general, then by id: the first of equals holds.
    ordered = options.astype(dict.fromkeys(terms, float)).sort_values("offer_id", kind="stable")
    generality = options["offer_id"].isna() * 3 + options[["value_tier", "phase"]].isna().sum(axis=1)
    ordered = ordered.iloc[np.argsort(generality.loc[ordered.index], kind="stable")].reset_index(drop=True)
    margin_kept = customers["margin_amount"].astype(float).clip(lower=0).to_numpy() * horizon_months
    probability = customers["churn_probability"].astype(float).to_numpy()
    saving_chance = customers["saving_chance"].astype(float).to_numpy()
    contact_cost = customers["contact_cost_amount"].astype(float).to_numpy()
    best = np.full(len(customers), -np.inf)
    choice = np.zeros(len(customers), dtype=int)
    for position, option in ordered.iterrows():
        fits = np.full(len(customers), True)
        for wanted, has in (("cause", "main_cause"), ("value_tier", "value_tier"), ("phase", "phase")):
            if pd.notna(option[wanted]):
                fits &= (customers[has] == option[wanted]).to_numpy()
        benefit = (
            probability * saving_chance * option["saving_factor"] * margin_kept
            - contact_cost
            - option["acceptance_chance"] * option["offer_cost_amount"]
        )
        better = fits & (np.nan_to_num(benefit, nan=0.0) > best)
        best[better] = np.nan_to_num(benefit, nan=0.0)[better]
        choice[better] = position
    chosen = ordered.loc[choice].reset_index(drop=True)
    return pd.DataFrame(
        {
            "subscriber_id": customers["subscriber_id"].to_numpy(),
            "offer_id": chosen["offer_id"],
            "saving_chance": saving_chance * chosen["saving_factor"],
            "contact_cost_amount": contact_cost,
            "acceptance_chance": chosen["acceptance_chance"],
            "offer_cost_amount": chosen["offer_cost_amount"],
            "margin_kept_amount": margin_kept,
            "expected_benefit": np.where(np.isnan(probability * saving_chance), np.nan, best).round(2),
        }
    )


def rank(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the customers by priority, with `priority_rank` from 1.

    By expected benefit; without a model by colour, points, bill; ties by subscriber_id (domain.md section 8).

    Args:
        customers: subscriber_id, expected_benefit (null without a model), colour (red, yellow, blue, null),
            score (points), average_amount_3m.

    >>> rank(pd.DataFrame({"subscriber_id": ["a", "b"], "expected_benefit": [1.0, 2.0],
    ...                    "colour": [None, None], "score": [10, 3],
    ...                    "average_amount_3m": [100, 100]}))["subscriber_id"].tolist()
    ['b', 'a']
    """
    colour_order = customers["colour"].map({"red": 0, "yellow": 1, "blue": 2}).fillna(3)
    ordered = (
        customers.assign(colour_order=colour_order, average=customers["average_amount_3m"].astype(float))
        .sort_values(
            ["expected_benefit", "colour_order", "score", "average", "subscriber_id"],
            ascending=[False, True, False, False, True],
            na_position="last",
            kind="stable",
        )
        .drop(columns=["colour_order", "average"])
        .reset_index(drop=True)
    )
    return ordered.assign(priority_rank=np.arange(1, len(ordered) + 1))


def choose_staff(listed: pd.DataFrame, staff: pd.DataFrame, previous: pd.DataFrame) -> pd.Series:
    """Return the staff member of each listed customer; null where the unit has nobody free.

    The named person (account manager or keeper); else whoever had the customer last month, if still in the
    unit and free; else whoever of the unit has most places free, of equals whoever holds fewer, then by
    staff_id. Whom a message reaches takes nobody's place: his person is chosen last, and nobody need be free.

    Args:
        listed: by priority: subscriber_id, primary_unit_id, named_staff_id, uses_capacity (false: a message).
        staff: people in office: staff_id, owner_unit_id, monthly_capacity (customers; null: unlimited).
        previous: last month's list: subscriber_id, staff_id.
    """
    chosen = listed["named_staff_id"].astype(object).where(listed["named_staff_id"].notna(), None)
    capacity = staff.set_index("staff_id")["monthly_capacity"].astype(float).fillna(np.inf)
    unit = staff.set_index("staff_id")["owner_unit_id"]
    takes_place = listed["uses_capacity"].astype(bool)

    last = listed["subscriber_id"].map(
        previous.drop_duplicates("subscriber_id").set_index("subscriber_id")["staff_id"]
    )
    is_kept = chosen.isna() & last.notna() & (last.map(unit) == listed["primary_unit_id"])
    named_load = chosen[takes_place].value_counts()
    placed = last[is_kept & takes_place]
    place = placed.groupby(placed).cumcount() + placed.map(named_load).fillna(0).astype(float)
    stays = place.index[place < last[place.index].map(capacity).astype(float)]
    stays = stays.union(listed.index[is_kept & ~takes_place])
    chosen.loc[stays] = last.loc[stays]

    for is_limited in (True, False):
        load = chosen[takes_place].value_counts() if is_limited else chosen.value_counts()
        is_waiting = chosen.isna() & (takes_place == is_limited)
        for unit_id, waiting in listed[is_waiting].groupby("primary_unit_id", sort=True):
            people = staff.loc[staff["owner_unit_id"] == unit_id, "staff_id"].sort_values()
            slots = _free_slots(people, capacity, load, count=len(waiting), is_limited=is_limited)
            chosen.loc[waiting.index[: len(slots)]] = slots
    return chosen


def _free_slots(
    people: pd.Series, capacity: pd.Series, load: pd.Series, *, count: int, is_limited: bool
) -> list[str]:
    """Return up to `count` places, whoever has most free first; `is_limited`: within his capacity."""
    if people.empty:
        return []
    limits = capacity.loc[people].to_numpy()
    taken = load.reindex(people).fillna(0).to_numpy()
    places = np.maximum(limits - taken, 0) if is_limited else np.where(limits > 0, count, 0)
    free = np.minimum(places, count).astype(int)
    person = np.repeat(np.arange(len(people)), free)
    within = np.arange(len(person)) - np.repeat(np.cumsum(free) - free, free)
    held = taken[person] + within
    order = np.lexsort((person, held, held - limits[person]))[:count]
    return list(people.to_numpy()[person[order]])


def assign(listed: pd.DataFrame, staff: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Return the list with priority_rank, staff_id and disposition: one row a listed customer.

    Whoever has a unit and a person is assigned, everybody else stands beyond capacity and keeps his rank.

    Args:
        listed: one row an at-risk customer of the month, in any order: what `rank` and `choose_staff` need.
        staff: see `choose_staff`.
        previous: see `choose_staff`.

    Raises:
        ValueError: a subscriber stands on the list twice.
    """
    twice = listed.loc[listed["subscriber_id"].duplicated(), "subscriber_id"]
    if not twice.empty:
        raise ValueError(f"{len(twice)} subscriber(s) stand on the list twice, the first is {twice.iloc[0]}")
    ranked = rank(listed)
    ranked["staff_id"] = choose_staff(ranked, staff, previous)
    has_owner = ranked["primary_unit_id"].notna() & ranked["staff_id"].notna()
    ranked["disposition"] = np.where(has_owner, ASSIGNED, BEYOND_CAPACITY)
    return ranked
