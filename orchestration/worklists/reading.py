"""The rows of a month's worklists and of a week's tasks, gathered from the build file.

Belongs here: the queries behind a unit's workbook. Not here: who is listed (`retention.responsibilities`,
`retention.contact_tasks`), how it looks (`workbook`), lists for others than units (`week_lists`).
"""

from datetime import date

import duckdb
import pandas

from orchestration.weeks import WarningWeek
from orchestration.worklists.texts import LANGUAGES, Texts, shown

REASONS_SHOWN = 3
"""Reasons told on a list: more are not read on the phone."""

FACTS_SHOWN = 4
"""Facts of fired rules told on a list, those that weigh most; how many more there are is said."""

VALID = "enabled and valid_from_month <= $month and coalesce(valid_to_month, $month) >= $month"
_SIGNS = {"<=": "≤", ">=": "≥"}


def read_worklist_rows(
    connection: duckdb.DuckDBPyConnection, month: date, *, language: str, currency: str, texts: Texts
) -> pandas.DataFrame:
    """Return one row per assigned subscriber of the month, in the columns that `write_worklists` takes.

    `facts` tells the fired conditions and rules, each with what was observed and its threshold; `sentence`
    the model's strongest reasons, a line each; `model_causes` holds the causes that lead its reasons, joined
    by commas; `what_if` tells what would lower the probability most. All are null where the month has none.
    Money in `currency`.
    Raises ValueError for a language that offers have no names in.
    """
    assigned = """
        select *, snapshot_month as known_month from retention.responsibilities
        where snapshot_month = $month and disposition = 'assigned'
    """
    fired = """
        select subscriber_id, condition_id as item_id, rule_id, observed_value, threshold, points, item_type
        from (
            select *, 'warning_condition' as item_type from retention.warning_evidence
            where week_month = $month
            qualify row_number() over (
                partition by subscriber_id, condition_id order by warning_week desc, rule_id
            ) = 1
        )
        union all
        select subscriber_id, rule_id, rule_id, observed_value, threshold, points, 'scorecard_rule'
        from retention.scorecard_points
        where snapshot_month = $month
    """
    return _rows(connection, assigned, fired, {"month": month}, language, currency, texts)


def read_task_rows(
    connection: duckdb.DuckDBPyConnection, week: WarningWeek, *, language: str, currency: str, texts: Texts
) -> pandas.DataFrame:
    """Return one row per assigned task of a warning week, in the columns that `write_worklists` takes.

    Facts are the week's conditions; probability, points and reasons those of the base month; the offer and
    the main cause those of the base month's list where it has the customer, else the cause of the condition
    that weighs most. Raises ValueError for a language that offers have no names in.
    """
    assigned = f"""
        select
            tasks.assignment_id, tasks.subscriber_id, tasks.colour, tasks.unit_id as primary_unit_id,
            tasks.staff_id, tasks.stage, tasks.channel, tasks.due_date, tasks.disposition,
            $base_month as known_month, 'at_risk' as list_kind,
            row_number() over (
                order by
                    tasks.due_date, levels.colour_rank, lists.priority_rank nulls last, tasks.assignment_id
            ) as priority_rank,
            scores.churn_probability, points.score, lists.offer_id, lists.expected_benefit,
            conditions.cause as rule_cause, owners.landing_unit_id, owners.supervising_unit_id,
            coalesce(lists.main_cause, conditions.cause) as main_cause, strategies.strategy_id
        from retention.contact_tasks as tasks
        left join (select distinct colour, colour_rank from reference.warning_levels where {VALID}) as levels
            on levels.colour = tasks.colour
        left join retention.responsibilities as lists
            on lists.subscriber_id = tasks.subscriber_id and lists.snapshot_month = $base_month
        left join retention.would_be_owners as owners
            on owners.subscriber_id = tasks.subscriber_id and owners.snapshot_month = $base_month
        left join ml.churn_scores as scores
            on scores.subscriber_id = tasks.subscriber_id and scores.snapshot_month = $base_month
        left join retention.scorecard_scores as points
            on points.subscriber_id = tasks.subscriber_id and points.snapshot_month = $base_month
        left join (
            select evidence.subscriber_id, causes.cause
            from retention.warning_evidence as evidence
            inner join reference.cause_map as causes
                on causes.item_type = 'warning_condition' and causes.item_id = evidence.condition_id
            where evidence.warning_week = $week
            qualify row_number() over (
                partition by evidence.subscriber_id order by evidence.points desc, evidence.condition_id
            ) = 1
        ) as conditions on conditions.subscriber_id = tasks.subscriber_id
        left join (
            select colours.subscriber_id, strategies.cause, strategies.strategy_id, phases.situation
            from retention.first_contacts as colours
            inner join marts.dim_subscribers as subscribers
                on subscribers.subscriber_id = colours.subscriber_id
                and subscribers.snapshot_month = $base_month
            inner join retention.strategies_in_force as strategies
                on strategies.snapshot_month = $base_month and not strategies.is_stopped
                and strategies.lifecycle_stage is not distinct from colours.lifecycle_stage
                and strategies.brand is not distinct from subscribers.brand
                and strategies.value_tier = subscribers.value_tier
            inner join (select phase, situation from reference.retention_phases where {VALID}) as phases
                on phases.phase = strategies.phase
            where colours.snapshot_month = $base_month
        ) as strategies
            on strategies.subscriber_id = tasks.subscriber_id
            and strategies.cause = coalesce(lists.main_cause, conditions.cause)
            and strategies.situation = tasks.colour
        where tasks.warning_week = $week and tasks.disposition = 'assigned'
    """
    fired = """
        select
            subscriber_id, condition_id as item_id, rule_id, observed_value, threshold, points,
            'warning_condition' as item_type
        from retention.warning_evidence
        where warning_week = $week
    """
    values = {"month": week.week_month, "week": week.warning_week, "base_month": week.base_month}
    return _rows(connection, assigned, fired, values, language, currency, texts)


