{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

with

listed as (
    select * from {{ source('retention', 'responsibilities') }}
    where snapshot_month <= {{ run_month('to_month') }}
),

subscribers as (select * from {{ ref('dim_subscribers') }} where snapshot_month <= {{ run_month('to_month') }}),

labels as (select * from {{ ref('churn_labels') }} where snapshot_month <= {{ run_month('to_month') }}),

contacts as (select * from {{ ref('fct_retention_contacts') }}),

-- A month counts once none of its labels is open: those that close early are the churners.
closed_months as (
    select snapshot_month
    from labels
    group by snapshot_month
    having count(*) = count(closed_in_month)
),

numbered_contacts as (
    select
        *,
        row_number() over (partition by assignment_id order by contacted_at desc, attempt_no desc) as newest_first
    from contacts
),

answers as (
    select
        assignment_id,
        min(contacted_at) as first_contacted_at,
        max(case when is_reached then 1 else 0 end) as reached_count,
        max(case when newest_first = 1 and is_retained then 1 else 0 end) as retained_count
    from numbered_contacts
    group by assignment_id
),

final as (
    select
        listed.snapshot_month,
        listed.subscriber_id,
        listed.list_kind,
        listed.disposition,
        listed.primary_unit_id,
        coalesce(listed.colour, 'none') as colour,
        subscribers.value_tier,
        coalesce(subscribers.group_id, subscribers.customer_id, listed.subscriber_id) as held_out_by_id,
        subscribers.average_amount_3m,
        closed_months.snapshot_month is not null and labels.is_quantity_churn is not null as is_judged,
        closed_months.snapshot_month is not null and coalesce(labels.is_quantity_churn, false) as is_churn,
        answers.first_contacted_at is not null as is_contacted,
        coalesce(cast(answers.first_contacted_at as date) <= listed.due_date, false) as is_on_time,
        coalesce(answers.reached_count = 1, false) as is_reached,
        coalesce(answers.retained_count = 1, false) as is_retained
    from listed
    left join subscribers
        on listed.snapshot_month = subscribers.snapshot_month and listed.subscriber_id = subscribers.subscriber_id
    left join labels
        on listed.snapshot_month = labels.snapshot_month and listed.subscriber_id = labels.subscriber_id
    left join closed_months on listed.snapshot_month = closed_months.snapshot_month
    left join answers on listed.assignment_id = answers.assignment_id
)

select * from final
