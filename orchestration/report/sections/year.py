"""The year in December's folder: the same questions over its months, as known at its end."""

from collections.abc import Sequence
from datetime import date

from orchestration.charts import COLOURS, NARROW, Series, lines, stacked_columns
from orchestration.report.context import Context, landed_months, stop_sum, tier_sum
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, change, months_back, share, total
from orchestration.report.sections.churn import kinds_chart
from orchestration.report.sections.spend import STEPS, bridge_chart, bridge_steps, largest_step
from orchestration.report.sections.warnings import weeks_of
from orchestration.report.sections.work import DISPOSITIONS
from orchestration.report.words import HARDLY, direction

_MOVES = """
    select
        snapshot_month,
        tier_before,
        tier_now,
        cast(coalesce(sum(billed_amount_before), 0) as double) as amount_before,
        cast(coalesce(sum(billed_amount_now), 0) as double) as amount_now
    from marts.tier_moves
    where snapshot_month between $january and $month
    group by all
    order by all
"""
_LISTED = """
    select snapshot_month, disposition, cast(count(*) as bigint) as line_count
    from retention.responsibilities
    where snapshot_month between $january and $month and list_kind = 'at_risk'
    group by all
    order by all
"""
_CONTACTS = """
    select
        contact_month,
        cast(count(*) as bigint) as contact_count,
        cast(count(*) filter (is_reached) as bigint) as reached_count,
        cast(count(*) filter (is_retained) as bigint) as retained_count
    from retention.fct_retention_contacts
    where contact_month between $january and $month
    group by all
    order by all
"""
_DECISIONS = """
    select snapshot_month, reason_en, reason_zh
    from ml.releases
    where
        snapshot_month between $january and $month
        and target = 'quantity_churn'
        and decided_by <> 'kept'
        and model_id is not null
    order by snapshot_month
"""


def january(context: Context) -> date:
    """Return the first month of the year."""
    return context.month.replace(month=1)


def figures(context: Context) -> Section:
    """Return the year by month: base, bills, leavers, warnings."""
    words, tiers = context.words, context.tiers()
    months = _months(context, tiers)
    if not months:
        return context.missing("year", "marts.kpi_monthly")
    last, before = months[-1], months_back(january(context), 1)
    opening = before if before in landed_months(tiers) else months[0]
    counts = {
        month: tier_sum(tiers, "subscriber_count", month, mid_high=True) for month in (*months, opening)
    }
    billed = [tier_sum(tiers, "billed_amount", month, mid_high=True) for month in months]
    message = words.say(
        f"year.message.{direction(counts[last], counts[opening], hardly=HARDLY)}",
        year=str(context.month.year),
        opening=words.month(opening),
        before=words.count(counts[opening]),
        count=words.count(counts[last]),
        change=words.change(change(counts[last], counts[opening])),
        billed=words.money(sum(amount or 0 for amount in billed)),
    )
    caption = words.say("year.base_caption", year=str(context.month.year))
    chart = lines(
        [words.month(month) for month in months],
        [Series(words.say("head.mid_high"), [counts[month] for month in months], COLOURS["main"])],
        words.count,
        title=caption,
        width=NARROW,
    )
    left = [_left(context, month) for month in months]
    warned = [tier_sum(tiers, "warned_count", month, mid_high=True) for month in months]
    red = [tier_sum(tiers, "red_count", month, mid_high=True) for month in months]
    weeks = weeks_of(context)
    rows = [
        [
            words.month(month),
            words.count(weeks.get(month)),
            words.count(counts[month]),
            words.amount(billed[index]),
            words.count(left[index]),
            words.count(warned[index]),
            words.count(red[index]),
        ]
        for index, month in enumerate(months)
    ]
    rows.append(
        [
            words.say("year.sum"),
            "",
            "",
            words.amount(sum(one or 0 for one in billed)),
            words.count(sum(left)),
            "",
            "",
        ]
    )
    table = Table(
        words.say("year.table", year=str(context.month.year)),
        [
            words.say("year.month"),
            words.say("year.weeks"),
            words.say("head.lines"),
            words.say("head.billed"),
            words.say("year.left"),
            words.say("year.warned"),
            words.say("year.red"),
        ],
        rows,
        strong=frozenset({len(rows) - 1}),
    )
    return context.section("year", message, blocks=[Chart(chart, caption), table])


def spend(context: Context) -> Section:
    """Return how the bills at the year's beginning became those at its end."""
    words = context.words
    if not context.reader.has("marts.tier_moves"):
        return context.missing("spend", "marts.tier_moves")
    rows = context.reader.rows(_MOVES, january=january(context))
    months = landed_months(rows)
    if not months:
        return context.section("spend", words.say("no_rows", month=str(context.month.year)))
    monthly = [bridge_steps([row for row in rows if row["snapshot_month"] == month]) for month in months]
    summed = {step: sum(steps[step] for steps in monthly) for step in STEPS}
    opening, closing = monthly[0]["before"], monthly[-1]["now"]
    name = largest_step(summed, is_more=closing >= opening)
    message = words.say(
        f"year.spend.{direction(closing, opening, hardly=HARDLY)}",
        amount=words.money(closing),
        change=words.change(change(closing, opening)),
        opening=words.month(months_back(months[0], 1)),
        step=words.say(f"spend.step.{name}"),
        step_amount=words.difference(summed[name]),
    )
    table = Table(
        words.say("spend.bridge_table"),
        [words.say("head.step"), words.say("head.amount")],
        [[words.say(f"spend.step.{step}"), words.difference(summed[step])] for step in STEPS],
    )
    notes = [words.say("year.spend_note")]
    return context.section(
        "spend",
        message,
        blocks=[
            bridge_chart(
                context, {"before": opening, **summed, "now": closing}, months_back(months[0], 1), months[-1]
            ),
            table,
        ],
        notes=notes,
    )


