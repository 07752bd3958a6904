"""What training and scoring read of the candidates: features, labels and the rule book, as frames.

Belongs here: reading from the build file, with only the columns and rows that are needed. Not here: which
columns are features (the YAML of `subscriber_features` says), or what a model does with them (`ml/`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from ml.columns import FeatureColumns
from ml.model import TrainingPlan
from orchestration.warehouse import read_months
from orchestration.worklists.reading import VALID

FEATURES = "features.subscriber_features"
SCORECARD = TrainingPlan.scorecard_column
KEY = {"snapshot_month": "date", "subscriber_id": "varchar"}

# Whole subscribers are sampled, evenly, so that no rate is bent.
_BUCKETS = 10_000


def feature_columns(manifest: Path) -> FeatureColumns:
    """Return the columns of `subscriber_features` that its YAML gives the role of a feature, by kind.

    Raises ValueError for a feature without a kind, or when there is no feature at all.
    """
    kinds: dict[str, list[str]] = {"numeric": [], "boolean": [], "categorical": []}
    for name, meta in _features(manifest):
        if meta.get("kind") not in kinds:
            raise ValueError(
                f"Feature {name} of subscriber_features: its meta needs a kind, one of {list(kinds)}."
            )
        kinds[meta["kind"]].append(name)
    if not any(kinds.values()):
        raise ValueError("No column of the model subscriber_features has `config: {meta: {role: feature}}`.")
    return FeatureColumns(**{kind: tuple(sorted(names)) for kind, names in kinds.items()})


def monotone_features(manifest: Path) -> dict[str, int]:
    """Return the features whose YAML says `monotone`: 1 where risk may only rise with it, -1 only fall."""
    return {name: meta["monotone"] for name, meta in sorted(_features(manifest)) if "monotone" in meta}


def _features(manifest: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values():
        if node["resource_type"] != "model" or node["name"] != "subscriber_features":
            continue
        for name, column in node["columns"].items():
            meta = column.get("meta") or column.get("config", {}).get("meta", {})
            if meta.get("role") == "feature":
                yield name, meta


def label_expressions(outcome_months: int) -> dict[str, str]:
    """Return what is predicted, and how the label says it in SQL; a horizon before the window's end apart.

    >>> label_expressions(2)["quantity_churn_1m"]
    'labels.is_quantity_churn and labels.quantity_churn_month <= 1'
    """
    return {
        "quantity_churn": "labels.is_quantity_churn",
        "involuntary_churn": "labels.is_involuntary_churn",
        "value_churn": "labels.is_value_churn",
    } | {
        horizon_target(months): f"labels.is_quantity_churn and labels.quantity_churn_month <= {months}"
        for months in range(1, outcome_months)
    }


def horizon_target(months: int) -> str:
    """Return the target of voluntary churn in the first so many months of the outcome window.

    >>> horizon_target(2)
    'quantity_churn_2m'
    """
    return f"quantity_churn_{months}m"


def read_label_months(
    connection: duckdb.DuckDBPyConnection, expression: str, minimum_judged_share: float
) -> pd.DataFrame:
    """Read one row per snapshot month: the month that closed its last label, or null while any is open.

    Null too where the label, an expression of `label_expressions`, is true or false for less than
    `minimum_judged_share` of the rows.
    """
    return connection.execute(
        f"""
        select
            labels.snapshot_month,
            case
                when count(*) = count(labels.closed_in_month) and count({expression}) >= ? * count(*)
                    then max(labels.closed_in_month)
            end as closed_in_month
        from labels.churn_labels as labels
        group by labels.snapshot_month
        order by labels.snapshot_month
        """,
        [minimum_judged_share],
    ).df()


def read_training_frame(
    connection: duckdb.DuckDBPyConnection,
    months: Sequence[date],
    columns: FeatureColumns,
    labels: Mapping[str, str],
    carried: Sequence[str],
    maximum_rows: int,
) -> pd.DataFrame:
    """Read one row per candidate and month: keys, features, targets, the `carried` columns, the points.

    `labels` says each target's column by its expression; `SCORECARD` holds the points of the scorecard. With
    more than `maximum_rows` rows, an even sample of whole subscribers, the same in every run.
    """
    rows = connection.execute(
        f"select count(*) from {FEATURES} where snapshot_month in (select unnest(?::date[]))", [list(months)]
    ).fetchall()[0][0]
    buckets = _BUCKETS if rows <= maximum_rows else max(1, _BUCKETS * maximum_rows // rows)
    chosen = [
        f'cast(features."{name}" as {data_type}) as "{name}"'
        for name, data_type in _types(columns, carried).items()
    ]
    chosen += [f'{expression} as "{target}"' for target, expression in labels.items()]
    return connection.execute(
        f"""
        select {", ".join(chosen)}, cast(points.score as float) as {SCORECARD}
        from {FEATURES} as features
        left join labels.churn_labels as labels using (snapshot_month, subscriber_id)
        left join retention.scorecard_scores as points using (snapshot_month, subscriber_id)
        where
            features.snapshot_month in (select unnest(?::date[]))
            and md5_number_lower(features.subscriber_id) % {_BUCKETS} < ?
        order by features.snapshot_month, features.subscriber_id
        """,
        [list(months), buckets],
    ).df()


def read_capacity(connection: duckdb.DuckDBPyConnection, month: date) -> int | None:
    """Read how many contacts the units that own candidates, or take them over, can make in `month`.

    None without such units, or where one of them has no limit. A hall or the billing department says nothing:
    without a limit of its own, it never owns anybody.
    """
    found = connection.execute(
        """
        with owners as (
            select primary_unit_id as unit_id from retention.would_be_owners where snapshot_month = $month
            union
            select landing_unit_id as unit_id from retention.would_be_owners where snapshot_month = $month
        )
        select case when count(*) = count(capacities.capacity) then sum(capacities.capacity) end
        from retention.capacities as capacities
        inner join owners on capacities.resource_id = owners.unit_id
        where capacities.snapshot_month = $month and capacities.resource_kind in ('visit', 'call')
        """,
        {"month": month},
    ).fetchall()[0][0]
    return None if found is None else int(found)


def read_candidates(
    connection: duckdb.DuckDBPyConnection, month: date, columns: FeatureColumns, carried: Sequence[str]
) -> pd.DataFrame:
    """Read one row per candidate of `month`: keys, features, and the `carried` columns."""
    return read_months(connection, FEATURES, [month], _types(columns, carried))


def read_causes(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Read one row per feature of the rule book: feature, cause, unit, label_en, label_zh."""
    return connection.execute(
        "select item_id as feature, cause, unit, label_en, label_zh from reference.cause_map "
        "where item_type = 'feature' order by item_id"
    ).df()


def read_what_ifs(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read one row per what-if of the rule book that is valid in `month` and feature that it changes."""
    return connection.execute(
        f"""
        select what_if_id, feature, operation, value, condition_feature, operator, threshold
        from reference.what_ifs
        where {VALID}
        order by what_if_id, feature
        """,
        {"month": month},
    ).df()


def read_parameters(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Read the rule book's parameters, the operator's own where he set one."""
    return dict(
        connection.execute(
            """
            select parameter, coalesce(settings.value, defaults.value)
            from reference.parameters as defaults
            left join ops.operator_settings as settings using (parameter)
            order by parameter
            """
        ).fetchall()
    )


def _types(columns: FeatureColumns, carried: Sequence[str]) -> dict[str, str]:
    """Return what each column is read as: numbers in four bytes, flags as 0 and 1, null as NaN."""
    numbers = dict.fromkeys((*columns.numeric, *columns.boolean), "float")
    texts = dict.fromkeys(columns.categorical, "varchar")
    return (
        KEY | numbers | texts | {name: _carried_type(name) for name in carried if name not in columns.names}
    )


def _carried_type(name: str) -> str:
    return "varchar" if name == "value_tier" else "double"
