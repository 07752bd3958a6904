"""Benefit, ranking and choice of a person, worked out by hand; properties on random worlds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.assignment import assign, choose_staff, expected_benefits, rank

OPTIONS = pd.DataFrame(
    {
        "offer_id": ["any", "high_only", None],
        "cause": ["price", "price", None],
        "value_tier": [None, "high", None],
        "phase": [None, None, None],
        "saving_factor": [2.0, 2.0, 1.0],
        "acceptance_chance": [0.25, 0.25, 0.0],
        "offer_cost_amount": [40.0, 40.0, 0.0],
    }
)


def customers(**columns: list[object]) -> pd.DataFrame:
    """One customer of mid tier with cause price, unless told otherwise."""
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[object]] = {
        "subscriber_id": [f"s{number}" for number in range(count)],
        "churn_probability": [0.5] * count,
        "margin_amount": [50.0] * count,
        "main_cause": ["price"] * count,
        "value_tier": ["mid"] * count,
        "phase": ["maintenance"] * count,
        "saving_chance": [0.1] * count,
        "contact_cost_amount": [6.0] * count,
    }
    return pd.DataFrame(defaults | columns)


def test_expected_benefit_is_saved_margin_less_contact_and_accepted_offer() -> None:
    best = expected_benefits(customers(churn_probability=[0.5]), OPTIONS, horizon_months=12)
    # 0.5 x 0.2 x 600 - 6 - 0.25 x 40 = 44; without an offer 0.5 x 0.1 x 600 - 6 = 24.
    assert best.loc[0, "offer_id"] == "any"
    assert best.loc[0, "expected_benefit"] == 44.0


def test_expected_benefit_without_an_offer_wins_where_the_offer_costs_more_than_it_saves() -> None:
    best = expected_benefits(customers(churn_probability=[0.1]), OPTIONS, horizon_months=12)
    # With: 0.1 x 0.2 x 600 - 16 = -4; without: 0.1 x 0.1 x 600 - 6 = 0.
    assert pd.isna(best.loc[0, "offer_id"])
    assert best.loc[0, "expected_benefit"] == 0.0


def test_expected_benefit_prefers_the_offer_of_the_tier_among_equals() -> None:
    best = expected_benefits(customers(value_tier=["high"]), OPTIONS, horizon_months=12)
    assert best.loc[0, "offer_id"] == "high_only"


def test_expected_benefit_counts_the_customers_own_first_contact() -> None:
    best = expected_benefits(
        customers(
            main_cause=["quality"] * 3, saving_chance=[0.12, 0.08, 0.02], contact_cost_amount=[40.0, 6.0, 0.1]
        ),
        OPTIONS,
        horizon_months=12,
    )
    # A visit 0.5 x 0.12 x 600 - 40 = -4; a call 0.5 x 0.08 x 600 - 6 = 18;
    # a message 0.5 x 0.02 x 600 - 0.1 = 5.9.
    assert best["expected_benefit"].tolist() == [-4.0, 18.0, 5.9]


def test_expected_benefit_keeps_an_offer_to_its_phase() -> None:
    options = OPTIONS.assign(phase=["retention", "retention", None])
    best = expected_benefits(customers(phase=["maintenance", "retention"]), options, horizon_months=12)
    # In retention the offer: 0.5 x 0.2 x 600 - 6 - 0.25 x 40 = 44; in maintenance none: 24.
    assert best["offer_id"].tolist()[1] == "any"
    assert pd.isna(best.loc[0, "offer_id"])
    assert best["expected_benefit"].tolist() == [24.0, 44.0]


def test_expected_benefit_of_another_cause_has_no_offer() -> None:
    best = expected_benefits(customers(main_cause=["quality"]), OPTIONS, horizon_months=12)
    assert pd.isna(best.loc[0, "offer_id"])


def test_expected_benefit_is_null_without_a_model_but_an_offer_is_proposed() -> None:
    best = expected_benefits(customers(churn_probability=[np.nan]), OPTIONS, horizon_months=12)
    assert np.isnan(best.loc[0, "expected_benefit"])
    assert best.loc[0, "offer_id"] == "any"


def test_a_negative_margin_saves_nothing() -> None:
    best = expected_benefits(customers(margin_amount=[-10.0]), OPTIONS, horizon_months=12)
    assert best.loc[0, "margin_kept_amount"] == 0.0
    assert best.loc[0, "expected_benefit"] == -6.0


def listed(**columns: list[object]) -> pd.DataFrame:
    """Listed customers without a model, of one unit, nobody named."""
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[object]] = {
        "subscriber_id": [f"s{number}" for number in range(count)],
        "expected_benefit": [np.nan] * count,
        "colour": [None] * count,
        "score": [10] * count,
        "average_amount_3m": [100.0] * count,
        "primary_unit_id": ["u1"] * count,
        "named_staff_id": [None] * count,
        "uses_capacity": [True] * count,
    }
    return pd.DataFrame(defaults | columns)


def staff(**capacities: float | None) -> pd.DataFrame:
    """Staff of unit u1 with their capacities."""
    return pd.DataFrame(
        {
            "staff_id": list(capacities),
            "owner_unit_id": "u1",
            "monthly_capacity": [np.nan if value is None else value for value in capacities.values()],
        }
    )


NOBODY = pd.DataFrame({"subscriber_id": pd.Series(dtype=str), "staff_id": pd.Series(dtype=str)})


def test_rank_without_a_model_goes_by_colour_points_bill_and_id() -> None:
    rows = listed(
        subscriber_id=["e", "d", "c", "b", "a"],
        colour=[None, None, None, None, "red"],
        score=[10, 10, 10, 12, 3],
        average_amount_3m=[100.0, 100.0, 150.0, 90.0, 50.0],
    )
    assert rank(rows)["subscriber_id"].tolist() == ["a", "b", "c", "d", "e"]


def test_rank_goes_by_expected_benefit_where_there_is_one() -> None:
    rows = listed(subscriber_id=["a", "b"], expected_benefit=[1.0, 2.0], score=[20, 1])
    assert rank(rows)["subscriber_id"].tolist() == ["b", "a"]


def test_choose_staff_takes_the_named_person_even_when_full() -> None:
    chosen = choose_staff(listed(named_staff_id=["p1", "p1"]), staff(p1=1, p2=5), NOBODY)
    assert chosen.tolist() == ["p1", "p1"]


def test_choose_staff_keeps_last_months_person_while_free_and_in_the_unit() -> None:
    previous = pd.DataFrame({"subscriber_id": ["s0", "s1", "s2"], "staff_id": ["p2", "p2", "gone"]})
    chosen = choose_staff(listed(score=[1, 1, 1]), staff(p1=5, p2=1), previous)
    # s0 stays with p2, who is then full; s1 and s2 go to the one who is free.
    assert chosen.tolist() == ["p2", "p1", "p1"]


def test_choose_staff_takes_whoever_has_most_places_free() -> None:
    chosen = choose_staff(listed(score=[1] * 6), staff(p1=4, p2=2), NOBODY)
    # Free before each place: p1 4, 3, 2, 1; p2 2, 1; of equals whoever holds fewer.
    assert chosen.tolist() == ["p1", "p1", "p2", "p1", "p2", "p1"]


def test_choose_staff_takes_the_unlimited_before_the_limited() -> None:
    assert choose_staff(listed(score=[1] * 2), staff(p1=9, p2=None), NOBODY).tolist() == ["p2", "p2"]


def test_a_message_takes_nobodys_place_and_needs_nobody_free() -> None:
    rows = listed(
        subscriber_id=["m1", "c1", "m2", "c2", "c3"],
        uses_capacity=[False, True, False, True, True],
        score=[15, 14, 13, 12, 11],
    )
    result = assign(rows, staff(p1=1, p2=1), NOBODY).set_index("subscriber_id")
    # The calls fill both people, the third waits; the messages then go to them in turn.
    assert result["staff_id"].where(result["staff_id"].notna(), "nobody").to_dict() == {
        "m1": "p1",
        "c1": "p1",
        "m2": "p2",
        "c2": "p2",
        "c3": "nobody",
    }
    assert result.loc["c3", "disposition"] == "beyond_capacity"
    assert result["priority_rank"].tolist() == [1, 2, 3, 4, 5]


def test_a_message_comes_from_last_months_person_even_when_full() -> None:
    previous = pd.DataFrame({"subscriber_id": ["s0", "s1"], "staff_id": ["p1", "p1"]})
    chosen = choose_staff(listed(uses_capacity=[True, False]), staff(p1=1, p2=5), previous)
    assert chosen.tolist() == ["p1", "p1"]


def test_nobody_with_no_capacity_at_all_is_given_a_message() -> None:
    chosen = choose_staff(listed(uses_capacity=[False, False]), staff(p1=0, p2=1), NOBODY)
    assert chosen.tolist() == ["p2", "p2"]


def test_assign_leaves_whoever_finds_nobody_free_beyond_capacity_with_his_rank() -> None:
    result = assign(listed(subscriber_id=["a", "b", "c"], score=[12, 11, 10]), staff(p1=2), NOBODY)
    assert result["disposition"].tolist() == ["assigned", "assigned", "beyond_capacity"]
    assert result["priority_rank"].tolist() == [1, 2, 3]


def test_assign_without_units_assigns_nobody() -> None:
    result = assign(listed(primary_unit_id=[None, None]), staff(p1=5), NOBODY)
    assert result["disposition"].tolist() == ["beyond_capacity", "beyond_capacity"]
    assert result["staff_id"].isna().all()


def test_assign_of_nobody_is_an_empty_list() -> None:
    result = assign(listed(score=[1]).iloc[:0], staff(p1=5), NOBODY)
    assert result.empty
    assert {"priority_rank", "staff_id", "disposition"} <= set(result.columns)


def test_assign_refuses_a_subscriber_that_stands_twice() -> None:
    with pytest.raises(ValueError, match="twice, the first is a"):
        assign(listed(subscriber_id=["a", "a"]), staff(p1=5), NOBODY)


@given(
    units=st.lists(st.sampled_from(["u1", "u2", None]), min_size=1, max_size=25),
    capacities=st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=0, max_size=4),
    seed=st.integers(0, 1000),
)
def test_assign_keeps_everybody_and_every_capacity_in_any_order(
    units: list[str | None], capacities: list[int | None], seed: int
) -> None:
    rows = listed(primary_unit_id=list(units), score=[number % 3 for number in range(len(units))])
    people = pd.DataFrame(
        {
            "staff_id": [f"p{number}" for number in range(len(capacities))],
            "owner_unit_id": ["u1" if number % 2 else "u2" for number in range(len(capacities))],
            "monthly_capacity": pd.Series(capacities, dtype=float),
        }
    )
    result = assign(rows, people, NOBODY)
    shuffled = assign(rows.sample(frac=1, random_state=seed).reset_index(drop=True), people, NOBODY)

    pd.testing.assert_frame_equal(result, shuffled)
    assert sorted(result["subscriber_id"]) == sorted(rows["subscriber_id"])
    held = result[result["disposition"] == "assigned"]
    assert held["staff_id"].notna().all()
    assert (
        held["staff_id"].map(people.set_index("staff_id")["owner_unit_id"]) == held["primary_unit_id"]
    ).all()
    load = held["staff_id"].value_counts()
    limits = people.set_index("staff_id")["monthly_capacity"].fillna(np.inf)
    assert (load <= limits.reindex(load.index)).all()
    # Nobody waits while somebody of his unit is free.
    waiting = set(result.loc[result["disposition"] == "beyond_capacity", "primary_unit_id"].dropna())
    for unit in waiting:
        free = limits[people.set_index("staff_id")["owner_unit_id"] == unit]
        assert (load.reindex(free.index).fillna(0) >= free).all()
