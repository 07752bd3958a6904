"""What-ifs: where they apply, what they change, and that a model answers as its trees say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from ml.calibration import Calibration
from ml.columns import FeatureColumns
from ml.model import ChurnModel
from ml.scoring import score
from ml.what_if import what_ifs

CHANGES = pd.DataFrame(
    [
        ("closed", "overdue_complaints", "set", 0, "overdue_complaints", ">=", 1),
        ("cheaper", "bill", "multiply", 0.5, "bill", ">", 100),
        ("renewed", "months_left", "add", 12, "months_left", "<=", 3),
        ("signed", "has_contract", "set", 1, "has_contract", "<", 1),
        ("signed", "months_left", "set", 12, "has_contract", "<", 1),
    ],
    columns=["what_if_id", "feature", "operation", "value", "condition_feature", "operator", "threshold"],
)


def frame(**features: list[float]) -> pd.DataFrame:
    count = len(next(iter(features.values())))
    usual = {"overdue_complaints": 0.0, "bill": 100.0, "months_left": 9.0, "has_contract": 1.0}
    keys = {"snapshot_month": "2026-06-01", "subscriber_id": [f"S{place}" for place in range(count)]}
    return pd.DataFrame(keys | {name: features.get(name, [value] * count) for name, value in usual.items()})


def by_hand(rows: pd.DataFrame) -> np.ndarray:
    """A probability that is added up from its features."""
    return (
        0.1
        + 0.2 * rows["overdue_complaints"].clip(upper=2)
        + 0.001 * rows["bill"].fillna(0)
        + 0.1 * (rows["months_left"] <= 3)
        + 0.1 * (1 - rows["has_contract"])
    ).to_numpy()


def answers(rows: pd.DataFrame, **options: float) -> list[tuple[str, str, float, float, float]]:
    """Subscriber, what-if, probability, what-if probability and change, rounded."""
    found = what_ifs(rows, CHANGES, by_hand, **options).round(6)
    names = ["subscriber_id", "what_if_id", "probability", "what_if_probability", "change"]
    return list(found[names].itertuples(index=False, name=None))


def test_a_what_if_applies_where_its_condition_holds_and_changes_all_its_features() -> None:
    found = answers(
        frame(overdue_complaints=[0, 1, 0, 0], bill=[100, 100, 200, 100], has_contract=[1, 1, 1, 0])
    )

    assert found == [
        ("S1", "closed", 0.4, 0.2, -0.2),
        ("S2", "cheaper", 0.3, 0.2, -0.1),
        ("S3", "signed", 0.3, 0.2, -0.1),
    ]


def test_a_condition_fires_at_its_bound_and_not_just_beyond() -> None:
    found = answers(frame(months_left=[3, 4, 3, 3], bill=[100, 100, 100.5, 100]))

    assert [(subscriber, name) for subscriber, name, *_ in found] == [
        ("S0", "renewed"),
        ("S2", "cheaper"),
        ("S2", "renewed"),
        ("S3", "renewed"),
    ]


def test_a_flag_of_a_signed_contract_and_its_months_change_together() -> None:
    # 0.1 each for itself, the bill, no contract and 2 months left; both conditions hold, each what-if alone.
    found = answers(frame(has_contract=[0], months_left=[2]))

    assert found == [("S0", "renewed", 0.4, 0.3, -0.1), ("S0", "signed", 0.4, 0.2, -0.2)]


def test_an_unknown_number_is_no_ground_for_a_what_if_and_stays_unknown() -> None:
    assert answers(frame(overdue_complaints=[np.nan], bill=[np.nan], months_left=[np.nan])) == []
    twice = CHANGES[CHANGES["what_if_id"] == "cheaper"].assign(condition_feature="overdue_complaints")
    rows = frame(overdue_complaints=[101], bill=[np.nan])
    assert what_ifs(rows, twice, by_hand)["change"].tolist() == [0]


def test_a_what_if_on_a_column_that_the_model_does_not_know_is_left_out() -> None:
    rows = frame(overdue_complaints=[1])
    unknown = CHANGES.replace({"feature": {"overdue_complaints": "open_complaints"}})

    assert what_ifs(rows, unknown, by_hand).empty
    assert what_ifs(rows, CHANGES, by_hand)["what_if_id"].tolist() == ["closed"]


def test_help_is_ranked_by_the_fall_and_only_from_the_smallest_on() -> None:
    rows = frame(overdue_complaints=[1, 0], bill=[108, 110], months_left=[2, 9])

    def ranks(minimum_fall: float) -> list[tuple[str, str, object]]:
        found = what_ifs(rows, CHANGES, by_hand, minimum_fall=minimum_fall)
        return list(
            found.assign(help_rank=found["help_rank"].astype(object).where(found["help_rank"].notna(), None))[
                ["subscriber_id", "what_if_id", "help_rank"]
            ].itertuples(index=False, name=None)
        )

    # Falls of S0: cheaper 0.054, closed 0.2, renewed 0.1; of S1: cheaper 0.055.
    assert ranks(0.0545) == [
        ("S0", "cheaper", None),
        ("S0", "closed", 1),
        ("S0", "renewed", 2),
        ("S1", "cheaper", 1),
    ]
    assert [rank for _, _, rank in ranks(0.3)] == [None] * 4


def test_what_raises_or_leaves_the_probability_does_not_help() -> None:
    dearer = CHANGES[CHANGES["what_if_id"] == "cheaper"].assign(value=2)
    same = dearer.assign(what_if_id="same", value=1)

    found = what_ifs(frame(bill=[150]), pd.concat([dearer, same]), by_hand)

    np.testing.assert_allclose(found["change"], [0.15, 0])
    assert found["help_rank"].isna().all()


def test_answers_do_not_depend_on_the_order_of_rows_and_the_frame_stays_as_it_was() -> None:
    rows = frame(overdue_complaints=[1, 2, 0], bill=[300, 50, 200])
    kept = rows.copy()

    found = what_ifs(rows.iloc[::-1], CHANGES.iloc[::-1], by_hand)

    pd.testing.assert_frame_equal(found, what_ifs(rows, CHANGES, by_hand), check_exact=True)
    pd.testing.assert_frame_equal(rows, kept)
    assert found[["subscriber_id", "what_if_id"]].to_numpy().tolist() == [
        ["S0", "cheaper"],
        ["S0", "closed"],
        ["S1", "closed"],
        ["S2", "cheaper"],
    ]


def test_nothing_to_ask_gives_no_rows() -> None:
    for rows, changes in ((frame(bill=[200]), CHANGES.head(0)), (frame(bill=[200]).head(0), CHANGES)):
        found = what_ifs(rows, changes, by_hand)
        assert found.empty
        assert found.columns.tolist()[2:] == [
            "what_if_id",
            "probability",
            "what_if_probability",
            "change",
            "help_rank",
        ]


def test_an_unknown_operation_or_operator_is_named() -> None:
    rows = frame(bill=[200])
    with pytest.raises(ValueError, match=r"Unknown operation: divide\. Use one of set, add, multiply"):
        what_ifs(rows, CHANGES.replace({"operation": {"multiply": "divide"}}), by_hand)
    with pytest.raises(ValueError, match="Unknown operator: !="):
        what_ifs(rows, CHANGES.replace({"operator": {">": "!="}}), by_hand)


def test_a_model_answers_as_its_one_tree_says(model: ChurnModel) -> None:
    """Four lines without an overdue complaint, one of which left, and four with one, three of which left.

    From 0.5 one Newton step gives a leaf the log-odds (churners - 2) / (4 x 0.25): -1 and +1.
    """
    complaints, left = np.repeat([0.0, 1.0], 4), np.array([1, 0, 0, 0, 1, 1, 1, 0])
    names = ["overdue_complaints"]
    data = xgb.DMatrix(complaints[:, np.newaxis], left, feature_names=names, feature_types=["q"])
    known = {"max_depth": 1, "eta": 1, "lambda": 0, "min_child_weight": 0, "base_score": 0.5, "nthread": 1}
    one_tree = xgb.train(known | {"objective": "binary:logistic"}, data, num_boost_round=1)
    columns = FeatureColumns(numeric=tuple(names))
    tiny = replace(model, booster=one_tree, columns=columns, levels={}, calibration=Calibration())
    rows = frame(overdue_complaints=[2, 0])[["snapshot_month", "subscriber_id", *names]]

    found = what_ifs(rows, CHANGES, lambda asked: score(tiny, asked)["probability"].to_numpy())

    # 1 / (1 + e^-1) = 0.731059 with a complaint, 1 / (1 + e) = 0.268941 without.
    assert found["subscriber_id"].tolist() == ["S0"]
    assert found["probability"].item() == pytest.approx(0.731059, abs=1e-6)
    assert found["what_if_probability"].item() == pytest.approx(0.268941, abs=1e-6)
    assert found["change"].item() == pytest.approx(-0.462117, abs=1e-6)
    assert found["help_rank"].item() == 1


def test_closing_a_complaint_never_raises_what_is_bound_to_rise_with_it() -> None:
    """Noise on 300 rows, a tree for each whim of it; the constraint alone decides the direction."""
    random = np.random.default_rng(3)
    complaints, bill = random.integers(0, 4, 300), random.normal(100, 20, 300)
    rows = frame(overdue_complaints=complaints.tolist(), bill=bill.tolist())
    names = ["overdue_complaints", "bill"]
    # Against the constraint: whoever complained stays a little oftener.
    left = random.random(300) < 0.5 - 0.05 * rows["overdue_complaints"]
    data = xgb.DMatrix(rows[names], left)
    greedy = {"max_depth": 6, "eta": 0.5, "lambda": 0, "objective": "binary:logistic", "nthread": 1}

    def changes(monotone: str) -> pd.Series:
        booster = xgb.train(greedy | {"monotone_constraints": monotone}, data, num_boost_round=30)
        asked = CHANGES[CHANGES["what_if_id"] == "closed"]
        return what_ifs(rows, asked, lambda one: booster.predict(xgb.DMatrix(one[names])))["change"]

    assert (changes("(0,0)") > 0).any()
    assert (changes("(1,0)") <= 0).all()
    assert len(changes("(1,0)")) == (rows["overdue_complaints"] >= 1).sum()
