"""Scoring: the probability of every candidate from the last release; of those at risk, why and what if."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import dagster as dg
import duckdb
import numpy as np
import pandas as pd

from ml.hazards import hazards, pooled_horizons
from ml.reasons import ReasonLimits, Reasons, reasons
from ml.scoring import score
from ml.what_if import what_ifs
from orchestration.defs.candidates import (
    horizon_target,
    read_candidates,
    read_causes,
    read_parameters,
    read_what_ifs,
)
from orchestration.defs.customers import may_be_listed, read_customers, read_options
from orchestration.defs.groups import MODEL
from orchestration.defs.month_figures import causes_by_tier
from orchestration.defs.telling import materialised
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.releases import load_in_force
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, read_months, replace_months
from orchestration.worklists.texts import LANGUAGES, Texts, shown

_MEAN_BILL = "billed_amount_mean_3m"
_TIER = "value_tier"
_OWNERS = ["data-science@operator.example"]
_SCORES = "ml.churn_scores"
_REASONS = "ml.churn_reasons"
_CAUSES = "ml.cause_scores"
_WHAT_IFS = "ml.what_ifs"


@dg.asset(
    key=_SCORES.split("."),
    deps=[["features", "subscriber_features"], ["ml", "models"], ["ml", "releases"]],
    description=TABLES[_SCORES].grain,
    group_name=MODEL,
    owners=_OWNERS,
    kinds={"python", "xgboost"},
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def churn_scores(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """Score the candidates of each month with the last model released by then."""
    months = run_months(context)
    for month in months:
        with warehouse.writing() as connection:
            scores = score_month(connection, warehouse.home, month)
            replace_months(connection, _SCORES, scores, [month])
        say(f"{month:%Y-%m}: {len(scores)} candidates scored")
    with warehouse.reading() as connection:
        return materialised(context, connection, _SCORES, months)


@dg.multi_asset(
    name="churn_reasons",
    specs=[
        dg.AssetSpec(
            table.split("."),
            deps=[
                _SCORES.split("."),
                ["retention", "scorecard_scores"],
                ["retention", "first_contacts"],
                ["retention", "would_be_owners"],
                ["reference", "cause_map"],
                ["reference", "offers"],
                ["reference", "what_ifs"],
            ],
            description=TABLES[table].grain,
            group_name=MODEL,
            owners=_OWNERS,
            kinds={"python", "xgboost"},
            partitions_def=snapshot_months,
        )
        for table in (_REASONS, _CAUSES, _WHAT_IFS)
    ],
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def churn_reasons(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Say of each subscriber at risk what sets him apart from his value tier, and what might help."""
    settings = OperatorSettings.load(warehouse.home.operator_file)
    months = run_months(context)
    for month in months:
        with warehouse.writing() as connection:
            explained = explain_month(connection, warehouse.home, month, settings)
            for table, frame in explained.items():
                replace_months(connection, table, frame, [month])
        say(f"{month:%Y-%m}: {explained[_REASONS]['subscriber_id'].nunique()} subscribers explained")
    with warehouse.reading() as connection:
        causes = causes_by_tier(connection, months)
        for table in (_REASONS, _CAUSES, _WHAT_IFS):
            yield materialised(context, connection, table, months, causes if table == _CAUSES else {})


