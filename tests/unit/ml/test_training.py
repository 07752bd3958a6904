"""Training: planted signals are learnt, whatever the order of the rows; too little to learn from says so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.columns import MONTH, FeatureColumns
from ml.model import ChurnModel, TrainingPlan
from ml.scoring import score
from ml.splits import MonthSplit
from ml.training import NoModel, SharedRows, fit, refit

from .conftest import COLUMNS, MONTHS, PLAN, SPLIT, TARGET

QUICK = replace(PLAN, rounds=20, interval_draws=10)
NEWER = MonthSplit(SPLIT.known_in, train=MONTHS[:6], stop=(), calibrate=MONTHS[6:], test=())


def in_months(frame: pd.DataFrame, months: tuple) -> pd.Series:
    return frame[MONTH].isin([pd.Timestamp(month) for month in months])


def refused(frame: pd.DataFrame, split: MonthSplit = SPLIT, plan: TrainingPlan = QUICK) -> str:
    found = fit(frame, TARGET, split, COLUMNS, plan)
    assert isinstance(found, NoModel)
    return found.reason


def fitted(frame: pd.DataFrame, split: MonthSplit = SPLIT, plan: TrainingPlan = QUICK) -> ChurnModel:
    found = fit(frame, TARGET, split, COLUMNS, plan)
    assert isinstance(found, ChurnModel)
    return found


def test_fit_learns_what_was_planted_and_beats_the_naive_rules(model: ChurnModel) -> None:
    areas = {contender: figures.auc.value or 0 for contender, figures in model.evaluations.items()}

    assert set(areas) == {"model", "bill_ratio", "tenure"}
    assert areas["model"] > 0.75
    assert areas["model"] > 0.15 + max(areas["bill_ratio"], areas["tenure"])
    lift = model.evaluations["model"].top_decile_lift
    assert lift.low is not None
    assert lift.low > 1.5


def test_fit_foretells_about_as_many_churners_as_there_were(model: ChurnModel) -> None:
    assert model.evaluations["model"].observed_over_expected.value == pytest.approx(1, abs=0.25)
    assert model.evaluations["bill_ratio"].expected_churners is None


def test_fit_counts_the_rows_of_each_part(model: ChurnModel, world: pd.DataFrame) -> None:
    assert {part: count.rows for part, count in model.counts.items()} == {
        "train": 2500,
        "stop": 500,
        "calibrate": 500,
        "test": 500,
    }
    assert model.counts["test"].churners == world.loc[in_months(world, SPLIT.test), TARGET].sum()


def test_fit_is_the_same_for_rows_in_any_order(world: pd.DataFrame) -> None:
    shuffled = world.sample(frac=1, random_state=3)

    two_threads = replace(QUICK, threads=2)

    first, second = (
        fitted(world, plan=two_threads),
        fitted(shuffled[shuffled.columns[::-1]], plan=two_threads),
    )

    assert first.booster.save_raw("ubj") == second.booster.save_raw("ubj")
    assert first.data_sha256 == second.data_sha256
    assert first.calibration == second.calibration
    assert first.evaluations == second.evaluations


def test_fit_does_not_see_the_test_months(world: pd.DataFrame) -> None:
    changed = world.copy()
    changed.loc[in_months(changed, SPLIT.test), ["complaint_count", "tenure_months"]] = 77

    first, second = fitted(world), fitted(changed)

    assert first.booster.save_raw("ubj") == second.booster.save_raw("ubj")
    assert first.calibration == second.calibration
    assert first.evaluations["model"] != second.evaluations["model"]


def test_fit_leaves_out_rows_that_are_not_judged(world: pd.DataFrame) -> None:
    with_gaps = world.copy()
    with_gaps.loc[with_gaps.index % 10 == 0, TARGET] = None

    found, expected = fitted(with_gaps), fitted(world[world.index % 10 != 0])

    assert found.counts["train"].rows == 2250
    assert found.booster.save_raw("ubj") == expected.booster.save_raw("ubj")


def test_fit_with_too_few_churners_makes_no_model_and_says_so(world: pd.DataFrame) -> None:
    few = world.copy()
    churners = few.index[in_months(few, SPLIT.train) & few[TARGET]]
    few.loc[churners[29:], TARGET] = False

    assert refused(few) == (
        "Too few churners for is_quantity_churn: 29 among 2500 rows of the training months "
        "2025-01 to 2025-05, and 30 are needed."
    )


def test_fit_learns_from_thirty_churners(world: pd.DataFrame) -> None:
    few = world.copy()
    training = in_months(few, SPLIT.train)
    likely = few.index[training & few[TARGET] & (few["complaint_count"] >= 2)]
    few.loc[training, TARGET] = False
    few.loc[likely[:30], TARGET] = True

    area = fitted(few, plan=PLAN).evaluations["model"].auc.value

    assert area is not None
    assert area > 0.65


def test_fit_where_everybody_churns_makes_no_model(world: pd.DataFrame) -> None:
    assert refused(world.assign(**{TARGET: True})).startswith("All 2500 rows of the training months")


def test_fit_without_a_churner_to_stop_by_makes_no_model(world: pd.DataFrame) -> None:
    quiet = world.copy()
    quiet.loc[in_months(quiet, SPLIT.stop), TARGET] = False

    assert "No churner for is_quantity_churn among 500 rows of 2025-06" in refused(quiet)


def test_fit_without_a_churner_to_calibrate_on_uses_the_stopping_month(world: pd.DataFrame) -> None:
    quiet = world.copy()
    quiet.loc[in_months(quiet, SPLIT.calibrate), TARGET] = False

    found = fitted(quiet)

    assert found.calibration == fitted(world, split=replace(SPLIT, calibrate=SPLIT.stop)).calibration
    assert any("The same month stopped the learning and calibrated it" in limit for limit in found.limits)


def test_fit_with_few_churners_to_judge_by_says_so_and_keeps_the_model(world: pd.DataFrame) -> None:
    quiet = world.copy()
    quiet.loc[in_months(quiet, (*SPLIT.calibrate, *SPLIT.test)), TARGET] = False
    quiet.loc[quiet.index[in_months(quiet, SPLIT.calibrate)][:5], TARGET] = True

    found = fitted(quiet)

    assert found.calibration.slope == 1.0
    assert found.evaluations["model"].auc.value is None
    assert any("Only 0 churners to judge by" in limit for limit in found.limits)
    assert any("Only 5 churners to calibrate on" in limit for limit in found.limits)


def test_fit_of_three_months_trains_stops_and_tests(world: pd.DataFrame) -> None:
    small = MonthSplit(MONTHS[3], train=MONTHS[:1], stop=MONTHS[1:2], calibrate=MONTHS[1:2], test=MONTHS[2:3])

    found = fitted(world, split=small)

    assert found.trained_for_month == MONTHS[3]
    assert found.counts["train"].rows == found.counts["test"].rows == 500


def test_fit_keeps_a_monotone_promise(world: pd.DataFrame, candidates: pd.DataFrame) -> None:
    found = fitted(world, plan=replace(PLAN, monotone={"tenure_months": -1}))
    young, old = candidates.assign(tenure_months=4), candidates.assign(tenure_months=100)

    assert (score(found, young)["probability"] >= score(found, old)["probability"]).all()


def test_fit_refuses_a_constraint_on_a_category(world: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no numeric or boolean feature: brand"):
        fit(world, TARGET, SPLIT, COLUMNS, replace(QUICK, monotone={"brand": 1}))
    with pytest.raises(ValueError, match=r"\+1 or -1"):
        fit(world, TARGET, SPLIT, COLUMNS, replace(QUICK, monotone={"tenure_months": 2}))


def test_fit_names_missing_and_extra_columns(world: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="Missing columns: complaint_count"):
        fit(world.drop(columns="complaint_count"), TARGET, SPLIT, COLUMNS)
    with pytest.raises(ValueError, match="Extra columns: closed_in_month"):
        fit(world.assign(closed_in_month=None), TARGET, SPLIT, COLUMNS)


def test_fit_refuses_the_target_as_a_feature(world: pd.DataFrame) -> None:
    seeing = FeatureColumns(numeric=COLUMNS.numeric, boolean=(TARGET,))

    with pytest.raises(ValueError, match="is among the features"):
        fit(world, TARGET, SPLIT, seeing)


def test_fit_without_categories_works(world: pd.DataFrame) -> None:
    numbers = FeatureColumns(numeric=COLUMNS.numeric)

    found = fit(world, TARGET, SPLIT, numbers, QUICK, carried=("is_on_contract", "brand", "value_tier"))

    assert isinstance(found, ChurnModel)
    assert np.isfinite(found.calibration.intercept)


def test_fit_without_judged_rows_after_training_still_says_what_it_lacks(world: pd.DataFrame) -> None:
    unjudged = world.copy()
    unjudged.loc[in_months(unjudged, (*SPLIT.calibrate, *SPLIT.test)), TARGET] = None

    found = fitted(unjudged)

    assert found.counts["test"].rows == 0
    assert found.evaluations["model"].auc.value is None
    assert any("Only 0 churners to judge by" in limit for limit in found.limits)


def test_fit_takes_features_of_tables_that_never_landed(
    world: pd.DataFrame, candidates: pd.DataFrame
) -> None:
    empty = {"brand": None, "complaint_count": np.nan, "is_on_contract": None}

    found = fitted(world.assign(**empty))

    assert found.levels["brand"].kept == ()
    assert score(found, candidates.assign(**empty))["probability"].between(0, 1, inclusive="neither").all()


def test_refit_grows_as_many_trees_as_were_judged_on_the_newer_months(world: pd.DataFrame) -> None:
    judged = fitted(world)

    newer = refit(world, judged, NEWER)

    assert newer.booster.num_boosted_rounds() == judged.booster.num_boosted_rounds()
    assert newer.booster.save_raw("ubj") != judged.booster.save_raw("ubj")
    assert {part: count.rows for part, count in newer.counts.items()} == {"train": 3000, "calibrate": 1000}
    assert (newer.split, newer.judged_on) == (NEWER, SPLIT)
    assert newer.tested == judged.tested == SPLIT.test
    assert newer.evaluations == judged.evaluations
    assert "up to 2025-06, and calibrated on 2025-07 to 2025-08" in newer.limits[1]


def test_refit_is_calibrated_on_its_own_months(world: pd.DataFrame) -> None:
    newer = refit(world, fitted(world), NEWER)

    rows = world[in_months(world, NEWER.calibrate)]
    expected = score(newer, rows.drop(columns=TARGET))["probability"].sum()
    assert expected == pytest.approx(rows[TARGET].sum(), rel=0.02)


def test_refit_does_not_learn_from_the_months_that_calibrate(world: pd.DataFrame) -> None:
    judged = fitted(world)
    changed = world.copy()
    changed.loc[in_months(changed, NEWER.calibrate), ["complaint_count", "tenure_months"]] = 77

    first, second = refit(world, judged, NEWER), refit(changed, judged, NEWER)

    assert first.booster.save_raw("ubj") == second.booster.save_raw("ubj")


def test_refit_without_churners_in_the_newer_months_leaves_the_judged_model(world: pd.DataFrame) -> None:
    judged = fitted(world)
    quiet = world.copy()
    quiet.loc[in_months(quiet, NEWER.calibrate), TARGET] = False
    sparse = world.copy()
    churners = sparse.index[in_months(sparse, NEWER.train) & sparse[TARGET]]
    sparse.loc[churners[29:], TARGET] = False

    assert refit(quiet, judged, NEWER) is judged
    assert refit(sparse, judged, NEWER) is judged
    sparse.loc[churners[:30], TARGET] = True
    assert refit(sparse, judged, NEWER).judged_on == SPLIT


def test_rows_shared_between_targets_give_the_same_models(world: pd.DataFrame) -> None:
    both = world.assign(complained=world["complaint_count"] > 1)
    alone = fit(both, "complained", SPLIT, COLUMNS, QUICK, (TARGET,))
    assert isinstance(alone, ChurnModel)
    shared = SharedRows()

    fit(both, TARGET, SPLIT, COLUMNS, QUICK, ("complained",), shared)
    found = fit(both, "complained", SPLIT, COLUMNS, QUICK, (TARGET,), shared)

    assert isinstance(found, ChurnModel)
    assert found.booster.save_raw("ubj") == alone.booster.save_raw("ubj")
    assert (found.calibration, found.data_sha256) == (alone.calibration, alone.data_sha256)
    newer = refit(both, found, NEWER, (TARGET,), shared)
    assert newer.booster.save_raw("ubj") == refit(both, alone, NEWER, (TARGET,)).booster.save_raw("ubj")


def test_rows_are_not_shared_where_other_rows_are_judged(world: pd.DataFrame) -> None:
    gaps = world.copy()
    gaps.loc[gaps.index % 10 == 0, TARGET] = None
    shared = SharedRows()
    fit(world, TARGET, SPLIT, COLUMNS, QUICK, (), shared)

    found = fit(gaps, TARGET, SPLIT, COLUMNS, QUICK, (), shared)

    assert isinstance(found, ChurnModel)
    assert found.booster.save_raw("ubj") == fitted(gaps).booster.save_raw("ubj")


def test_the_scorecard_contends_where_its_points_are_known(world: pd.DataFrame) -> None:
    points = world.assign(scorecard_points=10 * world[TARGET].astype(float))

    assert fitted(points).evaluations["scorecard"].auc.value == 1.0
    assert "scorecard" not in fitted(world.assign(scorecard_points=np.nan)).evaluations
    assert "scorecard" not in fitted(world).evaluations
