with

listed as (
    select * from {{ source('retention', 'responsibilities') }} where {{ in_run('snapshot_month') }}
),

without_contact_data as (
    select assignment_id
    from {{ ref('contact_suppressions') }}
    where reason = 'no_contact_data' and warning_week is null
),

requested as (
    select
        listed.snapshot_month,
        listed.subscriber_id,
        listed.assignment_id,
        listed.list_kind,
        listed.colour,
        listed.priority_rank,
        listed.primary_unit_id,
        listed.staff_id,
        listed.landing_unit_id
    from listed
    inner join without_contact_data on listed.assignment_id = without_contact_data.assignment_id
)

select * from requested