@dg.asset_check(
    asset=_SCORES.split("."),
    blocking=True,
    partitions_def=snapshot_months,
    description="Every candidate of a month is scored once, or none where no model is released.",
)
def every_candidate_is_scored_once(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Compare the scored subscribers with the candidates, month by month."""
    with warehouse.reading() as connection:
        wrong = wrongly_scored(connection, run_months(context))
    return dg.AssetCheckResult(passed=not wrong, metadata={"wrong_per_month": wrong})


def wrongly_scored(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[str, int]:
    """Count candidates without exactly one score, and scores of others, by month since the first release."""
    return dict(
        connection.execute(
            """
            with candidates as (
                select snapshot_month, subscriber_id
                from features.subscriber_features
                where snapshot_month in (select unnest($months::date[]))
            ),
            scores as (
                select snapshot_month, subscriber_id, count(*) as score_count
                from ml.churn_scores
                where snapshot_month in (select unnest($months::date[]))
                group by all
            ),
            releases as (
                select min(snapshot_month) as first_month
                from ml.releases
                where model_id is not null and target = 'quantity_churn'
            )
            select
                strftime(snapshot_month, '%Y-%m') as snapshot_month,
                count(*) as wrong_count
            from candidates
            full join scores using (snapshot_month, subscriber_id)
            cross join releases
            where
                snapshot_month >= releases.first_month
                and (candidates.subscriber_id is null or coalesce(scores.score_count, 0) <> 1)
            group by all
            order by all
            """,
            {"months": list(months)},
        ).fetchall()
    )


def score_month(connection: duckdb.DuckDBPyConnection, home: Home, month: date) -> pd.DataFrame:
    """Return one month of `ml.churn_scores`; nothing while no model of quantity churn is released."""
    columns = [column.name for column in TABLES[_SCORES].columns]
    released = load_in_force(connection, home, "quantity_churn", month)
    if released is None:
        return pd.DataFrame(columns=columns)
    name, model = released
    candidates = read_candidates(connection, month, model.columns, ())
    scores = score(model, candidates).rename(columns={"probability": "churn_probability"})
    scores["model_id"] = name

    def probability(target: str) -> np.ndarray:
        """Probabilities of another target in the order of the key, null without a model of it."""
        found = load_in_force(connection, home, target, month)
        if found is None:
            return np.full(len(scores), np.nan)
        rows = candidates
        if found[1].columns != model.columns:
            rows = read_candidates(connection, month, found[1].columns, ())
        return score(found[1], rows)["probability"].to_numpy()

    scores["value_churn_probability"] = probability("value_churn")
    scores["involuntary_churn_probability"] = probability("involuntary_churn")
    parameters = read_parameters(connection)
    horizons = [probability(horizon_target(count)) for count in range(1, int(parameters["outcome_months"]))]
    for column, values in by_horizon(horizons, scores["churn_probability"].to_numpy()).items():
        scores[column] = values
    bills = read_months(
        connection,
        "features.subscriber_features",
        [month],
        {"subscriber_id": "varchar", _MEAN_BILL: "double"},
    )
    value_horizon = int(parameters["value_horizon_months"])
    scores["value_at_risk"] = scores["churn_probability"] * bills[_MEAN_BILL].to_numpy() * value_horizon
    by_risk = scores.sort_values(["churn_probability", "subscriber_id"], ascending=[False, True]).index
    scores.loc[by_risk, "risk_rank"] = np.arange(1, len(scores) + 1)
    return scores.reindex(columns=columns)


def by_horizon(shorter: Sequence[np.ndarray], whole: np.ndarray) -> dict[str, np.ndarray]:
    """Return the probabilities of the shorter horizons, none above a longer one's, and each month's hazard.

    `shorter` begins with one month, `whole` is the outcome window's and stays as it is; NaN without a model.

    >>> found = by_horizon([np.array([0.2])], np.array([0.1]))
    >>> {name: values.tolist() for name, values in found.items()}
    {'churn_probability_1m': [0.1], 'hazard_1m': [0.1], 'hazard_2m': [0.0]}
    """
    probability = np.column_stack([*shorter, whole])
    known = ~np.isnan(probability).all(axis=0)
    probability[:, known] = pooled_horizons(probability[:, known])
    monthly = hazards(probability)
    return {f"churn_probability_{place + 1}m": probability[:, place] for place in range(len(shorter))} | {
        f"hazard_{place + 1}m": monthly[:, place] for place in range(len(shorter) + 1)
    }


def explain_month(
    connection: duckdb.DuckDBPyConnection, home: Home, month: date, settings: OperatorSettings
) -> dict[str, pd.DataFrame]:
    """Return the rows of `ml.churn_reasons`, `ml.cause_scores` and `ml.what_ifs` of one month."""
    customers = read_customers(connection, month)
    parameters = read_parameters(connection)
    horizon = int(parameters["value_horizon_months"])
    is_listed = may_be_listed(customers, read_options(connection, month), horizon_months=horizon)
    at_risk = customers.loc[is_listed, "subscriber_id"]
    released = load_in_force(connection, home, "quantity_churn", month)
    columns = {
        name: [column.name for column in TABLES[name].columns] for name in (_REASONS, _CAUSES, _WHAT_IFS)
    }
    if released is None or at_risk.empty:
        return {name: pd.DataFrame(columns=own) for name, own in columns.items()}
    _, model = released
    candidates = read_candidates(connection, month, model.columns, (_TIER,))
    listed = candidates[candidates["subscriber_id"].isin(at_risk)]
    causes = read_causes(connection)
    found: Reasons = reasons(
        model, listed, causes[["feature", "cause"]], candidates, _TIER, _limits(parameters)
    )
    facts = found.reasons.merge(causes.drop(columns="cause"), on="feature", how="left")
    facts["is_flag"] = facts["feature"].isin(model.columns.boolean)
    texts = Texts.load(REFERENCE / "texts.csv")
    for language in LANGUAGES:
        facts[f"sentence_{language}"] = _sentences(facts, texts, language, settings.currency)
    facts["sentence"] = facts[f"sentence_{settings.language}"]
    changed = what_ifs(
        listed[["snapshot_month", "subscriber_id", *model.columns.names]],
        read_what_ifs(connection, month),
        lambda rows: score(model, rows)["probability"].to_numpy(),
        minimum_fall=float(parameters["what_if_minimum_fall"]),
    )
    frames = {_REASONS: facts, _CAUSES: found.cause_scores, _WHAT_IFS: changed}
    return {name: frame[columns[name]] for name, frame in frames.items()}


def _limits(parameters: Mapping[str, str]) -> ReasonLimits:
    return ReasonLimits(
        maximum_causes=int(parameters["reason_maximum_causes"]),
        maximum_facts=int(parameters["reason_maximum_facts"]),
        facts_before_next_cause=int(parameters["reason_facts_before_next_cause"]),
        minimum_share=float(parameters["reason_minimum_share"]),
        close_share=float(parameters["reason_close_share"]),
    )


def _sentences(facts: pd.DataFrame, texts: Texts, language: str, currency: str) -> list[str]:
    """Return each reason in words: the fact, the subscriber's value, and what is typical of his tier.

    Where the two read the same, the fact adds to the risk together with others; it is told as usual.
    """
    unknown = texts.text("reason.unknown", language)

    def words(feature: str, level: str, number: float, unit: str, *, is_flag: bool) -> str:
        if pd.notna(level):
            return texts.label(feature, level, language)
        if pd.isna(number):
            return unknown
        if is_flag:
            return texts.label("boolean", "true" if number else "false", language)
        return shown(number, unit, currency)

    names = ["feature", f"label_{language}", "unit", "is_flag", "level", "value", "typical_level", "typical"]
    sentences = []
    for row in facts[names].itertuples(index=False):
        feature, label, unit, is_flag, level, value, typical_level, typical = row
        own = words(feature, level, value, unit, is_flag=is_flag)
        usual = words(feature, typical_level, typical, unit, is_flag=is_flag)
        key = "reason.usual" if own == usual else "reason.sentence"
        sentences.append(texts.text(key, language, label=label, own=own, typical=usual))
    return sentences
