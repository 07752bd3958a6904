"""Drift: bins, the index with its critical value, what came of scores, and the levels they call for."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.columns import CategoryLevels, FeatureColumns
from ml.drift import (
    DriftLimits,
    DriftReference,
    Outcome,
    compare,
    critical_value,
    drift,
    feature_level,
    learn_reference,
    observed_over_expected,
    outcome,
    score_alarms,
    stability_index,
)
from ml.model import ChurnModel, load, save

LIMITS = DriftLimits(
    psi_investigate=0.10,
    psi_stop=0.25,
    missing_share_change=0.10,
    observed_over_expected_low=0.8,
    observed_over_expected_high=1.25,
    calibration_intercept=0.25,
    calibration_slope_low=0.8,
    calibration_slope_high=1.2,
)


def _bins(values: list[float]):
    columns = FeatureColumns(("feature",))
    matrix = np.array(values, dtype=np.float32)[:, None]
    return learn_reference(columns, {}, matrix, np.array([0.1, 0.2])).features["feature"]


def test_index_is_the_published_one() -> None:
    index = stability_index([10] * 10, [8, 9, 10, 10, 10, 10, 10, 10, 11, 12])

    assert index == pytest.approx(0.0101160, abs=5e-8)


def test_index_of_two_bins_by_hand() -> None:
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5)
    assert stability_index([50, 50], [60, 40]) == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8))


def test_an_empty_bin_raises_every_count_by_a_half() -> None:
    # 10.5 and 10.5 of 21 against 20.5 and 0.5 of 21; the bin empty on both sides does not count.
    before, now = np.array([10.5, 10.5]) / 21, np.array([20.5, 0.5]) / 21

    index = stability_index([10, 10, 0], [20, 0, 0])

    assert index == pytest.approx(((now - before) * np.log(now / before)).sum())


def test_index_without_rows_is_unknown() -> None:
    assert stability_index([10, 10], [0, 0]) is None


@pytest.mark.parametrize(
    ("expected", "actual", "value"),
    [(1_000, 1_000, 0.0338), (10_000, 10_000, 0.00338), (100_000, 20_000, 0.00102)],
)
def test_critical_value_is_the_published_one(expected: int, actual: int, value: float) -> None:
    assert critical_value(expected, actual, 10) == pytest.approx(value, rel=0.005)


def test_chance_exceeds_the_critical_value_about_5_times_in_100() -> None:
    generator = np.random.default_rng(3)
    reference = _bins(generator.normal(size=4_000).tolist())

    found = [compare(reference, generator.normal(size=1_000).astype(np.float32)) for _ in range(400)]

    exceeded = sum(figures["psi_over_critical"] > 1 for figures in found)
    assert 8 <= exceeded <= 35


def test_bins_lie_between_the_deciles() -> None:
    bins = _bins([float(number) for number in range(1, 101)])

    assert bins.edges == tuple(float(edge) for edge in range(10, 100, 10))
    assert bins.counts == (10,) * 10 + (0,)


def test_tied_deciles_are_one_bin_and_missing_values_another() -> None:
    # Deciles of eight zeros, a 1 and a 2 are 0 (eight times) and 1.
    bins = _bins([0.0] * 8 + [1.0, 2.0, np.nan])

    assert bins.edges == (0.0, 1.0)
    assert bins.counts == (8, 1, 1, 1)
    assert bins.count(np.array([-1.0, 0.5, 9.0, np.nan], dtype=np.float32)) == (1, 1, 1, 1)


def test_a_constant_shows_whatever_is_lower_or_higher() -> None:
    bins = _bins([5.0, 5.0])

    assert bins.counts == (0, 2, 0, 0)
    assert bins.count(np.array([4.0, 5.0, 6.0, np.nan], dtype=np.float32)) == (1, 1, 1, 1)


def test_flags_and_categories_have_a_bin_a_level() -> None:
    columns = FeatureColumns(("n",), ("flag",), ("brand",))
    levels = {"brand": CategoryLevels(("gold", "silver"), ("old",))}
    matrix = np.array([[1, 0, 0], [2, 1, 1], [3, 1, 2], [4, np.nan, np.nan]], dtype=np.float32)

    reference = learn_reference(columns, levels, matrix, np.array([0.1, 0.2]))

    assert reference.features["flag"].counts == (1, 2, 1)
    assert reference.features["brand"].counts == (1, 1, 1, 1)


def test_drift_has_a_row_a_feature_and_calls_new_levels_missing() -> None:
    columns = FeatureColumns(("calls",), (), ("brand",))
    levels = {"brand": CategoryLevels(("gold", "silver"), ())}
    matrix = np.array([[0, 0], [0, 0], [0, 1], [1, 1]], dtype=np.float32)
    reference = learn_reference(columns, levels, matrix, np.array([0.1, 0.2]))
    frame = pd.DataFrame(
        {
            "snapshot_month": date(2026, 1, 1),
            "subscriber_id": list("abcd"),
            "calls": [0.0, 0.0, 1.0, 1.0],
            "brand": ["gold", "silver", "new", "new"],
        }
    )

    found = drift(reference, frame, columns, levels).set_index("feature")

    assert list(found.index) == ["calls", "brand"]
    # Three of four without a call before, two of four now.
    assert found.loc["calls", "psi"] == pytest.approx(-0.25 * np.log(0.5 / 0.75) + 0.25 * np.log(0.5 / 0.25))
    assert found.loc["calls", "missing_share"] == 0.0
    assert found.loc["brand", ["missing_share", "reference_missing_share", "rows"]].tolist() == [0.5, 0.0, 4]


def test_the_model_carries_its_reference_on_its_card(
    model: ChurnModel, candidates: pd.DataFrame, tmp_path
) -> None:
    save(model, tmp_path)
    again = load(tmp_path).reference

    assert model.reference is not None
    assert again == model.reference
    assert sum(again.features["brand"].counts) == model.counts["train"].rows
    assert sum(again.score.counts) == model.counts["calibrate"].rows
    calm = drift(again, candidates, model.columns, model.levels)
    assert calm["psi"].max() < 0.10

    louder = candidates.assign(complaint_count=candidates["complaint_count"] + 2)
    worst = drift(again, louder, model.columns, model.levels).nlargest(1, "psi")
    assert worst["feature"].item() == "complaint_count"
    assert worst["psi"].item() >= 0.25


def test_a_card_without_a_reference_can_still_be_read(model: ChurnModel, tmp_path) -> None:
    save(replace(model, reference=None), tmp_path)
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    del card["reference"]
    (tmp_path / "card.json").write_text(json.dumps(card), encoding="utf-8")

    assert load(tmp_path).reference is None


def test_reference_is_plain_data() -> None:
    reference = DriftReference({"feature": _bins([1.0, 2.0, np.nan])}, _bins([0.1, 0.3]))

    assert DriftReference.from_plain(json.loads(json.dumps(reference.as_plain()))) == reference


@pytest.mark.parametrize(
    ("psi", "critical", "missing", "before", "level"),
    [
        (0.0999, 0.01, 0.0, 0.0, "ok"),
        (0.10, 0.01, 0.0, 0.0, "investigate"),
        (0.2499, 0.01, 0.0, 0.0, "investigate"),
        (0.25, 0.01, 0.0, 0.0, "stop"),
        (0.25, 0.26, 0.0, 0.0, "ok"),  # so few rows that chance does as much
        (0.05, 0.01, 0.10, 0.0, "investigate"),
        (0.05, 0.01, 0.09, 0.0, "ok"),
        (0.05, 0.01, 0.0, 0.10, "investigate"),
        (None, None, None, 0.0, "ok"),
    ],
)
def test_level_of_a_feature(
    psi: float | None, critical: float | None, missing: float | None, before: float, level: str
) -> None:
    assert feature_level(psi, critical, missing, before, LIMITS) == level


def test_poisson_interval_is_the_exact_one() -> None:
    # Tables of the exact Poisson interval: 10 seen, 4.795 to 18.390; none seen, 0 to 3.689.
    assert observed_over_expected(10, 1.0) == pytest.approx((10, 4.795, 18.390), abs=5e-4)
    assert observed_over_expected(0, 1.0) == pytest.approx((0, 0, 3.689), abs=5e-4)
    assert observed_over_expected(3, 0.0) == (None, None, None)


def test_outcome_finds_level_and_spread_of_right_and_wrong_scores() -> None:
    generator = np.random.default_rng(5)
    log_odds = generator.normal(-2.0, 1.0, 40_000)
    churned = (generator.random(40_000) < 1 / (1 + np.exp(-log_odds))).astype(float)

    right = outcome(1 / (1 + np.exp(-log_odds)), churned)
    low = outcome(1 / (1 + np.exp(-(log_odds - 0.5))), churned)
    timid = outcome(1 / (1 + np.exp(-log_odds / 2)), churned)

    assert right.slope == pytest.approx(1.0, abs=0.05)
    # Rows x mean of p (1 - p) x their spread of 1: 40,000 x 0.1.
    assert right.slope_error == pytest.approx(1 / np.sqrt(4_000), rel=0.15)
    assert right.intercept == pytest.approx(0.0, abs=0.05)
    assert right.observed_over_expected == pytest.approx(1.0, abs=0.03)
    assert low.intercept == pytest.approx(0.5, abs=0.05)
    assert low.observed_over_expected > 1.3
    assert timid.slope == pytest.approx(2.0, abs=0.1)


def test_outcome_without_churners_or_rows_has_no_slope() -> None:
    nobody = outcome(np.array([0.1, 0.2]), np.zeros(2))
    nothing = outcome(np.empty(0), np.empty(0))

    assert (nobody.slope, nobody.intercept, nobody.observed_over_expected) == (None, None, 0.0)
    assert (nothing.rows, nothing.observed_over_expected, nothing.slope) == (0, None, None)


def _judged(**changes: float | int | None) -> Outcome:
    ratio, low, high = observed_over_expected(100, 100.0)
    return replace(Outcome(1_000, 100, 100.0, ratio, low, high, 1.0, 0.1, 0.0), **changes)


@pytest.mark.parametrize(
    ("judged", "level", "alarms"),
    [
        (_judged(), "ok", ()),
        # 130 for 100: beyond chance (108.6 to 154.4) and beyond 1.25.
        (_judged(observed=130, low=1.086, high=1.544), "investigate", ("observed_over_expected",)),
        # 13 for 10: the same ratio, but chance explains it.
        (_judged(observed=13, expected=10.0, low=0.692, high=2.223), "ok", ()),
        (_judged(observed=120, low=1.0, high=1.435, intercept=0.2), "ok", ()),
        (_judged(slope=0.79), "investigate", ("calibration_slope",)),
        (_judged(slope=0.79, slope_error=0.11), "ok", ()),  # 1 lies within 1.96 x 0.11
        (_judged(slope=1.2), "ok", ()),
        (_judged(slope=1.21), "investigate", ("calibration_slope",)),
        (
            _judged(observed=130, low=1.086, high=1.544, intercept=0.26),
            "investigate",
            ("observed_over_expected", "calibration_intercept"),
        ),
    ],
)
def test_alarms_of_a_closed_month(judged: Outcome, level: str, alarms: tuple[str, ...]) -> None:
    assert score_alarms(0.01, 0.001, judged, None, LIMITS) == (level, alarms)


def test_alarms_before_anything_is_closed() -> None:
    many, few = _judged(observed=130, low=1.086), _judged(observed=60, low=0.458, high=0.772)

    assert score_alarms(0.30, 0.001, None, None, LIMITS) == ("stop", ("psi",))
    assert score_alarms(0.01, 0.001, None, many, LIMITS) == (
        "investigate",
        ("early_observed_over_expected",),
    )
    assert score_alarms(0.01, 0.001, None, few, LIMITS) == ("ok", ())
    assert score_alarms(None, None, None, None, LIMITS) == ("ok", ())
