"""The choice under capacities: cases worked out on paper, every engine against the integer programme.

The integer programme (HiGHS) is the oracle; the hand cases are what it is judged by.
"""

from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.allocation import (
    Allocation,
    InfeasibleAllocationError,
    allocate,
    as_blocks,
    engines,
    flow,
    to_members,
)
from ml.allocation.problem import NONE, PARTS, Problem, greedy, read

Engine = Literal["auto", "flow", "dual", "exact"]
ALL: tuple[Engine, ...] = ("auto", "flow", "dual", "exact")
NO_FLOW: tuple[Engine, ...] = ("auto", "dual", "exact")
NOTHING = pd.Series(dtype=float)
COLUMNS = {
    "visits": ["customer_id", "option_id", "value", "resource_id", "resource_amount"],
    "money": ["customer_id", "option_id", "value", "budget_id", "cost_amount"],
}


def options(*rows: tuple[Any, ...], kind: str = "visits") -> pd.DataFrame:
    """Options with one use each: a resource and its amount, or a budget and its cost."""
    return pd.DataFrame(rows, columns=COLUMNS[kind])


def chosen(answer: Allocation) -> dict[Any, Any]:
    """The option of each customer who has one."""
    acts = answer.choice.dropna(subset="option_id")
    return dict(zip(acts["customer_id"], acts["option_id"], strict=True))


def price(answer: Allocation, limit_id: str) -> float:
    return float(answer.limits.set_index("limit_id").loc[limit_id, "price"])


@pytest.mark.parametrize("engine", ALL)
def test_one_visit_goes_to_the_customer_worth_more(engine: Engine) -> None:
    two = options(("a", "visit", 7.0, "east", 1), ("b", "visit", 10.0, "east", 1))

    answer = allocate(two, pd.Series({"east": 1}), NOTHING, engine=engine)

    assert chosen(answer) == {"b": "visit"}
    assert answer.value == 10.0
    assert answer.choice["value"].tolist() == [0.0, 10.0]
    # A second visit would bring 7; the only one is worth no more than the 10 it brings.
    assert 7.0 - 1e-6 <= price(answer, "east") <= 10.0 + 1e-6


def test_a_price_of_a_place_is_what_one_more_would_bring() -> None:
    """East is full with a (9) and c (8). One more place there: b moves from west (3) to east (5), which frees
    west for d (2): 5 - 3 + 2 = 4. One more place in west is worth d's 2."""
    five = options(
        *(("a", "visit", 9.0, "east", 1), ("c", "visit", 8.0, "east", 1)),
        *(("b", "visit", 5.0, "east", 1), ("b", "walk", 3.0, "west", 1)),
        ("d", "walk", 2.0, "west", 1),
    )

    answer = allocate(five, pd.Series({"east": 2, "west": 1}), NOTHING, engine="flow")

    assert chosen(answer) == {"a": "visit", "c": "visit", "b": "walk"}
    assert answer.value == 20.0
    assert (price(answer, "east"), price(answer, "west")) == (4.0, 2.0)
    assert answer.gap == 0.0


def test_a_price_counts_units_where_a_place_takes_more_than_one() -> None:
    """Nine hours hold two visits of four; a third needs three hours more than the one left: 7 for 4 hours."""
    three = options(
        *((name, "visit", value, "east", 4) for name, value in (("a", 9.0), ("b", 8.0), ("c", 7.0)))
    )

    answer = allocate(three, pd.Series({"east": 9}), NOTHING, engine="flow")

    assert chosen(answer) == {"a": "visit", "b": "visit"}
    assert price(answer, "east") == 1.75
    assert answer.limits.loc[0, "used_amount"] == 8.0


@pytest.mark.parametrize("engine", NO_FLOW)
def test_a_budget_that_binds_takes_the_two_cheap_offers(engine: Engine) -> None:
    """Money for 10: the 9 of a costs all of it, b and c bring 6 + 5 = 11 for 5 each."""
    three = options(
        *(("a", "gift", 9.0, "offers", 10), ("b", "gift", 6.0, "offers", 5), ("c", "gift", 5.0, "offers", 5)),
        kind="money",
    )

    answer = allocate(three, NOTHING, pd.Series({"offers": 10}), engine=engine)

    assert chosen(answer) == {"b": "gift", "c": "gift"}
    assert answer.value == 11.0
    assert answer.limits.loc[0, "used_amount"] == 10.0


