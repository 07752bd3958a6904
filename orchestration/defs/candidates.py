"""What training and scoring read of the candidates: features, labels and the rule book, as frames.

Belongs here: reading from the build file, with only the columns and rows that are needed. Not here: which
columns are features (the YAML of `subscriber_features` says), or what a model does with them (`ml/`).
"""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from ml.columns import FeatureColumns
from orchestration.warehouse import read_months
from orchestration.worklists.reading import VALID

FEATURES = "features.subscriber_features"
KEY = {"snapshot_month": "date", "subscriber_id": "varchar"}

# Whole subscribers are sampled, evenly, so that no rate is bent.
_BUCKETS = 10_000


def feature_columns(manifest: Path) -> FeatureColumns:
    """Return the columns of `subscriber_features` that its YAML gives the role of a feature, by kind.

    Raises ValueError for a feature without a kind, or when there is no feature at all.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    kinds: dict[str, list[str]] = {"numeric": [], "boolean": [], "categorical": []}
    for node in nodes:
        if node["resource_type"] != "model" or node["name"] != "subscriber_features":
            continue
        for name, column in node["columns"].items():
            meta = column.get("meta") or column.get("config", {}).get("meta", {})
            if meta.get("role") != "feature":
                continue
            if meta.get("kind") not in kinds:
                raise ValueError(
                    f"Feature {name} of subscriber_features: its meta needs a kind, one of {list(kinds)}."
                )
            kinds[meta["kind"]].append(name)
    if not any(kinds.values()):
        raise ValueError("No column of the model subscriber_features has `config: {meta: {role: feature}}`.")
    return FeatureColumns(**{kind: tuple(sorted(names)) for kind, names in kinds.items()})


def read_label_months(
    connection: duckdb.DuckDBPyConnection, label: str, minimum_judged_share: float
) -> pd.DataFrame:
    """Read one row per snapshot month: the month that closed its last label, or null while any is open.

    Null too where `label` is true or false for less than `minimum_judged_share` of the rows.
    """
    return connection.execute(
        f"""
        select
            snapshot_month,
            case
                when count(*) = count(closed_in_month) and count("{label}") >= ? * count(*)
                    then max(closed_in_month)
            end as closed_in_month
        from labels.churn_labels
        group by snapshot_month
        order by snapshot_month
        """,
        [minimum_judged_share],
    ).df()


def read_training_frame(
    connection: duckdb.DuckDBPyConnection,
    months: Sequence[date],
    columns: FeatureColumns,
    label: str,
    carried: Sequence[str],
    maximum_rows: int,
) -> pd.DataFrame:
    """Read one row per candidate and month: keys, features, `label`, and the `carried` columns.

    With more than `maximum_rows` rows, an even sample of whole subscribers, the same in every run.
    """
    rows = connection.execute(
        f"select count(*) from {FEATURES} where snapshot_month in (select unnest(?::date[]))", [list(months)]
    ).fetchall()[0][0]
    buckets = _BUCKETS if rows <= maximum_rows else max(1, _BUCKETS * maximum_rows // rows)
    types = _types(columns, carried)
    chosen = ", ".join(
        f'cast(features."{name}" as {data_type}) as "{name}"' for name, data_type in types.items()
    )
    return connection.execute(
        f"""
        select {chosen}, labels."{label}"
        from {FEATURES} as features
        left join labels.churn_labels as labels using (snapshot_month, subscriber_id)
        where
            features.snapshot_month in (select unnest(?::date[]))
            and md5_number_lower(features.subscriber_id) % {_BUCKETS} < ?
        order by features.snapshot_month, features.subscriber_id
        """,
        [list(months), buckets],
    ).df()


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