def churn(context: Context) -> Section:
    """Return the year's leavers by month and by how they stopped."""
    words, tiers = context.words, context.tiers()
    months = _months(context, tiers)
    if not months or not context.reader.has("marts.fct_churn_flags"):
        return context.missing("churn", "marts.kpi_monthly", "marts.fct_churn_flags")
    left = [_left(context, month) for month in months]
    bases = [tier_sum(tiers, "subscriber_count", month, mid_high=True) for month in months]
    first_open = months_back(context.month, context.silence_months - 1)
    final = [index for index, month in enumerate(months) if month < first_open]
    rate = share(sum(left[index] for index in final), sum(bases[index] or 0 for index in final))
    message = words.say(
        "year.churn", year=str(context.month.year), count=words.count(sum(left)), rate=words.rate(rate)
    )
    caption = words.say("churn.caption", month=words.month(context.month))
    chart = stacked_columns(
        [words.month(month) for month in months],
        [Series("", left, COLOURS["main"])],
        words.count,
        title=caption,
        width=NARROW,
        provisional=sum(month >= first_open for month in months),
    )
    note = words.say(
        "churn.note", first=words.month(max(months[0], first_open)), months=str(context.silence_months)
    )
    return context.section(
        "churn",
        message,
        blocks=[
            Chart(chart, caption),
            *kinds_chart(
                context,
                january(context),
                context.month,
                words.say("year.kinds_caption", year=str(context.month.year)),
            ),
        ],
        notes=[note],
    )


def work(context: Context) -> Section:
    """Return the year's lists by decision, and its contacts."""
    words = context.words
    if not context.reader.has("retention.responsibilities"):
        return context.missing("work", "retention.responsibilities")
    rows = context.reader.rows(_LISTED, january=january(context))
    months = landed_months(rows)
    if not months:
        return context.section("work", words.say("work.none", month=str(context.month.year)))
    contacts = (
        context.reader.rows(_CONTACTS, january=january(context))
        if context.reader.has("retention.fct_retention_contacts")
        else []
    )
    assigned, listed = total(rows, "line_count", disposition="assigned"), total(rows, "line_count")
    message = words.say(
        "year.work",
        assigned=words.count(assigned),
        listed=words.count(listed),
        share=words.rate(share(assigned, listed)),
    )
    message += (
        words.say(
            "year.contacts_made",
            made=words.count(total(contacts, "contact_count")),
            reached=words.count(total(contacts, "reached_count")),
        )
        if contacts
        else words.say("year.no_contacts")
    )
    caption = words.say("year.work_caption", year=str(context.month.year))
    chart = stacked_columns(
        [words.month(month) for month in months],
        [
            Series(
                words.say(f"disposition.{disposition}"),
                [
                    total(rows, "line_count", snapshot_month=month, disposition=disposition)
                    for month in months
                ],
            )
            for disposition in DISPOSITIONS
        ],
        words.count,
        title=caption,
        width=NARROW,
    )
    table = Table(
        words.say("year.contacts_table"),
        [
            words.say("year.month"),
            words.say("year.contacts"),
            words.say("work.reached_count"),
            words.say("work.retained_count"),
        ],
        [
            [
                words.month(row["contact_month"]),
                words.count(row["contact_count"]),
                words.count(row["reached_count"]),
                words.count(row["retained_count"]),
            ]
            for row in contacts
        ],
    )
    return context.section("work", message, blocks=[Chart(chart, caption), *([table] if contacts else [])])


def model(context: Context) -> Section:
    """Return the year's changes of the model that scores, with their reasons."""
    words = context.words
    if not context.reader.has("ml.releases"):
        return context.missing("model", "ml.releases")
    decisions = context.reader.rows(_DECISIONS, january=january(context))
    points = [
        words.say(
            "model.decision",
            target=words.month(row["snapshot_month"]),
            reason=words.reason(row),
        )
        for row in decisions
    ]
    message = words.say(
        "year.model" if decisions else "year.no_model",
        year=str(context.month.year),
        count=words.count(len(decisions)),
    )
    return context.section("model", message, points=points)


def _months(context: Context, tiers: Sequence[Row]) -> list[date]:
    return [month for month in landed_months(tiers) if month >= january(context)]


def _left(context: Context, month: date) -> int:
    return stop_sum(context.stops(), "known_by_now", month, mid_high=True, voluntary=True)
