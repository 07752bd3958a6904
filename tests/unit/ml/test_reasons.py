"""Reasons: contributions add up, causes come before facts, and tiers are compared with themselves."""

from typing import ClassVar, cast

import numpy as np
import pandas as pd
import pytest

from ml.columns import CategoryLevels, FeatureColumns, to_matrix
from ml.model import ChurnModel
from ml.reasons import ReasonLimits, reasons
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

EVERYTHING = ReasonLimits(maximum_causes=99, minimum_share=0.0)


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

    found = reasons(model, candidates, CAUSES, candidates, "value_tier", EVERYTHING).cause_scores

    wide = found.pivot_table(index="subscriber_id", columns="cause", values="contribution", fill_value=0)
    expected = by_cause.clip(lower=0).loc[wide.index, wide.columns]
    np.testing.assert_allclose(wide, expected, atol=1e-6)
    assert by_cause.clip(lower=0).to_numpy().sum() == pytest.approx(found["contribution"].sum())
    np.testing.assert_allclose(found.groupby("subscriber_id")["share"].sum(), 1)
    assert (found["cause_rank"] == found.groupby("subscriber_id").cumcount() + 1).all()


def test_reasons_are_ranked_by_cause_then_by_what_sets_apart_then_by_contribution(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    found = reasons(model, candidates, CAUSES, candidates, "value_tier")

    ranked = found.reasons.merge(
        found.cause_scores[["subscriber_id", "cause", "cause_rank"]], on=["subscriber_id", "cause"]
    )
    assert len(ranked) == len(found.reasons)
    ranked["is_typical"] = (ranked["value"] == ranked["typical"]) | (
        ranked["level"].notna() & (ranked["level"] == ranked["typical_level"])
    )
    again = ranked.sort_values(
        ["subscriber_id", "cause_rank", "is_typical", "contribution"],
        ascending=[True, True, True, False],
        kind="stable",
    )
    assert again.index.tolist() == ranked.index.tolist()
    assert (ranked["reason_rank"] == ranked.groupby("subscriber_id").cumcount() + 1).all()
    assert ranked["reason_rank"].max() <= 5


def test_one_broad_cause_leaves_room_for_the_next(model: ChurnModel, candidates: pd.DataFrame) -> None:
    broad = CAUSES.assign(cause=["service", "service", "service", "contract_end", "service", "service", "x"])

    found = reasons(model, candidates, broad, candidates, "value_tier", ReasonLimits(maximum_facts=3))

    worried = found.cause_scores.groupby("subscriber_id")["cause"].nunique()
    shown = found.reasons.groupby("subscriber_id")["cause"].nunique()
    assert (shown[worried == 2] == 2).all()
    assert (found.reasons.groupby(["subscriber_id", "cause"]).size() <= 3).all()


class _StubModel:
    """Contributions that are known: each feature's own value; nothing is fitted."""

    columns = FeatureColumns(numeric=("bill", "bill_trend", "complaints", "faults", "forwarding", "rest"))
    levels: ClassVar[dict[str, CategoryLevels]] = {}

    def contributions(self, matrix: np.ndarray) -> np.ndarray:
        return np.column_stack([matrix, np.zeros(len(matrix))])


STUB_CAUSES = pd.DataFrame(
    {
        "feature": ["bill", "bill_trend", "complaints", "faults", "forwarding", "rest"],
        "cause": ["price", "price", "service", "quality", "competition", "unknown"],
    }
)


def told_of(*values: float) -> tuple[dict[str, tuple[float, bool]], list[str]]:
    """The causes with share and whether they lead, and the facts, of one row against a tier of zeros."""
    names = _StubModel.columns.names
    keys = {"snapshot_month": "2026-06-01", "value_tier": "mid"}
    row = pd.DataFrame([keys | {"subscriber_id": "S1"} | dict(zip(names, values, strict=True))])
    tier = pd.DataFrame([keys | {"subscriber_id": "S2"} | dict.fromkeys(names, 0.0)])
    model = cast("ChurnModel", _StubModel())
    found = reasons(model, row, STUB_CAUSES, tier, "value_tier")
    scores = found.cause_scores
    rounded = zip(scores["share"].round(4), scores["is_leading"], strict=True)
    return dict(zip(scores["cause"], rounded, strict=True)), found.reasons["feature"].tolist()


def test_causes_are_three_at_most_and_their_shares_those_of_all_that_worries() -> None:
    # Price 0.5 + 0.3, service 0.6, quality 0.4, competition 0.2; what speaks for staying (-9) has no share.
    causes, facts = told_of(0.5, 0.3, 0.6, 0.4, 0.2, -9)

    assert causes == {"price": (0.4, True), "service": (0.3, False), "quality": (0.2, False)}
    assert facts == ["bill", "bill_trend", "complaints", "faults"]


def test_a_cause_below_the_smallest_share_is_not_told() -> None:
    # Of 2.0 in all, 0.2 is the tenth that is needed and 0.195 less.
    assert list(told_of(1.0, 0, 0.8, 0.2, 0, 0)[0]) == ["price", "service", "quality"]
    causes, facts = told_of(1.0, 0, 0.805, 0.195, 0, 0)
    assert list(causes) == ["price", "service"]
    assert facts == ["bill", "complaints"]


def test_a_cause_close_to_the_first_leads_beside_it() -> None:
    # 0.9 is within a tenth of 1.0, 0.89 is not.
    assert told_of(1.0, 0, 0.9, 0, 0, 0)[0] == {"price": (0.5263, True), "service": (0.4737, True)}
    assert told_of(1.0, 0, 0.89, 0, 0, 0)[0] == {"price": (0.5291, True), "service": (0.4709, False)}


def test_whoever_nothing_sets_apart_has_no_cause() -> None:
    assert told_of(0, -1, 0, 0, 0, 0) == ({}, [])


def test_what_sets_apart_is_told_before_what_is_typical_of_the_tier() -> None:
    """A feature in an interaction can add to a score although its number is the tier's own."""
    names = list(_StubModel.columns.names)
    keys = {"snapshot_month": "2026-06-01", "value_tier": "mid"}
    # The bill adds most over the mean of 1, yet 2 is the median; the complaints are the tier's own as well.
    bills = [2.0, 2.0, -1.0]
    tier = pd.DataFrame(
        [
            keys
            | {"subscriber_id": f"T{place}"}
            | dict.fromkeys(names, 0.0)
            | {"bill": bill, "complaints": bill / 4}
            for place, bill in enumerate(bills)
        ]
    )
    row = tier.head(1).assign(subscriber_id="S1", bill_trend=0.5)

    found = reasons(cast("ChurnModel", _StubModel()), row, STUB_CAUSES, tier, "value_tier")

    # Bill 2 - 1 = 1.0 and trend 0.5 make 1.5 of price, complaints 0.5 - 0.25 make 0.25 of service.
    assert found.reasons["feature"].tolist() == ["bill_trend", "bill", "complaints"]
    assert found.reasons["contribution"].tolist() == [0.5, 1.0, 0.25]
    assert found.cause_scores["contribution"].tolist() == [1.5, 0.25]


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
    assert found.cause_scores.columns.tolist()[-3:] == ["share", "is_leading", "cause_rank"]


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
