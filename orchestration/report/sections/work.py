"""What was done: the month's list, its owners, contacts and what they found, units."""

from orchestration.charts import COLOURS, NARROW, Bar, bars
from orchestration.report.context import Context
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, share, total

KEY = "work"
DISPOSITIONS = ("assigned", "held_out", "suppressed", "beyond_capacity")

LISTED = """
    select
        list_kind,
        disposition,
        suppression_reason,
        stage,
        cast(count(*) as bigint) as line_count
    from retention.responsibilities
    where snapshot_month = $month
    group by all
    order by all
"""
CONTACTS = """
    select
        outcome,
        channel,
        is_reached,
        cast(count(*) as bigint) as contact_count
    from retention.fct_retention_contacts
    where contact_month = $month
    group by all
    order by all
"""
ANSWERED = """
    with answers as (
        select
            assignment_id,
            min(contacted_at) as first_contacted_at,
            bool_or(coalesce(is_reached, false)) as is_reached,
            arg_max(coalesce(is_retained, false), (contacted_at, attempt_no)) as is_retained
        from retention.fct_retention_contacts
        where contact_month <= $month
        group by assignment_id
    )

    select
        listed.primary_unit_id as unit_id,
        cast(count(*) as bigint) as assigned_count,
        cast(count(answers.assignment_id) as bigint) as contacted_count,
        cast(
            count(*) filter (cast(answers.first_contacted_at as date) <= listed.due_date) as bigint
        ) as on_time_count,
        cast(count(*) filter (answers.is_reached) as bigint) as reached_count,
        cast(count(*) filter (answers.is_retained) as bigint) as retained_count
    from retention.responsibilities as listed
    left join answers on listed.assignment_id = answers.assignment_id
    where listed.snapshot_month = $before and listed.disposition = 'assigned'
    group by listed.primary_unit_id
    order by assigned_count desc, listed.primary_unit_id
"""
_UNITS = """
    select
        primary_unit_id as unit_id,
        cast(count(*) filter (disposition = 'assigned') as bigint) as assigned_count,
        cast(count(*) filter (disposition = 'beyond_capacity') as bigint) as beyond_count,
        cast(sum(expected_benefit) filter (disposition = 'assigned') as double) as expected_benefit
    from retention.responsibilities
    where snapshot_month = $month and primary_unit_id is not null
    group by primary_unit_id
    order by assigned_count desc, primary_unit_id
"""


def section(context: Context) -> Section:
    """Return the list by decision, the month's contacts, and how last month's list was worked."""
    words, month = context.words, context.month
    if not context.reader.has("retention.responsibilities"):
        return context.missing(KEY, "retention.responsibilities")
    rows = context.reader.rows(LISTED)
    listed = total(rows, "line_count", list_kind="at_risk")
    if not listed:
        return context.section(KEY, words.say("work.none", month=words.month(month)))
    assigned = total(rows, "line_count", list_kind="at_risk", disposition="assigned")
    contacts = context.reader.rows(CONTACTS) if context.reader.has("retention.fct_retention_contacts") else []
    made = total(contacts, "contact_count")
    message = words.say(
        "work.message", assigned=words.count(assigned), listed=words.count(listed),
        share=words.rate(share(assigned, listed)),
    )  # fmt: skip
    message += (
        words.say(
            "work.contacts",
            made=words.count(made),
            reached=words.count(total(contacts, "contact_count", is_reached=True)),
        )
        if made
        else words.say("work.no_contacts")
    )
    blocks: list[Chart | Table] = [_decisions(context, rows), _decisions_table(context, rows)]
    blocks += _units(context)
    if made:
        blocks += [_outcomes(context, contacts), *_answers(context)]
    return context.section(KEY, message, blocks=blocks, notes=[words.say("work.note")])


def _decisions(context: Context, rows: list[Row]) -> Chart:
    words = context.words
    listed = total(rows, "line_count", list_kind="at_risk")
    caption = words.say("work.caption", month=words.month(context.month))
    drawn = []
    for disposition in DISPOSITIONS:
        lines = total(rows, "line_count", list_kind="at_risk", disposition=disposition)
        drawn.append(
            Bar(
                words.say(f"disposition.{disposition}"),
                lines,
                COLOURS["main"] if disposition == "assigned" else COLOURS["rest"],
                note=f"({words.rate(share(lines, listed))})",
            )
        )
    return Chart(bars(drawn, words.count, title=caption, width=NARROW), caption)


