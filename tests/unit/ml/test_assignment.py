"""Ranking, dispositions and places, worked out by hand; promises of the list on random worlds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.assignment import Assignment, Policy, assign, rank
from ml.benefits import fitting_actions

PLAIN = Policy(control_share=0.1, exploration_share=0.0, continuity_amount=3.0)
# A customer of margin 100 a month and probability p is worth 100 p - 6 by call, 200 p - 6 with the offer.
OFFERS = pd.DataFrame(
    {
        "offer_id": [None],
        "cause": [None],
        "value_tier": [None],
        "phase": [None],
        "saving_factor": [1.0],
        "acceptance_chance": [0.0],
        "offer_cost_amount": [0.0],
    }
)
CREDIT = pd.concat(
    [OFFERS, OFFERS.assign(offer_id="credit", cause="price", saving_factor=2.0, offer_cost_amount=60.0)],
    ignore_index=True,
)
NOBODY = pd.DataFrame({"subscriber_id": [], "staff_id": [], "disposition": []}, dtype=object)
NO_LIMITS = pd.DataFrame({"resource_kind": [], "resource_id": [], "capacity": []}, dtype=object)


def customers(**columns: Sequence[object]) -> pd.DataFrame:
    """Personal lines of unit u1, to be called, without a model, unless told otherwise."""
    count = len(next(iter(columns.values())))
    defaults: dict[str, Sequence[object]] = {
        "subscriber_id": [f"s{number}" for number in range(count)],
        "list_kind": ["at_risk"] * count,
        "group_id": [None] * count,
        "churn_probability": [np.nan] * count,
        "margin_amount": [100.0] * count,
        "main_cause": ["price"] * count,
        "value_tier": ["mid"] * count,
        "phase": ["maintenance"] * count,
        "saving_chance": [1 / 12] * count,
        "contact_cost_amount": [6.0] * count,
        "colour": [None] * count,
        "score": [10] * count,
        "average_amount_3m": [100.0] * count,
        "primary_unit_id": ["u1"] * count,
        "overflow_unit_id": [None] * count,
        "named_staff_id": [None] * count,
        "overflow_staff_id": [None] * count,
        "channel": ["call"] * count,
        "uses_capacity": [True] * count,
        "suppression_reason": [None] * count,
        "is_held_out": [False] * count,
        "exploration_draw": [0.5] * count,
        "option_draw": [0.5] * count,
    }
    return pd.DataFrame(defaults | columns)


def staff(unit_id: str = "u1", **capacities: float | None) -> pd.DataFrame:
    """People of a unit with their capacities."""
    return pd.DataFrame(
        {
            "staff_id": list(capacities),
            "owner_unit_id": unit_id,
            "monthly_capacity": [np.nan if value is None else value for value in capacities.values()],
        }
    )


def limits(**capacities: float | None) -> pd.DataFrame:
    """Capacities by kind and resource, such as visit_u1."""
    return pd.DataFrame(
        {
            "resource_kind": [name.split("_", 1)[0] for name in capacities],
            "resource_id": [name.split("_", 1)[1] for name in capacities],
            "capacity": [np.nan if value is None else value for value in capacities.values()],
        }
    )


def assigned(
    rows: pd.DataFrame,
    people: pd.DataFrame,
    *,
    capacities: pd.DataFrame = NO_LIMITS,
    previous: pd.DataFrame = NOBODY,
    offers: pd.DataFrame = OFFERS,
    policy: Policy = PLAIN,
) -> Assignment:
    """Assign the customers of a made-up month."""
    actions = fitting_actions(rows, offers, horizon_months=12)
    best = actions[actions["preference"] == 1].set_index("subscriber_id")["expected_benefit"]
    rows = rows.assign(expected_benefit=rows["subscriber_id"].map(best))
    return assign(rows, actions, capacities, people, previous, policy)


def told(answer: Assignment, column: str) -> dict[str, object]:
    """Return a column by subscriber, nothing as None."""
    values = answer.customers.set_index("subscriber_id")[column].astype(object)
    return values.where(values.notna(), None).to_dict()


def test_rank_without_a_model_goes_by_colour_points_bill_waiting_and_id() -> None:
    rows = customers(
        subscriber_id=["f", "e", "d", "c", "b", "a"],
        colour=[None, None, None, None, None, "red"],
        score=[10, 10, 10, 10, 12, 3],
        average_amount_3m=[100.0, 100.0, 100.0, 150.0, 90.0, 50.0],
        expected_benefit=[np.nan] * 6,
        has_waited=[True, False, False, False, False, False],
    )
    assert rank(rows)["subscriber_id"].tolist() == ["a", "b", "c", "f", "d", "e"]


def test_rank_goes_by_expected_benefit_and_who_has_none_comes_last() -> None:
    rows = customers(
        subscriber_id=["a", "b", "c"],
        expected_benefit=[1.0, 2.0, np.nan],
        score=[20, 1, 26],
        has_waited=[False] * 3,
    )
    assert rank(rows)["subscriber_id"].tolist() == ["b", "a", "c"]


def test_two_visits_for_three_reds_go_to_the_two_worth_most() -> None:
    rows = customers(
        subscriber_id=["least", "most", "middle"],
        churn_probability=[0.2, 0.9, 0.5],
        colour=["red"] * 3,
        channel=["visit"] * 3,
    )
    answer = assigned(rows, staff(p1=None), capacities=limits(visit_u1=2))

    assert told(answer, "disposition") == {
        "most": "assigned",
        "middle": "assigned",
        "least": "beyond_capacity",
    }
    assert told(answer, "priority_rank") == {"most": 1, "middle": 2, "least": 3}
    visits = answer.limits.set_index(["resource_kind", "resource_id"]).loc[("visit", "u1")]
    # A third visit would go to the least: 100 x 0.2 - 6 = 14. One less would cost 44: a price between.
    assert visits["capacity"] == 2
    assert visits["used"] == 2
    assert 14.0 <= visits["shadow_price"] <= 44.0


def test_without_a_model_the_first_by_rank_have_the_places() -> None:
    rows = customers(subscriber_id=["a", "b", "c"], score=[10, 12, 11])
    answer = assigned(rows, staff(p1=None), capacities=limits(call_u1=2))

    assert told(answer, "disposition") == {"b": "assigned", "c": "assigned", "a": "beyond_capacity"}
    assert answer.customers["expected_benefit"].isna().all()
    assert answer.limits["shadow_price"].isna().all()


def test_whoever_waited_last_month_goes_before_his_equals() -> None:
    previous = pd.DataFrame({"subscriber_id": ["b"], "staff_id": ["p1"], "disposition": ["beyond_capacity"]})
    for probability in (np.nan, 0.5):
        rows = customers(subscriber_id=["a", "b"], churn_probability=[probability] * 2)
        answer = assigned(rows, staff(p1=1), previous=previous)
        assert told(answer, "disposition") == {"b": "assigned", "a": "beyond_capacity"}


def test_whoever_is_worth_less_than_the_contact_is_contacted_where_there_is_room() -> None:
    rows = customers(subscriber_id=["red", "worth"], churn_probability=[0.01, 0.5], colour=["red", None])
    assert told(assigned(rows, staff(p1=2)), "disposition") == {"red": "assigned", "worth": "assigned"}
    assert told(assigned(rows, staff(p1=1)), "disposition") == {"red": "beyond_capacity", "worth": "assigned"}


def test_a_full_keeper_gives_the_next_to_a_colleague() -> None:
    rows = customers(named_staff_id=["keeper", "keeper", None])
    answer = assigned(rows, staff(keeper=1, other=5))
    assert told(answer, "staff_id") == {"s0": "keeper", "s1": "other", "s2": "other"}


def test_the_named_person_has_his_customer_before_anybody_else_takes_the_place() -> None:
    rows = customers(named_staff_id=[None, None, "p2"], score=[12, 11, 10])
    assert told(assigned(rows, staff(p1=1, p2=2)), "staff_id") == {"s0": "p1", "s1": "p2", "s2": "p2"}


def test_last_months_person_keeps_the_customer_while_free_and_in_the_unit() -> None:
    previous = pd.DataFrame(
        {
            "subscriber_id": ["s0", "s1", "s2", "s3"],
            "staff_id": ["p2", "p2", "gone", "p2"],
            "disposition": ["assigned", "assigned", "assigned", "held_out"],
        }
    )
    answer = assigned(customers(score=[1] * 4), staff(p1=5, p2=1), previous=previous)
    # s0 stays with p2, who is then full; whom nobody contacted last month nobody keeps.
    assert told(answer, "staff_id") == {"s0": "p2", "s1": "p1", "s2": "p1", "s3": "p1"}


def test_whoever_has_most_places_free_takes_the_next_and_of_equals_who_holds_fewer() -> None:
    answer = assigned(customers(score=[1] * 6), staff(p1=4, p2=2))
    assert list(told(answer, "staff_id").values()) == ["p1", "p1", "p2", "p1", "p2", "p1"]
    assert set(told(assigned(customers(score=[1] * 2), staff(p1=9, p2=None)), "staff_id").values()) == {"p2"}


def test_a_message_takes_nobodys_place_and_needs_nobody_free() -> None:
    rows = customers(
        subscriber_id=["m1", "c1", "m2", "c2", "c3"],
        channel=["sms", "call", "sms", "call", "call"],
        uses_capacity=[False, True, False, True, True],
        score=[15, 14, 13, 12, 11],
    )
    answer = assigned(rows, staff(p1=1, p2=1), capacities=limits(call_u1=2))
    assert told(answer, "disposition") == {
        "m1": "assigned",
        "c1": "assigned",
        "m2": "assigned",
        "c2": "assigned",
        "c3": "beyond_capacity",
    }
    assert [told(answer, "staff_id")[name] for name in ("m1", "c1", "m2", "c2")] == ["p1", "p1", "p2", "p2"]


def test_nobody_without_any_capacity_is_given_a_message() -> None:
    rows = customers(channel=["sms"] * 2, uses_capacity=[False] * 2)
    assert set(told(assigned(rows, staff(p1=0, p2=1)), "staff_id").values()) == {"p2"}


def test_a_full_centre_hands_over_to_the_branch_and_to_its_keeper() -> None:
    rows = customers(
        churn_probability=[0.9, 0.5, 0.3],
        overflow_unit_id=["branch"] * 3,
        overflow_staff_id=["k2"] * 3,
    )
    people = pd.concat([staff(p1=None), staff("branch", k1=9, k2=1)])
    answer = assigned(rows, people, capacities=limits(call_u1=1, call_branch=1))

    assert told(answer, "disposition") == {"s0": "assigned", "s1": "assigned", "s2": "beyond_capacity"}
    # Worth the same in both, so that either may be handed over; who waits is named by his own unit.
    assert sorted(list(told(answer, "primary_unit_id").values())[:2]) == ["branch", "u1"]
    assert told(answer, "primary_unit_id")["s2"] == "u1"
    assert sorted(list(told(answer, "staff_id").values())[:2]) == ["k2", "p1"]


def test_nobody_is_handed_over_while_the_centre_has_room() -> None:
    previous = pd.DataFrame({"subscriber_id": ["s0"], "staff_id": ["k1"], "disposition": ["assigned"]})
    for probability in (np.nan, 0.5):
        rows = customers(overflow_unit_id=["branch"], churn_probability=[probability])
        people = pd.concat([staff(p1=1), staff("branch", k1=9)])
        answer = assigned(rows, people, previous=previous)
        assert told(answer, "primary_unit_id") == {"s0": "u1"}


def test_a_budget_for_one_offer_goes_where_it_gains_most() -> None:
    rows = customers(churn_probability=[0.3, 0.8])
    answer = assigned(rows, staff(p1=2), capacities=limits(offer_credit=60), offers=CREDIT)

    # The offer adds 100 p; without it a call alone.
    assert told(answer, "offer_id") == {"s1": "credit", "s0": None}
    assert told(answer, "expected_benefit") == {"s1": 154.0, "s0": 24.0}
    assert told(answer, "saving_chance") == pytest.approx({"s1": 1 / 6, "s0": 1 / 12})
    assert answer.limits.set_index("resource_id").loc["credit", "used"] == 60.0


def test_without_a_model_too_a_budget_is_kept() -> None:
    answer = assigned(
        customers(score=[12, 11]), staff(p1=2), capacities=limits(offer_credit=119.99), offers=CREDIT
    )
    assert told(answer, "offer_id") == {"s0": "credit", "s1": None}


def test_no_units_no_owner() -> None:
    answer = assigned(customers(primary_unit_id=[None, None]), staff(p1=5).iloc[:0])
    assert set(told(answer, "disposition").values()) == {"beyond_capacity"}
    assert set(told(answer, "staff_id").values()) == {None}


def test_a_unit_that_nobody_works_in_leaves_its_customers_waiting() -> None:
    answer = assigned(customers(primary_unit_id=["u2"]), staff(p1=5))
    assert told(answer, "disposition") == {"s0": "beyond_capacity"}
    assert told(answer, "staff_id") == {"s0": None}


def test_a_group_has_one_person_or_waits_as_a_whole() -> None:
    rows = customers(
        subscriber_id=["a1", "a2", "b1", "b2", "b3"],
        group_id=["a", "a", "b", "b", "b"],
        churn_probability=[0.9, 0.1, 0.5, 0.5, 0.5],
        channel=["visit", "call", "call", "call", "call"],
    )
    # Four places in all, three at most with one person: b is worth 3 x 44, a 84 + 4.
    answer = assigned(rows, staff(p1=3, p2=1))
    assert told(answer, "disposition") == {
        "b1": "assigned",
        "b2": "assigned",
        "b3": "assigned",
        "a1": "beyond_capacity",
        "a2": "beyond_capacity",
    }
    assert {person for name, person in told(answer, "staff_id").items() if name.startswith("b")} == {"p1"}
    # With the visit taken away a cannot go, although its call could.
    answer = assigned(rows, staff(p1=9), capacities=limits(visit_u1=0, call_u1=9))
    assert told(answer, "disposition")["a2"] == "beyond_capacity"


def test_who_is_suppressed_or_held_out_keeps_owner_action_and_rank_and_takes_no_place() -> None:
    rows = customers(
        subscriber_id=["out", "held", "both", "called"],
        churn_probability=[0.9, 0.8, 0.7, 0.1],
        suppression_reason=["cooldown", None, "blacklist", None],
        is_held_out=[False, True, True, False],
        named_staff_id=["p1"] * 4,
    )
    answer = assigned(rows, staff(p1=1), capacities=limits(call_u1=1))
    assert told(answer, "disposition") == {
        "out": "suppressed",
        "held": "held_out",
        "both": "suppressed",
        "called": "assigned",
    }
    assert set(told(answer, "staff_id").values()) == {"p1"}
    assert told(answer, "propensity") == {"out": 0.0, "held": 0.9, "both": 0.0, "called": 0.9}


def test_an_action_is_drawn_for_the_share_that_explores_and_its_chance_is_told() -> None:
    policy = replace(PLAIN, exploration_share=0.2)
    rows = customers(
        churn_probability=[0.8] * 4, exploration_draw=[0.1, 0.19, 0.2, 0.1], option_draw=[0.9, 0.1, 0.9, 0.9]
    ).assign(group_id=[None, None, None, "g"])
    answer = assigned(rows, staff(p1=9), offers=CREDIT, policy=policy)

    # Two actions, by id and none last: 0.9 draws none, 0.1 the offer; 0.2 is no longer drawn.
    assert told(answer, "offer_id") == {"s0": None, "s1": "credit", "s2": "credit", "s3": None}
    assert told(answer, "is_explored") == {"s0": True, "s1": True, "s2": False, "s3": True}
    # 0.9 x 0.2 / 2, and 0.9 x (0.2 / 2 + 0.8) for what would be done anyhow.
    assert told(answer, "propensity") == pytest.approx({"s0": 0.09, "s1": 0.81, "s2": 0.81, "s3": 0.09})


def test_an_offer_beyond_its_whole_budget_is_not_drawn() -> None:
    policy = replace(PLAIN, exploration_share=1.0)
    rows = customers(churn_probability=[0.8], option_draw=[0.0])
    answer = assigned(rows, staff(p1=9), capacities=limits(offer_credit=59.99), offers=CREDIT, policy=policy)
    assert told(answer, "offer_id") == {"s0": None}


def test_assign_of_nobody_is_an_empty_list() -> None:
    answer = assigned(customers(score=[1]).iloc[:0], staff(p1=5))
    assert answer.customers.empty
    assert {"priority_rank", "staff_id", "disposition", "propensity"} <= set(answer.customers.columns)


def test_assign_refuses_a_subscriber_that_stands_twice() -> None:
    rows = customers(subscriber_id=["a", "a"])
    with pytest.raises(ValueError, match="twice, the first is a"):
        assign(rows, pd.DataFrame(), NO_LIMITS, staff(p1=5), NOBODY, PLAIN)