@pytest.mark.parametrize("engine", NO_FLOW)
def test_an_option_for_two_resources_needs_both(engine: Engine) -> None:
    """Four hours are there for two calls of two, but Li has one place; the second call falls to Wang."""
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "b", "b"],
            "option_id": ["li", "li", "wang"],
            "value": [10.0, 9.0, 3.0],
            "resource_id": ["hours", "hours", "hours"],
            "resource_amount": [2.0, 2.0, 2.0],
            "second_resource_id": ["li", "li", "wang"],
            "second_resource_amount": [1, 1, 1],
        }
    )

    answer = allocate(rows, pd.Series({"hours": 4, "li": 1, "wang": 5}), NOTHING, engine=engine)

    assert chosen(answer) == {"a": "li", "b": "wang"}
    assert answer.limits.set_index("limit_id")["used_amount"].to_dict() == {
        "hours": 4.0,
        "li": 1.0,
        "wang": 1.0,
    }


@pytest.mark.parametrize("engine", ALL)
def test_an_option_worth_nothing_or_less_is_never_chosen(engine: Engine) -> None:
    worthless = options(("a", "visit", -5.0, "east", 1), ("b", "visit", 0.0, "east", 1))

    answer = allocate(worthless, pd.Series({"east": 2}), NOTHING, engine=engine)

    assert chosen(answer) == {}
    assert (answer.value, answer.bound, answer.gap) == (0.0, 0.0, 0.0)
    assert answer.choice["customer_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize("engine", ALL)
def test_a_customer_takes_his_best_option_where_nothing_is_short(engine: Engine) -> None:
    rows = options(
        *(("a", "call", 2.0, "phone", 1), ("a", "visit", 3.0, "east", 1), ("b", "visit", 1.0, "east", 1)),
    )

    answer = allocate(rows, pd.Series({"east": np.inf, "phone": np.inf}), NOTHING, engine=engine)

    assert chosen(answer) == {"a": "visit", "b": "visit"}
    assert answer.gap == 0.0
    assert answer.limits["price"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("engine", ALL)
def test_an_option_without_a_limit_is_free(engine: Engine) -> None:
    rows = options(
        ("a", "message", 1.0, None, np.nan), ("a", "visit", 3.0, "east", 1), ("b", "visit", 4.0, "east", 1)
    )

    answer = allocate(rows, pd.Series({"east": 1}), NOTHING, engine=engine)

    # The visit to a would bring 3 instead of 1, the one to b 4 instead of nothing.
    assert chosen(answer) == {"a": "message", "b": "visit"}
    assert answer.value == 5.0


@pytest.mark.parametrize("engine", ALL)
def test_a_closed_resource_serves_nobody_and_says_what_a_first_place_is_worth(engine: Engine) -> None:
    """With one visit a gains 8 over the 2 of the call, b 5."""
    rows = options(
        *(("a", "visit", 10.0, "east", 1), ("a", "call", 2.0, "phone", 1), ("b", "visit", 5.0, "east", 1)),
    )

    answer = allocate(rows, pd.Series({"east": 0, "phone": 9}), NOTHING, engine=engine)

    assert chosen(answer) == {"a": "call"}
    assert price(answer, "east") == pytest.approx(8.0)
    assert price(answer, "phone") == 0.0


@pytest.mark.parametrize("engine", ALL)
def test_of_equals_each_order_of_rows_gives_the_same_answer(engine: Engine) -> None:
    ties = options(*((name, "visit", 5.0, "east", 1) for name in "abcd"))

    answers = [
        allocate(ties.iloc[list(order)], pd.Series({"east": 2}), NOTHING, engine=engine)
        for order in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0))
    ]

    assert answers[0].value == 10.0
    for other in answers[1:]:
        pd.testing.assert_frame_equal(answers[0].choice, other.choice)
        pd.testing.assert_frame_equal(answers[0].limits, other.limits)


