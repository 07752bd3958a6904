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

months_before as (
    select distinct {{ add_months('snapshot_month', 1) }} as snapshot_month
    from {{ ref('dim_subscribers') }}
),

month_colours as (select * from {{ ref('month_colours') }}),

warned as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        case when month_colours.subscriber_id is null then 0 else 1 end as warned_count,
        case when month_colours.colour = 'red' then 1 else 0 end as red_count,
        case when month_colours.colour = 'yellow' then 1 else 0 end as yellow_count,
        case when month_colours.colour = 'blue' then 1 else 0 end as blue_count
    from subscribers
    -- Weeks have candidates of the month before; without it none was judged.
    inner join months_before on subscribers.snapshot_month = months_before.snapshot_month
    left join month_colours
        on subscribers.snapshot_month = month_colours.snapshot_month
        and subscribers.subscriber_id = month_colours.subscriber_id
),

responsibilities as (select * from {{ source('retention', 'responsibilities') }}),

contacts as (select * from {{ ref('fct_retention_contacts') }}),

answering as (select count(*) > 0 as is_answered from contacts),

reached as (
    select
        coalesce(snapshot_month, {{ month_of(add_days('warning_week', -1)) }}) as snapshot_month,
        subscriber_id,
        1 as reached_count
    from contacts
    where is_reached
    group by coalesce(snapshot_month, {{ month_of(add_days('warning_week', -1)) }}), subscriber_id
),

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
        cast(sum(warned.warned_count) as bigint) as warned_count,
        cast(sum(warned.red_count) as bigint) as red_count,
        cast(sum(warned.yellow_count) as bigint) as yellow_count,
        cast(sum(warned.blue_count) as bigint) as blue_count,
        cast(sum(case when responsibilities.disposition = 'assigned' then 1 else 0 end) as bigint) as assigned_count,
        cast(sum(case when answering.is_answered then coalesce(reached.reached_count, 0) end) as bigint) as reached_count
    from subscribers
    inner join subscriber_months
        on subscribers.snapshot_month = subscriber_months.snapshot_month
        and subscribers.subscriber_id = subscriber_months.subscriber_id
    left join churn_flags
        on subscribers.snapshot_month = churn_flags.snapshot_month
        and subscribers.subscriber_id = churn_flags.subscriber_id
    left join warned
        on subscribers.snapshot_month = warned.snapshot_month and subscribers.subscriber_id = warned.subscriber_id
    left join responsibilities
        on subscribers.snapshot_month = responsibilities.snapshot_month
        and subscribers.subscriber_id = responsibilities.subscriber_id
    cross join answering
    left join reached
        on subscribers.snapshot_month = reached.snapshot_month and subscribers.subscriber_id = reached.subscriber_id
    group by subscribers.snapshot_month, subscribers.branch_id, subscribers.brand, subscribers.value_tier
)

select * from counted
