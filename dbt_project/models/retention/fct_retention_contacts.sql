{{ config(materialized='table', tags=['weekly']) }}

with

versions as (
    select
        *,
        row_number() over (partition by assignment_id, attempt_no order by landed_month desc) as newest_first
    from {{ ref('stg_retention__retention_contacts') }}
),

contacts as (select * from versions where newest_first = 1),

month_colours as (select * from {{ ref('month_colours') }}),

outcomes as (select * from {{ ref('contact_outcomes') }}),

-- The lines that contacts answer: of a month's list or of a week's tasks.
month_lines as (
    select
        owners.assignment_id,
        owners.subscriber_id,
        owners.snapshot_month,
        month_colours.colour,
        month_colours.colour_rank
    from {{ ref('would_be_owners') }} as owners
    inner join (select distinct assignment_id from contacts) as answered
        on owners.assignment_id = answered.assignment_id
    left join month_colours
        on owners.snapshot_month = month_colours.snapshot_month
        and owners.subscriber_id = month_colours.subscriber_id
        and owners.is_candidate
),

week_lines as (
    select
        assignment_id,
        subscriber_id,
        warning_week,
        colour,
        colour_rank
    from {{ ref('weekly_owners') }}
)

select
    contacts.assignment_id,
    contacts.attempt_no,
    contacts.landed_month as contact_month,
    contacts.contacted_at,
    coalesce(month_lines.subscriber_id, week_lines.subscriber_id) as subscriber_id,
    month_lines.snapshot_month,
    week_lines.warning_week,
    coalesce(month_lines.colour, week_lines.colour) as colour,
    coalesce(month_lines.colour_rank, week_lines.colour_rank) as colour_rank,
    contacts.staff_id,
    contacts.channel,
    contacts.outcome,
    contacts.churn_cause,
    contacts.competitor,
    contacts.offer_id,
    contacts.offer_accepted,
    outcomes.is_reached,
    outcomes.is_failed,
    outcomes.is_retained
from contacts
left join month_lines on contacts.assignment_id = month_lines.assignment_id
left join week_lines on contacts.assignment_id = week_lines.assignment_id
left join outcomes on contacts.outcome = outcomes.outcome
