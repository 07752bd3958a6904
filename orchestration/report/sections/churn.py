"""Who left, by kind, as far as the month's end knew it."""

from datetime import date

from orchestration.charts import COLOURS, NARROW, Bar, Series, bars, stacked_columns
from orchestration.report.context import STOPPED_LINES, Context, landed_months, stop_sum, tier_sum
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import months_back, share
from orchestration.report.words import direction

KEY = "churn"

_STOP_KINDS = f"""
    select
        flags.stop_kind,
        flags.is_voluntary_stop,
        cast(count(*) as bigint) as stop_count
    from {STOPPED_LINES}
    where
        flags.is_effective_stop
        and flags.snapshot_month between $first and $last
        and flags.stop_known_in_month <= $month
        and subscribers.value_tier in ('high', 'mid')
    group by all
    order by stop_count desc, flags.stop_kind
"""


def section(context: Context) -> Section:
    """Return churn by kind; like is compared with like: what was known at each month's own end."""
    words, month, tiers = context.words, context.month, context.tiers()
    if not tiers or not context.reader.has("marts.fct_churn_flags"):
        return context.missing(KEY, "marts.kpi_monthly", "marts.fct_churn_flags")
    landed = landed_months(tiers)
    if month not in landed:
        return context.section(KEY, words.say("no_rows", month=words.month(month)))

    def left(one: date) -> int | None:
        if one not in landed:
            return None
        return stop_sum(context.stops(), "known_at_once", one, mid_high=True, voluntary=True)

    now, before = left(month), left(context.before)
    message = words.say(
        f"churn.message.{direction(now, before)}",
        count=words.count(now),
        before=words.count(before),
        month_before=words.month(context.before),
        month=words.month(month),
    )
    settled = months_back(month, context.silence_months)
    notes = [
        words.say(
            "churn.note",
            first=words.month(max(landed[0], months_back(month, context.silence_months - 1))),
            months=str(context.silence_months),
        )
    ]
    if settled in landed:
        final = stop_sum(context.stops(), "known_by_now", settled, mid_high=True, voluntary=True)
        notes.append(
            words.say(
                "churn.final",
                month=words.month(settled),
                count=words.count(final),
                rate=words.rate(share(final, tier_sum(tiers, "subscriber_count", settled, mid_high=True))),
                at_once=words.count(left(settled)),
            )
        )
    blocks: list[Chart | Table] = [_by_month(context, landed), _table(context, landed)]
    if settled in landed:
        blocks += kinds_chart(
            context, settled, settled, words.say("churn.kinds_caption", month=words.month(settled))
        )
    return context.section(KEY, message, blocks=blocks, notes=notes)


def _by_month(context: Context, landed: list[date]) -> Chart:
    words, stops = context.words, context.stops()

    def counted(column: str) -> list[int]:
        return [stop_sum(stops, column, month, mid_high=True, voluntary=True) for month in landed]

    at_once, by_now = counted("known_at_once"), counted("known_by_now")
    later = [known - once for known, once in zip(by_now, at_once, strict=True)]
    caption = words.say("churn.caption", month=words.month(context.month))
    chart = stacked_columns(
        [words.month(month) for month in landed],
        [
            Series(words.say("churn.at_once"), at_once, COLOURS["main"]),
            Series(words.say("churn.later"), later, COLOURS["second"]),
        ],
        words.count,
        title=caption,
        width=NARROW,
        provisional=sum(month > months_back(context.month, context.silence_months) for month in landed),
    )
    return Chart(chart, caption)


def _table(context: Context, landed: list[date]) -> Table:
    words, tiers, stops = context.words, context.tiers(), context.stops()
    rows = []
    for kind in ("voluntary", "involuntary", "value"):
        for mid_high in (True, False):
            figures = [
                None
                if month not in landed
                else tier_sum(tiers, "value_churn_count", month, mid_high=mid_high)
                if kind == "value"
                else float(
                    stop_sum(stops, "known_at_once", month, mid_high=mid_high, voluntary=kind == "voluntary")
                )
                for month in context.compared
            ]
            base = tier_sum(tiers, "subscriber_count", context.month, mid_high=mid_high)
            rows.append(
                [
                    words.say(f"churn.kind.{kind}") if mid_high else "",
                    words.say("head.mid_high_short" if mid_high else "head.all"),
                    words.count(figures[0]),
                    words.rate(share(figures[0], base)),
                    *(words.count(figure) for figure in figures[1:]),
                ]
            )
    return Table(
        words.say("churn.table", month=words.month(context.month)),
        [
            words.say("head.kind"),
            words.say("head.base"),
            words.month(context.month),
            words.say("churn.rate"),
            *(words.month(month) for month in context.compared[1:]),
        ],
        rows,
        numbers_from=2,
    )


def kinds_chart(context: Context, first: date, last: date, caption: str) -> list[Chart | Table]:
    """Return how lines of mid and high value stopped from one month to another, as far as is known."""
    words = context.words
    rows = context.reader.rows(_STOP_KINDS, first=first, last=last)
    chart = bars(
        [
            Bar(
                words.label("report.stop_kind", row["stop_kind"]),
                row["stop_count"],
                COLOURS["main"] if row["is_voluntary_stop"] else COLOURS["rest"],
            )
            for row in rows
        ],
        words.count,
        title=caption,
        width=NARROW,
    )
    return [Chart(chart, caption)] if rows else []
