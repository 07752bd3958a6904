{{ config(meta={'rewrites_open_months': true}) }}

with

subscribers as (
    select * from {{ ref('dim_subscribers') }}
    where snapshot_month >= {{ first_open_month() }} and snapshot_month <= {{ run_month('to_month') }}
),

subscriber_months as (
    select * from {{ ref('fct_subscriber_months') }}
    where snapshot_month >= {{ first_open_month() }} and snapshot_month <= {{ run_month('to_month') }}
),

churn_flags as (select * from {{ ref('fct_churn_flags') }}),

responsibilities as (select * from {{ source('retention', 'responsibilities') }}),

counted as (
    select
        subscribers.snapshot_month,
        subscribers.branch_id,
        subscribers.brand,
        subscribers.value_tier,
        cast(count(*) as bigint) as subscriber_count,
        cast(sum(case when churn_flags.is_effective_stop and churn_flags.is_voluntary_stop then 1 else 0 end) as bigint)
            as quantity_churn_count,
        cast(sum(case when churn_flags.is_effective_stop and not churn_flags.is_voluntary_stop then 1 else 0 end) as bigint)
            as involuntary_churn_count,
        cast(sum(case when churn_flags.is_value_loss then 1 else 0 end) as bigint) as value_churn_count,
        cast(sum(subscriber_months.billed_amount) as decimal(18, 2)) as billed_amount,
        cast(round(sum(subscriber_months.billed_amount) / nullif(count(subscriber_months.billed_amount), 0), 2) as decimal(18, 2))
            as average_bill_amount,
        cast(null as bigint) as warned_count,
        cast(sum(case when responsibilities.disposition = 'assigned' then 1 else 0 end) as bigint) as assigned_count,
        cast(null as bigint) as reached_count
    from subscribers
    inner join subscriber_months
        on subscribers.snapshot_month = subscriber_months.snapshot_month
        and subscribers.subscriber_id = subscriber_months.subscriber_id
    left join churn_flags
        on subscribers.snapshot_month = churn_flags.snapshot_month
        and subscribers.subscriber_id = churn_flags.subscriber_id
    left join responsibilities
        on subscribers.snapshot_month = responsibilities.snapshot_month
        and subscribers.subscriber_id = responsibilities.subscriber_id
    group by subscribers.snapshot_month, subscribers.branch_id, subscribers.brand, subscribers.value_tier
)

select * from counted
