-- One row per subscriber on a month's list, with the last answer about the line.
with last_contacts as (
    select assignment_id, outcome, offer_accepted, is_reached
    from retention.fct_retention_contacts
    qualify row_number() over (partition by assignment_id order by attempt_no desc) = 1
)

select
    lines.snapshot_month, strftime(lines.snapshot_month, '%Y-%m') as month, lines.subscriber_id,
    lines.assignment_id, label(list_kind, lines.list_kind) as list_kind,
    label(disposition, lines.disposition) as disposition,
    label(suppression_reason, lines.suppression_reason) as suppression_reason,
    lines.disposition = 'assigned' as is_assigned,
    coalesce(branches.unit_name, subscribers.branch_id) as branch,
    coalesce(units.unit_name, lines.primary_unit_id) as unit, lines.staff_id,
    label(value_tier, subscribers.value_tier) as value_tier,
    coalesce(label(colour, lines.colour), words(dashboard.code.colour.none)) as colour, label(stage, lines.stage) as stage,
    label(cause, lines.main_cause) as main_cause, lines.due_date, lines.churn_probability, lines.expected_benefit,
    case
        when lines.disposition = 'assigned'
            then coalesce(label(outcome, last_contacts.outcome), words(dashboard.no_answer))
    end as outcome,
    last_contacts.outcome is not null as is_answered, coalesce(last_contacts.is_reached, false) as is_reached,
    case
        when lines.disposition <> 'assigned' then null
        when last_contacts.outcome is not null then words(dashboard.code.work_state.answered)
        when lines.due_date < newest.day then words(dashboard.code.work_state.overdue)
        else words(dashboard.code.work_state.open)
    end as work_state,
    coalesce(lines.disposition = 'assigned' and last_contacts.outcome is null and lines.due_date < newest.day, false)
        as is_overdue
from retention.responsibilities as lines
cross join newest_day() as newest
left join last_contacts on last_contacts.assignment_id = lines.assignment_id
left join marts.dim_subscribers as subscribers
    on subscribers.subscriber_id = lines.subscriber_id and subscribers.snapshot_month = lines.snapshot_month
left join marts.dim_org_units as branches on branches.unit_id = subscribers.branch_id
left join marts.dim_org_units as units on units.unit_id = lines.primary_unit_id
