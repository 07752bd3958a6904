"""What the demo says at its end: what landed, how good the models are, whom they list, what was done.

Belongs here: those queries and their order. Not here: the demo's own steps (`orchestration.cli`).
"""

import resource
import sys

from orchestration.settings import Home
from orchestration.terminal import render_table
from orchestration.warehouse import Warehouse

_KIBIBYTES_PER_MEBIBYTE = 1024
_BYTES_PER_MEBIBYTE = 1024 * 1024


def demo_result(home: Home) -> str:
    """Return what a run over everything came to, for people: months, models against rules, lists, paths."""
    with Warehouse(home).reading() as connection:
        landed = connection.execute(
            "select count(distinct landed_month) as months, count(*) as files, "
            "cast(sum(rows_read) as bigint) as rows_read, "
            "cast(sum(rows_quarantined) as bigint) as rows_quarantined from ops.landing_audit"
        ).df()
        models = connection.execute(
            """
            select target, contender, strftime(trained_for_month, '%Y-%m') as trained_for,
                strftime(test_month, '%Y-%m') as judged_on, rows, churners,
                round(auc, 3) as auc, round(top_decile_lift, 2) as top_decile_lift,
                round(top_decile_lift_low, 2) as lift_low, round(top_decile_lift_high, 2) as lift_high
            from ml.model_evaluations
            where
                trained_for_month = (select max(trained_for_month) from ml.model_evaluations)
                and target in ('quantity_churn', 'value_churn')
            order by target, contender
            """
        ).df()
        lists = connection.execute(
            "select strftime(snapshot_month, '%Y-%m') as month, disposition, count(*) as subscribers "
            "from retention.responsibilities "
            "where snapshot_month = (select max(snapshot_month) from retention.responsibilities) "
            "group by all order by all"
        ).df()
        work = connection.execute(
            """
            select
                strftime(snapshot_month, '%Y-%m') as list_of, outcome, count(*) as contacts,
                count(offer_accepted) as offers_made, count(*) filter (offer_accepted) as offers_accepted
            from retention.fct_retention_contacts
            where snapshot_month = (select max(snapshot_month) from retention.fct_retention_contacts)
            group by all order by contacts desc, outcome
            """
        ).df()
    parts = [
        ("Landed", render_table(landed)),
        ("Newest models, beside the naive rules", render_table(models)),
        ("Newest list", render_table(lists)),
        ("Work done on the list before (answers made up)", render_table(work)),
        (
            "Where to look",
            f"{home.published_file}\n{home.published}\nretention ui | status | sql",
        ),
        ("Peak memory", f"{_peak_mebibytes():,.0f} MiB"),
    ]
    return "\n\n".join(f"{title}\n{text}" for title, text in parts)


def _peak_mebibytes() -> float:
    """Return the largest resident memory of this process or of one of its children (Linux counts in KiB)."""
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return peak / (_BYTES_PER_MEBIBYTE if sys.platform == "darwin" else _KIBIBYTES_PER_MEBIBYTE)
