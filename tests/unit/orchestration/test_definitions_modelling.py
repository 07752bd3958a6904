"""Training, scoring and explaining around `ml`: what is read, written, and said without a model."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from ml.columns import FeatureColumns
from ml.model import ChurnModel
from ml.reasons import ReasonLimits
from ml.scoring import score
from orchestration.defs import scoring
from orchestration.defs.candidates import (
    feature_columns,
    label_expressions,
    monotone_features,
    read_candidates,
    read_label_months,
    read_parameters,
    read_training_frame,
)
from orchestration.defs.modelling import close_month, keep, model_id
from orchestration.defs.recipe import ModellingConfig, Recipe, search_settings
from orchestration.defs.scoring import by_horizon, explain_month, score_month, wrongly_scored
from orchestration.defs.training import Trained, Untrained, train
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.tables import create_tables
from orchestration.tuning import TuningError
from orchestration.warehouse import Warehouse, replace_months
from orchestration.worklists.texts import Texts, shown

MONTHS = [date(2026, month, 1) for month in range(1, 5)]
LAST = MONTHS[-1]
COLUMNS = FeatureColumns(
    numeric=("billed_amount_mean_3m", "billed_amount_ratio_6m", "tenure_months"),
    boolean=("has_contract",),
    categorical=("brand",),
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Four months of 400 candidates; whoever's bill falls far leaves; a label closes a month later."""
    warehouse = Warehouse(Home(tmp_path_factory.mktemp("home")))
    random = np.random.default_rng(7)
    count = 400 * len(MONTHS)
    ratio = random.uniform(0.2, 1.2, count)
    frame = pd.DataFrame(
        {
            "snapshot_month": np.repeat(MONTHS, 400),
            "subscriber_id": [f"s{number:04}" for number in range(400)] * len(MONTHS),
            "billed_amount_mean_3m": random.integers(100, 300, count),
            "billed_amount_ratio_6m": ratio,
            "tenure_months": random.integers(3, 90, count),
            "has_contract": random.random(count) < 0.5,
            "brand": random.choice(["gold", "silver"], count),
            "value_tier": random.choice(["high", "mid"], count),
            "is_churner": random.random(count) < np.where(ratio < 0.5, 0.5, 0.02),
        }
    )
    with warehouse.writing() as connection:
        create_tables(connection)
        for schema in ("features", "labels", "reference", "ops", "retention"):
            connection.execute(f"create schema if not exists {schema}").fetchall()
        connection.register("frame", frame)
        connection.execute(
            """
            create table features.subscriber_features as
            select * exclude (is_churner) replace (cast(snapshot_month as date) as snapshot_month)
            from frame;
            create table labels.churn_labels as
            select
                cast(snapshot_month as date) as snapshot_month,
                subscriber_id,
                is_churner as is_quantity_churn,
                case when is_churner then 1 end as quantity_churn_month,
                false as is_involuntary_churn,
                false as is_value_churn,
                cast(null as boolean) as is_brand_downgrade,
                case
                    when snapshot_month < date '2026-04-01'
                        then cast(snapshot_month + interval 1 month as date)
                end as closed_in_month
            from frame;
            create table retention.scorecard_scores as
            select
                cast(snapshot_month as date) as snapshot_month,
                subscriber_id,
                cast(tenure_months % 12 as integer) as score
            from frame;
            create table retention.capacities as
            select
                date '2026-04-01' as snapshot_month,
                kind as resource_kind,
                unit as resource_id,
                case when unit = 'B1' then 20 end as capacity
            from (values ('visit'), ('call'), ('offer')) as kinds(kind)
            -- Nobody belongs to the market department: that it has no limit does not count.
            cross join (values ('B1'), ('U_MARKET')) as units(unit);
            create table retention.would_be_owners as
            select
                date '2026-04-01' as snapshot_month, cast(null as varchar) as primary_unit_id,
                'B1' as overflow_unit_id;
            create table reference.parameters as
            select *
            from (
                values ('minimum_churners', '30'), ('value_horizon_months', '6'), ('gap_months', '0'),
                    ('reason_maximum_causes', '3'),
                    ('reason_maximum_facts', '5'), ('reason_facts_before_next_cause', '2'),
                    ('reason_minimum_share', '0.10'), ('reason_close_share', '0.10'),
                    ('what_if_minimum_fall', '0.01'),
                    ('outcome_months', '1'), ('silence_months', '1'),
                    ('release_minimum_lift_over_rules', '0.1'), ('release_minimum_gain', '0.05'),
                    ('release_maximum_age_months', '6'), ('release_misjudged_months', '2'),
                    ('release_oe_low', '0.8'), ('release_oe_high', '1.25'),
                    ('release_calibration_slope_low', '0.5'), ('release_calibration_slope_high', '2'),
                    ('leak_auc', '0.95'), ('leak_gain_share', '1'), ('leak_gone_share', '0.95'),
                    ('leak_top_features', '20'),
                    ('profit_acceptance_alpha', '6'), ('profit_acceptance_beta', '14'),
                    ('profit_lifetime_value', '500'), ('profit_offer_cost', '20'),
                    ('profit_contact_cost', '2')
            ) as v(parameter, value);
            create table reference.what_ifs as
            select
                what_if_id, 'billed_amount_ratio_6m' as feature, 'set' as operation,
                cast(1 as decimal(18, 4)) as value, 'billed_amount_ratio_6m' as condition_feature,
                '<' as operator, cast(0.5 as decimal(18, 4)) as threshold, enabled, valid_from_month,
                cast(null as date) as valid_to_month
            from (
                values ('bill_restored', true, date '2026-04-01'), ('off', false, date '2026-01-01'),
                    ('later', true, date '2026-05-01')
            ) as v(what_if_id, enabled, valid_from_month);
            create or replace table ops.operator_settings as
            select * from (values ('minimum_churners', '20')) v(parameter, value);
            create table reference.cause_map as
            select
                'feature' as item_type, item_id, cause, 'months' as unit,
                item_id as label_en, item_id as label_zh
            from (
                values ('billed_amount_mean_3m', 'price'), ('billed_amount_ratio_6m', 'price'),
                    ('tenure_months', 'unknown'), ('has_contract', 'contract_end'), ('brand', 'price')
            ) as v(item_id, cause);
            """
        ).fetchall()
    return warehouse


