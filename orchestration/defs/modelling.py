"""Modelling: a model of each kind of churn for every month that its history can make one, judged and kept.

Belongs here: the asset, what is kept of a month's models, and the rows that tell of them. Not here: how they
come about (`training.py`), which one scores (`orchestration.releases`).
"""

import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd

from ml.evaluation import Evaluation, Figure
from ml.model import ChurnModel, save
from orchestration.defs import telling
from orchestration.defs.candidates import read_causes
from orchestration.defs.groups import MODEL
from orchestration.defs.recipe import ModellingConfig, Recipe
from orchestration.defs.telling import materialised, merged
from orchestration.defs.training import CHARTED, Trained, Untrained, train
from orchestration.model_cards import write_card
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.releases import Verdict, record
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, read_months, replace_months
from orchestration.worklists.texts import Texts

_TABLES = ("ml.models", "ml.model_evaluations", "ml.releases", "ml.month_notes")
_SHOWN_FIGURES = {
    "target": "target",
    "contender": "contender",
    "top_decile_lift": "lift",
    "top_decile_lift_low": "low",
    "top_decile_lift_high": "high",
    "auc": "auc",
    "expected_churners": "foretold",
    "churners": "came",
    "rows": "rows",
    "test_month": "judged_on",
}
_EVALUATED = (
    "rows",
    "churners",
    "auc",
    "average_precision",
    "top_decile_lift",
    "expected_churners",
    "calibration_slope",
    "calibration_intercept",
    "observed_over_expected",
    "log_loss",
    "top_decile_precision",
    "capacity",
    "precision_at_capacity",
    "lift_at_capacity",
    "expected_maximum_profit",
    "maximum_profit",
)


def _spec(table: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.split("."),
        deps=[
            ["features", "subscriber_features"],
            ["labels", "churn_labels"],
            ["retention", "scorecard_scores"],
            ["retention", "would_be_owners"],
            ["retention", "capacities"],
        ],
        description=TABLES[table].grain,
        group_name=MODEL,
        owners=["data-science@operator.example"],
        kinds={"python", "xgboost"},
        partitions_def=snapshot_months,
    )


