"""Training: planted signals are learnt, whatever the order of the rows; too little to learn from says so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.boosting import fit_trees
from ml.calibration import Calibration
from ml.columns import MONTH, FeatureColumns, learn_levels, to_matrix
from ml.logistic import logistic_risk
from ml.model import ChurnModel, TrainingPlan
from ml.profit import ProfitParameters
from ml.scoring import score
from ml.splits import MonthSplit
from ml.training import ContestTerms, NoModel, SharedRows, fit, intercept_shift, refit

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


def test_the_trees_are_those_that_boosting_grows_on_the_same_rows(world: pd.DataFrame) -> None:
    plan = replace(QUICK, monotone={"tenure_months": -1})
    judged = fitted(world, plan=plan)
    rows = np.flatnonzero(in_months(world, NEWER.train))
    levels = learn_levels(world[list(COLUMNS.categorical)].take(rows), COLUMNS, plan.minimum_level_rows)

    trees = fit_trees(
        to_matrix(world, COLUMNS, levels, rows),
        world[TARGET].take(rows).astype(float).to_numpy(),
        COLUMNS,
        plan,
        judged.booster.num_boosted_rounds(),
    )

    assert refit(world, judged, NEWER).booster.save_raw("ubj") == trees.save_raw("ubj")


def test_a_regression_contends_on_the_rows_and_terms_of_the_others(world: pd.DataFrame) -> None:
    columns = FeatureColumns(numeric=("complaint_count",))
    profits = ProfitParameters(lifetime_value=500)

    found = fit(world, TARGET, SPLIT, COLUMNS, QUICK, terms=ContestTerms(40, profits, columns))

    assert isinstance(found, ChurnModel)
    assert set(found.evaluations) == {"model", "logistic", "bill_ratio", "tenure"}
    for figures in found.evaluations.values():
        assert (figures.rows, figures.capacity, figures.profit_parameters) == (500, 40, profits)
    trained, tested = (world[in_months(world, months)] for months in (SPLIT.train, SPLIT.test))
    risk = logistic_risk(trained, trained[TARGET].astype(float), tested, columns)
    assert found.evaluations["logistic"].expected_churners == pytest.approx(risk.sum(), rel=1e-9)
    assert found.evaluations["logistic"].auc.value > 0.7
    assert found.booster.save_raw("ubj") == fitted(world).booster.save_raw("ubj")


def tenth_foretold(model: ChurnModel) -> ChurnModel:
    """The model with a chance of one in ten for everybody."""
    return replace(model, calibration=Calibration(slope=1e-12, intercept=float(np.log(0.1 / 0.9))))


def closed(world: pd.DataFrame, churners: dict) -> pd.DataFrame:
    """The months of 200 subscribers each, of whom those at the given positions left."""
    rows = world[in_months(world, tuple(churners))].groupby(MONTH).head(200).copy()
    rows[TARGET] = False
    for month, places in churners.items():
        rows.loc[rows.index[in_months(rows, (month,))][places], TARGET] = True
    return rows


def test_the_level_moves_only_where_chance_cannot_explain_it(world: pd.DataFrame, model: ChurnModel) -> None:
    """Of 400 rows 40 churners are expected. Exact interval of 53: 39.7 to 69.3; of 54: 40.6 to 70.5."""
    first, second = MONTHS[6:]
    foretelling = tenth_foretold(model)

    def shift(in_first: slice, in_second: slice) -> float:
        rows = closed(world, {first: in_first, second: in_second})
        return intercept_shift(rows, foretelling, (first, second))

    assert shift(slice(0, 27), slice(100, 126)) == 0.0
    # 54 of 400: log-odds of 0.135 less those of 0.1.
    assert shift(slice(0, 27), slice(100, 127)) == pytest.approx(0.33977, abs=1e-5)
    # 27 who stand in both months are 27 to chance: 17.8 to 39.3 of them, 35.6 to 78.6 rows.
    assert shift(slice(0, 27), slice(0, 27)) == 0.0
    # Nobody left where forty were expected.
    assert shift(slice(0, 0), slice(0, 0)) < -3


def test_a_level_that_moved_is_mended_and_the_ranking_stays(world: pd.DataFrame, model: ChurnModel) -> None:
    months = MONTHS[6:]
    # Half of those who would have stayed leave now.
    war = world[in_months(world, months)].copy()
    war[TARGET] = war[TARGET] | (np.arange(len(war)) % 2 == 0)

    mended = model.shifted(intercept_shift(war, model, months))

    rows = war.drop(columns=TARGET)
    before, after = score(model, rows)["probability"], score(mended, rows)["probability"]
    assert before.sum() < 0.5 * war[TARGET].sum()
    assert after.sum() == pytest.approx(war[TARGET].sum(), rel=1e-6)
    assert before.rank().equals(after.rank())
    # Once mended, nothing is left to mend, whatever the order of the rows.
    assert intercept_shift(war, mended, months) == 0.0
    shuffled = war.sample(frac=1, random_state=5)
    assert intercept_shift(shuffled, model, months) == intercept_shift(war, model, months)


def test_months_that_the_trees_know_and_rows_not_judged_say_nothing_of_the_level(
    world: pd.DataFrame, model: ChurnModel
) -> None:
    first, second = MONTHS[6:]
    rows = closed(world, {first: slice(0, 100), second: slice(0, 20)})
    foretelling = tenth_foretold(model)
    knowing = replace(foretelling, split=replace(SPLIT, train=MONTHS[:7]))

    assert intercept_shift(rows, foretelling, (first, second)) > 1
    assert intercept_shift(rows, knowing, (first, second)) == 0.0
    assert intercept_shift(rows, knowing, (first,)) == 0.0
    open_yet = rows.assign(**{TARGET: rows[TARGET].astype("boolean").mask(in_months(rows, (first,)))})
    assert intercept_shift(open_yet, foretelling, (first, second)) == 0.0
