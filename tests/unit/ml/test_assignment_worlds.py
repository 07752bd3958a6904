"""What every list promises, on random worlds: nobody lost, no limit passed, no stranger, groups whole."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.assignment import Assignment, Policy, assign
from ml.benefits import fitting_actions

OFFERS = pd.DataFrame(
    {
        "offer_id": [None, "credit", "gift", "talk"],
        "cause": [None, "price", None, None],
        "value_tier": [None, None, "high", None],
        "phase": [None] * 4,
        "saving_factor": [1.0, 2.0, 1.5, 1.1],
        "acceptance_chance": [0.0, 0.25, 0.5, 0.5],
        "offer_cost_amount": [0.0, 60.0, 25.5, 0.0],
    }
)
UNITS = ("centre", "branch", "groups")


@dataclass(frozen=True)
class World:
    """A month's list with its limits, people and last month."""

    customers: pd.DataFrame
    capacities: pd.DataFrame
    staff: pd.DataFrame
    previous: pd.DataFrame
    policy: Policy


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw up to 30 customers, of whom some form groups, and limits that often bind."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(0, 30))
    has_model = draw(st.booleans())
    group = np.where(random.random(count) < 0.4, random.choice(["g1", "g2", "g3"], count), None)
    is_group = pd.notna(group)
    primary = np.where(is_group, "groups", np.where(random.random(count) < 0.9, "centre", None))
    people = draw(st.integers(0, 6))
    staff = pd.DataFrame(
        {
            "staff_id": [f"p{number}" for number in range(people)],
            "owner_unit_id": random.choice(UNITS, people),
            "monthly_capacity": random.choice([np.nan, 0, 1, 2, 3, 8], people),
        }
    )
    names = [*staff["staff_id"], "gone", None]
    customers = pd.DataFrame(
        {
            "subscriber_id": [f"s{number:02}" for number in range(count)],
            "list_kind": random.choice(["at_risk", "lost"], count),
            "group_id": group,
            "churn_probability": random.choice([0.01, 0.2, 0.5, 0.9], count) if has_model else np.nan,
            "margin_amount": random.choice([-5.0, 40.0, 100.0], count),
            "main_cause": random.choice(["price", "service"], count),
            "value_tier": random.choice(["mid", "high"], count),
            "phase": "maintenance",
            "saving_chance": 0.08,
            "contact_cost_amount": 6.0,
            "colour": random.choice(["red", "yellow", "blue", None], count),
            "score": random.integers(0, 4, count),
            "average_amount_3m": random.choice([100.0, 200.0], count),
            "primary_unit_id": primary,
            "overflow_unit_id": np.where(is_group, None, random.choice(["branch", None], count)),
            "named_staff_id": random.choice(names, count),
            "overflow_staff_id": random.choice(names, count),
            "channel": random.choice(["visit", "call", "hall", "sms"], count),
            "suppression_reason": np.where(random.random(count) < 0.2, "cooldown", None),
            "exploration_draw": random.random(count),
            "option_draw": random.random(count),
        }
    )
    # A whole group is held out, or nobody of it.
    held_out = {"g1": draw(st.booleans())}
    customers["is_held_out"] = [held_out.get(name, random.random() < 0.1) for name in customers["group_id"]]
    customers["uses_capacity"] = customers["channel"] != "sms"
    limits = [(kind, unit) for kind in ("visit", "call") for unit in UNITS] + [
        ("offer", "credit"),
        ("offer", "gift"),
        ("staff", "p0"),
    ]
    capacities = pd.DataFrame(limits, columns=["resource_kind", "resource_id"])
    capacities["capacity"] = random.choice([np.nan, 0, 1, 2, 4], len(limits))
    capacities.loc[capacities["resource_kind"] == "offer", "capacity"] *= 60
    previous = pd.DataFrame(
        {
            "subscriber_id": customers["subscriber_id"],
            "staff_id": random.choice(names, count),
            "disposition": random.choice(["assigned", "beyond_capacity", "held_out"], count),
        }
    )
    policy = Policy(0.1, draw(st.sampled_from([0.0, 0.3, 1.0])), 3.0)
    return World(customers, capacities, staff, previous, policy)


