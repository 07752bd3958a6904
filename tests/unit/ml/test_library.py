"""The library: a stranger's table in four calls, with and without months; what it cannot read, it says."""

import warnings

import numpy as np
import pandas as pd
import pytest

from ml import TableModel, evaluate, explain, fit, predict
from ml.columns import FeatureColumns
from ml.model import TrainingPlan

PLAN = TrainingPlan(rounds=150, learning_rate=0.1, interval_draws=20, threads=1)
CAUSES = {"bill": "price", "complaints": "service", "on_contract": "contract_end", "brand": "price"}


def table(rows: int = 1500, seed: int = 5) -> pd.DataFrame:
    """Churn by complaints, contract and brand; the bill says nothing and is missing now and then."""
    generator = np.random.default_rng(seed)
    complaints, contract = generator.poisson(0.8, rows), generator.random(rows) < 0.5
    brand = generator.choice(["gold", "silver", "youth"], rows)
    log_odds = -2.2 + 1.1 * complaints - 1.2 * contract + 1.0 * (brand == "youth")
    return pd.DataFrame(
        {
            "customer": [f"C{number:05d}" for number in range(rows)],
            "bill": pd.Series(generator.gamma(4, 25, rows)).mask(generator.random(rows) < 0.1),
            "complaints": complaints,
            "on_contract": contract,
            "brand": brand,
            "churn": np.where(generator.random(rows) < 1 / (1 + np.exp(-log_odds)), "Yes", "No"),
        }
    )


def panel(months: int = 6) -> pd.DataFrame:
    parts = [table(400, seed=month).assign(month=f"2025-{month + 1:02d}") for month in range(months)]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    return table()


@pytest.fixture(scope="module")
def model(known: pd.DataFrame) -> TableModel:
    return fit(known, target="churn", entity="customer", plan=PLAN)


def test_fit_infers_the_kinds_and_foretells_new_customers(model: TableModel) -> None:
    new = table(3000, seed=6)

    figures = evaluate(model, new)

    assert model.columns == FeatureColumns(("bill", "complaints"), ("on_contract",), ("brand",))
    assert figures.auc.value is not None
    assert figures.auc.value > 0.75
    assert figures.expected_churners == pytest.approx(figures.churners, rel=0.15)


def test_honest_figures_of_a_cross_section_agree_with_new_customers(model: TableModel) -> None:
    fresh = evaluate(model, table(6000, seed=7)).auc.value

    assert model.evaluation.rows == 1500
    assert model.evaluation.auc.value == pytest.approx(fresh, abs=0.03)
    assert model.evaluation.expected_churners == pytest.approx(model.evaluation.churners, rel=0.03)


def test_fit_is_the_same_for_rows_in_any_order(known: pd.DataFrame, model: TableModel) -> None:
    shuffled = known.sample(frac=1, random_state=1)

    again = fit(shuffled, target="churn", entity="customer", plan=PLAN)

    assert again.booster.save_raw("ubj") == model.booster.save_raw("ubj")
    assert again.calibration == model.calibration
    assert again.evaluation == model.evaluation
    assert predict(again, shuffled).sort_index().equals(predict(model, known))


def test_search_keeps_to_its_budget_and_its_plan_makes_the_same_model(known: pd.DataFrame) -> None:
    searched = fit(known, target="churn", entity="customer", settings=2)
    assert searched.search is not None

    again = fit(known, target="churn", entity="customer", plan=searched.plan)

    assert len(searched.search.trials) == 2
    assert searched.plan.maximum_depth == searched.search.trials[0].setting["maximum_depth"]
    assert again.booster.save_raw("ubj") == searched.booster.save_raw("ubj")


def test_predict_takes_an_unknown_category_as_missing(known: pd.DataFrame, model: TableModel) -> None:
    row = known.head(1).assign(brand="platinum")

    assert predict(model, row).tolist() == predict(model, row.assign(brand=None)).tolist()
    assert predict(model, row).tolist() == predict(model, row.assign(brand="  ")).tolist()


def test_predict_keeps_the_index_and_ignores_other_columns(known: pd.DataFrame, model: TableModel) -> None:
    rows = known.iloc[[7, 3]].set_index("customer", drop=False).assign(note="x")

    assert predict(model, rows).index.tolist() == ["C00007", "C00003"]
    assert predict(model, rows.head(0)).empty


def test_predict_names_missing_columns(known: pd.DataFrame, model: TableModel) -> None:
    with pytest.raises(ValueError, match="Missing columns: bill, brand"):
        predict(model, known.drop(columns=["bill", "brand"]))


