"""What the figures call for: rows of the rule book that say from which value on.

Belongs here: a measure per row, from the published tables. Not here: thresholds
(`report_recommendations.csv`), what is then said (`texts.csv`, `report.recommendation.<id>`).
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestration.report.context import Context
from orchestration.report.page import Section
from orchestration.report.reading import only, share, total
from orchestration.report.sections.changes import CAUSES
from orchestration.report.sections.effect import pooled_effect
from orchestration.report.sections.model import DRIFT, SCORES
from orchestration.report.sections.work import ANSWERED, CONTACTS, LISTED
from orchestration.report.words import UNKNOWN

KEY = "recommendations"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_RULES = """
    select recommendation_id, measure, operator, threshold
    from {reference}.report_recommendations
    where
        enabled
        and valid_from_month <= $month
        and (valid_to_month is null or valid_to_month >= $month)
    order by sort_order, recommendation_id
"""
_PRICES = """
    select resource_kind, resource_id, capacity, shadow_price
    from retention.shadow_prices
    where snapshot_month = $month and capacity > 0
    order by shadow_price desc nulls last, resource_kind, resource_id
    limit 1
"""
_MENDING = """
    select
        mending_unit_type,
        cause,
        place_type,
        place_id,
        subscriber_count,
        cast(billed_amount as double) as billed_amount
    from retention.mend_requests
    where snapshot_month = $month
    order by subscriber_count desc, mending_unit_type, cause, place_type, place_id
    limit 1
"""
_SATISFACTION = """
    select staff_role, touch_point, item, survey_count, mean_score, target_score, gap
    from marts.satisfaction_followup
    where snapshot_month = $month and staff_role <> 'all' and survey_count > 0 and gap is not null
    order by gap * survey_count, gap, staff_role, touch_point, item
    limit 1
"""
_FIRING = """
    select item_id, fire_rate
    from marts.rule_performance
    where snapshot_month = $month and item_type = 'churn_flag' and fire_rate is not null
    order by fire_rate desc, item_id
    limit 1
"""
_QUARANTINED = """
    select
        cast(sum(rows_read) as double) as rows_read,
        cast(sum(rows_quarantined) as double) as rows_quarantined
    from ops.landing_audit
    where landed_month = $month
"""


@dataclass(frozen=True)
class Measured:
    """A measure's value, None where it is not known, and what the text names."""

    value: float | None = None
    named: dict[str, str] = field(default_factory=dict)


def section(context: Context) -> Section:
    """Return what the month's figures call for, in the order of the rule book."""
    words = context.words
    if not context.reader.has("reference.report_recommendations"):
        return context.missing(KEY, "reference.report_recommendations")
    points = []
    for rule in context.reader.rows(_RULES):
        measured = _MEASURES[rule["measure"]](context)
        if measured.value is not None and _COMPARE[rule["operator"]](
            round(measured.value, 9), float(rule["threshold"])
        ):
            points.append(words.say(f"recommendation.{rule['recommendation_id']}", **measured.named))
    message = words.say("recommendations.some" if points else "recommendations.none", count=str(len(points)))
    return context.section(KEY, message, points=points, notes=[words.say("recommendations.note")])


def _beyond_capacity(context: Context) -> Measured:
    if not context.reader.has("retention.responsibilities"):
        return Measured()
    rows, words = context.reader.rows(LISTED), context.words
    listed = total(rows, "line_count", list_kind="at_risk")
    beyond = total(rows, "line_count", list_kind="at_risk", disposition="beyond_capacity")
    part = share(beyond, listed)
    return Measured(
        part, {"count": words.count(beyond), "listed": words.count(listed), "share": words.rate(part)}
    )


def _capacity_price(context: Context) -> Measured:
    if not context.reader.has("retention.shadow_prices", "shadow_price", "capacity"):
        return Measured()
    words, rows = context.words, context.reader.rows(_PRICES)
    if not rows or rows[0]["shadow_price"] is None:
        return Measured()
    row = rows[0]
    return Measured(
        float(row["shadow_price"]),
        {
            "unit": context.unit_name(row["resource_id"]),
            "kind": words.inline("channel", row["resource_kind"]),
            "price": words.money(float(row["shadow_price"])),
        },
    )


def _uncontacted(context: Context) -> Measured:
    if not context.reader.has("retention.fct_retention_contacts") or not context.reader.has(
        "retention.responsibilities"
    ):
        return Measured()
    words, rows = context.words, context.reader.rows(ANSWERED, before=context.before)
    assigned, contacted = total(rows, "assigned_count"), total(rows, "contacted_count")
    # Where no answer ever comes back nothing is known of the work.
    part = share(assigned - contacted, assigned) if contacted else None
    return Measured(
        part,
        {
            "count": words.count(assigned - contacted),
            "assigned": words.count(assigned),
            "share": words.rate(part),
            "month": words.month(context.before),
        },
    )


