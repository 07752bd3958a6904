"""Modelling: a model of each kind of churn for every month that its history can make one, judged and kept."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import dagster as dg
import pandas as pd
from pydantic import Field

from ml.columns import FeatureColumns
from ml.model import ChurnModel, TrainingPlan, save
from ml.splits import MonthSplit, NoSplit, refit_split, split_by_month
from ml.training import NoModel, SharedRows, fit, refit
from orchestration.defs.candidates import (
    feature_columns,
    label_expressions,
    monotone_features,
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
        deps=[
            ["features", "subscriber_features"],
            ["labels", "churn_labels"],
            ["retention", "scorecard_scores"],
        ],
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
    recipe = Recipe.read(warehouse)
    rows: dict[str, list[dict[str, object]]] = {
        "ml.models": [],
        "ml.model_evaluations": [],
        "ml.releases": [],
        "ml.month_notes": [],
    }
    for month in months:
        for target, model in train(warehouse, month, recipe, config).items():
            if isinstance(model, str):
                rows["ml.month_notes"].append({"snapshot_month": month, "target": target, "note": model})
                say(f"{month:%Y-%m} {target}: no model. {model}")
                continue
            checksum = keep(model, warehouse.home, model_id(target, month))
            rows["ml.models"].append(_model_row(model, month, checksum))
            rows["ml.model_evaluations"] += _evaluation_rows(model, month)
            lift = model.evaluations["model"].top_decile_lift.value
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


@dataclass(frozen=True)
class Recipe:
    """What every month of a run is trained by: features, plan, windows, targets with their labels in SQL."""

    columns: FeatureColumns
    plan: TrainingPlan
    outcome_months: int
    closing_months: int
    labels: Mapping[str, str]

    @classmethod
    def read(cls, warehouse: Warehouse) -> "Recipe":
        """Read it from the manifest and the rule book."""
        manifest = current_manifest(warehouse.home)
        with warehouse.reading() as connection:
            parameters = read_parameters(connection)
        return cls.of(parameters, feature_columns(manifest), monotone_features(manifest))

    @classmethod
    def of(
        cls, parameters: Mapping[str, str], columns: FeatureColumns, monotone: Mapping[str, int]
    ) -> "Recipe":
        """Put it together from the rule book's parameters and what the features' YAML says."""
        gap, outcome, silence = (
            int(parameters[name]) for name in ("gap_months", "outcome_months", "silence_months")
        )
        return cls(
            columns=columns,
            plan=replace(
                TrainingPlan(), minimum_churners=int(parameters["minimum_churners"]), monotone=monotone
            ),
            outcome_months=outcome,
            closing_months=gap + outcome + silence,
            labels=label_expressions(outcome),
        )


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
    warehouse: Warehouse, month: date, recipe: Recipe, config: ModellingConfig
) -> dict[str, ChurnModel | str]:
    """Return each target's model as of the end of `month`, or in a sentence why there is none.

    A model is judged by a fit that its test month could have made, then fitted anew on newer months. The
    rows of all targets are read once.
    """
    with warehouse.reading() as connection:
        splits = {
            target: _splits(
                read_label_months(connection, label, config.minimum_judged_share), month, recipe, config
            )
            for target, label in recipe.labels.items()
        }
        found: dict[str, ChurnModel | str] = {
            target: split.reason for target, split in splits.items() if isinstance(split, NoSplit)
        }
        possible = {target: split for target, split in splits.items() if not isinstance(split, NoSplit)}
        if not possible:
            return found
        plan = recipe.plan
        frame = read_training_frame(
            connection,
            sorted({month for pair in possible.values() for split in pair for month in split.months}),
            recipe.columns,
            {target: recipe.labels[target] for target in possible},
            (plan.bill_ratio_column, plan.tenure_column),
            config.maximum_rows,
        )
    shared = SharedRows()
    for target, (judging, newer) in possible.items():
        others = tuple(other for other in possible if other != target)
        judged = fit(frame, target, judging, recipe.columns, plan, others, shared)
        found[target] = (
            judged.reason if isinstance(judged, NoModel) else refit(frame, judged, newer, others, shared)
        )
    return {target: found[target] for target in recipe.labels}


def _splits(
    label_months: pd.DataFrame, month: date, recipe: Recipe, config: ModellingConfig
) -> tuple[MonthSplit, MonthSplit] | NoSplit:
    """The months of the judged fit and those of the refit."""
    judging = split_by_month(
        label_months,
        month,
        maximum_training_months=config.maximum_training_months,
        outcome_months=recipe.outcome_months,
        closing_months=recipe.closing_months,
    )
    if isinstance(judging, NoSplit):
        return judging
    return judging, refit_split(
        label_months,
        judging,
        maximum_training_months=config.maximum_training_months,
        outcome_months=recipe.outcome_months,
    )


def _model_row(model: ChurnModel, month: date, checksum: str) -> dict[str, object]:
    figures = model.evaluations["model"]
    return {
        "model_id": model_id(model.target, month),
        "target": model.target,
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
        "test_month": model.tested[-1],
        "checksum": checksum,
        "reason": "Released: every model that can be trained is, for now.",
    }


def _evaluation_rows(model: ChurnModel, month: date) -> list[dict[str, object]]:
    return [
        {
            "trained_for_month": month,
            "target": model.target,
            "contender": contender,
            "test_month": model.tested[-1],
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
