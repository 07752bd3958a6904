"""The watch: whether candidates and scores are still what the model in force was made of, and came true.

Belongs here: `ml.feature_drift`, `ml.score_drift`, and the checks that speak of them and of features that a
run computed again. None of them stops a run: the month's list has to go out, with the warning beside it. Not
here: how figures and levels are made (`ml/drift.py`), the guards that stop a release (`ml/leaks.py`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pandas as pd

from ml.columns import truth
from ml.drift import (
    INVESTIGATE,
    LEVELS,
    OK,
    STOP,
    Change,
    DriftLimits,
    Outcome,
    compare,
    drift,
    outcome,
    score_alarms,
)
from ml.model import load
from ml.splits import months_later
from orchestration.defs import telling
from orchestration.defs.candidates import FEATURES, read_candidates, read_parameters
from orchestration.defs.groups import MODEL
from orchestration.defs.telling import materialised
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.publishing.reproduction import DIFFERS, SAME, reproductions
from orchestration.settings import Home
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, read_months, replace_months

_FEATURES = "ml.feature_drift"
_SCORES = "ml.score_drift"
_WORST = 10


@dg.multi_asset(
    name="watch",
    specs=[
        dg.AssetSpec(
            table.split("."),
            deps=[
                ["ml", "churn_scores"],
                ["features", "subscriber_features"],
                ["labels", "churn_labels"],
                ["marts", "dim_subscribers"],
                ["reference", "stop_kinds"],
            ],
            description=TABLES[table].grain,
            group_name=MODEL,
            owners=["data-science@operator.example"],
            kinds={"python"},
            partitions_def=snapshot_months,
        )
        for table in (_FEATURES, _SCORES)
    ],
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def watch(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Compare each month's candidates and scores with the reference on the card of the model in force."""
    months = run_months(context)
    for month in months:
        with warehouse.writing() as connection:
            features, scores = watch_month(connection, warehouse.home, month)
            for table, frame in ((_FEATURES, features), (_SCORES, scores)):
                replace_months(connection, table, frame, [month])
        if len(scores):
            changed = int((features["level"] != OK).sum())
            say(f"{month:%Y-%m}: scores {scores['level'].iloc[0]}, {changed} features changed")
    with warehouse.reading() as connection:
        for table in (_FEATURES, _SCORES):
            yield materialised(context, connection, table, months)


