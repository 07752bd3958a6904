"""Figures of a month for people who look at an asset: how many, of which kind, and whether it helped.

Belongs here: queries over finished tables and the tables and charts made of them. Not here: how Dagster takes
them (`telling.py`), figures that exist only while a model is trained (`model_figures.py`). Counts and rates
only: no row of a customer.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pandas as pd

from orchestration.charts import COLOURS, Interval, Series, intervals, markdown_image, stacked_columns
from orchestration.defs.telling import by_month, merged

Figures = Callable[[duckdb.DuckDBPyConnection, Sequence[date]], Mapping[date, Mapping[str, Any]]]

_DISPOSITIONS = ("assigned", "held_out", "suppressed", "beyond_capacity")


def warned_by_week(
    connection: duckdb.DuckDBPyConnection, months: Sequence[date]
) -> dict[date, dict[str, Any]]:
    """Return how many are warned in each week that ended in a month, by colour, and how many anew."""
    weeks = _rows(
        connection,
        """
        select
            week_month as month, strftime(warning_week, '%Y-%m-%d') as warning_week,
            count(*) filter (colour = 'red') as red, count(*) filter (colour = 'yellow') as yellow,
            count(*) filter (colour = 'blue') as blue, count(*) filter (is_new) as new
        from retention.churn_warnings
        where week_month in (select unnest($months::date[]))
        group by all order by all
        """,
        months,
    )
    return by_month(weeks, "warned_by_week")


def list_sizes(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[date, dict[str, Any]]:
    """Return the sizes of each month's list by colour and disposition, and a chart of them."""
    counts = ", ".join(f"count(*) filter (disposition = '{name}') as {name}" for name in _DISPOSITIONS)
    found = _rows(
        connection,
        f"""
            select
                snapshot_month as month, list_kind as list, coalesce(colour, 'none') as colour,
                count(*) as rows, {counts}
            from retention.responsibilities
            where snapshot_month in (select unnest($months::date[]))
            group by snapshot_month, list_kind, colour
            order by month, list, array_position(['red', 'yellow', 'blue'], colour) nulls last
            """,
        months,
    )
    charts: dict[date, dict[str, Any]] = {}
    at_risk = found[found["list"] == "at_risk"]
    for month in sorted(set(at_risk["month"])):
        rows = at_risk[at_risk["month"] == month]
        shown = {
            colour: rows.loc[rows["colour"] == colour, list(_DISPOSITIONS)].sum()
            for colour in ("red", "yellow", "blue", "none")
        }
        title = f"{month:%Y-%m}: {int(rows['rows'].sum()):,} customers at risk by disposition"
        chart = stacked_columns(
            [name.replace("_", " ") for name in _DISPOSITIONS],
            [
                Series(
                    colour,
                    [float(sizes[name]) for name in _DISPOSITIONS],
                    COLOURS.get(colour, COLOURS["rest"]),
                )
                for colour, sizes in reversed(shown.items())
            ],
            whole,
            title=title,
        )
        charts[month] = {"at_risk_by_disposition": picture(chart, title)}
    return merged(by_month(found, "list_sizes"), charts)


def tasks_by_week(
    connection: duckdb.DuckDBPyConnection, months: Sequence[date]
) -> dict[date, dict[str, Any]]:
    """Return the tasks of each week that ended in a month, by colour and disposition."""
    counts = ", ".join(f"count(*) filter (disposition = '{name}') as {name}" for name in _DISPOSITIONS)
    tasks = _rows(
        connection,
        f"""
        select
            week_month as month, strftime(warning_week, '%Y-%m-%d') as warning_week, colour, {counts}
        from retention.contact_tasks
        where week_month in (select unnest($months::date[]))
        group by all order by all
        """,
        months,
    )
    return by_month(tasks, "tasks_by_week")


def causes_by_tier(
    connection: duckdb.DuckDBPyConnection, months: Sequence[date]
) -> dict[date, dict[str, Any]]:
    """Return what leads the model's reasons, how often, by tier."""
    causes = _rows(
        connection,
        """
        select
            snapshot_month as month, cause, count(*) filter (value_tier = 'high') as high,
            count(*) filter (value_tier = 'mid') as mid
        from ml.cause_scores
        inner join marts.dim_subscribers using (snapshot_month, subscriber_id)
        where cause_rank = 1 and snapshot_month in (select unnest($months::date[]))
        group by month, cause order by month, high + mid desc, cause
        """,
        months,
    )
    return by_month(causes, "main_causes")


