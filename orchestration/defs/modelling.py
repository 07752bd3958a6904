"""Modelling: a model of each kind of churn for every month that its history can make one, judged and kept."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from ml.columns import KEY, SUBSCRIBER, months_of
from ml.evaluation import Difference, Evaluation, Figure, compare, evaluate
from ml.leaks import find_leaks
from ml.model import ChurnModel, load, save
from ml.release import Decision, InForce, ReleaseRules, decide
from ml.scoring import score
from ml.splits import NoSplit, months_between
from ml.training import ContestTerms, NoModel, SharedRows, fit, intercept_shift, refit
from orchestration.defs import telling
from orchestration.defs.candidates import (
    horizon_target,
    read_capacity,
    read_causes,
    read_label_months,
    read_training_frame,
)
from orchestration.defs.groups import MODEL
from orchestration.defs.model_figures import judged_charts
from orchestration.defs.recipe import ModellingConfig, Recipe, splits_of
from orchestration.defs.telling import materialised, merged
from orchestration.model_cards import write_card
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.releases import (
    Verdict,
    model_if_kept,
    model_in_force_before,
    record,
)
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, read_months, replace_months
from orchestration.worklists.texts import Texts

_TABLES = ("ml.models", "ml.model_evaluations", "ml.releases", "ml.month_notes")
_CHARTED = ("quantity_churn", "value_churn")
_RULES = ("bill_ratio", "tenure", "scorecard")
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
    trained: Mapping[str, "Trained | Untrained"],
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
        say(f"{month:%Y-%m} {target}: model trained, top-decile lift {_shown(lift)}, {released}")
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


@dataclass(frozen=True)
class Trained:
    """A month's model with what the gate is told of it: beside it the model in force, on the same rows.

    `intercept_shift` is for the model that goes on if this one is not released; `charts` show the judged fit.
    """

    model: ChurnModel
    leaks: tuple[str, ...] = ()
    in_force: InForce | None = None
    evaluation_in_force: Evaluation | None = None
    intercept_shift: float = 0.0
    charts: Mapping[str, Any] = field(default_factory=dict)

    def decide(self, rules: ReleaseRules) -> Decision:
        """Ask the gate."""
        evaluations = self.model.evaluations
        naive = {name: figures for name, figures in evaluations.items() if name in _RULES}
        return decide(evaluations["model"], naive, self.in_force, self.leaks, rules)


@dataclass(frozen=True)
class Untrained:
    """Why a month has no new model, in a sentence; `intercept_shift` is for the model that goes on."""

    reason: str
    intercept_shift: float = 0.0


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
) -> dict[str, Trained | Untrained]:
    """Return each target's model as of the end of `month`, or in a sentence why there is none.

    A model is judged by a fit that its test month could have made, then fitted anew on newer months, and
    compared with the model that the month finds in force. On the months that calibrate the new one it is
    seen whether the base rate has moved away from the old. The rows of all targets are read once.
    """
    with warehouse.reading() as connection:
        splits = {
            target: splits_of(
                read_label_months(connection, label, config.minimum_judged_share), month, recipe, config
            )
            for target, label in recipe.labels.items()
        }
        found: dict[str, Trained | Untrained] = {
            target: Untrained(split.reason) for target, split in splits.items() if isinstance(split, NoSplit)
        }
        possible = {target: split for target, split in splits.items() if not isinstance(split, NoSplit)}
        if not possible:
            return found
        plan = recipe.plan
        frame, sampled_share = read_training_frame(
            connection,
            sorted({month for pair in possible.values() for split in pair for month in split.months}),
            recipe.columns,
            {target: recipe.labels[target] for target in possible},
            (plan.bill_ratio_column, plan.tenure_column),
            config.maximum_rows,
        )
        capacity = read_capacity(connection, month)
        names_in_force = {target: model_in_force_before(connection, target, month) for target in possible}
        names_if_kept = {target: model_if_kept(connection, target, month) for target in possible}
    if capacity is not None:
        # Of a sample of the candidates, the same share is worked.
        capacity = round(capacity * sampled_share)
    shared = SharedRows()
    # Targets judged on the same rows one after the other: those rows are prepared once.
    for target in sorted(possible, key=lambda target: frame[target].isna().to_numpy().tobytes()):
        judging, newer = possible[target]
        terms, plan = recipe.terms_of(target, capacity), recipe.plan_of(target, month)
        others = tuple(other for other in possible if other != target)
        judged = fit(frame, target, judging, recipe.columns, plan, others, shared, terms)
        kept = _load(warehouse.home, names_if_kept[target], frame)
        shift = intercept_shift(frame, kept, newer.calibrate) if kept else 0.0
        if isinstance(judged, NoModel):
            found[target] = Untrained(judged.reason, shift)
            continue
        model = refit(frame, judged, newer, others, shared)
        leaks = find_leaks(model, frame, recipe.leak_limits, _first_month(target, possible))
        # Without a roll-back the model that goes on is the one found in force.
        in_force = (
            kept
            if names_in_force[target] == names_if_kept[target]
            else _load(warehouse.home, names_in_force[target], frame)
        )
        compared, figures = _against(frame, model, in_force, terms) if in_force else (None, None)
        found[target] = Trained(
            model,
            tuple(leak.sentence for leak in leaks),
            compared,
            figures,
            intercept_shift=shift,
            charts=_charts(frame, judged) if target in _CHARTED else {},
        )
    return {target: found[target] for target in recipe.labels}


def _charts(frame: pd.DataFrame, judged: ChurnModel) -> dict[str, Any]:
    months = np.array(judged.split.test, dtype="datetime64[s]")
    tested = frame[frame[judged.target].notna() & np.isin(months_of(frame), months)]
    return judged_charts(judged, tested, tested[judged.target].to_numpy(dtype=float), _scores(judged, tested))


def _load(home: Home, name: str | None, frame: pd.DataFrame) -> ChurnModel | None:
    """Load a model by its name; none where its features are no longer delivered: it can score nobody."""
    model = load(home.models / name) if name else None
    return model if model and set(model.columns.names) <= set(frame.columns) else None


def _first_month(target: str, targets: Iterable[str]) -> str | None:
    """The target that says who of `target` left in the window's first month, where there is one."""
    first = horizon_target(1)
    return first if target == "quantity_churn" and first in targets else None


