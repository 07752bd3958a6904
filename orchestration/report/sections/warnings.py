"""Who was warned, at which colour, by which condition."""

from collections.abc import Callable
from datetime import date

from orchestration.charts import COLOURS, NARROW, Bar, Series, bars, stacked_columns
from orchestration.report.context import Context, tier_sum
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, change, months_back, total

KEY = "warnings"
WARNING_COLOURS = ("red", "yellow", "blue")
CALLED = ("red", "yellow")
"""Colours that are called or visited; blue is worked by message."""

_MONTHS_OF_WEEKS = 3

_WEEKS = """
    select
        week_month,
        warning_week,
        colour,
        cast(count(*) as bigint) as warned_count,
        cast(count(*) filter (is_new) as bigint) as new_count
    from retention.churn_warnings
    where week_month between $first_weeks and $month
    group by all
    order by all
"""
_WEEKS_OF = """
    select week_month, cast(count(distinct warning_week) as bigint) as week_count
    from retention.churn_warnings
    where week_month between $first_month and $month
    group by all
    order by all
"""
_CONDITIONS = """
    select
        week_month,
        condition_id,
        cast(count(distinct (warning_week, subscriber_id)) as bigint) as warned_count
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
    if tier_sum(tiers, "warned_count", month, mid_high=False) is None:
        return context.section(KEY, words.say("warnings.none_judged", month=words.month(month)))
    mean, mean_before = (_called_a_week(context, one) for one in (month, context.before))
    message = words.say(
        "warnings.message.first" if mean_before is None else "warnings.message.changed",
        count=words.count(mean),
        change=words.change(change(mean, mean_before)),
        month=words.month(month),
        before=words.month(context.before),
        red=words.count(tier_sum(tiers, "red_count", month, mid_high=False)),
    )
    blocks: list[Chart | Table] = [*_weeks(context), _table(context)]
    if context.reader.has("retention.warning_evidence"):
        blocks += _conditions(context)
    return context.section(KEY, message, blocks=blocks, notes=[words.say("warnings.note")])


def weeks_of(context: Context) -> dict[date, int]:
    """Return how many weeks in which anybody was warned ended in each of the last thirteen months."""
    if not context.reader.has("retention.churn_warnings"):
        return {}
    rows = context.reader.rows(_WEEKS_OF, first_month=context.compared[-1])
    return {row["week_month"]: row["week_count"] for row in rows}


def _weekly(context: Context) -> list[Row]:
    return context.reader.rows(_WEEKS, first_weeks=months_back(context.month, _MONTHS_OF_WEEKS - 1))


def _called_a_week(context: Context, month: date) -> float | None:
    """Return how many lines were red or yellow in an average week of a month."""
    rows = [row for row in _weekly(context) if row["week_month"] == month and row["colour"] in CALLED]
    weeks = weeks_of(context).get(month)
    return total(rows, "warned_count") / weeks if weeks else None


def _weeks(context: Context) -> list[Chart | Table]:
    words, rows = context.words, _weekly(context)
    weeks = sorted({row["warning_week"] for row in rows})
    if not weeks:
        return []
    caption = words.say("warnings.weeks_caption")
    chart = stacked_columns(
        [week.isoformat() for week in weeks],
        [
            Series(
                words.label("colour", colour),
                [total(rows, "warned_count", warning_week=week, colour=colour) for week in weeks],
                COLOURS[colour],
            )
            for colour in CALLED
        ],
        words.count,
        title=caption,
        width=NARROW,
    )
    return [Chart(chart, caption)]


def _table(context: Context) -> Table:
    words, tiers = context.words, context.tiers()

    def counted(column: str) -> Callable[[date], float | None]:
        return lambda month: tier_sum(tiers, column, month, mid_high=False)

    known = weeks_of(context)
    weeks = words.listed(
        [
            words.say("warnings.weeks_of", month=words.month(month), weeks=words.count(known[month]))
            for month in context.compared
            if month in known
        ]
    )
    return context.comparison(
        words.say("warnings.table", month=words.month(context.month), weeks=weeks),
        (words.say("warnings.highest"), words.say("head.lines")),
        [
            *((words.label("colour", colour), counted(f"{colour}_count")) for colour in WARNING_COLOURS),
            (words.say("head.total"), counted("warned_count")),
        ],
        words.count,
        is_last_strong=True,
    )


def _conditions(context: Context) -> list[Chart | Table]:
    words, weeks = context.words, weeks_of(context)
    means = {
        (row["week_month"], row["condition_id"]): row["warned_count"] / weeks[row["week_month"]]
        for row in context.reader.rows(_CONDITIONS, before=context.before)
        if weeks.get(row["week_month"])
    }
    now = sorted(
        ((mean, condition) for (month, condition), mean in means.items() if month == context.month),
        key=lambda found: (-found[0], found[1]),
    )
    if not now:
        return []
    caption = words.say(
        "warnings.conditions_caption", month=words.month(context.month), before=words.month(context.before)
    )
    drawn = [
        Bar(
            words.label("report.condition", condition),
            mean,
            COLOURS["main"],
            note=context.noted_change(mean, means.get((context.before, condition))),
        )
        for mean, condition in now
    ]
    return [Chart(bars(drawn, words.count, title=caption, width=NARROW), caption)]