def test_of_equals_the_dual_takes_the_first_id() -> None:
    ties = options(*((name, "visit", 5.0, "east", 1) for name in "dbca"))

    answer = allocate(ties, pd.Series({"east": 2}), NOTHING, engine="dual")

    assert chosen(answer) == {"a": "visit", "b": "visit"}


@pytest.mark.parametrize("engine", ALL)
def test_no_options_give_an_empty_choice(engine: Engine) -> None:
    answer = allocate(options(), pd.Series({"east": 2}), NOTHING, engine=engine)

    assert answer.choice.empty
    assert (answer.value, answer.bound, answer.gap) == (0.0, 0.0, 0.0)
    assert answer.limits["used_amount"].tolist() == [0.0]


@pytest.mark.parametrize("engine", NO_FLOW)
def test_tenths_of_an_hour_add_up_to_the_hours_there_are(engine: Engine) -> None:
    """0.1 + 0.1 + 0.1 is more than 0.3 in doubles, and just fits here."""
    three = options(*((name, "call", 1.0, "phone", 0.1) for name in "abc"), ("d", "call", 0.5, "phone", 0.05))

    answer = allocate(three, pd.Series({"phone": 0.3}), NOTHING, engine=engine)

    assert chosen(answer) == {"a": "call", "b": "call", "c": "call"}


def test_members_of_a_block_are_taken_together_or_not_at_all() -> None:
    """Two visits: the family g brings 4 + 3 = 7 with both, the single s brings 6 with one."""
    rows = options(
        *(("a", "visit", 4.0, "east", 1), ("b", "visit", 3.0, "east", 1), ("c", "visit", 6.0, "east", 1)),
        ("a", "call", 9.0, "phone", 1),
    )
    blocks = pd.Series({"a": "g", "b": "g", "c": "s"})

    answer = allocate(as_blocks(rows, blocks), pd.Series({"east": 2, "phone": 9}), NOTHING)

    members = to_members(answer.choice, blocks)
    assert members["customer_id"].tolist() == ["a", "b", "c"]
    # The call is a's alone: the block cannot take it.
    assert members["option_id"].fillna("nothing").tolist() == ["visit", "visit", "nothing"]


def test_a_block_whose_members_use_different_resources_by_one_option_is_refused() -> None:
    rows = options(("a", "visit", 4.0, "east", 1), ("b", "visit", 3.0, "west", 1))

    with pytest.raises(ValueError, match="more than one resource_id"):
        as_blocks(rows, pd.Series({"a": "g", "b": "g"}))


def test_a_customer_without_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="customer b has no block"):
        as_blocks(options(("b", "visit", 4.0, "east", 1)), pd.Series({"a": "g"}))


@pytest.mark.parametrize(
    ("rows", "resources", "said"),
    [
        ([("a", "v", 1.0, "east", 1), ("a", "v", 2.0, "east", 1)], {"east": 1}, "stands twice"),
        ([("a", "v", np.nan, "east", 1)], {"east": 1}, "a value is unknown"),
        ([("a", "v", np.inf, "east", 1)], {"east": 1}, "a value is infinite"),
        ([("a", "v", 1.0, "west", 1)], {"east": 1}, "no resource 'west' is given"),
        ([("a", "v", 1.0, "east", np.nan)], {"east": 1}, "a resource_amount is unknown"),
        ([("a", "v", 1.0, "east", np.inf)], {"east": 1}, "a resource_amount is infinite"),
        ([("a", "v", 1.0, "east", -1)], {"east": 1}, "a resource_amount is below zero"),
        ([("a", "v", 1.0, "east", 1)], {"east": -1}, "a limit is below zero"),
        ([("a", "v", 1.0, "east", 1)], {"east": np.nan}, "a limit is unknown"),
        ([(None, "v", 1.0, "east", 1)], {"east": 1}, "no customer_id"),
        ([("a", "v", 1e13, "east", 1)], {"east": 1}, "too large"),
    ],
)
def test_frames_that_contradict_themselves_are_refused(
    rows: list[tuple[Any, ...]], resources: dict[str, float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        allocate(options(*rows), pd.Series(resources), NOTHING)


def test_a_resource_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="a resource stands twice"):
        allocate(options(), pd.Series([1, 2], index=["east", "east"]), NOTHING)


def test_an_option_that_uses_one_resource_twice_is_refused() -> None:
    rows = options(("a", "v", 1.0, "east", 1)).assign(second_resource_id="east", second_resource_amount=1)
    with pytest.raises(ValueError, match="uses one resource twice"):
        allocate(rows, pd.Series({"east": 1}), NOTHING)


def test_the_flow_refuses_what_it_cannot_solve() -> None:
    hours = options(
        ("a", "visit", 4.0, "east", 4), ("a", "call", 4.0, "east", 1), ("b", "call", 1.0, "east", 1)
    )
    with pytest.raises(ValueError, match="one place of one resource"):
        allocate(hours, pd.Series({"east": 4}), NOTHING, engine="flow")
    money = options(("a", "gift", 4.0, "offers", 10), ("b", "gift", 4.0, "offers", 10), kind="money")
    with pytest.raises(ValueError, match="knows no budgets"):
        allocate(money, NOTHING, pd.Series({"offers": 10}), engine="flow")


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="no engine is called magic"):
        allocate(options(("a", "v", 1.0, "east", 1)), pd.Series({"east": 1}), NOTHING, engine="magic")  # type: ignore[arg-type]  # no such engine