def _unreached(context: Context) -> Measured:
    if not context.reader.has("retention.fct_retention_contacts"):
        return Measured()
    words, rows = context.words, context.reader.rows(CONTACTS)
    made, reached = total(rows, "contact_count"), total(rows, "contact_count", is_reached=True)
    part = share(made - reached, made)
    return Measured(part, {"share": words.rate(part), "made": words.count(made)})


def _no_contact_data(context: Context) -> Measured:
    if not context.reader.has("retention.responsibilities"):
        return Measured()
    count = total(context.reader.rows(LISTED), "line_count", suppression_reason="no_contact_data")
    return Measured(count, {"count": context.words.count(count)})


def _first_cause(context: Context, *, unknown: bool) -> Measured:
    if not context.reader.has("retention.responsibilities"):
        return Measured()
    words, rows = context.words, context.reader.rows(CAUSES, before=context.before)
    listed = total(rows, "line_count", snapshot_month=context.month)
    counted = sorted(
        (
            (total(rows, "line_count", snapshot_month=context.month, main_cause=cause), cause)
            for cause in sorted({row["main_cause"] or "unknown" for row in rows})
            if (cause == "unknown") == unknown
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    if not counted or not listed:
        return Measured()
    count, cause = counted[0]
    return Measured(
        share(count, listed),
        {
            "cause": words.inline("cause", cause),
            "count": words.count(count),
            "share": words.rate(share(count, listed)),
        },
    )


def _mending(context: Context) -> Measured:
    if not context.reader.has("retention.mend_requests"):
        return Measured()
    words, rows = context.words, context.reader.rows(_MENDING)
    if not rows:
        return Measured()
    row = rows[0]
    return Measured(
        float(row["subscriber_count"]),
        {
            "unit": words.label("report.unit_type", row["mending_unit_type"]),
            "place": f"{words.label('report.place', row['place_type'])} {row['place_id']}",
            "cause": words.inline("cause", row["cause"]),
            "count": words.count(row["subscriber_count"]),
            "amount": words.money(row["billed_amount"]),
        },
    )


def _satisfaction(context: Context) -> Measured:
    if not context.reader.has("marts.satisfaction_followup"):
        return Measured()
    words, rows = context.words, context.reader.rows(_SATISFACTION)
    if not rows:
        return Measured()
    row = rows[0]
    return Measured(
        float(row["gap"]),
        {
            "role": words.inline("report.staff_role", row["staff_role"]),
            "place": words.label("report.touch_point", row["touch_point"]),
            "item": words.label("report.survey_item", row["item"]),
            "score": words.number(float(row["mean_score"])),
            "target": words.number(float(row["target_score"])),
            "answers": words.count(row["survey_count"]),
        },
    )


def _firing(context: Context) -> Measured:
    if not context.reader.has("marts.rule_performance", "fire_rate"):
        return Measured()
    rows = context.reader.rows(_FIRING)
    if not rows:
        return Measured()
    return Measured(
        float(rows[0]["fire_rate"]),
        {"rule": rows[0]["item_id"], "share": context.words.rate(rows[0]["fire_rate"])},
    )


def _drift(context: Context) -> Measured:
    if not context.reader.has("ml.feature_drift"):
        return Measured()
    words = context.words
    count = sum(row["level"] == "stop" for row in context.reader.rows(DRIFT))
    scores = context.reader.rows(SCORES) if context.reader.has("ml.score_drift") else []
    levels = [words.say(f"level.{level}") for level in sorted({row["level"] for row in scores})]
    return Measured(float(count), {"count": words.count(count), "scores": words.listed(levels) or UNKNOWN})


def _quarantined(context: Context) -> Measured:
    if not context.reader.has("ops.landing_audit", "rows_quarantined", "rows_read"):
        return Measured()
    row = context.reader.rows(_QUARANTINED)[0]
    part = share(row["rows_quarantined"], row["rows_read"])
    return Measured(
        part, {"count": context.words.count(row["rows_quarantined"]), "share": context.words.rate(part)}
    )


def _unproven_effect(context: Context) -> Measured:
    whole = only(pooled_effect(context), colour="all", value_tier="all")
    if whole is None or whole["effect"] is None or whole["detectable_effect"] is None:
        return Measured()
    words = context.words
    return Measured(
        float(whole["detectable_effect"]) if whole["effect_low"] <= 0 <= whole["effect_high"] else None,
        {"detectable": words.size(whole["detectable_effect"])},
    )


_MEASURES: dict[str, Callable[[Context], Measured]] = {
    "beyond_capacity_share": _beyond_capacity,
    "capacity_price": _capacity_price,
    "uncontacted_share": _uncontacted,
    "unreached_share": _unreached,
    "no_contact_data_count": _no_contact_data,
    "first_cause_share": lambda context: _first_cause(context, unknown=False),
    "unknown_cause_share": lambda context: _first_cause(context, unknown=True),
    "mend_request_count": _mending,
    "satisfaction_gap": _satisfaction,
    "churn_flag_fire_rate": _firing,
    "stopped_feature_count": _drift,
    "quarantined_share": _quarantined,
    "unproven_effect": _unproven_effect,
}
