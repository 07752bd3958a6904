"""The month in ten figures."""

from orchestration.charts import spark
from orchestration.report.context import Context, stop_sum
from orchestration.report.page import Section, Table
from orchestration.report.reading import Row, change, months_back, only
from orchestration.report.words import HARDLY, direction

KEY = "overview"
_STOPS = "voluntary_stops"
_FIGURES = (
    ("subscriber_count", "count"),
    ("mid_high_base_share", "rate"),
    ("billed_amount", "money"),
    ("mid_high_revenue_share", "rate"),
    ("average_bill", "money"),
    (_STOPS, "count"),
    ("warned_count", "count"),
    ("at_risk_count", "count"),
    ("at_risk_billed_amount", "money"),
    ("assigned_count", "count"),
)
"""The ten, in their order: what of them is late is left out, but stops as they were known at once."""

_METRICS = """
    select
        snapshot_month,
        metric,
        value_tier,
        cast(value as double) as value,
        cast(month_on_month as double) as month_on_month,
        cast(year_on_year as double) as year_on_year
    from marts.metrics_monthly
    where
        branch_id = 'all'
        and brand = 'all'
        and value_tier in ('all', 'mid_high')
        and snapshot_month between $first and $month
    order by metric, value_tier, snapshot_month
"""


def section(context: Context) -> Section:
    """Return the ten figures, of mid and high value and of all, with month and year before."""
    words, month = context.words, context.month
    if not context.reader.has("marts.metrics_monthly"):
        return context.missing(KEY, "marts.metrics_monthly")
    rows = context.reader.rows(_METRICS, first=months_back(month, 12))
    base = _metric(rows, "subscriber_count", "mid_high", context)
    if base is None or base["value"] is None:
        return context.section(KEY, words.say("no_rows", month=words.month(month)))
    billed = _metric(rows, "billed_amount", "mid_high", context) or {}
    moved = base["month_on_month"]
    way = "first" if moved is None else direction(1 + moved, 1, hardly=HARDLY)
    message = words.say(
        f"overview.message.{way}",
        count=words.count(base["value"]),
        change=words.change(base["month_on_month"]),
        billed=words.money(billed.get("value")),
        billed_change=words.change(billed.get("month_on_month")),
    )
    lines, sparks = [], []
    for metric, unit in _FIGURES:
        cells = []
        for tier in ("mid_high", "all"):
            value, on_month, on_year = (
                _stops(context, mid_high=tier == "mid_high")
                if metric == _STOPS
                else _values(_metric(rows, metric, tier, context))
            )
            if metric.startswith("mid_high") and tier == "mid_high":
                # Of itself it is all.
                value, on_month, on_year = None, None, None
            cells += [words.value(value, unit), words.change(on_month, unit), words.change(on_year, unit)]
        name = words.say("overview.stops") if metric == _STOPS else words.label("metric", metric)
        lines.append([name, words.unit(unit), *cells])
        sparks.append(spark(_course(context, rows, metric), title=f"{name}, {words.say('overview.course')}"))
    heads = [words.say("head.figure"), words.say("head.unit")]
    heads += [words.month(month), words.say("head.on_month"), words.say("head.on_year")] * 2
    table = Table(
        words.say("overview.caption", month=words.month(month)),
        heads,
        lines,
        numbers_from=2,
        sparks=sparks,
        spark_head=words.say("overview.course"),
        is_wide=True,
        groups=[("", 2), *((words.say(f"head.{tier}"), 3) for tier in ("mid_high", "all")), ("", 1)],
    )
    return context.section(KEY, message, blocks=[table], notes=[words.say("overview.note")])


def _metric(rows: list[Row], metric: str, tier: str, context: Context) -> Row | None:
    return only(rows, metric=metric, value_tier=tier, snapshot_month=context.month)


def _values(row: Row | None) -> tuple[float | None, float | None, float | None]:
    return (row["value"], row["month_on_month"], row["year_on_year"]) if row else (None, None, None)


def _stops(context: Context, *, mid_high: bool) -> tuple[float | None, float | None, float | None]:
    """Return voluntary stops of the month as known at its end, against earlier months as known at theirs."""
    landed = {row["snapshot_month"] for row in context.tiers()}
    now, before, year_before = (
        float(stop_sum(context.stops(), "known_at_once", month, mid_high=mid_high, voluntary=True))
        if month in landed
        else None
        for month in context.compared
    )
    return now, change(now, before), change(now, year_before)


def _course(context: Context, rows: list[Row], metric: str) -> list[float | None]:
    months = [months_back(context.month, back) for back in range(12, -1, -1)]
    if metric == _STOPS:
        landed = {row["snapshot_month"] for row in context.tiers()}
        return [
            stop_sum(context.stops(), "known_at_once", month, mid_high=True, voluntary=True)
            if month in landed
            else None
            for month in months
        ]
    tier = "all" if metric.startswith("mid_high") else "mid_high"
    found = [only(rows, metric=metric, value_tier=tier, snapshot_month=month) for month in months]
    return [row["value"] if row else None for row in found]
