"""Why the month's figures moved: what base, bills and list are made of, and the length of months.

Belongs here: reasons that follow from the figures by counting. Not here: what a section shows of them.
"""

from calendar import monthrange

from orchestration.report.context import Context
from orchestration.report.reading import total
from orchestration.report.sections.base import moves
from orchestration.report.sections.spend import STEPS, month_steps
from orchestration.report.sections.warnings import weeks_of

_LIST = """
    select
        snapshot_month,
        coalesce(colour in ('red', 'yellow'), false) as is_warned,
        cast(count(*) as bigint) as line_count,
        cast(count(expected_benefit) as bigint) as valued_count,
        cast(count(*) filter (expected_benefit > 0) as bigint) as worthwhile_count,
        cast(
            count(*) filter (
                subscriber_id not in (
                    select other.subscriber_id
                    from retention.responsibilities as other
                    where
                        other.list_kind = 'at_risk'
                        and other.snapshot_month in ($month, $before)
                        and other.snapshot_month <> listed.snapshot_month
                )
            ) as bigint
        ) as only_here_count
    from retention.responsibilities as listed
    where snapshot_month in ($month, $before, $year_before) and list_kind = 'at_risk'
    group by all
    order by all
"""


def reasons(context: Context) -> list[str]:
    """Return what moved base, bills and list, and how the two months differ in length."""
    said = [*_base_and_bills(context), *_list(context)]
    return [*said, *_calendar(context)] if said else []


def _base_and_bills(context: Context) -> list[str]:
    words = context.words
    if not context.reader.has("marts.tier_moves"):
        return []
    flows, steps = moves(context), month_steps(context)
    if not flows:
        return []
    signed = {name: flows[name] * (-1 if name in ("down", "gone") else 1) for name in flows}
    told = [
        words.say("changes.step", step=words.say(f"spend.step.{step}"), amount=words.difference(steps[step]))
        for step in sorted(STEPS, key=lambda step: (-abs(steps[step]), step))
    ]
    return [
        words.say("changes.base", **{name: words.difference(flow) for name, flow in signed.items()}),
        words.say(
            "changes.billing",
            net=words.difference(steps["now"] - steps["before"]),
            steps=words.listed(told),
        ),
    ]


def _list(context: Context) -> list[str]:
    words, reader = context.words, context.reader
    if not reader.has("retention.responsibilities", "subscriber_id", "colour"):
        return []
    month, before, year_before = context.compared
    rows = reader.rows(_LIST, before=before, year_before=year_before)
    known = {row["snapshot_month"] for row in rows}
    said = []
    if known >= {month, before}:
        warned, other = (
            total(rows, "line_count", snapshot_month=month, is_warned=is_warned)
            - total(rows, "line_count", snapshot_month=before, is_warned=is_warned)
            for is_warned in (True, False)
        )
        said.append(
            words.say(
                "changes.list",
                came=words.count(total(rows, "only_here_count", snapshot_month=month)),
                gone=words.count(total(rows, "only_here_count", snapshot_month=before)),
                warned=words.difference(warned),
                other=words.difference(other),
            )
        )
    worthwhile = total(rows, "worthwhile_count", snapshot_month=month)
    if year_before in known and worthwhile and not total(rows, "valued_count", snapshot_month=year_before):
        said.append(
            words.say(
                "changes.list_year", year_before=words.month(year_before), count=words.count(worthwhile)
            )
        )
    return said


def _calendar(context: Context) -> list[str]:
    words, weeks = context.words, weeks_of(context)
    days, days_before = (monthrange(one.year, one.month)[1] for one in (context.month, context.before))
    if days == days_before and weeks.get(context.month) == weeks.get(context.before):
        return []
    return [
        words.say(
            "changes.calendar",
            month=words.month(context.month),
            before=words.month(context.before),
            days=str(days),
            days_before=str(days_before),
            weeks=words.count(weeks.get(context.month)),
            weeks_before=words.count(weeks.get(context.before)),
        )
    ]