@pytest.fixture(scope="module")
def recipe(warehouse: Warehouse) -> Recipe:
    with warehouse.reading() as connection:
        return Recipe.of(warehouse.home, read_parameters(connection), COLUMNS, {"tenure_months": -1})


@pytest.fixture(scope="module")
def model(warehouse: Warehouse, recipe: Recipe) -> ChurnModel:
    trained = train(warehouse, LAST, recipe, ModellingConfig())["quantity_churn"]
    assert isinstance(trained, Trained)
    assert trained.in_force is None
    return trained.model


@pytest.fixture
def connection(warehouse: Warehouse, model: ChurnModel) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file with the model released for April."""
    name = model_id("quantity_churn", LAST)
    keep(model, warehouse.home, name)
    with warehouse.writing() as connection:
        connection.execute("delete from ml.models; delete from ml.releases").fetchall()
        connection.execute(
            "insert into ml.models (model_id, target, trained_for_month, is_released) values (?, ?, ?, true)",
            [name, "quantity_churn", LAST],
        ).fetchall()
        connection.execute(
            "insert into ml.releases (snapshot_month, target, model_id) values (?, ?, ?)",
            [LAST, "quantity_churn", name],
        ).fetchall()
        yield connection


def test_searched_settings_hold_from_their_month_on(
    warehouse: Warehouse, recipe: Recipe, tmp_path: Path
) -> None:
    elsewhere, config = replace(recipe, home=Home(tmp_path)), ModellingConfig()

    with pytest.raises(TuningError, match="'churn' is no target; there are quantity_churn"):
        search_settings(warehouse, LAST, "churn", elsewhere, config)
    with pytest.raises(TuningError, match="Too little history"):
        search_settings(warehouse, MONTHS[1], "quantity_churn", elsewhere, config)
    assert list(tmp_path.iterdir()) == []
    file = search_settings(warehouse, LAST, "quantity_churn", elsewhere, config)
    first = file.read_bytes()
    assert search_settings(warehouse, LAST, "quantity_churn", elsewhere, config).read_bytes() == first

    chosen = json.loads(first)["plan"]
    plan = elsewhere.plan_of("quantity_churn", LAST)
    for name in ("maximum_depth", "maximum_child_weight", "row_share", "column_share", "l2_penalty"):
        assert getattr(plan, name) == chosen[name]
    # All else is the rule book's, another target has its own, and an earlier month cannot know it.
    assert plan.minimum_churners == recipe.plan.minimum_churners
    assert plan.learning_rate == recipe.plan.learning_rate
    assert elsewhere.plan_of("value_churn", LAST) == recipe.plan
    assert elsewhere.plan_of("quantity_churn", MONTHS[2]) == recipe.plan


def test_features_are_the_columns_whose_yaml_says_so(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    node = (
        '{"nodes": {"m": {"resource_type": "model", "name": "subscriber_features", "columns": {'
        '"subscriber_id": {"config": {"meta": {}}}, '
        '"tenure": {"config": {"meta": {"role": "feature", "kind": "numeric"}}}, '
        '"brand": {"meta": {"role": "feature", "kind": "%s"}}}}}}'
    )

    manifest.write_text(node % "categorical", encoding="utf-8")
    assert feature_columns(manifest) == FeatureColumns(("tenure",), (), ("brand",))

    manifest.write_text(node % "colour", encoding="utf-8")
    with pytest.raises(ValueError, match="Feature brand of subscriber_features: its meta needs a kind"):
        feature_columns(manifest)

    manifest.write_text('{"nodes": {}}', encoding="utf-8")
    with pytest.raises(ValueError, match="No column of the model subscriber_features"):
        feature_columns(manifest)


def test_a_direction_is_read_beside_the_feature(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(
        '{"nodes": {"m": {"resource_type": "model", "name": "subscriber_features", "columns": {'
        '"tenure": {"config": {"meta": {"role": "feature", "kind": "numeric", "monotone": -1}}}, '
        '"age": {"config": {"meta": {"role": "feature", "kind": "numeric"}}}, '
        '"is_active": {"config": {"meta": {"monotone": 1}}}}}}}',
        encoding="utf-8",
    )

    assert monotone_features(manifest) == {"tenure": -1}


def test_a_month_counts_as_closed_with_its_last_label(warehouse: Warehouse) -> None:
    with warehouse.reading() as connection:
        months = read_label_months(connection, "labels.is_quantity_churn", 0.5)

    assert months["snapshot_month"].dt.date.tolist() == MONTHS
    assert months["closed_in_month"].isna().tolist() == [False, False, False, True]


def test_a_month_whose_label_is_mostly_not_judged_counts_as_open(warehouse: Warehouse) -> None:
    with warehouse.reading() as connection:
        months = read_label_months(connection, "labels.is_brand_downgrade", 0.5)

    assert months["closed_in_month"].isna().all()


def test_the_operators_own_parameter_stands_before_the_rule_books(warehouse: Warehouse) -> None:
    with warehouse.reading() as connection:
        parameters = read_parameters(connection)
    assert (parameters["minimum_churners"], parameters["value_horizon_months"]) == ("20", "6")


def test_too_many_rows_become_an_even_sample_of_whole_subscribers(warehouse: Warehouse) -> None:
    with warehouse.reading() as connection:
        frame, share = read_training_frame(
            connection, MONTHS[:2], COLUMNS, label_expressions(1), (), maximum_rows=400
        )
        _, whole = read_training_frame(
            connection, MONTHS[:2], COLUMNS, label_expressions(1), (), maximum_rows=800
        )

    per_subscriber = frame.groupby("subscriber_id").size()
    assert set(per_subscriber) == {2}
    assert 160 < len(per_subscriber) < 240
    assert (share, whole) == (Fraction(1, 2), 1)
    assert frame["tenure_months"].dtype == "float32"
    assert set(frame["has_contract"]) == {0.0, 1.0}


def test_a_horizon_counts_the_stops_up_to_its_month_and_is_null_where_nothing_is_judged(
    warehouse: Warehouse,
) -> None:
    rows = """(values ('first', true, 1), ('second', true, 2), ('third', true, 3), ('stayed', false, null),
        ('open', null, null)) as labels(subscriber_id, is_quantity_churn, quantity_churn_month)"""
    labels = label_expressions(3)

    with warehouse.reading() as connection:
        found = connection.execute(
            f"select subscriber_id, {labels['quantity_churn_1m']}, {labels['quantity_churn_2m']} from {rows}"
        ).fetchall()

    assert found == [
        ("first", True, True),
        ("second", False, True),
        ("third", False, False),
        ("stayed", False, False),
        ("open", None, None),
    ]
    assert list(labels)[3:] == ["quantity_churn_1m", "quantity_churn_2m"]


def test_a_model_is_judged_on_the_newest_closed_month_and_fitted_anew_up_to_it(model: ChurnModel) -> None:
    assert model.split.known_in == LAST
    assert model.judged_on is not None
    assert (model.judged_on.train, model.judged_on.stop) == ((MONTHS[0],), (MONTHS[1],))
    assert model.tested == (MONTHS[2],)
    assert (model.split.train, model.split.calibrate) == ((MONTHS[0],), (MONTHS[1], MONTHS[2]))
    assert model.evaluations["model"].auc.value == pytest.approx(0.85, abs=0.12)
    assert {"bill_ratio", "tenure", "scorecard"} < set(model.evaluations)
    assert model.plan.monotone == {"tenure_months": -1}


def test_without_history_or_churners_the_reason_is_said(warehouse: Warehouse, recipe: Recipe) -> None:
    early = train(warehouse, MONTHS[0], recipe, ModellingConfig())
    assert set(early) == {"quantity_churn", "involuntary_churn", "value_churn"}
    assert all("Too little history" in str(reason) for reason in early.values())
    found = train(warehouse, LAST, recipe, ModellingConfig())
    for target in ("value_churn", "involuntary_churn"):
        refused = found[target]
        assert isinstance(refused, Untrained)
        assert f"Too few churners for {target}" in refused.reason


def test_a_month_ends_with_a_decision_on_every_target_and_the_next_compares_with_it(
    warehouse: Warehouse, recipe: Recipe
) -> None:
    march = MONTHS[2]
    # As if March had trained and released a model: it learnt from January, and foretold nothing newer yet.
    trained = train(warehouse, LAST, recipe, ModellingConfig())
    first = close_month(warehouse, march, trained, recipe, "en")
    assert first["ml.models"][["model_id", "is_released"]].to_numpy().tolist() == [
        ["quantity_churn-2026-03", True]
    ]
    assert set(first["ml.month_notes"]["target"]) == {"involuntary_churn", "value_churn"}
    assert (warehouse.home.models / "quantity_churn-2026-03" / "card.html").exists()

    again = train(warehouse, LAST, recipe, ModellingConfig())["quantity_churn"]
    assert isinstance(again, Trained)
    assert again.in_force is not None
    # The same model against itself: no gain, and nothing newer than what calibrated it.
    assert (again.in_force.lift_gain.value, again.in_force.lift_gain.low) == (0.0, 0.0)
    assert list(again.in_force.observed_over_expected) == []
    found = close_month(warehouse, LAST, {**trained, "quantity_churn": again}, recipe, "en")

    assert found["ml.models"]["is_released"].tolist() == [False]
    assert found["ml.models"]["reason"].str.contains("not better than quantity_churn-2026-03").all()
    assert set(found["ml.model_evaluations"]["contender"]) == {
        "model",
        "in_force",
        "logistic",
        "bill_ratio",
        "tenure",
        "scorecard",
    }
    evaluations = found["ml.model_evaluations"]
    # Visits and calls of the one unit.
    assert set(evaluations["capacity"]) == {40}
    # The profits assume what the rule book says, of every contender alike.
    assumed = ["acceptance_alpha", "acceptance_beta", "lifetime_value", "offer_cost", "contact_cost"]
    assert evaluations[assumed].drop_duplicates().to_numpy().tolist() == [[6, 14, 500, 20, 2]]
    assert evaluations[["expected_maximum_profit", "maximum_profit"]].notna().all(axis=None)
    with warehouse.reading() as connection:
        assert connection.execute(
            "select snapshot_month, target, model_id, decided_by from ml.releases order by all"
        ).fetchall() == [
            (march, "involuntary_churn", None, "kept"),
            (march, "quantity_churn", "quantity_churn-2026-03", "first"),
            (march, "value_churn", None, "kept"),
            (LAST, "involuntary_churn", None, "kept"),
            (LAST, "quantity_churn", "quantity_churn-2026-03", "kept"),
            (LAST, "value_churn", None, "kept"),
        ]


def test_where_the_base_rate_moved_the_model_that_goes_on_is_brought_to_its_level(
    warehouse: Warehouse, recipe: Recipe, model: ChurnModel
) -> None:
    march = MONTHS[2]
    # As if March had released a model that foretells too few by far.
    keep(model.shifted(-2.0), warehouse.home, "quantity_churn-2026-03")
    with warehouse.writing() as connection:
        connection.execute(
            "delete from ml.models; delete from ml.releases;"
            "insert into ml.releases (snapshot_month, target, model_id) values "
            "('2026-03-01', 'quantity_churn', 'quantity_churn-2026-03')"
        ).fetchall()

    shifts = []
    for _ in range(2):
        trained = train(warehouse, LAST, recipe, ModellingConfig())
        releases = close_month(warehouse, LAST, trained, recipe, "en")["ml.releases"]
        with warehouse.reading() as connection:
            shifts += connection.execute(
                "select model_id, decided_by, intercept_shift from ml.releases "
                "where snapshot_month = '2026-04-01' and target = 'quantity_churn'"
            ).fetchall()
            found = score_month(connection, warehouse.home, LAST)
            of_march = score_month(connection, warehouse.home, march)
            features = read_candidates(connection, LAST, COLUMNS, ())
    assert len(releases) == 3
    # February and March calibrate the new model; the old one lacks there what was taken from it.
    assert shifts[0] == ("quantity_churn-2026-03", "kept", pytest.approx(2.0, abs=0.05))
    assert shifts[1] == shifts[0]
    level = score(model, features)["probability"]
    assert found["churn_probability"].sum() == pytest.approx(level.sum(), rel=0.03)
    assert found["churn_probability"].rank().equals(level.rank())
    assert of_march["churn_probability"].sum() < 0.4 * level.sum()


def test_of_a_sample_of_the_subscribers_the_same_share_can_be_worked(
    warehouse: Warehouse, recipe: Recipe
) -> None:
    with warehouse.writing() as connection:
        connection.execute("delete from ml.models; delete from ml.releases").fetchall()

    # Half of the 1,200 rows of three closed months: half of the 40 contacts.
    found = train(warehouse, LAST, recipe, ModellingConfig(maximum_rows=600))["quantity_churn"]

    assert isinstance(found, Trained)
    assert {figures.capacity for figures in found.model.evaluations.values()} == {20}


def test_a_regression_contends_where_a_list_is_ranked_by_the_target(recipe: Recipe) -> None:
    assert recipe.terms_of("quantity_churn", 7).logistic == FeatureColumns(("tenure_months",))
    assert recipe.terms_of("value_churn", 7).capacity == 7
    assert recipe.terms_of("quantity_churn_1m", 7).logistic is None
    undirected = replace(recipe, plan=replace(recipe.plan, monotone={}))
    assert undirected.terms_of("quantity_churn", None).logistic is None


def test_what_no_list_is_ranked_by_is_learnt_in_larger_steps(recipe: Recipe) -> None:
    assert recipe.plan_of("quantity_churn", LAST) == recipe.plan_of("value_churn", LAST) == recipe.plan
    quicker = recipe.plan_of("quantity_churn_1m", LAST)
    assert (quicker.learning_rate, quicker.early_stopping_rounds) == (0.16, 25)


def test_a_feature_that_knows_the_answer_is_found_and_nothing_is_released(
    warehouse: Warehouse, recipe: Recipe
) -> None:
    with warehouse.writing() as connection:
        connection.execute(
            "create or replace temp table answers as "
            "select snapshot_month, subscriber_id, is_quantity_churn from labels.churn_labels;"
            "alter table features.subscriber_features add column stopped_days double;"
            "update features.subscriber_features as features set stopped_days = "
            "case when answers.is_quantity_churn then 9 else 0 end from answers "
            "where answers.snapshot_month = features.snapshot_month "
            "and answers.subscriber_id = features.subscriber_id"
        ).fetchall()
    seeing = replace(
        recipe, columns=replace(COLUMNS, numeric=(*COLUMNS.numeric, "stopped_days")), plan=recipe.plan
    )
    try:
        found = train(warehouse, LAST, seeing, ModellingConfig())["quantity_churn"]
    finally:
        with warehouse.writing() as connection:
            connection.execute("alter table features.subscriber_features drop column stopped_days").fetchall()

    assert isinstance(found, Trained)
    assert any("stopped_days" in sentence for sentence in found.leaks)
    decision = found.decide(recipe.release_rules)
    assert (decision.is_released, decision.reason) == (False, "leak")


def test_a_horizon_without_a_model_leaves_its_hazards_unknown_and_the_others_known() -> None:
    one, whole = np.array([0.5, 0.1]), np.array([0.4, 0.28])

    found = by_horizon([one, np.full(2, np.nan)], whole)

    assert found["churn_probability_1m"] == pytest.approx([0.4, 0.1])
    assert np.isnan(found["churn_probability_2m"]).all()
    assert found["hazard_1m"] == pytest.approx([0.4, 0.1])
    assert np.isnan(found["hazard_2m"]).all()
    assert np.isnan(found["hazard_3m"]).all()


def test_hazards_go_with_the_probability_of_the_whole_window() -> None:
    # 10 of 100 leave in the first month, 18 of the 90 left in the second, 36 of the 72 left in the third.
    found = by_horizon([np.array([0.1]), np.array([0.28])], np.array([0.64]))

    assert {name: round(float(values[0]), 9) for name, values in found.items()} == {
        "churn_probability_1m": 0.1,
        "churn_probability_2m": 0.28,
        "hazard_1m": 0.1,
        "hazard_2m": 0.2,
        "hazard_3m": 0.5,
    }


def test_a_kept_model_replaces_its_folder_whole(warehouse: Warehouse, model: ChurnModel) -> None:
    left = warehouse.home.models / "again" / "left.over"
    left.parent.mkdir(parents=True)
    left.touch()

    first = keep(model, warehouse.home, "again")
    card = (warehouse.home.models / "again" / "card.json").read_bytes()

    assert not left.exists()
    assert keep(model, warehouse.home, "again") == first
    assert (warehouse.home.models / "again" / "card.json").read_bytes() == card
    assert not (warehouse.home.scratch / "again").exists()


def test_scores_are_ranked_and_worth_what_is_at_risk(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> None:
    scores = score_month(connection, warehouse.home, LAST)

    assert replace_months(connection, "ml.churn_scores", scores, [LAST]) == {LAST: 400}
    wrong = connection.execute(
        """
        select count(*)
        from (
            select
                *,
                row_number() over (order by churn_probability desc, subscriber_id) as expected_rank,
                churn_probability * billed_amount_mean_3m * 6 as expected_value
            from ml.churn_scores
            inner join features.subscriber_features using (snapshot_month, subscriber_id)
        )
        where risk_rank <> expected_rank or abs(value_at_risk - expected_value) > 0.0051
            or value_churn_probability is not null or involuntary_churn_probability is not null
            or model_id <> 'quantity_churn-2026-04'
            -- An outcome window of one month: it is the only horizon.
            or hazard_1m <> churn_probability or churn_probability_1m is not null or hazard_2m is not null
        """
    ).fetchall()
    assert wrong == [(0,)]


def test_a_month_before_the_first_release_has_no_scores(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> None:
    scores = score_month(connection, warehouse.home, MONTHS[2])

    assert replace_months(connection, "ml.churn_scores", scores, [MONTHS[2]]) == {MONTHS[2]: 0}


def test_a_candidate_without_a_score_or_a_score_without_a_candidate_is_found(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> None:
    scores = score_month(connection, warehouse.home, LAST)
    stranger = scores.head(1).assign(subscriber_id="stranger")
    replace_months(connection, "ml.churn_scores", scores, [LAST])
    assert wrongly_scored(connection, MONTHS) == {}

    replace_months(connection, "ml.churn_scores", pd.concat([scores.iloc[2:], stranger]), [LAST])
    assert wrongly_scored(connection, MONTHS) == {"2026-04": 3}

    replace_months(connection, "ml.churn_scores", pd.concat([scores, scores.head(1)]), [LAST])
    assert wrongly_scored(connection, MONTHS) == {"2026-04": 1}


def test_reasons_are_given_to_those_who_may_be_listed(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_months(connection, "ml.churn_scores", score_month(connection, warehouse.home, LAST), [LAST])
    ranked = connection.execute(
        "select subscriber_id, risk_rank from ml.churn_scores order by risk_rank"
    ).df()
    monkeypatch.setattr(scoring, "read_customers", lambda *_: ranked)
    monkeypatch.setattr(scoring, "read_options", lambda *_: pd.DataFrame())
    monkeypatch.setattr(scoring, "may_be_listed", lambda customers, *_, **__: customers["risk_rank"] <= 40)

    explained = explain_month(connection, warehouse.home, LAST, OperatorSettings(language="zh"))

    for table, frame in explained.items():
        assert replace_months(connection, table, frame, [LAST]) == {LAST: len(frame)}
    facts, causes = explained["ml.churn_reasons"], explained["ml.cause_scores"]
    assert set(facts["subscriber_id"]) == set(ranked["subscriber_id"].head(40))
    riskiest = facts[facts["subscriber_id"] == ranked.loc[0, "subscriber_id"]]
    assert riskiest["feature"].iloc[0] == "billed_amount_ratio_6m"
    assert facts["sentence_en"].str.contains(r"\((?:typical of|usual in) the tier").all()
    assert facts["sentence"].equals(facts["sentence_zh"])
    assert facts["sentence"].str.contains(r"（同档客户(?:通常为|亦多如此)").all()
    assert causes.groupby("subscriber_id")["cause_rank"].min().eq(1).all()
    assert causes["share"].between(0.1, 1).all()


def test_a_flag_in_a_reason_is_told_as_yes_or_no(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = connection.execute("select distinct subscriber_id from features.subscriber_features").df()
    monkeypatch.setattr(scoring, "read_customers", lambda *_: everybody)
    monkeypatch.setattr(scoring, "read_options", lambda *_: pd.DataFrame())
    monkeypatch.setattr(scoring, "may_be_listed", lambda customers, *_, **__: customers["subscriber_id"] > "")
    monkeypatch.setattr(scoring, "_limits", lambda _: ReasonLimits(minimum_share=0.0))

    facts = explain_month(connection, warehouse.home, LAST, OperatorSettings())["ml.churn_reasons"]

    flags = facts.loc[facts["feature"] == "has_contract", ["sentence_en", "sentence_zh"]].drop_duplicates()
    assert len(flags) in (1, 2)
    for english, chinese in flags.itertuples(index=False):
        assert english.startswith(("has_contract: Yes (", "has_contract: No ("))
        assert chinese.startswith(("has_contract：是（", "has_contract：否（"))


def test_a_fact_that_reads_as_in_the_tier_is_told_as_usual() -> None:
    facts = pd.DataFrame(
        {
            "feature": ["value_tier", "has_contract", "tenure_months", "tenure_months", "tenure_months"],
            "label_en": ["Tier", "Contract", "Months", "Months", "Months"],
            "unit": [None, None, "months", "months", "months"],
            "is_flag": [False, True, False, False, False],
            "level": ["mid", None, None, None, None],
            "value": [np.nan, 0, 7, 7, np.nan],
            "typical_level": ["high", None, None, None, None],
            "typical": [np.nan, 1, 7, 30, 12],
        }
    )
    texts = Texts.load(REFERENCE / "texts.csv")

    assert scoring._sentences(facts, texts, "en", "CNY") == [
        "Tier: Mid (typical of the tier: High)",
        "Contract: No (typical of the tier: Yes)",
        "Months: 7 (usual in the tier, counts together with other facts)",
        "Months: 7 (typical of the tier: 30)",
        "Months: unknown (typical of the tier: 12)",
    ]


def test_what_ifs_are_asked_of_those_who_may_be_listed_and_start_from_their_score(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_months(connection, "ml.churn_scores", score_month(connection, warehouse.home, LAST), [LAST])
    ranked = connection.execute(
        """
        select subscriber_id, risk_rank, churn_probability, billed_amount_ratio_6m
        from ml.churn_scores
        inner join features.subscriber_features using (snapshot_month, subscriber_id)
        order by subscriber_id
        """
    ).df()
    monkeypatch.setattr(scoring, "read_customers", lambda *_: ranked)
    monkeypatch.setattr(scoring, "read_options", lambda *_: pd.DataFrame())
    monkeypatch.setattr(scoring, "may_be_listed", lambda customers, *_, **__: customers["risk_rank"] <= 250)

    found = explain_month(connection, warehouse.home, LAST, OperatorSettings())["ml.what_ifs"]

    asked = ranked[(ranked["risk_rank"] <= 250) & (ranked["billed_amount_ratio_6m"] < 0.5)]
    assert 50 < len(asked) < 250
    assert found["subscriber_id"].tolist() == asked["subscriber_id"].tolist()
    assert set(found["what_if_id"]) == {"bill_restored"}
    np.testing.assert_allclose(found["probability"], asked["churn_probability"], rtol=0, atol=1e-12)
    # Whoever's bill fell leaves at 0.5, the others at 0.02.
    assert found["change"].median() < -0.1
    assert (found["what_if_probability"] < 0.3).all()


def test_a_shift_moves_scores_what_ifs_and_horizons_alike(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = score_month(connection, warehouse.home, LAST)["churn_probability"]
    connection.execute("update ml.releases set intercept_shift = 0.7").fetchall()
    scores = score_month(connection, warehouse.home, LAST)
    everybody = scores[["subscriber_id"]]
    monkeypatch.setattr(scoring, "read_customers", lambda *_: everybody)
    monkeypatch.setattr(scoring, "read_options", lambda *_: pd.DataFrame())
    monkeypatch.setattr(scoring, "may_be_listed", lambda customers, *_, **__: customers["subscriber_id"] > "")

    changed = explain_month(connection, warehouse.home, LAST, OperatorSettings())["ml.what_ifs"]

    probability = scores["churn_probability"]
    moved = np.log(probability / (1 - probability)) - np.log(before / (1 - before))
    np.testing.assert_allclose(moved, 0.7, rtol=0, atol=1e-9)
    assert scores["hazard_1m"].equals(probability.rename("hazard_1m"))
    started = changed.merge(scores, on="subscriber_id")
    assert len(started) > 50
    np.testing.assert_allclose(started["probability"], started["churn_probability"], rtol=0, atol=1e-12)


def test_without_a_release_there_are_no_reasons(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "read_customers", lambda *_: pd.DataFrame({"subscriber_id": ["s0001"]}))
    monkeypatch.setattr(scoring, "read_options", lambda *_: pd.DataFrame())
    monkeypatch.setattr(scoring, "may_be_listed", lambda *_, **__: [True])

    explained = explain_month(connection, warehouse.home, MONTHS[0], OperatorSettings())

    assert list(explained) == ["ml.churn_reasons", "ml.cause_scores", "ml.what_ifs"]
    for table, frame in explained.items():
        assert replace_months(connection, table, frame, [MONTHS[0]]) == {MONTHS[0]: 0}


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.025, "rate", "2.5%"),
        (1234.56, "money", "1,234.56 CNY"),
        (7200.4, "MB", "7,200"),
        (0.6683, "ratio", "0.67"),
        (9.0, "calls", "9"),
    ],
)
def test_a_number_in_a_reason_is_shown_in_its_unit(value: float, unit: str, words: str) -> None:
    assert shown(value, unit, "CNY") == words
