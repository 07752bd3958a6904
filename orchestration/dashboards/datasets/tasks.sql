-- One row per task of a week that somebody is to do, with the first contact of its customer after it was handed
-- out, on whatever list or task, up to the end of the next month: later ones are no work on this task.
with first_contacts as (
    select tasks.assignment_id, min(contacts.contacted_at) as contacted_at
    from retention.contact_tasks as tasks
    inner join retention.fct_retention_contacts as contacts
        on contacts.subscriber_id = tasks.subscriber_id and contacts.contacted_at >= tasks.warning_week
        and contacts.contacted_at < date_trunc('month', tasks.warning_week) + interval 2 month
    where tasks.disposition = 'assigned'
    group by tasks.assignment_id
),

told as (
    select
        tasks.*, first_contacts.contacted_at,
        case
            when first_contacts.contacted_at < tasks.due_date + interval 1 day then 'in_time'
            when first_contacts.contacted_at is not null then 'late'
            when tasks.due_date < newest.day then 'overdue'
            else 'open'
        end as task_state
    from retention.contact_tasks as tasks
    cross join newest_day() as newest
    left join first_contacts on first_contacts.assignment_id = tasks.assignment_id
    where tasks.disposition = 'assigned'
)

select
    told.warning_week, cast(told.warning_week as varchar) as week, strftime(told.week_month, '%Y-%m') as month,
    told.subscriber_id, told.assignment_id, coalesce(branches.unit_name, subscribers.branch_id) as branch,
    coalesce(units.unit_name, told.unit_id) as unit, told.staff_id, label(colour, told.colour) as colour,
    label(stage, told.stage) as stage, told.due_date, told.contacted_at,
    label(task_state, told.task_state) as task_state, told.task_state as state_code
from told
left join retention.churn_warnings as warnings
    on warnings.warning_week = told.warning_week and warnings.subscriber_id = told.subscriber_id
left join marts.dim_subscribers as subscribers
    on subscribers.subscriber_id = told.subscriber_id and subscribers.snapshot_month = warnings.base_month
left join marts.dim_org_units as branches on branches.unit_id = subscribers.branch_id
left join marts.dim_org_units as units on units.unit_id = told.unit_id
