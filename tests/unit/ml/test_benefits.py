"""Expected benefit of contact and offer, worked out by hand."""

import numpy as np
import pandas as pd

from ml.benefits import expected_benefits, fitting_actions

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


def test_fitting_actions_are_all_that_fit_and_the_best_comes_first() -> None:
    actions = fitting_actions(customers(value_tier=["mid", "high"]), OPTIONS, horizon_months=12)

    # With an offer 44, without one 24; of the two equal offers the tier's own comes first.
    assert actions["subscriber_id"].tolist() == ["s0", "s0", "s1", "s1", "s1"]
    assert actions["offer_id"].fillna("none").tolist() == ["any", "none", "high_only", "any", "none"]
    assert actions["preference"].tolist() == [1, 2, 1, 2, 3]
    assert actions["expected_benefit"].tolist() == [44.0, 24.0, 44.0, 44.0, 24.0]


def test_fitting_actions_begin_with_what_expected_benefits_returns() -> None:
    world = customers(churn_probability=[0.1, 0.5, np.nan], value_tier=["mid", "high", "mid"])
    best = expected_benefits(world, OPTIONS, horizon_months=12)
    actions = fitting_actions(world, OPTIONS, horizon_months=12)

    first = actions[actions["preference"] == 1].drop(columns="preference").reset_index(drop=True)
    pd.testing.assert_frame_equal(first, best)


def test_an_offer_for_stopped_lines_is_for_them_alone_and_comes_first_there() -> None:
    options = OPTIONS.assign(
        cause=[None, "price", None], phase=[None, None, None], is_for_stopped_lines=[True, False, False]
    )
    world = customers(
        value_tier=["high", "high"], churn_probability=[np.nan, np.nan], is_stopped=[False, True]
    )
    actions = fitting_actions(world, options, horizon_months=12)

    assert actions["offer_id"].fillna("none").tolist() == ["high_only", "none", "any", "high_only", "none"]
