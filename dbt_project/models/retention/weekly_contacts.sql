{{ config(tags=['weekly'], meta={'month_column': 'week_month', 'week_column': 'warning_week'}) }}

with

weekly_owners as (select * from {{ ref('weekly_owners') }} where {{ week_in_run('warning_week') }}),

stages as (select * from {{ ref('contact_stages') }}),

failed_channels as (select * from {{ ref('failed_channels') }}),

due_dates as (select * from {{ ref('due_dates') }}),

-- Whatever failed of late comes last, the last of the stages first.
contacts as (
    select
        weekly_owners.week_month,
        weekly_owners.warning_week,
        weekly_owners.subscriber_id,
        weekly_owners.assignment_id,
        stages.stage,
        stages.channel,
        stages.uses_capacity,
        stages.working_days_to_due,
        row_number() over (
            partition by weekly_owners.warning_week, weekly_owners.subscriber_id
            order by
                case when failed_channels.channel is null then stages.stage_order end nulls last,
                stages.stage_order desc,
                stages.stage
        ) as preference
    from weekly_owners
    left join stages
        on weekly_owners.colour = stages.colour
        and {{ rule_is_valid('weekly_owners.week_month', 'stages') }}
        and (not stages.needs_visit_data or weekly_owners.is_visit_possible)
    left join failed_channels
        on weekly_owners.assignment_id = failed_channels.assignment_id and stages.channel = failed_channels.channel
)

select
    contacts.week_month,
    contacts.warning_week,
    contacts.subscriber_id,
    contacts.assignment_id,
    contacts.stage,
    contacts.channel,
    contacts.uses_capacity,
    due_dates.due_date
from contacts
left join due_dates
    on contacts.warning_week = due_dates.begins_on and contacts.working_days_to_due = due_dates.working_days_to_due
where contacts.preference = 1
