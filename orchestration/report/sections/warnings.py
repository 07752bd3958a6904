"""Who was warned, at which colour, by which condition."""

from collections.abc import Callable
from datetime import date

from orchestration.charts import COLOURS, Bar, Series, bars, stacked_columns
from orchestration.report.context import Context, tier_sum
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import change, months_back, only, share, total
from orchestration.report.words import direction

KEY = "warnings"
WARNING_COLOURS = ("red", "yellow", "blue")
_MONTHS_OF_WEEKS = 3

_WEEKS = """
    select
        warning_week,
        colour,
        cast(count(*) as bigint) as warned_count,
        cast(count(*) filter (is_new) as bigint) as new_count
    from retention.churn_warnings
    where week_month between $first_weeks and $month
    group by all
    order by all
"""
_CONDITIONS = """
    select
        week_month,
        condition_id,
        cast(count(distinct subscriber_id) as bigint) as warned_count
    from retention.warning_evidence
    where week_month in ($month, $before)
    group by all
    order by condition_id, week_month
"""


def section(context: Context) -> Section:
    """Return colours of the month, of its weeks, and the conditions behind red and yellow."""
    words, month, tiers = context.words, context.month, context.tiers()
    if not context.reader.has("retention.churn_warnings") or not tiers:
        return context.missing(KEY, "retention.churn_warnings", "marts.kpi_monthly")
    now, before = (tier_sum(tiers, "warned_count", one, mid_high=False) for one in (month, context.before))
    if now is None:
        return context.section(KEY, words.say("warnings.none_judged", month=words.month(month)))
    colours = {
        colour: tier_sum(tiers, f"{colour}_count", month, mid_high=False) or 0 for colour in WARNING_COLOURS
    }
    most = max(WARNING_COLOURS, key=lambda colour: (colours[colour], -WARNING_COLOURS.index(colour)))
    message = words.say(
        f"warnings.message.{direction(now, before)}",
        count=words.count(now),
        change=words.change(change(now, before)),
        share=words.rate(share(colours[most], now)),
        colour=words.say(f"warnings.colour.{most}"),
        red=words.count(colours["red"]),
    )
    blocks: list[Chart | Table] = [*_weeks(context), _table(context)]
    if context.reader.has("retention.warning_evidence"):
        blocks += _conditions(context)
    return context.section(KEY, message, blocks=blocks, notes=[words.say("warnings.note")])


def _weeks(context: Context) -> list[Chart | Table]:
    words = context.words
    rows = context.reader.rows(_WEEKS, first_weeks=months_back(context.month, _MONTHS_OF_WEEKS - 1))
    weeks = sorted({row["warning_week"] for row in rows})
    if not weeks:
        return []
    caption = words.say("warnings.weeks_caption")
    # Blue is large and worked by message: above the two that are called and visited.
    chart = stacked_columns(
        [week.isoformat() for week in weeks],
        [
            Series(
                words.label("colour", colour),
                [total(rows, "warned_count", warning_week=week, colour=colour) for week in weeks],
                COLOURS[colour],
            )
            for colour in WARNING_COLOURS
        ],
        words.count,
        title=caption,
    )
    return [Chart(chart, caption)]


def _table(context: Context) -> Table:
    words, tiers = context.words, context.tiers()

    def counted(column: str) -> Callable[[date], float | None]:
        return lambda month: tier_sum(tiers, column, month, mid_high=False)

    return context.comparison(
        words.say("warnings.table", month=words.month(context.month)),
        (words.say("warnings.highest"), words.say("head.lines")),
        [
            *((words.label("colour", colour), counted(f"{colour}_count")) for colour in WARNING_COLOURS),
            (words.say("head.total"), counted("warned_count")),
        ],
        words.count,
        is_last_strong=True,
    )


def _conditions(context: Context) -> list[Chart | Table]:
    words = context.words
    rows = context.reader.rows(_CONDITIONS, before=context.before)
    now = sorted(
        (row for row in rows if row["week_month"] == context.month),
        key=lambda row: (-row["warned_count"], row["condition_id"]),
    )
    if not now:
        return []
    caption = words.say(
        "warnings.conditions_caption", month=words.month(context.month), before=words.month(context.before)
    )
    drawn = []
    for row in now:
        earlier = only(rows, week_month=context.before, condition_id=row["condition_id"])
        drawn.append(
            Bar(
                words.label("report.condition", row["condition_id"]),
                row["warned_count"],
                COLOURS["main"],
                note=context.noted_change(row["warned_count"], earlier["warned_count"] if earlier else None),
            )
        )
    return [Chart(bars(drawn, words.count, title=caption), caption)]
