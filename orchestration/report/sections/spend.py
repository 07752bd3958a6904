"""What the base is billed, its trend, and how the month before became this one."""

from datetime import date

from orchestration.charts import COLOURS, NARROW, Series, Step, bridge, lines
from orchestration.report.context import MID_HIGH, Context, landed_months, tier_sum
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, change, share
from orchestration.report.words import HARDLY, direction

KEY = "spend"
STEPS = ("left", "new", "moved_down", "moved_up", "rest")

_MOVES = """
    select
        tier_before,
        tier_now,
        cast(coalesce(sum(billed_amount_before), 0) as double) as amount_before,
        cast(coalesce(sum(billed_amount_now), 0) as double) as amount_now
    from marts.tier_moves
    where snapshot_month = $month
    group by all
    order by all
"""
_AVERAGES = """
    select snapshot_month, value_tier, cast(value as double) as value
    from marts.metrics_monthly
    where
        metric = 'average_bill'
        and branch_id = 'all'
        and brand = 'all'
        and value_tier in ('mid_high', 'all')
        and snapshot_month between $first and $month
    order by snapshot_month, value_tier
"""


def section(context: Context) -> Section:
    """Return bills of mid and high value, their trend, and the bridge from the month before."""
    words, month, tiers = context.words, context.month, context.tiers()
    if not tiers:
        return context.missing(KEY, "marts.kpi_monthly")
    now, before = (tier_sum(tiers, "billed_amount", one, mid_high=True) for one in (month, context.before))
    if now is None:
        return context.section(KEY, words.say("no_rows", month=words.month(month)))
    blocks: list[Chart | Table] = []
    notes = []
    cause = ""
    if context.reader.has("marts.tier_moves"):
        steps = month_steps(context)
        if steps:
            blocks += _bridge(context, steps)
            # Of what pulls the way the whole went, the most.
            is_more = before is None or now >= before
            name = largest_step(steps, is_more=is_more)
            if steps[name]:
                cause = words.say(
                    f"spend.cause.{'gain' if is_more else 'loss'}",
                    step=words.say(f"spend.step.{name}"),
                    amount=words.difference(steps[name]),
                )
    else:
        notes.append(words.say("missing", tables="marts.tier_moves"))
    message = words.say(
        f"spend.message.{direction(now, before, hardly=HARDLY)}",
        amount=words.money(now),
        change=words.change(change(now, before)),
    )
    if context.reader.has("marts.metrics_monthly"):
        blocks += _trend(context)
    else:
        notes.append(words.say("missing", tables="marts.metrics_monthly"))
    blocks.append(_table(context))
    return context.section(KEY, f"{message}{cause}", blocks=blocks, notes=notes)


def month_steps(context: Context) -> dict[str, float]:
    """Return how the bills of the month before became those of the month."""
    return bridge_steps(context.reader.rows(_MOVES))


def largest_step(steps: dict[str, float], *, is_more: bool) -> str:
    """Return the step that gained the most or, not `is_more`, lost the most."""
    way = 1 if is_more else -1
    return max(STEPS, key=lambda step: (way * steps[step], -STEPS.index(step)))


def bridge_steps(rows: list[Row]) -> dict[str, float]:
    """Return what left, came, moved between tiers and changed among those who stayed mid or high.

    Keys: before, left, new, moved_down, moved_up, rest, now; before and all steps add up to now. Nothing
    without rows; of several months, `before` and `now` are sums as well.
    """
    if not rows:
        return {}

    def amount(column: str, is_before: bool | None, is_now: bool | None, nowhere: str = "") -> float:
        return sum(
            row[column]
            for row in rows
            if (is_before is None or (row["tier_before"] in MID_HIGH) == is_before)
            and (is_now is None or (row["tier_now"] in MID_HIGH) == is_now)
            and (not nowhere or (row[nowhere] == "none"))
        )

    left = amount("amount_before", True, False, "tier_now")
    new = amount("amount_now", False, True, "tier_before")
    return {
        "before": amount("amount_before", True, None),
        "left": -left,
        "new": new,
        "moved_down": -(amount("amount_before", True, False) - left),
        "moved_up": amount("amount_now", False, True) - new,
        "rest": amount("amount_now", True, True) - amount("amount_before", True, True),
        "now": amount("amount_now", None, True),
    }


def bridge_chart(context: Context, steps: dict[str, float], before: date, month: date) -> Chart:
    """Return how the bills of one month became those of another."""
    words = context.words
    caption = words.say("spend.bridge_caption", before=words.month(before), month=words.month(month))
    drawn = [
        Step(words.month(before), steps["before"], True),
        *(Step(words.say(f"spend.step.{name}"), steps[name]) for name in STEPS),
        Step(words.month(month), steps["now"], True),
    ]
    return Chart(bridge(drawn, words.count, title=caption), caption)


def _bridge(context: Context, steps: dict[str, float]) -> list[Chart | Table]:
    words = context.words
    table = Table(
        words.say("spend.bridge_table"),
        [words.say("head.step"), words.say("head.amount"), words.say("spend.of_before")],
        [
            [words.month(context.before), words.amount(steps["before"]), ""],
            *(
                [
                    words.say(f"spend.step.{name}"),
                    words.difference(steps[name]),
                    words.change(share(steps[name], steps["before"])),
                ]
                for name in STEPS
            ),
            [
                words.month(context.month),
                words.amount(steps["now"]),
                words.change(change(steps["now"], steps["before"])),
            ],
        ],
        strong=frozenset({0, len(STEPS) + 1}),
    )
    return [bridge_chart(context, steps, context.before, context.month), table]


def _trend(context: Context) -> list[Chart | Table]:
    words = context.words
    rows = context.reader.rows(_AVERAGES, first=context.first)
    months = landed_months(rows)
    series = []
    for tier, colour in (("mid_high", COLOURS["main"]), ("all", COLOURS["second"])):
        known = {row["snapshot_month"]: row["value"] for row in rows if row["value_tier"] == tier}
        series.append(Series(words.say(f"head.{tier}"), [known.get(month) for month in months], colour))
    caption = words.say("spend.trend_caption", month=words.month(context.month))
    chart = lines(
        [words.month(month) for month in months],
        series,
        words.amount,
        title=caption,
        width=NARROW,
        from_zero=True,
    )
    return [Chart(chart, caption)] if months else []


def _table(context: Context) -> Table:
    words, tiers = context.words, context.tiers()
    return context.comparison(
        words.say("spend.table", month=words.month(context.month)),
        (words.say("head.base"), words.say("head.billed")),
        [
            (
                words.say("head.mid_high"),
                lambda month: tier_sum(tiers, "billed_amount", month, mid_high=True),
            ),
            (words.say("head.all"), lambda month: tier_sum(tiers, "billed_amount", month, mid_high=False)),
        ],
        words.amount,
    )
