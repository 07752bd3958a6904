"""Whether being on the list keeps customers: those drawn for contact against those held out."""

from datetime import date

from orchestration.charts import NARROW, Interval, intervals
from orchestration.report.context import Context
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, only

KEY = "effect"
_COLOURS = ("all", "red", "yellow", "blue", "none")

_CLOSED = """
    select max(snapshot_month) as closed_month
    from (
        select snapshot_month
        from labels.churn_labels
        where snapshot_month <= $month
        group by snapshot_month
        having bool_and(coalesce(closed_in_month <= $month, false))
    ) as closed
"""
_EFFECT = """
    select
        colour,
        value_tier,
        pooled_month_count,
        pooled_randomised_effect as effect,
        pooled_randomised_effect_low as effect_low,
        pooled_randomised_effect_high as effect_high,
        pooled_randomised_detectable_effect as detectable_effect
    from retention.retention_effect
    where snapshot_month = $closed
    order by colour, value_tier
"""
_UNITS = """
    select
        unit_id,
        saved_against_control,
        saved_against_control_low,
        saved_against_control_high,
        cast(fee_kept_amount as double) as fee_kept_amount,
        treated_judged_count
    from retention.unit_assessment
    where snapshot_month = $closed and saved_against_control is not null
    order by treated_judged_count desc, unit_id
"""


def closed_month(context: Context) -> date | None:
    """Return the newest month whose outcomes were all known at the end of the report's month."""
    if not context.reader.has("labels.churn_labels", "closed_in_month"):
        return None
    return context.reader.rows(_CLOSED)[0]["closed_month"]


def pooled_effect(context: Context) -> list[Row]:
    """Return the pooled effect as the newest closed month shows it; nothing where none has closed."""
    closed = closed_month(context)
    if closed is None or not context.reader.has("retention.retention_effect", "pooled_randomised_effect"):
        return []
    return context.reader.rows(_EFFECT, closed=closed)


def section(context: Context) -> Section:
    """Return the pooled effect with its interval and what could have been seen."""
    words = context.words
    if not context.reader.has("retention.retention_effect"):
        return context.missing(KEY, "retention.retention_effect")
    closed, rows = closed_month(context), pooled_effect(context)
    whole = only(rows, colour="all", value_tier="all")
    if closed is None or whole is None or whole["effect"] is None:
        return context.section(KEY, words.say("effect.nothing", month=words.month(context.month)))
    covers_zero = whole["effect_low"] <= 0 <= whole["effect_high"]
    variant = "unproven" if covers_zero else "saves" if whole["effect"] < 0 else "harms"
    message = words.say(
        f"effect.message.{variant}",
        size=words.size(whole["effect"]),
        way=words.say("effect.higher" if whole["effect"] > 0 else "effect.lower"),
        low=words.points(whole["effect_low"]),
        high=words.points(whole["effect_high"]),
        detectable=words.size(whole["detectable_effect"]),
        months=words.count(whole["pooled_month_count"]),
    )
    paragraphs = [words.say("effect.how", closed=words.month(closed))]
    if not _was_answered(context, closed):
        paragraphs.append(words.say("effect.no_contacts"))
    blocks: list[Chart | Table] = [_by_colour(context, rows, closed), _table(context, rows, closed)]
    blocks += _units(context, closed)
    return context.section(
        KEY,
        message,
        paragraphs=paragraphs,
        blocks=blocks,
        notes=[words.say("effect.note", month=words.month(context.month), closed=words.month(closed))],
    )


def _was_answered(context: Context, closed: date) -> bool:
    if not context.reader.has("retention.fct_retention_contacts"):
        return False
    rows = context.reader.rows(
        "select count(*) as contacts from retention.fct_retention_contacts where contact_month <= $closed",
        closed=closed,
    )
    return rows[0]["contacts"] > 0


def _cells(context: Context, rows: list[Row]) -> list[tuple[str, Row]]:
    words = context.words
    cells = []
    for colour, tier in (*((colour, "all") for colour in _COLOURS), ("all", "high"), ("all", "mid")):
        row = only(rows, colour=colour, value_tier=tier)
        if row is not None and (row["effect"] is not None or colour in ("all", "red", "yellow")):
            name = (
                words.label("value_tier", tier)
                if tier != "all"
                else words.say("effect.without_colour")
                if colour == "none"
                else words.say("effect.whole")
                if colour == "all"
                else words.label("colour", colour)
            )
            cells.append((name, row))
    return cells


def _by_colour(context: Context, rows: list[Row], closed: date) -> Chart:
    words = context.words
    caption = words.say("effect.caption", closed=words.month(closed))
    drawn = [
        Interval(name, row["effect"], row["effect_low"], row["effect_high"], words.say("effect.not_yet"))
        if row["effect"] is None
        else Interval(name, row["effect"], row["effect_low"], row["effect_high"])
        for name, row in _cells(context, rows)
    ]
    chart = intervals(
        drawn,
        words.in_points,
        title=caption,
        width=NARROW,
        reference_label=words.say("effect.zero"),
        axis=lambda rate: words.tenths(rate * 100),
    )
    return Chart(chart, caption)


def _table(context: Context, rows: list[Row], closed: date) -> Table:
    words = context.words
    return Table(
        words.say("effect.table", closed=words.month(closed)),
        [
            words.say("effect.group"),
            words.say("effect.months"),
            words.say("effect.detectable"),
            words.say("effect.verdict"),
        ],
        [
            [
                name,
                words.count(row["pooled_month_count"]),
                words.size(row["detectable_effect"]),
                words.say(f"effect.verdict.{_verdict(row)}"),
            ]
            for name, row in _cells(context, rows)
        ],
    )


def _verdict(row: Row) -> str:
    if row["effect"] is None:
        return "none"
    if row["effect_low"] <= 0 <= row["effect_high"]:
        return "unproven"
    return "saves" if row["effect"] < 0 else "harms"


def _units(context: Context, closed: date) -> list[Chart | Table]:
    words = context.words
    if not context.reader.has("retention.unit_assessment", "saved_against_control_low"):
        return []
    rows = context.reader.rows(_UNITS, closed=closed)
    if not rows:
        return []
    caption = words.say("effect.units_caption", closed=words.month(closed))
    chart = intervals(
        [
            Interval(
                context.unit_name(row["unit_id"]),
                row["saved_against_control"],
                row["saved_against_control_low"],
                row["saved_against_control_high"],
            )
            for row in rows
        ],
        words.tenths,
        title=caption,
        width=NARROW,
        reference_label=words.say("effect.none_saved"),
    )
    table = Table(
        words.say("effect.units_table", closed=words.month(closed)),
        [words.say("head.unit_name"), words.say("effect.judged"), words.say("effect.fee_kept")],
        [
            [
                context.unit_name(row["unit_id"]),
                words.count(row["treated_judged_count"]),
                words.difference(row["fee_kept_amount"]),
            ]
            for row in rows
        ],
    )
    return [Chart(chart, caption), table]
