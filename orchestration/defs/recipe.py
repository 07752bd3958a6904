"""The recipe of a run's models: features, targets, windows, which months learn, how trees are grown.

Belongs here: what is read of the rule book, the features' YAML and kept searches before a model is trained.
Not here: training, comparing and keeping models (`modelling.py` beside this), how settings are searched
(`ml/tuning.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd
from pydantic import Field

from ml.columns import FeatureColumns
from ml.leaks import LeakLimits
from ml.model import TrainingPlan
from ml.profit import ProfitParameters
from ml.release import ReleaseRules
from ml.splits import MonthSplit, NoSplit, refit_split, split_by_month
from ml.training import ContestTerms
from ml.tuning import search_by_month
from orchestration.defs.candidates import (
    feature_columns,
    horizon_target,
    label_expressions,
    monotone_features,
    read_label_months,
    read_parameters,
    read_training_frame,
)
from orchestration.defs.dbt_child import current_manifest
from orchestration.releases import release_rules
from orchestration.settings import Home
from orchestration.tuning import TuningError, keep_search, plan_in_force
from orchestration.warehouse import Warehouse

RANKED_BY = ("quantity_churn", "value_churn")
"""Targets that a list is ranked by."""


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


@dataclass(frozen=True)
class Recipe:
    """What every month of a run is trained by: features, plan, windows, targets with their labels in SQL."""

    home: Home
    columns: FeatureColumns
    plan: TrainingPlan
    gap_months: int
    outcome_months: int
    closing_months: int
    labels: Mapping[str, str]
    release_rules: ReleaseRules
    leak_limits: LeakLimits
    profit_parameters: ProfitParameters

    def plan_of(self, target: str, month: date) -> TrainingPlan:
        """The plan of a target, with the settings of the newest search that `month` can know.

        What no list is ranked by is learnt in half as many, larger steps.
        """
        plan = plan_in_force(self.home, target, month, self.plan)
        if target in RANKED_BY:
            return plan
        return replace(
            plan,
            learning_rate=2 * plan.learning_rate,
            early_stopping_rounds=plan.early_stopping_rounds // 2,
        )

    def terms_of(self, target: str, capacity: int | None) -> ContestTerms:
        """What a target's contest is judged by.

        Where a list is ranked by the target, a logistic regression on the numbers with a declared direction
        contends: those by which a person would judge. All features would take ten times as long.
        """
        directed = tuple(name for name in self.columns.numeric if name in self.plan.monotone)
        return ContestTerms(
            capacity,
            self.profit_parameters,
            FeatureColumns(directed) if directed and target in RANKED_BY else None,
        )

    @property
    def horizons(self) -> dict[str, int]:
        """Months of the outcome window that a target looks at, where not at all of it."""
        return {horizon_target(months): months for months in range(1, self.outcome_months)}

    @classmethod
    def read(cls, warehouse: Warehouse) -> "Recipe":
        """Read it from the manifest and the rule book."""
        manifest = current_manifest(warehouse.home)
        with warehouse.reading() as connection:
            parameters = read_parameters(connection)
        return cls.of(warehouse.home, parameters, feature_columns(manifest), monotone_features(manifest))

    @classmethod
    def of(
        cls,
        home: Home,
        parameters: Mapping[str, str],
        columns: FeatureColumns,
        monotone: Mapping[str, int],
    ) -> "Recipe":
        """Put it together from the rule book's parameters and what the features' YAML says."""
        gap, outcome, silence = (
            int(parameters[name]) for name in ("gap_months", "outcome_months", "silence_months")
        )
        return cls(
            home=home,
            columns=columns,
            plan=replace(
                TrainingPlan(), minimum_churners=int(parameters["minimum_churners"]), monotone=monotone
            ),
            gap_months=gap,
            outcome_months=outcome,
            closing_months=gap + outcome + silence,
            labels=label_expressions(outcome),
            release_rules=release_rules(parameters),
            leak_limits=LeakLimits.from_parameters(parameters),
            profit_parameters=ProfitParameters.from_parameters(parameters),
        )


def splits_of(
    label_months: pd.DataFrame, month: date, recipe: Recipe, config: ModellingConfig
) -> tuple[MonthSplit, MonthSplit] | NoSplit:
    """Return the months of the judged fit and those of the refit, or why there are none yet."""
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


def search_settings(
    warehouse: Warehouse, month: date, target: str, recipe: Recipe, config: ModellingConfig
) -> Path:
    """Search the settings of a target's trees on what `month` knew, and keep them; return the file.

    Raises TuningError for a target that is not trained, and where history is too short for a model.
    """
    if target not in recipe.labels:
        raise TuningError(f"{target!r} is no target; there are {', '.join(recipe.labels)}.")
    with warehouse.reading() as connection:
        label_months = read_label_months(connection, recipe.labels[target], config.minimum_judged_share)
        splits = splits_of(label_months, month, recipe, config)
        if isinstance(splits, NoSplit):
            raise TuningError(splits.reason)
        judging = splits[0]
        frame, _ = read_training_frame(
            connection,
            [*judging.train, *judging.stop],
            recipe.columns,
            {target: recipe.labels[target]},
            (recipe.plan.bill_ratio_column, recipe.plan.tenure_column),
            config.maximum_rows,
        )
    found = search_by_month(frame, target, judging, recipe.columns, recipe.plan)
    return keep_search(recipe.home, target, month, found)
