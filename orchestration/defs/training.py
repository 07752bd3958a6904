"""Training: what a month's rows make of each target, a model beside the one in force or why there is none.

Belongs here: which rows are read, how a new model is set against the one that the month finds in force. Not
here: how a model is fitted and judged (`ml/training.py`), what is kept and released of it (`modelling.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.columns import KEY, SUBSCRIBER, months_of
from ml.evaluation import Difference, Evaluation, Figure, compare, evaluate
from ml.leaks import find_leaks
from ml.model import ChurnModel, load
from ml.release import Decision, InForce, ReleaseRules, decide
from ml.scoring import score
from ml.splits import NoSplit, months_between
from ml.training import ContestTerms, NoModel, SharedRows, fit, intercept_shift, refit
from orchestration.defs.candidates import (
    horizon_target,
    read_capacity,
    read_label_months,
    read_training_frame,
)
from orchestration.defs.model_figures import judged_charts
from orchestration.defs.recipe import ModellingConfig, Recipe, splits_of
from orchestration.releases import model_if_kept, model_in_force_before
from orchestration.settings import Home
from orchestration.warehouse import Warehouse

CHARTED = ("quantity_churn", "value_churn")
"""Targets whose judged fit is drawn."""


_RULES = ("bill_ratio", "tenure", "scorecard")


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
            charts=_charts(frame, judged) if target in CHARTED else {},
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
    judging: dict[str, Any] = {
        "capacity": terms.capacity,
        "profit_parameters": terms.profit_parameters,
        "draws": plan.interval_draws,
        "seed": plan.seed,
    }
    compared = compare(churned, _scores(model, tested), in_force_scores, tested[SUBSCRIBER], **judging)
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
        evaluate(churned, in_force_scores, tested[SUBSCRIBER], **judging),
    )


def _calibrated_up_to(model: ChurnModel) -> np.datetime64:
    return np.datetime64(model.split.calibrate[-1])


def _scores(model: ChurnModel, rows: pd.DataFrame) -> np.ndarray:
    """Probabilities in the order of the rows, which is that of their key."""
    return score(model, rows[[*KEY, *model.columns.names]])["probability"].to_numpy()


def _figure(difference: Difference) -> Figure:
    return Figure(difference.value, difference.low, difference.high)
