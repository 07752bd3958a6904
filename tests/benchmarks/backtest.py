"""The back-test of a made-up operator: the model as it scored each month, beside naive rules and the truth.

Belongs here: scores of a month against what was known of it much later, and the simulator's hidden
hazard, which only a benchmark may read. Not here: how figures are made (`ml/evaluation.py`).
"""

from pathlib import Path

import duckdb
import pandas as pd

from ml.evaluation import pooled
from ml.naive_rules import bill_ratio_risk, tenure_risk
from orchestration.settings import Home


def backtest(home: Home) -> pd.DataFrame:
    """Return one row per contender: figures pooled over all scored months whose labels are closed.

    Columns: contender, months, rows, churners, auc and top_decile_lift, each with its 95 % interval. Raises
    ValueError when no scored month is closed yet.
    """
    truth: Path = home.landing.parent / "truth"
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        frame = connection.execute(
            f"""
            with closed_months as (
                select snapshot_month
                from labels.churn_labels
                group by snapshot_month
                having count(*) = count(closed_in_month)
            )
            select
                scores.snapshot_month,
                scores.subscriber_id,
                scores.churn_probability,
                labels.is_quantity_churn,
                features.billed_amount_ratio_6m,
                features.tenure_months,
                truth.outcome_window_hazard
            from ml.churn_scores as scores
            inner join closed_months using (snapshot_month)
            inner join labels.churn_labels as labels using (snapshot_month, subscriber_id)
            inner join features.subscriber_features as features using (snapshot_month, subscriber_id)
            inner join read_parquet('{truth}/*.parquet') as truth using (snapshot_month, subscriber_id)
            where labels.is_quantity_churn is not null and truth.outcome_window_hazard is not null
            order by scores.snapshot_month, scores.subscriber_id
            """
        ).df()
    if frame.empty:
        raise ValueError("No scored month is closed yet; more months are needed for a back-test.")
    contenders = {
        "true hazard": frame["outcome_window_hazard"].to_numpy(),
        "model": frame["churn_probability"].to_numpy(),
        "bill ratio": bill_ratio_risk(frame),
        "tenure": tenure_risk(frame),
    }
    rows = []
    for contender, score in contenders.items():
        figures = pooled(frame["is_quantity_churn"], score, frame["subscriber_id"], frame["snapshot_month"])
        rows.append(
            {
                "contender": contender,
                "months": figures.months,
                "rows": figures.rows,
                "churners": figures.churners,
                **{
                    f"{name}{suffix}": round(value, 3)
                    for name, figure in (("auc", figures.auc), ("top_decile_lift", figures.top_decile_lift))
                    for suffix, value in (("", figure.value), ("_low", figure.low), ("_high", figure.high))
                },
            }
        )
    return pd.DataFrame(rows)
