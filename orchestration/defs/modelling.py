"""Modelling: a model of each kind of churn for every month that its history can make one, judged and kept."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import dagster as dg
import pandas as pd
from pydantic import Field

from ml.columns import FeatureColumns
from ml.model import ChurnModel, TrainingPlan, save
from ml.splits import NoSplit, split_by_month
from ml.training import NoModel, fit
from orchestration.defs.candidates import (
    feature_columns,
    read_label_months,
    read_parameters,
    read_training_frame,
)
from orchestration.defs.dbt_child import current_manifest
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.settings import Home
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, replace_months

TARGETS = {"quantity_churn": "is_quantity_churn", "value_churn": "is_value_churn"}
"""What is predicted, and the label column that says it."""


class ModellingConfig(dg.Config):
    """How much a training reads."""

    maximum_training_months: int = Field(
        default=18, description="Snapshot months to train on, the newest there are."
    )
    minimum_judged_share: float = Field(
        default=0.5,
        description="Share of a month's rows whose label must be true or false: early months, in which only "
        "those that fired are known, would teach that everybody churns.",
    )
    maximum_rows: int = Field(
        default=600_000, description="Rows in memory; above it an even sample of whole subscribers is read."
    )


def _spec(table: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.split("."),
        deps=[["features", "subscriber_features"], ["labels", "churn_labels"]],
        description=TABLES[table].grain,
        group_name="model",
        owners=["data-science@operator.example"],
        kinds={"python", "xgboost"},
        partitions_def=snapshot_months,
    )


@dg.multi_asset(
    name="models",
    specs=[
        _spec("ml.models"),
        _spec("ml.model_evaluations"),
        _spec("ml.releases"),
        _spec("ml.month_notes"),
    ],
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def models(
    context: dg.AssetExecutionContext, config: ModellingConfig, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Train on what each month knew at its end; without enough history say why there is no model."""
    months = run_months(context)
    columns = feature_columns(current_manifest(warehouse.home))
    rows: dict[str, list[dict[str, object]]] = {
        "ml.models": [],
        "ml.model_evaluations": [],
        "ml.releases": [],
        "ml.month_notes": [],
    }
    for month in months:
        for target in TARGETS:
            trained = train(warehouse, month, target, columns, config)
            if isinstance(trained, str):
                rows["ml.month_notes"].append({"snapshot_month": month, "target": target, "note": trained})
                say(f"{month:%Y-%m} {target}: no model. {trained}")
                continue
            checksum = keep(trained, warehouse.home, model_id(target, month))
            rows["ml.models"].append(_model_row(trained, month, checksum))
            rows["ml.model_evaluations"] += _evaluation_rows(trained, month)
            lift = trained.evaluations["model"].top_decile_lift.value
            say(f"{month:%Y-%m} {target}: model trained, top-decile lift {_shown(lift)}")
    frames = {table: pd.DataFrame(found, columns=_names(table)) for table, found in rows.items()}
    with warehouse.writing() as connection:
        for table, frame in frames.items():
            month_column = (
                "trained_for_month" if table in ("ml.models", "ml.model_evaluations") else "snapshot_month"
            )
            replace_months(connection, table, frame, months, month_column)
    for table, frame in frames.items():
        yield dg.MaterializeResult(asset_key=table.split("."), metadata=_metadata(table, frame))


def model_id(target: str, month: date) -> str:
    """Return the name of a model and of its folder.

    >>> model_id("quantity_churn", date(2026, 1, 1))
    'quantity_churn-2026-01'
    """
    return f"{target}-{month:%Y-%m}"


def keep(model: ChurnModel, home: Home, name: str) -> str:
    """Save a model under its name, whole or not at all; returns the checksum of its trees."""
    half_written = home.scratch / name
    shutil.rmtree(half_written, ignore_errors=True)
    checksum = save(model, half_written)
    folder = home.models / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    half_written.rename(folder)
    return checksum


def train(
    warehouse: Warehouse, month: date, target: str, columns: FeatureColumns, config: ModellingConfig
) -> ChurnModel | str:
    """Return the model of one target as of the end of `month`, or in a sentence why there is none."""
    label = TARGETS[target]
    with warehouse.reading() as connection:
        parameters = read_parameters(connection)
        plan = replace(TrainingPlan(), minimum_churners=int(parameters["minimum_churners"]))
        windows = [int(parameters[name]) for name in ("gap_months", "outcome_months", "silence_months")]
        split = split_by_month(
            read_label_months(connection, label, config.minimum_judged_share),
            month,
            maximum_training_months=config.maximum_training_months,
            outcome_months=windows[1],
            closing_months=sum(windows),
        )
        if isinstance(split, NoSplit):
            return split.reason
        carried = (plan.bill_ratio_column, plan.tenure_column)
        frame = read_training_frame(connection, split.months, columns, label, carried, config.maximum_rows)
    fitted = fit(frame, label, split, columns, plan)
    return fitted.reason if isinstance(fitted, NoModel) else fitted


def _model_row(model: ChurnModel, month: date, checksum: str) -> dict[str, object]:
    target = _target(model)
    figures = model.evaluations["model"]
    return {
        "model_id": model_id(target, month),
        "target": target,
        "trained_for_month": month,
        "is_released": True,
        "auc": figures.auc.value,
        "auc_low": figures.auc.low,
        "auc_high": figures.auc.high,
        "average_precision": figures.average_precision.value,
        "top_decile_lift": figures.top_decile_lift.value,
        "lift_low": figures.top_decile_lift.low,
        "lift_high": figures.top_decile_lift.high,
        "churners": figures.churners,
        "rows": figures.rows,
        "test_month": model.split.test[-1],
        "checksum": checksum,
        "reason": "Released: every model that can be trained is, for now.",
    }


def _evaluation_rows(model: ChurnModel, month: date) -> list[dict[str, object]]:
    return [
        {
            "trained_for_month": month,
            "target": _target(model),
            "contender": contender,
            "test_month": model.split.test[-1],
            "rows": figures.rows,
            "churners": figures.churners,
            "auc": figures.auc.value,
            "auc_low": figures.auc.low,
            "auc_high": figures.auc.high,
            "average_precision": figures.average_precision.value,
            "average_precision_low": figures.average_precision.low,
            "average_precision_high": figures.average_precision.high,
            "top_decile_lift": figures.top_decile_lift.value,
            "top_decile_lift_low": figures.top_decile_lift.low,
            "top_decile_lift_high": figures.top_decile_lift.high,
            "expected_churners": figures.expected_churners,
            "calibration_slope": figures.calibration_slope,
        }
        for contender, figures in model.evaluations.items()
    ]


def _target(model: ChurnModel) -> str:
    return next(target for target, label in TARGETS.items() if label == model.target)


def _names(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns]


def _metadata(table: str, frame: pd.DataFrame) -> dict[str, int | dg.MarkdownMetadataValue]:
    metadata: dict[str, int | dg.MarkdownMetadataValue] = {"rows": len(frame)}
    if table == "ml.model_evaluations":
        columns = ["trained_for_month", "target", "contender", "auc", "top_decile_lift"]
        metadata["figures"] = dg.MetadataValue.md(_markdown(frame, columns))
    return metadata


def _markdown(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [
        " | ".join(_shown(value) for value in row) for row in frame[list(columns)].itertuples(index=False)
    ]
    return "\n".join(f"| {line} |" for line in lines)


def _shown(value: float | str | date | None) -> str:
    if value is None or value != value:
        return "not measured"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
