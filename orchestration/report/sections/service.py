"""How customers were served, asked and written to, and what the market did."""

from orchestration.charts import COLOURS, NARROW, Bar, bars
from orchestration.report.context import Context
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, change, months_back, only, share
from orchestration.report.words import UNKNOWN, direction

KEY = "service"
_KINDS = ("service_contact", "complaint", "campaign_contact", "satisfaction_survey", "agency_survey")

_EVENTS = """
    select
        snapshot_month,
        kind,
        category,
        cast(event_count as bigint) as event_count,
        cast(subscriber_count as bigint) as subscriber_count,
        cast(mean_score as double) as mean_score
    from marts.service_monthly
    where branch_id = 'all' and snapshot_month in ($month, $before, $year_before)
    order by kind, event_count desc, category, snapshot_month
"""
_FOLLOWED_UP = """
    select staff_role, touch_point, item, survey_count, mean_score, target_score, gap
    from marts.satisfaction_followup
    where snapshot_month = $month and staff_role <> 'all' and survey_count > 0 and gap is not null
    order by gap, staff_role, touch_point, item
"""
_MARKET = """
    select metric, segment, value, value_month_before, value_year_before
    from marts.market_figures
    where snapshot_month = $month
    order by metric, segment
"""
_RATES = ("market_share", "penetration")


def section(context: Context) -> Section:
    """Return service contacts, complaints, campaigns, satisfaction and market figures."""
    words, month = context.words, context.month
    if not context.reader.has("marts.service_monthly"):
        return context.missing(KEY, "marts.service_monthly")
    rows = context.reader.rows(_EVENTS, before=context.before, year_before=months_back(month, 12))
    now, before = (
        only(rows, kind="complaint", category="all", snapshot_month=one) for one in (month, context.before)
    )
    if not any(row["snapshot_month"] == month for row in rows):
        return context.section(KEY, words.say("no_rows", month=words.month(month)))
    categories = [
        row
        for row in rows
        if row["kind"] == "complaint" and row["category"] != "all" and row["snapshot_month"] == month
    ]
    counts = tuple(row["event_count"] if row else None for row in (now, before))
    message = (
        words.say("service.no_complaints", month=words.month(month))
        if counts[0] is None or not categories
        else words.say(
            f"service.message.{direction(*counts)}",
            count=words.count(counts[0]),
            change=words.change(change(*counts)),
            category=words.inline("report.complaint", categories[0]["category"]),
            share=words.rate(share(categories[0]["event_count"], counts[0])),
        )
    )
    blocks: list[Chart | Table] = []
    notes = []
    if categories:
        blocks.append(_complaints(context, categories, rows))
    blocks.append(_table(context, rows))
    if context.reader.has("marts.satisfaction_followup"):
        blocks += _satisfaction(context)
    if context.reader.has("marts.market_figures"):
        blocks += _market(context)
    else:
        notes.append(words.say("missing", tables="marts.market_figures"))
    return context.section(KEY, message, blocks=blocks, notes=notes)


def _complaints(context: Context, categories: list[Row], rows: list[Row]) -> Chart:
    words = context.words
    caption = words.say(
        "service.complaints_caption", month=words.month(context.month), before=words.month(context.before)
    )
    drawn = []
    for row in categories:
        earlier = only(rows, kind="complaint", category=row["category"], snapshot_month=context.before)
        drawn.append(
            Bar(
                words.label("report.complaint", row["category"]),
                row["event_count"],
                COLOURS["main"],
                note=context.noted_change(row["event_count"], earlier["event_count"] if earlier else None),
            )
        )
    return Chart(bars(drawn, words.count, title=caption, width=NARROW), caption)


def _table(context: Context, rows: list[Row]) -> Table:
    words = context.words
    told = []
    for kind in _KINDS:
        totals = [only(rows, kind=kind, category="all", snapshot_month=month) for month in context.compared]
        now = totals[0]
        if now is None:
            continue
        told.append(
            [
                words.say(f"service.kind.{kind}"),
                words.count(now["event_count"]),
                words.count(now["subscriber_count"]),
                words.number(now["mean_score"]),
                *context.changes([row["event_count"] if row else None for row in totals]),
            ]
        )
    return Table(
        words.say("service.table", month=words.month(context.month)),
        [
            words.say("head.kind"),
            words.say("head.events"),
            words.say("head.customers"),
            words.say("head.score"),
            words.say("head.on_month"),
            words.say("head.on_year"),
        ],
        told,
    )


def _satisfaction(context: Context) -> list[Chart | Table]:
    words = context.words
    rows = context.reader.rows(_FOLLOWED_UP)
    if not rows:
        return []
    caption = words.say("service.satisfaction_caption", month=words.month(context.month))
    drawn = [
        Bar(
            words.say(
                "service.satisfaction_row",
                role=words.label("report.staff_role", row["staff_role"]),
                place=words.label("report.touch_point", row["touch_point"]),
                item=words.label("report.survey_item", row["item"]),
            ),
            float(row["gap"]),
            COLOURS["loss"] if row["gap"] < 0 else COLOURS["gain"],
        )
        for row in rows
    ]
    table = Table(
        words.say("service.satisfaction_table", month=words.month(context.month)),
        [
            words.say("service.asked_about"),
            words.say("head.score"),
            words.say("head.target"),
            words.say("head.answers"),
        ],
        [
            [
                bar.label,
                words.number(row["mean_score"]),
                words.number(float(row["target_score"])),
                words.count(row["survey_count"]),
            ]
            for bar, row in zip(drawn, rows, strict=True)
        ],
    )
    return [Chart(bars(drawn, words.number, title=caption, width=NARROW), caption), table]


def _market(context: Context) -> list[Chart | Table]:
    words = context.words
    rows = context.reader.rows(_MARKET)
    if not rows:
        return []

    def written(row: Row, column: str) -> str:
        value = row[column]
        if value is None:
            return UNKNOWN
        return words.rate(float(value)) if row["metric"] in _RATES else words.number(float(value))

    return [
        Table(
            words.say("service.market_table", month=words.month(context.month)),
            [
                words.say("head.figure"),
                words.month(context.month),
                words.month(context.before),
                words.month(months_back(context.month, 12)),
            ],
            [
                [
                    words.label("report.market", row["metric"])
                    + ("" if row["segment"] == "all" else f" · {row['segment']}"),
                    written(row, "value"),
                    written(row, "value_month_before"),
                    written(row, "value_year_before"),
                ]
                for row in rows
            ],
            is_wide=True,
        )
    ]
