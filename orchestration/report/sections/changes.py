"""What changed since the month before, where, and what was changed on purpose."""

from typing import Any

from orchestration.charts import COLOURS, NARROW, Bar, bars
from orchestration.report.context import STOPPED_LINES, Context
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, only, share, total
from orchestration.report.sections.model import MAIN_TARGET, RELEASES
from orchestration.report.sections.reasons import reasons
from orchestration.report.words import direction

KEY = "changes"
_RULE_BOOKS = {
    "churn_rules": "rule_id",
    "warning_scorecard": "rule_id",
    "warning_conditions": "rule_id",
    "warning_levels": "rule_id",
    "value_tiers": "rule_id",
    "suppression_reasons": "rule_id",
    "responsibility_rules": "rule_id",
    "contact_stages": "rule_id",
    "retention_phases": "rule_id",
    "retention_strategies": "strategy_id",
    "offers": "offer_id",
    "what_ifs": "what_if_id",
    "report_recommendations": "recommendation_id",
}
"""Tables of the rule book whose rows come into force and leave it by month, and what names a row."""

CAUSES = """
    select snapshot_month, main_cause, cast(count(*) as bigint) as line_count
    from retention.responsibilities
    where snapshot_month in ($month, $before) and list_kind = 'at_risk'
    group by all
    order by all
"""
_WARNED = """
    select
        snapshot_month,
        {dimension} as category,
        cast(sum(red_count + yellow_count) as bigint) as line_count
    from marts.kpi_monthly
    where snapshot_month in ($month, $before)
    group by all
    having sum(red_count + yellow_count) is not null
    order by all
"""
_LEFT = """
    select
        flags.snapshot_month,
        subscribers.{dimension} as category,
        cast(count(*) as bigint) as line_count
    from {stopped}
    where
        flags.snapshot_month in ($month, $before)
        and flags.is_effective_stop
        and flags.is_voluntary_stop
        and flags.stop_known_in_month <= flags.snapshot_month
        and subscribers.value_tier in ('high', 'mid')
    group by all
    order by all
"""
_DIMENSIONS = ("branch_id", "brand", "value_tier")
_LANDED = """
    select
        table_name,
        cast(sum(rows_read) as bigint) as rows_read,
        cast(sum(rows_quarantined) as bigint) as rows_quarantined
    from ops.landing_audit
    where landed_month = $month
    group by table_name
    order by rows_quarantined desc, table_name
"""
_NOT_LANDED = """
    select distinct
        raw_tables.kind,
        audit.table_name
    from ops.landing_audit as audit
    inner join {reference}.raw_tables as raw_tables on audit.table_name = raw_tables.table_name
    where
        raw_tables.kind <> 'static'
        and audit.landed_month < $month
        and audit.rows_accepted > 0
        and audit.table_name not in (select table_name from ops.landing_audit where landed_month = $month)
    order by raw_tables.kind desc, audit.table_name
"""


def section(context: Context) -> Section:
    """Return movers since the month before, changes of rules and model, and the quality of the data."""
    words, month, reader = context.words, context.month, context.reader
    points = [*reasons(context), *_rules(context), *_model(context), *_quality(context)]
    blocks: list[Chart | Table] = []
    notes: list[str] = []
    causes = reader.rows(CAUSES, before=context.before) if reader.has("retention.responsibilities") else []
    now, before = (total(causes, "line_count", snapshot_month=one) or None for one in (month, context.before))
    if not reader.has("retention.responsibilities"):
        message = words.say("missing", tables="retention.responsibilities")
    elif now is None or before is None:
        message = words.say("changes.first", month=words.month(month))
    else:
        moved = cause_changes(causes, context)
        way = 1 if now >= before else -1
        most, amount = max(moved, key=lambda pair: (way * pair[1], pair[0]))
        message = words.say(
            f"changes.message.{direction(now, before)}",
            count=words.count(now),
            change=words.count(abs(now - before)),
            cause=words.inline("cause", most),
            amount=words.difference(amount),
        )
        blocks.append(_cause_chart(context, moved))
        notes.append(words.say("changes.note"))
    blocks += _movers(context)
    return context.section(KEY, message, points=points, blocks=blocks, notes=notes)


def cause_changes(rows: list[Row], context: Context) -> list[tuple[str, float]]:
    """Return how the list changed by first cause, the largest rise first."""
    moved = [
        (
            cause,
            total(rows, "line_count", snapshot_month=context.month, main_cause=cause)
            - total(rows, "line_count", snapshot_month=context.before, main_cause=cause),
        )
        for cause in sorted({row["main_cause"] or "unknown" for row in rows})
    ]
    return sorted(moved, key=lambda pair: (-pair[1], pair[0]))


def _cause_chart(context: Context, moved: list[tuple[str, float]]) -> Chart:
    words = context.words
    caption = words.say(
        "changes.causes_caption", month=words.month(context.month), before=words.month(context.before)
    )
    chart = bars(
        [
            Bar(words.label("cause", cause), amount, COLOURS["loss"] if amount > 0 else COLOURS["gain"])
            for cause, amount in moved
            if amount
        ],
        words.difference,
        title=caption,
        width=NARROW,
    )
    return Chart(chart, caption)