def watch_month(
    connection: duckdb.DuckDBPyConnection, home: Home, month: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of `ml.feature_drift` and `ml.score_drift` of one month; none where none was scored."""
    parameters = read_parameters(connection)
    limits = DriftLimits.from_parameters(parameters)
    scores = read_months(
        connection, "ml.churn_scores", [month], ("subscriber_id", "model_id", "churn_probability")
    )
    if scores.empty:
        return _empty(_FEATURES), _empty(_SCORES)
    model_id = str(scores["model_id"].iloc[0])
    model = load(home.models / model_id)
    features = _empty(_FEATURES)
    change = None
    if model.reference is None:
        say(f"{month:%Y-%m}: {model_id} is of a time without a reference; its features are not watched")
    else:
        candidates = read_candidates(connection, month, model.columns, ())
        features = drift(model.reference, candidates, model.columns, model.levels, limits)
        features = features.assign(snapshot_month=month, model_id=model_id)
        change = compare(model.reference.score, scores["churn_probability"].to_numpy(dtype=float))
    row = {
        "snapshot_month": month,
        "model_id": model_id,
        "psi": change.psi if change else None,
        "critical_value": change.critical_value if change else None,
        "psi_over_critical": change.psi_over_critical if change else None,
        "rows": len(scores),
        "mean_probability": float(scores["churn_probability"].mean()),
        "expected_churners": float(scores["churn_probability"].sum()),
        **_came_true(connection, month, parameters, change, limits),
    }
    return features, pd.DataFrame([row], columns=_names(_SCORES))


def _came_true(
    connection: duckdb.DuckDBPyConnection,
    month: date,
    parameters: Mapping[str, str],
    change: Change | None,
    limits: DriftLimits,
) -> dict[str, object]:
    """Return what was known at the end of `month` of earlier scores, and the level of it all."""
    gap, window = int(parameters["gap_months"]), int(parameters["outcome_months"])
    judged_month = _newest_closed(connection, month)
    judged = early = judged_early = None
    judged_model = None
    if judged_month is not None:
        frame = _judged_scores(connection, judged_month)
        judged = outcome(frame["churn_probability"].to_numpy(dtype=float), truth(frame, "is_quantity_churn"))
        judged_model = frame["model_id"].iloc[0] if len(frame) else None
        judged_early = _early(connection, judged_month, gap, window)
    early_month = months_later(month, -gap - window)
    early = _early(connection, early_month, gap, window)
    level, alarms = score_alarms(change, judged, early, limits)
    return {
        "judged_month": judged_month,
        "judged_model_id": judged_model,
        "judged_expected_churners": judged.expected if judged else None,
        "judged_churners": judged.observed if judged else None,
        "observed_over_expected": judged.observed_over_expected if judged else None,
        "observed_over_expected_low": judged.low if judged else None,
        "observed_over_expected_high": judged.high if judged else None,
        "calibration_slope": judged.slope if judged else None,
        "calibration_intercept": judged.intercept if judged else None,
        "early_month": early_month if early else None,
        "early_expected_churners": early.expected if early else None,
        "early_churners": early.observed if early else None,
        "early_observed_over_expected": early.observed_over_expected if early else None,
        "judged_early_share": judged_early.observed / judged.observed
        if judged and judged_early and judged.observed
        else None,
        "level": level,
        "alarms": ",".join(alarms),
    }


def _newest_closed(connection: duckdb.DuckDBPyConnection, known_in: date) -> date | None:
    """Return the newest scored month whose labels were all closed at the end of `known_in`."""
    return connection.execute(
        """
        select max(snapshot_month)
        from (
            select snapshot_month
            from labels.churn_labels
            where snapshot_month in (select snapshot_month from ml.churn_scores where snapshot_month < $month)
            group by snapshot_month
            having count(*) = count(*) filter (closed_in_month <= $month)
        ) as closed
        """,
        {"month": known_in},
    ).fetchall()[0][0]


def _judged_scores(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read the scores of a closed month beside what came of them, where that is judged."""
    return connection.execute(
        """
        select scores.model_id, scores.churn_probability, labels.is_quantity_churn
        from ml.churn_scores as scores
        inner join labels.churn_labels as labels using (snapshot_month, subscriber_id)
        where snapshot_month = ? and labels.is_quantity_churn is not null
        order by subscriber_id
        """,
        [month],
    ).df()


def _early(connection: duckdb.DuckDBPyConnection, month: date, gap: int, window: int) -> Outcome | None:
    """Return what status alone told of a month's scores when its outcome window ended; None if not scored.

    Whoever only fell silent is still missing then, whoever paused is not told from who left.
    """
    frame = connection.execute(
        """
        with statuses as (
            select
                subscriber_id,
                max_by(status, snapshot_month) as status,
                max_by(status, snapshot_month) filter (snapshot_month <= $gap_month) as gap_status
            from marts.dim_subscribers
            where snapshot_month between $month and $known_in
            group by subscriber_id
        )
        select
            scores.churn_probability,
            statuses.status <> 'active' and coalesce(kinds.is_voluntary, false) as is_churner
        from ml.churn_scores as scores
        inner join statuses using (subscriber_id)
        left join reference.stop_kinds as kinds on kinds.reason = 'status:' || statuses.status
        -- Whoever stopped before anybody could act is not judged, as in the labels.
        where scores.snapshot_month = $month and statuses.gap_status = 'active'
        order by subscriber_id
        """,
        {
            "month": month,
            "gap_month": months_later(month, gap),
            "known_in": months_later(month, gap + window),
        },
    ).df()
    if frame.empty:
        return None
    return outcome(frame["churn_probability"].to_numpy(dtype=float), truth(frame, "is_churner"))


@dg.asset_check(
    asset=_FEATURES.split("."),
    partitions_def=snapshot_months,
    description="The features of the month's candidates lie as they did in the months that the model learnt "
    "from. A warning from psi_investigate on, an error from psi_stop on; the list goes out all the same.",
)
def features_are_as_learnt(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Show the features that changed most in the newest month, and how many did in each."""
    with warehouse.reading() as connection:
        found = read_months(
            connection, _FEATURES, run_months(context), _names(_FEATURES), key=TABLES[_FEATURES].key
        )
    newest = found[found["snapshot_month"] == found["snapshot_month"].max()]
    loudness = newest["level"].map(LEVELS.index)
    worst = newest.assign(loudness=loudness).sort_values(
        ["loudness", "known_psi", "feature"], ascending=[False, False, True]
    )[:_WORST]
    shown = [
        "feature",
        "psi",
        "psi_over_critical",
        "known_psi",
        "missing_share",
        "reference_missing_share",
        "level",
    ]
    changed = Counter(
        f"{month:%Y-%m} {level}"
        for month, level in zip(found["snapshot_month"], found["level"], strict=True)
        if level != OK
    )
    return _result(
        found["level"],
        {
            "worst_of_newest_month": telling.table(worst[shown]),
            "changed_per_month": dict(changed),
        },
    )


@dg.asset_check(
    asset=_SCORES.split("."),
    partitions_def=snapshot_months,
    description="The month's scores lie as those that the model was calibrated on, and earlier scores came "
    "true. A warning where a figure leaves its bounds, an error from psi_stop on; the list goes out all the "
    "same.",
)
def scores_come_true(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Show the figures of each month's scores."""
    with warehouse.reading() as connection:
        found = read_months(
            connection, _SCORES, run_months(context), _names(_SCORES), key=TABLES[_SCORES].key
        )
    shown = [
        "snapshot_month",
        "psi",
        "mean_probability",
        "judged_month",
        "observed_over_expected",
        "calibration_slope",
        "calibration_intercept",
        "early_observed_over_expected",
        "level",
        "alarms",
    ]
    return _result(found["level"], {"figures": telling.table(found[shown])})


@dg.asset_check(
    asset=FEATURES.split("."),
    # Blocking so that it comes before the publication replaces what it compares with; it never stops a run.
    blocking=True,
    partitions_def=snapshot_months,
    description="Months that were published before, on the same files, have the same features when computed "
    "again: a difference means that a feature saw later data, or that code or rule book changed.",
)
def past_features_are_reproduced(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Compare the run's months with what was published of them."""
    with warehouse.reading() as connection:
        found = reproductions(connection, warehouse.home, FEATURES, run_months(context))
    differing = [month for month in found if month.verdict == DIFFERS]
    return dg.AssetCheckResult(
        passed=not differing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "months_compared": len(found),
            "not_the_same": {
                f"{month.month:%Y-%m}": {
                    "verdict": month.verdict,
                    "columns": list(month.columns),
                    "rows": month.rows,
                }
                for month in found
                if month.verdict != SAME
            },
        },
    )


def _result(levels: pd.Series, metadata: Mapping[str, Any]) -> dg.AssetCheckResult:
    """Return a check that speaks as loud as the highest level among `levels`."""
    loudest = max(levels, key=LEVELS.index, default=OK)
    severity = dg.AssetCheckSeverity.ERROR if loudest == STOP else dg.AssetCheckSeverity.WARN
    counts = {level: int((levels == level).sum()) for level in (INVESTIGATE, STOP)}
    return dg.AssetCheckResult(passed=loudest == OK, severity=severity, metadata={**counts, **metadata})


def _names(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns]


def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame(columns=_names(table))