def effect(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[date, dict[str, Any]]:
    """Return each month's effect of contact by colour, and a chart of all closed months up to it together.

    Randomised: who lies beyond capacity counts with the assigned, since the draw came before.
    """
    found = _rows(
        connection,
        """
            select
                snapshot_month as month, colour, value_tier, treated_count as assigned,
                control_count as held_out, beyond_capacity_count as beyond_capacity, treated_churn_rate,
                control_churn_rate, randomised_effect, randomised_effect_low, randomised_effect_high,
                pooled_month_count, pooled_randomised_effect, pooled_randomised_effect_low,
                pooled_randomised_effect_high
            from retention.retention_effect
            where snapshot_month in (select unnest($months::date[])) and value_tier = 'all'
            order by
                month, case colour when 'all' then 0 when 'red' then 1 when 'yellow' then 2 when 'blue' then 3
                else 4 end
            """,
        months,
    ).drop(columns="value_tier")
    charts: dict[date, dict[str, Any]] = {}
    for month in sorted(set(found["month"])):
        rows = found[found["month"] == month]
        title = f"Churn of all not held out less that of the held out, percentage points, up to {month:%Y-%m}"
        told = [
            Interval(
                f"{row['colour']} ({row['pooled_month_count']} months)",
                _known(row["pooled_randomised_effect"]),
                _known(row["pooled_randomised_effect_low"]),
                _known(row["pooled_randomised_effect_high"]),
                note="no closed month" if _known(row["pooled_randomised_effect"]) is None else "",
            )
            for row in rows.to_dict("records")
        ]
        chart = intervals(told, points, title=title, reference=0.0, reference_label="no effect")
        charts[month] = {"effect_so_far": picture(chart, title)}
    shown = found.drop(columns=[name for name in found.columns if name.startswith("pooled_")])
    return merged(by_month(shown, "effect_by_colour"), charts)


def work_by_unit(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[date, dict[str, Any]]:
    """Return what each unit was given and did."""
    units = _rows(
        connection,
        """
        select
            snapshot_month as month, unit_id, assigned_count as assigned, contacted_count as contacted,
            on_time_count as on_time, reached_count as reached, retained_count as retained,
            saved_against_control
        from retention.unit_assessment
        where snapshot_month in (select unnest($months::date[]))
        order by all
        """,
        months,
    )
    return by_month(units, "work_by_unit")


def rules_and_model(
    connection: duckdb.DuckDBPyConnection, months: Sequence[date]
) -> dict[date, dict[str, Any]]:
    """Return how many churners each method's list found, of the months whose labels have closed."""
    lists = _rows(
        connection,
        """
        select
            snapshot_month as month, target, method, list_size_id as list, list_size, found_count as found,
            precision, lift, lift_low, lift_high
        from marts.list_comparison
        where snapshot_month in (select unnest($months::date[]))
        order by all
        """,
        months,
    )
    return by_month(lists, "churners_found_by_list")


def base_by_tier(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[date, dict[str, Any]]:
    """Return the base of each month by tier: lines, churners, bills, warned, assigned, reached."""
    tiers = _rows(
        connection,
        """
        select
            snapshot_month as month, coalesce(value_tier, 'all') as value_tier,
            cast(sum(subscriber_count) as bigint) as subscribers,
            cast(sum(quantity_churn_count) as bigint) as churned,
            cast(sum(billed_amount) as double) as billed_amount,
            cast(sum(warned_count) as bigint) as warned, cast(sum(assigned_count) as bigint) as assigned,
            cast(sum(reached_count) as bigint) as reached
        from marts.kpi_monthly
        where snapshot_month in (select unnest($months::date[]))
        group by month, rollup (value_tier)
        order by month, subscribers desc, value_tier
        """,
        months,
    )
    return by_month(tiers, "base_by_tier")


def quarantine(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[date, dict[str, Any]]:
    """Return the rejected rows of each month by table and reason."""
    rejected = _rows(
        connection,
        """
        select landed_month as month, table_name, reason, count(*) as rows
        from ops.quarantine
        where landed_month in (select unnest($months::date[]))
        group by all order by month, rows desc, table_name, reason
        """,
        months,
    )
    return by_month(rejected, "rejected_by_reason")


def landed(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[date, dict[str, Any]]:
    """Return what landed in each month by table: files, and what became of their rows."""
    accounts = _rows(
        connection,
        """
        select
            landed_month as month, table_name, count(*) as files,
            cast(sum(rows_read) as bigint) as read, cast(sum(rows_accepted) as bigint) as accepted,
            cast(sum(rows_quarantined) as bigint) as quarantined,
            cast(sum(rows_duplicate) as bigint) as duplicate
        from ops.landing_audit
        where landed_month in (select unnest($months::date[]))
        group by all order by all
        """,
        months,
    )
    return by_month(accounts, "landed_by_table")


FIGURES: dict[str, Figures] = {
    "marts.kpi_monthly": base_by_tier,
    "marts.list_comparison": rules_and_model,
    "retention.churn_warnings": warned_by_week,
    "retention.retention_effect": effect,
    "retention.unit_assessment": work_by_unit,
}
"""Tables of SQL that tell more than their rows."""


def picture(svg: str, title: str) -> dg.MarkdownMetadataValue:
    """Return a chart under its message."""
    return dg.MetadataValue.md(f"**{title}**\n\n{markdown_image(svg, title)}")


def whole(value: float) -> str:
    """Return a count in words."""
    return f"{value:,.0f}"


def points(value: float) -> str:
    """Return a difference of shares in percentage points.

    >>> points(-0.013), points(0.0)
    ('-1.3', '0.0')
    """
    return f"{100 * value:+.1f}" if round(value, 4) else "0.0"


def _known(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _rows(connection: duckdb.DuckDBPyConnection, query: str, months: Sequence[date]) -> pd.DataFrame:
    """Return what a query over `$months` finds, values as the engine gives them: whole numbers stay whole."""
    result = connection.execute(query, {"months": list(months)})
    names = [column[0] for column in result.description or ()]
    return pd.DataFrame(result.fetchall(), columns=names, dtype=object)