def _against(
    frame: pd.DataFrame, model: ChurnModel, in_force: ChurnModel, terms: ContestTerms
) -> tuple[InForce, Evaluation]:
    """Compare a new model with the one in force where neither learnt from, in the newest closed months.

    The one in force is judged as it was trained, without a shift of its level: a shift mends the level alone,
    and must not hide from the gate that the model foretells too many or too few.
    """
    newest = frame[frame[model.target].notna() & (months_of(frame) > _calibrated_up_to(in_force))]
    tested = frame[frame[model.target].notna() & (months_of(frame) == np.datetime64(model.tested[-1]))]
    plan, churned = model.plan, tested[model.target].astype(float)
    in_force_scores = _scores(in_force, tested)
    compared = compare(
        churned,
        _scores(model, tested),
        in_force_scores,
        tested[SUBSCRIBER],
        capacity=terms.capacity,
        profit_parameters=terms.profit_parameters,
        draws=plan.interval_draws,
        seed=plan.seed,
    )
    foretold = pd.DataFrame(
        {
            "month": months_of(newest),
            "expected": _scores(in_force, newest),
            "observed": newest[model.target].astype(float).to_numpy(),
        }
    )
    sums = foretold.groupby("month", sort=True)[["observed", "expected"]].sum()
    return (
        InForce(
            age_months=months_between(in_force.trained_for_month, model.trained_for_month),
            lift_gain=_figure(compared.top_decile_lift),
            profit_gain=_figure(compared.expected_maximum_profit),
            observed_over_expected=(sums["observed"] / sums["expected"]).tolist(),
        ),
        evaluate(
            churned,
            in_force_scores,
            tested[SUBSCRIBER],
            capacity=terms.capacity,
            profit_parameters=terms.profit_parameters,
            draws=plan.interval_draws,
            seed=plan.seed,
        ),
    )


def _calibrated_up_to(model: ChurnModel) -> np.datetime64:
    return np.datetime64(model.split.calibrate[-1])


def _scores(model: ChurnModel, rows: pd.DataFrame) -> np.ndarray:
    """Probabilities in the order of the rows, which is that of their key."""
    return score(model, rows[[*KEY, *model.columns.names]])["probability"].to_numpy()


def _figure(difference: Difference) -> Figure:
    return Figure(difference.value, difference.low, difference.high)


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
    charted = evaluations[evaluations["target"].isin(_CHARTED)]
    shown = charted[list(_SHOWN_FIGURES)].rename(columns=_SHOWN_FIGURES)
    foretold = ["–" if pd.isna(value) else f"{value:,.0f}" for value in shown["foretold"]]
    return shown.assign(foretold=foretold)


def _month_column(table: str) -> str:
    return "trained_for_month" if table in ("ml.models", "ml.model_evaluations") else "snapshot_month"


def _names(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns]


def _shown(value: float | str | date | None) -> str:
    if value is None or value != value:
        return "not measured"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
