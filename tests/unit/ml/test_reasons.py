"""Reasons: contributions add up, causes come before facts, and tiers are compared with themselves."""

import numpy as np
import pandas as pd
import pytest

from ml.columns import to_matrix
from ml.model import ChurnModel
from ml.reasons import reasons
from ml.scoring import score

from .conftest import COLUMNS

CAUSES = pd.DataFrame(
    {
        "feature": [
            "billed_amount_ratio_6m",
            "tenure_months",
            "complaint_count",
            "is_on_contract",
            "brand",
            "value_tier",
            "a_feature_of_another_model",
        ],
        "cause": ["price", "unknown", "service", "contract_end", "price", "price", "network"],
    }
)


def contributions_by_hand(model: ChurnModel, frame: pd.DataFrame) -> pd.DataFrame:
    matrix = to_matrix(frame, model.columns, model.levels, np.arange(len(frame)))
    return pd.DataFrame(
        model.contributions(matrix)[:, :-1], columns=list(COLUMNS.names), index=frame["subscriber_id"]
    )


def test_contributions_add_up_to_the_log_odds_of_the_probability(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    matrix = to_matrix(candidates, model.columns, model.levels, np.arange(len(candidates)))
    probability = score(model, candidates)["probability"]

    total = model.contributions(matrix).sum(axis=1)

    np.testing.assert_allclose(total, np.log(probability / (1 - probability)), atol=1e-5)


def test_reasons_are_contributions_above_the_mean_of_the_tier(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    mid = candidates["value_tier"] == "mid"
    raw = contributions_by_hand(model, candidates)
    means = raw[mid.to_numpy()].mean()

    found = reasons(model, candidates[mid].head(30), CAUSES, candidates, "value_tier").reasons

    rows = raw.index.get_indexer(pd.Index(found["subscriber_id"]))
    places = raw.columns.get_indexer(pd.Index(found["feature"]))
    expected = (raw - means).to_numpy()[rows, places]
    np.testing.assert_allclose(found["contribution"], expected, atol=1e-6)
    assert (found["contribution"] > 0).all()


def test_cause_scores_are_sums_over_the_features_of_a_cause(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    raw = contributions_by_hand(model, candidates)
    tier = candidates["value_tier"].to_numpy()
    above = raw - raw.groupby(tier).transform("mean")
    by_cause = above.T.groupby(CAUSES.set_index("feature")["cause"].reindex(above.columns)).sum().T

    found = reasons(model, candidates, CAUSES, candidates, "value_tier").cause_scores

    wide = found.pivot_table(index="subscriber_id", columns="cause", values="contribution", fill_value=0)
    expected = by_cause.clip(lower=0).loc[wide.index, wide.columns]
    np.testing.assert_allclose(wide, expected, atol=1e-6)
    assert by_cause.clip(lower=0).to_numpy().sum() == pytest.approx(found["contribution"].sum())
    np.testing.assert_allclose(found.groupby("subscriber_id")["share"].sum(), 1)
    assert (found["cause_rank"] == found.groupby("subscriber_id").cumcount() + 1).all()


def test_reasons_are_ranked_by_cause_then_by_contribution(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    found = reasons(model, candidates, CAUSES, candidates, "value_tier")

    ranked = found.reasons.merge(
        found.cause_scores[["subscriber_id", "cause", "cause_rank"]], on=["subscriber_id", "cause"]
    )
    assert len(ranked) == len(found.reasons)
    again = ranked.sort_values(
        ["subscriber_id", "cause_rank", "contribution"], ascending=[True, True, False], kind="stable"
    )
    assert again.index.tolist() == ranked.index.tolist()
    assert (ranked["reason_rank"] == ranked.groupby("subscriber_id").cumcount() + 1).all()
    assert ranked["reason_rank"].max() <= 5


def test_one_broad_cause_leaves_room_for_the_next(model: ChurnModel, candidates: pd.DataFrame) -> None:
    broad = CAUSES.assign(cause=["service", "service", "service", "contract_end", "service", "service", "x"])

    found = reasons(model, candidates, broad, candidates, "value_tier", top=3)

    worried = found.cause_scores.groupby("subscriber_id")["cause"].nunique()
    shown = found.reasons.groupby("subscriber_id")["cause"].nunique()
    assert (shown[worried == 2] == 2).all()
    assert (found.reasons.groupby(["subscriber_id", "cause"]).size() <= 3).all()


def test_reasons_show_the_value_beside_the_tiers_typical_one(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    found = reasons(model, candidates, CAUSES, candidates, "value_tier").reasons
    source = candidates.set_index("subscriber_id")
    medians = candidates.groupby("value_tier")["complaint_count"].median()

    complaints = found[found["feature"] == "complaint_count"]
    of = source.loc[complaints["subscriber_id"]]
    assert len(complaints) > 20
    assert complaints["value"].tolist() == of["complaint_count"].tolist()
    assert complaints["typical"].tolist() == medians[of["value_tier"]].tolist()
    assert complaints["level"].isna().all()

    brands = found[found["feature"] == "brand"]
    assert brands["level"].tolist() == source.loc[brands["subscriber_id"], "brand"].tolist()
    assert (brands["typical_level"] == "gold").all()
    assert brands["value"].isna().all()


def test_reasons_do_not_depend_on_order_or_portions(
    model: ChurnModel, candidates: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reasons(model, candidates, CAUSES, candidates, "value_tier")
    monkeypatch.setattr("ml.reasons._ROWS_AT_A_TIME", 37)
    shuffled = candidates.sample(frac=1, random_state=2)

    again = reasons(model, shuffled, CAUSES, shuffled.iloc[::-1], "value_tier")

    pd.testing.assert_frame_equal(again.reasons, whole.reasons, check_exact=True)
    pd.testing.assert_frame_equal(again.cause_scores, whole.cause_scores, check_exact=True)


def test_reasons_of_no_rows_are_no_rows(model: ChurnModel, candidates: pd.DataFrame) -> None:
    found = reasons(model, candidates.head(0), CAUSES, candidates, "value_tier")

    assert found.reasons.empty
    assert found.cause_scores.columns.tolist()[-3:] == ["contribution", "share", "cause_rank"]


def test_reasons_name_features_without_a_cause_and_with_two(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    wrong = pd.concat([CAUSES[CAUSES["feature"] != "brand"], CAUSES[CAUSES["feature"] == "tenure_months"]])

    with pytest.raises(ValueError, match="without a cause: brand; with more than one: tenure_months"):
        reasons(model, candidates, wrong, candidates, "value_tier")


def test_reasons_name_a_tier_the_reference_lacks(model: ChurnModel, candidates: pd.DataFrame) -> None:
    high = candidates[candidates["value_tier"] == "high"]

    with pytest.raises(ValueError, match="Tiers without a row in the reference: mid"):
        reasons(model, candidates, CAUSES, high, "value_tier")