def _decisions_table(context: Context, rows: list[Row]) -> Table:
    words = context.words
    lines = [
        [
            words.say(f"disposition.{disposition}"),
            words.count(total(rows, "line_count", list_kind="at_risk", disposition=disposition)),
            words.count(total(rows, "line_count", list_kind="lost", disposition=disposition)),
        ]
        for disposition in DISPOSITIONS
    ]
    for vocabulary, column, disposition in (
        ("report.suppression", "suppression_reason", "suppressed"),
        ("stage", "stage", "assigned"),
    ):
        at = next(index for index, name in enumerate(DISPOSITIONS) if name == disposition)
        values = sorted(
            {row[column] for row in rows if row["disposition"] == disposition and row[column] is not None}
        )
        after = 1 + next(
            index
            for index, line in enumerate(lines)
            if line[0] == words.say(f"disposition.{DISPOSITIONS[at]}")
        )
        lines[after:after] = [
            [
                words.say("work.thereof", name=words.label(vocabulary, value)),
                *(
                    words.count(
                        total(rows, "line_count", list_kind=kind, disposition=disposition, **{column: value})
                    )
                    for kind in ("at_risk", "lost")
                ),
            ]
            for value in values
        ]
    return Table(
        words.say("work.table", month=words.month(context.month)),
        [words.say("work.decision"), words.say("work.at_risk"), words.say("work.lost")],
        lines,
        strong=frozenset({0}),
    )


def _units(context: Context) -> list[Chart | Table]:
    words, rows = context.words, context.reader.rows(_UNITS)
    if not rows:
        return []
    caption = words.say("work.units_caption", month=words.month(context.month))
    chart = bars(
        [
            Bar(
                context.unit_name(row["unit_id"]),
                row["assigned_count"],
                COLOURS["main"],
                note=words.say("work.beyond", count=words.count(row["beyond_count"])),
            )
            for row in rows
        ],
        words.count,
        title=caption,
        width=NARROW,
    )
    table = Table(
        words.say("work.units_table", month=words.month(context.month)),
        [words.say("head.unit_name"), words.say("work.assigned"), words.say("work.benefit")],
        [
            [
                context.unit_name(row["unit_id"]),
                words.count(row["assigned_count"]),
                words.count(row["expected_benefit"]),
            ]
            for row in rows
        ],
    )
    return [Chart(chart, caption), table]


def _outcomes(context: Context, contacts: list[Row]) -> Chart:
    words = context.words
    outcomes = sorted(
        {(row["outcome"], bool(row["is_reached"])) for row in contacts},
        key=lambda pair: (-total(contacts, "contact_count", outcome=pair[0]), str(pair[0])),
    )
    caption = words.say("work.outcomes_caption", month=words.month(context.month))
    drawn = [
        Bar(
            words.label("outcome", outcome),
            total(contacts, "contact_count", outcome=outcome),
            COLOURS["main"] if is_reached else COLOURS["rest"],
        )
        for outcome, is_reached in outcomes
    ]
    return Chart(bars(drawn, words.count, title=caption, width=NARROW), caption)


def _answers(context: Context) -> list[Chart | Table]:
    words = context.words
    rows = context.reader.rows(ANSWERED, before=context.before)
    if not rows:
        return []
    columns = ("contacted_count", "on_time_count", "reached_count", "retained_count")

    def line(name: str, chosen: list[Row]) -> list[str]:
        assigned = total(chosen, "assigned_count")
        return [
            name,
            words.count(assigned),
            *(words.rate(share(total(chosen, column), assigned)) for column in columns),
        ]

    return [
        Table(
            words.say(
                "work.answers_table", before=words.month(context.before), month=words.month(context.month)
            ),
            [
                words.say("head.unit_name"),
                words.say("work.assigned"),
                *(words.say(f"work.{column}") for column in columns),
            ],
            [
                *(line(context.unit_name(row["unit_id"]), [row]) for row in rows),
                line(words.say("head.total"), rows),
            ],
            strong=frozenset({len(rows)}),
        )
    ]