def _movers(context: Context) -> list[Chart | Table]:
    words, reader = context.words, context.reader
    rows = []
    for measure, statement, tables in (
        ("warned", _WARNED, ("marts.kpi_monthly",)),
        ("left", _LEFT, ("marts.fct_churn_flags", "marts.dim_subscribers")),
    ):
        for dimension in _DIMENSIONS:
            if not all(reader.has(table) for table in tables) or not reader.has(tables[-1], dimension):
                continue
            counted = reader.rows(
                statement.format(dimension=dimension, stopped=STOPPED_LINES), before=context.before
            )
            mover = largest_mover(counted, context)
            if mover is None:
                continue
            category, before, now = mover
            shown = (
                context.unit_name(category)
                if dimension == "branch_id"
                else words.label(
                    "value_tier" if dimension == "value_tier" else "report.category.brand", category
                )
            )
            rows.append(
                [
                    words.say(f"changes.{measure}") if dimension == _DIMENSIONS[0] else "",
                    words.say(f"changes.by.{dimension}"),
                    shown,
                    words.count(before),
                    words.count(now),
                    words.difference(now - before),
                ]
            )
    if not rows:
        return []
    return [
        Table(
            words.say("changes.movers_table"),
            [
                words.say("head.figure"),
                words.say("changes.by"),
                words.say("changes.mover"),
                words.month(context.before),
                words.month(context.month),
                words.say("head.difference"),
            ],
            rows,
            numbers_from=3,
        )
    ]


def largest_mover(rows: list[Row], context: Context) -> tuple[str, float, float] | None:
    """Return the category that changed most, with its count before and now; none without a month before."""
    if only(rows, snapshot_month=context.before) is None or only(rows, snapshot_month=context.month) is None:
        return None
    categories = sorted({row["category"] for row in rows if row["category"] is not None})
    counted = [
        (
            category,
            total(rows, "line_count", snapshot_month=context.before, category=category),
            total(rows, "line_count", snapshot_month=context.month, category=category),
        )
        for category in categories
    ]
    return max(counted, key=lambda found: (abs(found[2] - found[1]), found[0]), default=None)


def _rules(context: Context) -> list[str]:
    words = context.words
    started: list[str] = []
    ended: list[str] = []
    for table, key in _RULE_BOOKS.items():
        if not context.reader.has(f"reference.{table}", key, "valid_from_month", "valid_to_month", "enabled"):
            continue
        rows = context.reader.rows(
            f"""
            select {key} as rule_id, valid_from_month = $month as is_new
            from {{reference}}.{table}
            where enabled and (valid_from_month = $month or valid_to_month = $before)
            order by {key}, is_new
            """,
            before=context.before,
        )
        started += [f"{table}: {row['rule_id']}" for row in rows if row["is_new"]]
        ended += [f"{table}: {row['rule_id']}" for row in rows if not row["is_new"]]
    if not started and not ended:
        return [words.say("changes.no_rules", month=words.month(context.month))]
    said = []
    if started:
        said.append(words.say("changes.rules_new", rules=words.listed(started)))
    if ended:
        said.append(words.say("changes.rules_gone", rules=words.listed(ended)))
    return said


def _model(context: Context) -> list[str]:
    words = context.words
    if not context.reader.has("ml.releases"):
        return []
    rows: list[dict[str, Any]] = context.reader.rows(RELEASES, before=context.before)
    now = only(rows, target=MAIN_TARGET, snapshot_month=context.month)
    before = only(rows, target=MAIN_TARGET, snapshot_month=context.before)
    if now is None or not (now["model_id"] or (before and before["model_id"])):
        return [words.say("changes.no_model")]
    if before is not None and before["model_id"] == now["model_id"]:
        return [words.say("changes.same_model", model=now["model_id"])]
    return [
        words.say(
            "changes.new_model",
            model=now["model_id"] or words.say("changes.rules"),
            before=(before or {}).get("model_id") or words.say("changes.rules"),
            reason=words.reason(now),
        )
    ]


def _quality(context: Context) -> list[str]:
    words, reader = context.words, context.reader
    if not reader.has("ops.landing_audit", "rows_quarantined", "rows_accepted", "rows_read"):
        return []
    rows = reader.rows(_LANDED)
    read, bad = total(rows, "rows_read"), total(rows, "rows_quarantined")
    said = [
        words.say(
            "changes.quarantined" if bad else "changes.clean",
            bad=words.count(bad),
            read=words.count(read),
            share=words.rate(share(bad, read)),
            tables=words.listed(
                [
                    words.say(
                        "changes.table_rows",
                        table=row["table_name"],
                        rows=words.count(row["rows_quarantined"]),
                    )
                    for row in rows
                    if row["rows_quarantined"]
                ]
            ),
        )
    ]
    absent = reader.rows(_NOT_LANDED) if reader.has("reference.raw_tables", "kind") else []
    for kind in sorted({row["kind"] for row in absent}, reverse=True):
        tables = [row["table_name"] for row in absent if row["kind"] == kind]
        said.append(words.say(f"changes.not_landed.{kind}", tables=words.listed(tables)))
    if context.stale:
        months = [words.month(month) for month in context.stale]
        said.append(words.say("changes.stale", months=words.listed(months)))
    return said
