"""The months at a glance: one asset whose newest materialisation is the month table of `retention status`.

Belongs here: the asset, its job, how the table reads in Dagster. Not here: what a month's state is
(`orchestration/publishing/overview.py`).
"""

from collections import Counter

import dagster as dg
import pandas as pd

from orchestration.charts import COLOURS, Series, stacked_columns
from orchestration.defs.groups import PUBLISHED
from orchestration.defs.month_close import last_runs
from orchestration.defs.month_figures import picture, whole
from orchestration.defs.telling import markdown, table
from orchestration.publishing.overview import STATES, month_overview
from orchestration.releases import models_of_months
from orchestration.warehouse import Warehouse

MONTH_STATUS = dg.AssetKey(["published", "month_status"])

# Told apart by their shape: neither colour nor a font for pictures is needed.
_MARKS = {
    "published": "●",
    "stale": "▲",
    "closed": "▲",
    "failed": "✕",
    "running": "▷",
    "landed": "○",
    "open": "○",
}
_UNBROKEN = str.maketrans({"-": "\N{NON-BREAKING HYPHEN}", " ": "\N{NO-BREAK SPACE}"})
_SHOWN_MONTHS = 24
_DRAWN = ("assigned", "held_out", "suppressed", "beyond_capacity")


@dg.asset(
    key=MONTH_STATUS,
    deps=[["published", "month"]],
    group_name=PUBLISHED,
    owners=["market-department@operator.example"],
    kinds={"python", "duckdb"},
    description="How each month stands: landed, published, stale or failed; which model scored it; how many "
    "are warned, listed, worked; rows rejected. Read it in the metadata of the newest materialisation; "
    "materialise it, or run the job `month_status`, to see how things stand now.",
)
def month_status(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """Tell how all months stand."""
    runs = last_runs(context.instance, done=context.run_id)
    with warehouse.reading() as connection:
        months = month_overview(
            connection, warehouse.home, runs, models_of_months(connection, "quantity_churn")
        )
    states = Counter(months["state"])
    return dg.MaterializeResult(
        metadata={
            "months": table(at_a_glance(months)),
            "all_figures": dg.MetadataValue.md(status_page(months)),
            "lists": _lists(months),
            **{f"months_{state}": states[state] for state in STATES if states[state]},
        }
    )


month_status_job = dg.define_asset_job(
    "month_status",
    selection=dg.AssetSelection.assets(MONTH_STATUS),
    description="Tell anew how each month stands, without running any.",
)


def at_a_glance(months: pd.DataFrame) -> pd.DataFrame:
    """Return what is asked first of each month, newest first, narrow enough for an asset's page."""
    shown = _told(months)[["month", "state", "model", "red", "assigned", "worked", "quarantined"]]
    # A page breaks lines at hyphens and spaces.
    unbroken = shown[["month", "state", "model"]].map(lambda text: text.translate(_UNBROKEN))
    return shown.assign(**unbroken).rename(columns={"quarantined": "rejected"})


def status_page(months: pd.DataFrame) -> str:
    """Return the whole month table in Markdown, newest first, with what its words mean."""
    shown = _told(months)
    meanings = [
        f"- {_MARKS[state]} **{state}**: {meaning}"
        for state, meaning in STATES.items()
        if state in set(months["state"])
    ]
    heads = (
        "Model: the month its trees were trained for. Red, yellow, blue: subscribers by the highest colour "
        "of the month's weeks. Assigned to beyond capacity: lines of the month's list. Worked, reached: "
        "lines of it that somebody has contacted since."
    )
    parts = [markdown(shown), "\n".join(meanings), heads]
    if len(months) > len(shown):
        parts.append(f"{len(months) - len(shown)} earlier months are not shown; `retention status` has them.")
    return "\n\n".join(parts)


def _told(months: pd.DataFrame) -> pd.DataFrame:
    newest = months.iloc[::-1][:_SHOWN_MONTHS]
    return newest.assign(
        month=[f"{month:%Y-%m}" for month in newest["month"]],
        state=[f"{_MARKS[state]} {state}" for state in newest["state"]],
        model=[model or "rules only" for model in newest["model"]],
    )


def _lists(months: pd.DataFrame) -> dg.MarkdownMetadataValue:
    newest = months[-_SHOWN_MONTHS:]
    title = "Each month's list by disposition"
    colours = dict(zip(_DRAWN, ("main", "second", "third", "rest"), strict=True))
    chart = stacked_columns(
        [f"{month:%Y-%m}" for month in newest["month"]],
        [
            Series(
                name.replace("_", " "), [float(count or 0) for count in newest[name]], COLOURS[colours[name]]
            )
            for name in _DRAWN
        ],
        whole,
        title=title,
    )
    return picture(chart, title)