def test_an_engine_that_overruns_a_limit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    two = options(("a", "visit", 7.0, "east", 1), ("b", "visit", 10.0, "east", 1))
    monkeypatch.setattr(
        engines.exact, "solve", lambda problem: (np.array([0, 1]), 1e9, np.zeros(len(problem.capacity)))
    )

    with pytest.raises(InfeasibleAllocationError, match="1 limit"):
        allocate(two, pd.Series({"east": 1}), NOTHING, engine="exact")


def test_an_engine_that_breaks_its_bound_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    two = options(("a", "visit", 7.0, "east", 1), ("b", "visit", 10.0, "east", 1))
    monkeypatch.setattr(
        engines.exact, "solve", lambda problem: (np.array([NONE, 1]), 5.0, np.zeros(len(problem.capacity)))
    )

    with pytest.raises(InfeasibleAllocationError, match="exceeds the bound"):
        allocate(two, pd.Series({"east": 1}), NOTHING, engine="exact")


def test_an_option_of_another_customer_is_caught() -> None:
    problem = read(
        options(("a", "v", 1.0, "east", 1), ("b", "v", 1.0, "east", 1)), pd.Series({"east": 1}), NOTHING
    ).problem

    with pytest.raises(InfeasibleAllocationError, match="option of another"):
        problem.check(np.array([1, NONE]))


def test_auto_takes_the_flow_for_places_and_the_dual_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_EXACT_OPTIONS", 0)
    frame, resources, budgets = instance(seed=3, customers=40, shape="slots")
    hours, hours_resources, hours_budgets = instance(seed=3, customers=40, shape="hours")

    assert allocate(frame, resources, budgets).engine == "flow"
    assert allocate(hours, hours_resources, hours_budgets).engine == "dual"


def test_auto_turns_to_the_dual_where_the_flow_breaks_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_EXACT_OPTIONS", 0)
    rows = options(
        ("a", "visit", 9.0, "east", 1), ("b", "visit", 8.0, "east", 1), ("c", "visit", 1.0, "east", 1)
    )
    rows = rows.assign(budget_id="offers", cost_amount=[10, 10, 10])

    wide = allocate(rows, pd.Series({"east": 2}), pd.Series({"offers": 20}))
    narrow = allocate(rows, pd.Series({"east": 2}), pd.Series({"offers": 10}))

    assert (wide.engine, wide.value) == ("flow", 17.0)
    assert (narrow.engine, narrow.value) == ("dual", 9.0)


def test_last_months_prices_shorten_the_ascent() -> None:
    frame, resources, budgets = instance(seed=5, customers=300, shape="hours")
    first = allocate(frame, resources, budgets, engine="dual")
    changed = frame.assign(value=(frame["value"] * 1.05).round(2))

    cold = allocate(changed, resources, budgets, engine="dual", iterations=10)
    warm = allocate(changed, resources, budgets, engine="dual", iterations=10, earlier=first.limits)

    assert warm.bound < cold.bound


