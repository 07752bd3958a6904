"""The watch around `ml`: what it writes of calm and of changed months, and how loud its checks are."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from ml.columns import FeatureColumns
from ml.model import ChurnModel, TrainingPlan, load, save
from ml.scoring import score
from ml.splits import MonthSplit
from ml.training import fit
from orchestration.defs import watch as watching
from orchestration.defs.watch import watch_month
from orchestration.settings import REFERENCE, Home
from orchestration.tables import TABLES, create_tables
from orchestration.warehouse import Warehouse, replace_months

MONTHS = [date(2026, month, 1) for month in range(1, 11)]
LAST = MONTHS[-1]
COLUMNS = FeatureColumns(("billed_amount_ratio_6m", "competitor_hotline_calls", "tenure_months"))
PLAN = TrainingPlan(rounds=60, interval_draws=5, threads=1)
MODEL = "quantity_churn-2026-04"
# Gap 1 month, outcome 3 months: of May's list the window ends in September; its labels close by September.
EARLY, JUDGED = date(2026, 6, 1), date(2026, 5, 1)


def _candidates(month: date, random: np.random.Generator, count: int = 4_000) -> pd.DataFrame:
    calls = random.poisson(0.3, count)
    log_odds = -2.5 + 1.0 * calls
    return pd.DataFrame(
        {
            "snapshot_month": pd.Timestamp(month),
            "subscriber_id": [f"s{number:04}" for number in range(count)],
            "billed_amount_ratio_6m": random.normal(1, 0.2, count),
            "competitor_hotline_calls": calls.astype(float),
            "tenure_months": random.integers(3, 90, count).astype(float),
            "is_quantity_churn": random.random(count) < 1 / (1 + np.exp(-log_odds)),
        }
    )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Ten months scored by one model; labels are closed up to May; in June's window twice as many leave."""
    warehouse = Warehouse(Home(tmp_path_factory.mktemp("home")))
    random = np.random.default_rng(4)
    frame = pd.concat([_candidates(month, random) for month in MONTHS], ignore_index=True)
    split = MonthSplit(
        MONTHS[4], tuple(MONTHS[:1]), tuple(MONTHS[1:2]), tuple(MONTHS[2:4]), tuple(MONTHS[4:5])
    )
    model = fit(frame, "is_quantity_churn", split, COLUMNS, PLAN)
    assert isinstance(model, ChurnModel)
    save(model, warehouse.home.models / MODEL)
    features = frame.drop(columns="is_quantity_churn")
    scores = score(model, features).rename(columns={"probability": "churn_probability"})
    scores = scores.assign(model_id=MODEL, risk_rank=1, value_at_risk=0)
    scores = scores.reindex(columns=[column.name for column in TABLES["ml.churn_scores"].columns])
    with warehouse.writing() as connection:
        create_tables(connection)
        connection.register("frame", frame)
        connection.execute(
            f"""
            create schema features; create schema labels; create schema reference; create schema marts;
            create table features.subscriber_features as
            select * exclude (is_quantity_churn) replace (cast(snapshot_month as date) as snapshot_month)
            from frame;
            create table labels.churn_labels as
            select
                cast(snapshot_month as date) as snapshot_month, subscriber_id, is_quantity_churn,
                case when snapshot_month <= date '{JUDGED}' then date '2026-09-01' end as closed_in_month
            from frame;
            create table marts.dim_subscribers as
            select
                months.snapshot_month, frame.subscriber_id,
                case
                    -- Stopped in the gap, in the window, paused and back, stopped for debt.
                    when frame.subscriber_id < 's0010' and months.snapshot_month >= date '2026-07-01'
                        then 'terminated'
                    when frame.subscriber_id < 's1010' and months.snapshot_month >= date '2026-10-01'
                        then 'ported_out'
                    when frame.subscriber_id between 's1010' and 's1019'
                        and months.snapshot_month = date '2026-09-01'
                        then 'suspended_voluntary'
                    when frame.subscriber_id between 's1020' and 's1029'
                        and months.snapshot_month >= date '2026-10-01'
                        then 'suspended_arrears'
                    else 'active'
                end as status
            from (select cast(unnest({[str(month) for month in MONTHS]}) as date) as snapshot_month) as months
            cross join (select distinct subscriber_id from frame) as frame;
            create table reference.stop_kinds as select * from read_csv('{REFERENCE / "stop_kinds.csv"}');
            create table reference.parameters as
            select * from read_csv('{REFERENCE / "parameters.csv"}', all_varchar = true);
            create schema if not exists ops;
            create or replace table ops.operator_settings (parameter varchar, value varchar);
            """
        ).fetchall()
        replace_months(connection, "ml.churn_scores", scores, MONTHS)
    return warehouse


def _watched(warehouse: Warehouse, month: date) -> tuple[pd.DataFrame, pd.Series]:
    with warehouse.reading() as connection:
        features, scores = watch_month(connection, warehouse.home, month)
    return features.set_index("feature"), scores.iloc[0]