def _rows(
    connection: duckdb.DuckDBPyConnection,
    assigned: str,
    fired: str,
    values: dict[str, date],
    language: str,
    currency: str,
    texts: Texts,
) -> pandas.DataFrame:
    """Return what a workbook shows of the rows of `assigned`, with the facts of `fired`; both are queries.

    `known_month` of `assigned` is the month whose end customer and reasons are shown as of.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}; it can be one of {', '.join(LANGUAGES)}")
    rows = connection.execute(
        f"""
        with

        assigned as ({assigned}),

        known as (select distinct subscriber_id, known_month as snapshot_month from assigned),

        reasons as (
            select subscriber_id, string_agg(sentence, chr(10) order by reason_rank) as sentence
            from ml.churn_reasons
            inner join known using (subscriber_id, snapshot_month)
            where reason_rank <= {REASONS_SHOWN}
            group by subscriber_id
        ),

        leading_causes as (
            select subscriber_id, string_agg(cause, ',' order by cause_rank) as model_causes
            from ml.cause_scores
            inner join known using (subscriber_id, snapshot_month)
            where is_leading
            group by subscriber_id
        ),

        best_what_ifs as (
            select subscriber_id, what_if_id, probability, what_if_probability
            from ml.what_ifs
            inner join known using (subscriber_id, snapshot_month)
            where help_rank = 1
        ),

        what_if_labels as (
            select distinct what_if_id, label_{language} as what_if_label
            from reference.what_ifs
            where {VALID}
        ),

        phones as (
            select subscriber_id, msisdn from staging.stg_customer__subscribers
            inner join known using (subscriber_id, snapshot_month)
        ),

        subscribers as (
            select subscriber_id, customer_type, group_id, value_tier from marts.dim_subscribers
            inner join known using (subscriber_id, snapshot_month)
        ),

        strategies as (
            select strategy_id, actions_{language} as strategy
            from reference.retention_strategies
            where {VALID}
        ),

        offers as (
            select offer_id, name_{language} as offer_name, script_{language} as script_hint
            from reference.offers
            where {VALID}
        )

        select
            assigned.assignment_id, assigned.subscriber_id, phones.msisdn, subscribers.customer_type,
            subscribers.group_id, subscribers.value_tier, assigned.list_kind, assigned.colour, assigned.score,
            assigned.churn_probability, assigned.main_cause, leading_causes.model_causes, assigned.rule_cause,
            coalesce(what_if_labels.what_if_label, best_what_ifs.what_if_id) as what_if_label,
            best_what_ifs.probability, best_what_ifs.what_if_probability, reasons.sentence,
            strategies.strategy, assigned.offer_id, offers.offer_name, offers.script_hint,
            assigned.expected_benefit, assigned.priority_rank, assigned.primary_unit_id, units.unit_name,
            assigned.staff_id, staff.staff_name, assigned.landing_unit_id, assigned.supervising_unit_id,
            assigned.stage, assigned.channel, assigned.due_date, assigned.disposition
        from assigned
        left join phones on phones.subscriber_id = assigned.subscriber_id
        left join subscribers on subscribers.subscriber_id = assigned.subscriber_id
        left join reasons on reasons.subscriber_id = assigned.subscriber_id
        left join leading_causes on leading_causes.subscriber_id = assigned.subscriber_id
        left join best_what_ifs on best_what_ifs.subscriber_id = assigned.subscriber_id
        left join what_if_labels on what_if_labels.what_if_id = best_what_ifs.what_if_id
        left join strategies on strategies.strategy_id = assigned.strategy_id
        left join offers on offers.offer_id = assigned.offer_id
        left join staging.stg_organisation__org_units as units on units.unit_id = assigned.primary_unit_id
        left join staging.stg_organisation__staff as staff on staff.staff_id = assigned.staff_id
        order by assigned.primary_unit_id, assigned.due_date, assigned.priority_rank, assigned.assignment_id
        """,
        values,
    ).df()
    facts = _facts(connection, assigned, fired, values, language, currency, texts)
    return _with_what_if(rows, language, texts).merge(facts, on="subscriber_id", how="left")


def _with_what_if(rows: pandas.DataFrame, language: str, texts: Texts) -> pandas.DataFrame:
    """Return the rows with `what_if` in words instead of label and probabilities."""
    columns = ["what_if_label", "probability", "what_if_probability"]
    words = [
        None
        if pandas.isna(label)
        else texts.text("list.what_if", language, label=label, before=f"{before:.1%}", after=f"{after:.1%}")
        for label, before, after in rows[columns].itertuples(index=False)
    ]
    return rows.drop(columns=columns).assign(what_if=pandas.Series(words, index=rows.index, dtype=object))


def _facts(
    connection: duckdb.DuckDBPyConnection,
    assigned: str,
    fired: str,
    values: dict[str, date],
    language: str,
    currency: str,
    texts: Texts,
) -> pandas.DataFrame:
    """Return one row per assigned subscriber with facts of `fired`: conditions, then rules by points."""
    told = connection.execute(
        f"""
        with

        assigned as ({assigned}),

        fired as ({fired}),

        rules as (
            select 'warning_condition' as item_type, rule_id, measure, operator
            from reference.warning_conditions
            where {VALID}
            union all
            select 'scorecard_rule', rule_id, measure, operator
            from reference.warning_scorecard
            where {VALID}
        )

        select
            fired.subscriber_id, fired.rule_id, fired.observed_value,
            cast(fired.threshold as double) as threshold,
            rules.measure, coalesce(rules.operator, '') as operator, coalesce(causes.unit, '') as unit,
            coalesce(causes.label_{language}, fired.rule_id) as label,
            row_number() over (
                partition by fired.subscriber_id
                order by fired.item_type desc, fired.points desc, fired.rule_id
            ) as place,
            count(*) over (partition by fired.subscriber_id) as fired_count
        from fired
        inner join assigned using (subscriber_id)
        left join rules using (item_type, rule_id)
        left join reference.cause_map as causes using (item_type, item_id)
        qualify place <= {FACTS_SHOWN}
        order by fired.subscriber_id, place
        """,
        values,
    ).df()
    columns = ["measure", "label", "unit", "observed_value", "operator", "threshold"]
    words = [
        texts.text(
            "list.fact",
            language,
            label=texts.entries.get(f"measure.{measure}", {}).get(language, label),
            observed=shown(observed, unit, currency),
            operator=_SIGNS.get(operator, operator),
            threshold=shown(threshold, unit, currency),
        )
        for measure, label, unit, observed, operator, threshold in told[columns].to_numpy().tolist()
    ]
    more = [
        texts.text("list.more_facts", language, count=count - FACTS_SHOWN)
        if place == FACTS_SHOWN < count
        else ""
        for place, count in told[["place", "fired_count"]].to_numpy().tolist()
    ]
    separator = texts.text("list.separator", language)
    told["facts"] = [word + rest for word, rest in zip(words, more, strict=True)]
    return told.groupby("subscriber_id")["facts"].agg(separator.join).reset_index()