def assigned(world: World) -> Assignment:
    """Assign the customers of a world."""
    actions = fitting_actions(world.customers, OFFERS, horizon_months=12)
    best = actions[actions["preference"] == 1].set_index("subscriber_id")["expected_benefit"]
    customers = world.customers.assign(expected_benefit=world.customers["subscriber_id"].map(best))
    return assign(customers, actions, world.capacities, world.staff, world.previous, world.policy)


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_the_dispositions_add_up_to_the_list(world: World) -> None:
    rows = assigned(world).customers
    given_in = world.customers.set_index("subscriber_id").loc[rows["subscriber_id"]].reset_index()

    assert sorted(rows["subscriber_id"]) == sorted(world.customers["subscriber_id"])
    assert rows["priority_rank"].tolist() == list(range(1, len(rows) + 1))
    is_suppressed = given_in["suppression_reason"].notna()
    is_held_out = given_in["is_held_out"].astype(bool) & ~is_suppressed
    assert ((rows["disposition"] == "suppressed") == is_suppressed).all()
    assert ((rows["disposition"] == "held_out") == is_held_out).all()
    others = rows.loc[~is_suppressed & ~is_held_out, "disposition"]
    assert others.isin(["assigned", "beyond_capacity"]).all()


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_no_limit_is_passed(world: World) -> None:
    answer = assigned(world)
    rows = answer.customers[answer.customers["disposition"] == "assigned"]
    worked = rows[rows["uses_capacity"]]
    used = {
        **worked.groupby(["channel", "primary_unit_id"]).size().to_dict(),
        **{("staff", person): count for person, count in worked["staff_id"].value_counts().items()},
        **{
            ("offer", name): cost
            for name, cost in rows.groupby("offer_id")["offer_cost_amount"].sum().items()
        },
    }
    limits = world.capacities[world.capacities["resource_kind"] != "staff"]
    capacity = {
        **limits.set_index(["resource_kind", "resource_id"])["capacity"].dropna().to_dict(),
        **{
            ("staff", person): places
            for person, places in world.staff.set_index("staff_id")["monthly_capacity"].dropna().items()
        },
    }
    assert [limit for limit, amount in used.items() if amount > capacity.get(limit, np.inf)] == []
    told = answer.limits.set_index(["resource_kind", "resource_id"])["used"]
    assert {limit: told[limit] for limit in told.index if limit[0] in ("visit", "call") and told[limit]} == {
        limit: amount for limit, amount in used.items() if limit[0] in ("visit", "call")
    }


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_every_owner_may_own_his_customer(world: World) -> None:
    rows = assigned(world).customers.set_index("subscriber_id")
    given_in = world.customers.set_index("subscriber_id").loc[rows.index]
    unit = world.staff.set_index("staff_id")["owner_unit_id"]

    owned = rows[rows["staff_id"].notna()]
    assert (owned["staff_id"].map(unit) == owned["primary_unit_id"]).all()
    is_assigned = rows["disposition"] == "assigned"
    assert rows.loc[is_assigned, "staff_id"].notna().all()
    is_own = rows["primary_unit_id"].eq(given_in["primary_unit_id"]) | (
        rows["primary_unit_id"].isna() & given_in["primary_unit_id"].isna()
    )
    is_handed_over = rows["primary_unit_id"].eq(given_in["overflow_unit_id"]) & given_in["group_id"].isna()
    assert (is_own | (is_handed_over & is_assigned)).all()


@settings(max_examples=25, deadline=None)
@given(world=worlds(), seed=st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(world: World, seed: int) -> None:
    def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.sample(frac=1, random_state=seed).reset_index(drop=True)

    first = assigned(world)
    other = assigned(
        World(
            shuffled(world.customers),
            shuffled(world.capacities),
            shuffled(world.staff),
            shuffled(world.previous),
            world.policy,
        )
    )
    pd.testing.assert_frame_equal(first.customers, other.customers)
    pd.testing.assert_frame_equal(first.limits, other.limits)


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_who_is_held_out_changes_nothing_for_the_others(world: World) -> None:
    rows = assigned(world).customers
    is_left_out = rows["disposition"].isin(["suppressed", "held_out"])
    contacted = set(rows.loc[~is_left_out, "subscriber_id"])
    alone = World(
        world.customers[world.customers["subscriber_id"].isin(contacted)].reset_index(drop=True),
        world.capacities,
        world.staff,
        world.previous,
        world.policy,
    )
    columns = ["subscriber_id", "disposition", "primary_unit_id", "offer_id"]
    others = rows.loc[~is_left_out, columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, assigned(alone).customers[columns], check_dtype=False)


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_a_group_goes_together(world: World) -> None:
    rows = assigned(world).customers
    contacted = rows[~rows["disposition"].isin(["suppressed", "held_out"]) & rows["group_id"].notna()]
    for _, lines in contacted.groupby("group_id"):
        assert len(set(lines["disposition"])) == 1
        assert len(set(lines["primary_unit_id"])) == 1
        if (lines["disposition"] == "assigned").all():
            assert len(set(lines["staff_id"])) == 1


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_nobody_waits_while_there_is_room_for_a_call_without_an_offer(world: World) -> None:
    answer = assigned(world)
    rows = answer.customers
    used = answer.limits.set_index(["resource_kind", "resource_id"])
    free = used["capacity"].fillna(np.inf) - used["used"]
    load = rows[(rows["disposition"] == "assigned") & rows["uses_capacity"]]["staff_id"].value_counts()
    people = world.staff.set_index("staff_id")
    room = people["monthly_capacity"].fillna(np.inf) - load.reindex(people.index).fillna(0)
    waiting = rows[(rows["disposition"] == "beyond_capacity") & rows["group_id"].isna()]
    for unit, channel in waiting[["primary_unit_id", "channel"]].dropna().itertuples(index=False):
        has_slot = channel not in ("visit", "call") or free[channel, unit] >= 1
        somebody = (room[people["owner_unit_id"] == unit] >= 1).any()
        assert not (has_slot and somebody)