def instance(*, seed: int, customers: int, shape: str) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Random options; slots: one place each, units closed or free; hours: hours, places, two budgets."""
    generator = np.random.default_rng(seed)
    units = max(customers // 8, 2)
    count = generator.integers(0, 6, customers)
    customer = np.repeat(np.arange(customers), count)
    rows = len(customer)
    first = np.repeat(np.cumsum(count) - count, count)
    unit = generator.integers(units, size=rows)
    frame = pd.DataFrame(
        {
            "customer_id": pd.Series([f"c{number:04d}" for number in customer], dtype=object),
            "option_id": pd.Series([f"o{number}" for number in np.arange(rows) - first], dtype=object),
            # Few different values: many ties.
            "value": generator.integers(-4, 30, rows) / 2,
            "resource_id": [f"u{number}" for number in unit],
            "resource_amount": 1.0,
        }
    )
    resources = pd.Series(
        generator.integers(0, 5, units).astype(float), index=[f"u{number}" for number in range(units)]
    )
    resources.iloc[0] = np.inf
    if shape == "slots":
        return frame, resources, NOTHING
    frame["resource_amount"] = generator.choice([0.2, 1.0, 2.0, 4.0], rows)
    frame["second_resource_id"] = [
        f"s{number}" if number else None for number in generator.integers(4, size=rows)
    ]
    frame["second_resource_amount"] = 1
    frame["budget_id"] = generator.choice(["gifts", "discounts"], rows)
    frame["cost_amount"] = generator.choice([0.0, 5.0, 12.5], rows)
    staff = pd.Series({"s1": customers // 5, "s2": customers // 8, "s3": 0})
    budgets = pd.Series({"gifts": customers * 1.5, "discounts": customers * 0.8})
    return frame, pd.concat([resources * 2, staff]), budgets


def greedy_value(frame: pd.DataFrame, resources: pd.Series, budgets: pd.Series) -> float:
    """By hand, one option after the other: the most valuable that still fits."""
    room = {
        ("resource", key): round(value * PARTS) if np.isfinite(value) else np.inf
        for key, value in resources.items()
    }
    room |= {("budget", key): round(value * PARTS) for key, value in budgets.items()}
    free, total = set(frame["customer_id"]), 0
    ordered = frame.sort_values(["value", "customer_id", "option_id"], ascending=[False, True, True])
    for option in ordered[ordered["value"] > 0].to_dict("records"):
        uses = [
            ((kind, option[limit]), round(option[amount] * PARTS))
            for limit, amount, kind in (
                ("resource_id", "resource_amount", "resource"),
                ("second_resource_id", "second_resource_amount", "resource"),
                ("budget_id", "cost_amount", "budget"),
            )
            if limit in option and pd.notna(option[limit])
        ]
        if option["customer_id"] in free and all(room[limit] >= amount for limit, amount in uses):
            free.remove(option["customer_id"])
            total += round(option["value"] * PARTS)
            for limit, amount in uses:
                room[limit] -= amount
    return total / PARTS


def keeps_its_promises(
    answer: Allocation, frame: pd.DataFrame, resources: pd.Series, budgets: pd.Series
) -> None:
    """Assert what every answer promises, from the frames alone."""
    assert sorted(frame["customer_id"].unique()) == answer.choice["customer_id"].tolist()
    taken = (
        answer.choice.dropna(subset="option_id")
        .drop(columns="value")
        .merge(frame, on=["customer_id", "option_id"])
    )
    assert len(taken) == answer.choice["option_id"].notna().sum()
    assert (taken["value"] > 0).all()
    assert answer.value == pytest.approx(taken["value"].sum())
    load = [
        (taken[amount] * PARTS).round().groupby(taken[limit]).sum() / PARTS
        for limit, amount in (
            ("resource_id", "resource_amount"),
            ("second_resource_id", "second_resource_amount"),
            ("budget_id", "cost_amount"),
        )
        if limit in taken
    ]
    used = pd.concat([*load, NOTHING])
    room = pd.concat([resources, budgets])
    assert (used <= room.reindex(used.index)).all()
    reported = answer.limits.set_index("limit_id")["used_amount"]
    assert reported[reported > 0].to_dict() == used[used > 0].to_dict()
    assert answer.value <= answer.bound
    assert 0.0 <= answer.gap <= 1.0
    assert (answer.limits["price"] >= 0).all()


@pytest.mark.parametrize(("shape", "most_given_away"), [("slots", 0.001), ("hours", 0.02)])
def test_every_engine_stands_before_the_integer_programme(shape: str, most_given_away: float) -> None:
    """A hundred random problems a shape: the flow is exact, the dual within the gap that it certifies.

    A unit of eight customers with an hour or two leaves odd minutes over, which no price can share out: there
    the dual gives away about 1.5 % on average, and such small problems go to the programme.
    """
    given_away = []
    for seed in range(100):
        frame, resources, budgets = instance(seed=seed, customers=10 + seed, shape=shape)
        best = allocate(frame, resources, budgets, engine="exact")
        keeps_its_promises(best, frame, resources, budgets)
        assert best.gap == 0.0

        dual = allocate(frame, resources, budgets, engine="dual")
        keeps_its_promises(dual, frame, resources, budgets)
        assert dual.value <= best.value <= dual.bound
        assert dual.value >= greedy_value(frame, resources, budgets)
        given_away.append(1 - dual.value / best.value)
        if shape == "slots":
            places = allocate(frame, resources, budgets, engine="flow")
            keeps_its_promises(places, frame, resources, budgets)
            assert (places.value, places.gap) == (best.value, 0.0)
    assert np.mean(given_away) < most_given_away


@pytest.mark.parametrize("seed", range(20))
def test_a_flow_price_is_what_the_programme_gains_by_one_more_place(seed: int) -> None:
    frame, resources, budgets = instance(seed=seed, customers=30, shape="slots")
    answer = allocate(frame, resources, budgets, engine="flow")

    for unit in resources.index[1:]:
        more = resources + (resources.index == unit)
        gained = allocate(frame, more, budgets, engine="exact").value - answer.value
        assert price(answer, unit) == pytest.approx(gained, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), customers=st.integers(1, 40), shape=st.sampled_from(["slots", "hours"]))
def test_any_order_of_rows_gives_the_same_answer(seed: int, customers: int, shape: str) -> None:
    frame, resources, budgets = instance(seed=seed, customers=customers, shape=shape)
    shuffled = frame.sample(frac=1, random_state=seed)
    which: tuple[Engine, ...] = ("dual", "exact", "flow") if shape == "slots" else ("dual", "exact")
    for engine in which:
        answer = allocate(frame, resources, budgets, engine=engine)
        again = allocate(
            shuffled, resources.sample(frac=1, random_state=seed), budgets.iloc[::-1], engine=engine
        )
        keeps_its_promises(answer, frame, resources, budgets)
        pd.testing.assert_frame_equal(answer.choice, again.choice)
        pd.testing.assert_frame_equal(answer.limits, again.limits)
        assert (answer.value, answer.bound) == (again.value, again.bound)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), customers=st.integers(1, 60), shape=st.sampled_from(["slots", "hours"]))
def test_greedy_passes_over_options_by_the_thousand_as_by_hand(seed: int, customers: int, shape: str) -> None:
    frame, resources, budgets = instance(seed=seed, customers=customers, shape=shape)
    problem: Problem = read(frame, resources, budgets).problem

    taken = greedy(problem)

    problem.check(taken)
    assert problem.worth(taken) / PARTS == greedy_value(frame, resources, budgets)


def test_a_sample_of_customers_finds_prices_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, resources, budgets = instance(seed=1, customers=2_000, shape="hours")
    whole = allocate(frame, resources, budgets, engine="dual")
    monkeypatch.setattr(engines.dual, "_SAMPLED", 0)

    sampled = allocate(frame, resources, budgets, engine="dual")

    keeps_its_promises(sampled, frame, resources, budgets)
    assert sampled.bound == pytest.approx(whole.bound, rel=0.01)


def test_places_are_seen_only_where_an_option_takes_one_of_one_resource() -> None:
    slots = read(*instance(seed=2, customers=50, shape="slots")).problem
    hours = read(*instance(seed=2, customers=50, shape="hours")).problem

    assert flow.places(slots) is not None
    assert flow.places(hours) is None