@dg.multi_asset(
    name="models",
    specs=[_spec(table) for table in _TABLES],
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def models(
    context: dg.AssetExecutionContext, config: ModellingConfig, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Train on what each month knew at its end, and release what is better than the model in force."""
    months = run_months(context)
    recipe = Recipe.read(warehouse)
    settings = OperatorSettings.load(warehouse.home.operator_file)
    charts: dict[date, dict[str, Any]] = {}
    figures: dict[date, dict[str, Any]] = {}
    # Month by month to the end: the gate of a month asks what the month before has put in force.
    for month in months:
        trained = train(warehouse, month, recipe, config)
        frames = close_month(warehouse, month, trained, recipe, settings.language)
        charts[month] = {
            name: chart
            for found in trained.values()
            if isinstance(found, Trained)
            for name, chart in found.charts.items()
        }
        figures[month] = {
            "figures": telling.table(_shown_figures(frames["ml.model_evaluations"])),
            "gate": telling.table(frames["ml.releases"]),
        }
    told = {
        "ml.models": {month: {"gate": shown["gate"]} for month, shown in figures.items()},
        "ml.model_evaluations": merged(
            {month: {"figures": shown["figures"]} for month, shown in figures.items()}, charts
        ),
        "ml.releases": {month: {"gate": shown["gate"]} for month, shown in figures.items()},
        "ml.month_notes": {},
    }
    with warehouse.reading() as connection:
        for table in _TABLES:
            yield materialised(
                context, connection, table, months, told[table], month_column=_month_column(table)
            )


def close_month(
    warehouse: Warehouse,
    month: date,
    trained: Mapping[str, Trained | Untrained],
    recipe: Recipe,
    language: str,
) -> dict[str, pd.DataFrame]:
    """Keep the month's models and write its rows of all four tables and its cards; return those rows."""
    texts = Texts.load(REFERENCE / "texts.csv")
    verdicts: list[Verdict] = []
    checksums: dict[str, str] = {}
    for target, found in trained.items():
        if isinstance(found, Untrained):
            verdicts.append(Verdict(target, note=found.reason, intercept_shift=found.intercept_shift))
            say(f"{month:%Y-%m} {target}: no model. {found.reason}")
            continue
        name = model_id(target, month)
        checksums[target] = keep(found.model, warehouse.home, name)
        decision = found.decide(recipe.release_rules)
        verdicts.append(Verdict(target, name, decision, intercept_shift=found.intercept_shift))
        lift = found.model.evaluations["model"].top_decile_lift.value
        released = "released" if decision.is_released else "not released"
        say(f"{month:%Y-%m} {target}: model trained, top-decile lift {telling.cell(lift)}, {released}")
    kept = {target: found for target, found in trained.items() if isinstance(found, Trained)}
    with warehouse.writing() as connection:
        in_force = record(connection, texts, month, verdicts)
        releases = read_months(connection, "ml.releases", [month], ("target", "reason_en"), key=("target",))
        reasons = dict(zip(releases["target"], releases["reason_en"], strict=True))
        rows: dict[str, list[dict[str, object]]] = {
            "ml.models": [
                _model_row(found.model, month, checksums[target])
                | {
                    "is_released": in_force[target] == model_id(target, month),
                    "reason": reasons[target],
                }
                for target, found in kept.items()
            ],
            "ml.model_evaluations": [
                row for found in kept.values() for row in _evaluation_rows(found, month)
            ],
            "ml.month_notes": [
                {"snapshot_month": month, "target": target, "note": found.reason}
                for target, found in trained.items()
                if isinstance(found, Untrained)
            ],
        }
        frames = {table: pd.DataFrame(found, columns=_names(table)) for table, found in rows.items()}
        for table, frame in frames.items():
            replace_months(connection, table, frame, [month], _month_column(table))
        causes = read_causes(connection)
        for target in kept:
            windows = (recipe.gap_months, recipe.horizons.get(target, recipe.outcome_months))
            write_card(connection, warehouse.home, texts, causes, model_id(target, month), language, windows)
    return frames | {"ml.releases": releases}


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


def _model_row(model: ChurnModel, month: date, checksum: str) -> dict[str, object]:
    figures = model.evaluations["model"]
    return {
        "model_id": model_id(model.target, month),
        "target": model.target,
        "trained_for_month": month,
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
    }


def _evaluation_rows(trained: Trained, month: date) -> list[dict[str, object]]:
    evaluations = dict(trained.model.evaluations)
    if trained.evaluation_in_force:
        evaluations["in_force"] = trained.evaluation_in_force
    return [
        {
            "trained_for_month": month,
            "target": trained.model.target,
            "contender": contender,
            "test_month": trained.model.tested[-1],
        }
        | evaluation_row(figures)
        for contender, figures in evaluations.items()
    ]


def evaluation_row(figures: Evaluation) -> dict[str, object]:
    """Return the figures of a contender as columns of `ml.model_evaluations`.

    Each figure with its interval has two more columns, `_low` and `_high`.
    """
    row: dict[str, object] = {}
    values = {name: getattr(figures, name) for name in _EVALUATED}
    values |= vars(figures.profit_parameters) if figures.profit_parameters else {}
    for name, value in values.items():
        row[name] = value.value if isinstance(value, Figure) else value
        if isinstance(value, Figure):
            row |= {f"{name}_low": value.low, f"{name}_high": value.high}
    declared = _names("ml.model_evaluations")
    return {name: value for name, value in row.items() if name in declared}


def _shown_figures(evaluations: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of the targets that have charts, under short heads; unknown ones as a dash."""
    charted = evaluations[evaluations["target"].isin(CHARTED)]
    shown = charted[list(_SHOWN_FIGURES)].rename(columns=_SHOWN_FIGURES)
    foretold = ["–" if pd.isna(value) else f"{value:,.0f}" for value in shown["foretold"]]
    return shown.assign(foretold=foretold)


def _month_column(table: str) -> str:
    return "trained_for_month" if table in ("ml.models", "ml.model_evaluations") else "snapshot_month"


def _names(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns]