def test_predict_names_the_column_and_row_of_a_value_that_is_no_number(
    known: pd.DataFrame, model: TableModel
) -> None:
    bills = known["bill"].astype(object).where(known.index != 12, "n/a")

    with pytest.raises(ValueError, match=r"Column bill .* row 12: 'n/a'"):
        predict(model, known.assign(bill=bills.astype("str")))


def test_explain_adds_up_to_the_log_odds_by_feature_and_by_cause(
    known: pd.DataFrame, model: TableModel
) -> None:
    probability = predict(model, known)
    log_odds = np.log(probability / (1 - probability))

    by_feature, by_cause = explain(model, known), explain(model, known, CAUSES)

    assert by_feature.columns.tolist() == [*model.columns.names, "constant"]
    assert by_cause.columns.tolist() == ["contract_end", "price", "service", "constant"]
    assert by_feature.sum(axis=1).to_numpy() == pytest.approx(log_odds.to_numpy(), abs=1e-4)
    assert by_cause.sum(axis=1).to_numpy() == pytest.approx(log_odds.to_numpy(), abs=1e-4)
    assert by_cause["price"].equals(by_feature["bill"] + by_feature["brand"])
    complained = known["complaints"] >= 3
    assert by_feature.loc[complained, "complaints"].min() > by_feature.loc[~complained, "complaints"].mean()


def test_explain_names_features_without_a_cause(known: pd.DataFrame, model: TableModel) -> None:
    with pytest.raises(ValueError, match="without a cause: brand"):
        explain(model, known, {name: cause for name, cause in CAUSES.items() if name != "brand"})


def test_rows_of_unknown_outcome_are_left_out(known: pd.DataFrame) -> None:
    half_known = known.assign(churn=known["churn"].where(known.index < 1000))

    model = fit(half_known, target="churn", entity="customer", plan=PLAN)

    assert model.evaluation.rows == 1000
    assert evaluate(model, half_known).rows == 1000


def test_ids_and_dates_are_left_out_with_a_warning_that_names_them(known: pd.DataFrame) -> None:
    more = known.assign(
        ticket=[f"T{number}" for number in range(len(known))],
        account=np.arange(len(known)) + 10_000,
        joined=pd.Timestamp("2020-01-01"),
    )

    with pytest.warns(UserWarning, match=r"customer \(.*; ticket \(.*; account \(.*; joined \(dates"):
        model = fit(more, target="churn", plan=PLAN)

    assert set(model.left_out) == {"customer", "ticket", "account", "joined"}
    assert set(model.columns.names) == {"bill", "complaints", "on_contract", "brand"}


def test_an_id_named_as_a_feature_is_refused(known: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no features: customer"):
        fit(known, target="churn", columns=["bill", "customer"])


def test_target_among_the_features_is_refused(known: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="among the features: churn"):
        fit(known, target="churn", columns=["bill", "churn"])


def test_too_few_churners_are_refused(known: pd.DataFrame) -> None:
    few = pd.concat([known[known["churn"] == "No"], known[known["churn"] == "Yes"].head(29)])

    with pytest.raises(ValueError, match="29 churners"):
        fit(few, target="churn", entity="customer")


def test_with_months_the_newest_judge_and_their_outcomes_are_not_learnt() -> None:
    rows = panel()
    model = fit(rows, target="churn", entity="customer", month="month", plan=PLAN)
    assert model.split is not None

    newest = rows["month"] == "2025-06"
    turned = rows["churn"].map({"Yes": "No", "No": "Yes"})
    changed = fit(
        rows.assign(churn=rows["churn"].mask(newest, turned)),
        target="churn",
        entity="customer",
        month="month",
        plan=PLAN,
    )

    assert [month.strftime("%Y-%m") for month in model.split.test] == ["2025-06"]
    assert model.evaluation.rows == 400
    assert model.evaluation.auc.value is not None
    assert model.evaluation.auc.value > 0.7
    assert changed.booster.save_raw("ubj") == model.booster.save_raw("ubj")


def test_a_customer_twice_in_a_month_is_refused() -> None:
    rows = pd.concat([panel(), panel().head(1)])

    with pytest.raises(ValueError, match="C00000 stands twice in 2025-01"):
        fit(rows, target="churn", entity="customer", month="month")


def test_too_few_months_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="Too little history"):
        fit(panel(2), target="churn", entity="customer", month="month")


def test_a_table_without_ids_needs_no_entity(known: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit(known.drop(columns="customer"), target="churn", plan=PLAN)

    assert model.entity is None
    assert not model.left_out