def test_a_calm_month_is_ok(warehouse: Warehouse) -> None:
    features, scores = _watched(warehouse, date(2026, 9, 1))

    assert features["level"].tolist() == ["ok"] * 3
    assert features["psi"].max() < 0.10
    assert features["rows"].tolist() == [4_000] * 3
    assert scores["level"] == "ok"
    assert scores["alarms"] == ""
    assert scores["expected_churners"] == pytest.approx(scores["mean_probability"] * 4_000)


def test_the_newest_closed_month_is_judged_and_not_before_it_closed(warehouse: Warehouse) -> None:
    _, before = _watched(warehouse, date(2026, 8, 1))
    _, after = _watched(warehouse, date(2026, 9, 1))

    assert before["judged_month"] is None
    assert after["judged_month"] == JUDGED
    assert after["judged_model_id"] == MODEL
    with warehouse.reading() as connection:
        churners, expected = connection.execute(
            "select count(*) filter (is_quantity_churn), sum(churn_probability) from labels.churn_labels "
            "inner join ml.churn_scores using (snapshot_month, subscriber_id) where snapshot_month = ?",
            [JUDGED],
        ).fetchall()[0]
    assert after["judged_churners"] == churners
    assert after["observed_over_expected"] == pytest.approx(churners / expected)
    assert after["observed_over_expected_low"] < 1 < after["observed_over_expected_high"]
    assert 0.8 < after["calibration_slope"] < 1.2


def test_status_alone_tells_early_that_too_many_leave(warehouse: Warehouse) -> None:
    _, scores = _watched(warehouse, LAST)

    # 1,000 ported out; 10 stopped in the gap, 10 came back, 10 were stopped for debt.
    assert scores["early_month"] == EARLY
    assert scores["early_churners"] == 1_000
    assert scores["early_observed_over_expected"] > 2
    assert (scores["level"], scores["alarms"]) == ("investigate", "early_observed_over_expected")


def test_a_changed_feature_and_its_scores_are_named_in_the_first_month(warehouse: Warehouse) -> None:
    month = LAST
    with warehouse.writing() as connection:
        connection.execute("begin").fetchall()
        connection.execute(
            "update features.subscriber_features "
            "set competitor_hotline_calls = competitor_hotline_calls + 1 where snapshot_month = ?",
            [month],
        ).fetchall()
        features, _ = watch_month(connection, warehouse.home, month)
        connection.execute("rollback").fetchall()

    assert dict(zip(features["feature"], features["level"], strict=True)) == {
        "billed_amount_ratio_6m": "ok",
        "competitor_hotline_calls": "stop",
        "tenure_months": "ok",
    }


def test_a_month_without_scores_has_no_rows(warehouse: Warehouse) -> None:
    with warehouse.reading() as connection:
        features, scores = watch_month(connection, warehouse.home, date(2026, 12, 1))

    assert (len(features), len(scores)) == (0, 0)


def _checked(
    warehouse: Warehouse, check: dg.AssetChecksDefinition, months: list[date]
) -> dg.AssetCheckResult:
    context = dg.build_asset_check_context(resources={"warehouse": warehouse})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watching, "run_months", lambda _: months)
        result = check(context)
    assert isinstance(result, dg.AssetCheckResult)
    return result


def test_checks_warn_or_err_but_never_block(warehouse: Warehouse) -> None:
    month = date(2026, 9, 1)
    with warehouse.writing() as connection:
        features, scores = watch_month(connection, warehouse.home, month)
        replace_months(connection, "ml.feature_drift", features, [month])
        replace_months(connection, "ml.score_drift", scores, [month])

    calm = _checked(warehouse, watching.features_are_as_learnt, [month])
    assert calm.passed
    table = calm.metadata["worst_of_newest_month"]
    assert isinstance(table, dg.TableMetadataValue)
    assert len(table.records) == 3

    with warehouse.writing() as connection:
        loud = features.assign(level=["investigate", "ok", "ok"])
        replace_months(connection, "ml.feature_drift", loud, [month])
    warned = _checked(warehouse, watching.features_are_as_learnt, [month])
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert warned.metadata["changed_per_month"].value == {"2026-09 investigate": 1}

    with warehouse.writing() as connection:
        replace_months(connection, "ml.score_drift", scores.assign(level="stop", alarms="psi"), [month])
    stopped = _checked(warehouse, watching.scores_come_true, [month])
    assert (stopped.passed, stopped.severity) == (False, dg.AssetCheckSeverity.ERROR)

    for check in (watching.features_are_as_learnt, watching.scores_come_true):
        assert not any(spec.blocking for spec in check.check_specs)


def test_a_run_before_any_model_passes(warehouse: Warehouse) -> None:
    assert _checked(warehouse, watching.features_are_as_learnt, [date(2026, 12, 1)]).passed
    assert _checked(warehouse, watching.scores_come_true, [date(2026, 12, 1)]).passed


def test_a_model_without_reference_is_said_and_not_watched(warehouse: Warehouse, tmp_path: Path) -> None:
    home = Home(tmp_path)
    save(replace(load(warehouse.home.models / MODEL), reference=None), home.models / MODEL)
    with warehouse.reading() as connection:
        features, scores = watch_month(connection, home, date(2026, 9, 1))

    assert len(features) == 0
    assert scores["psi"].isna().all()
    assert scores["level"].tolist() == ["ok"]
