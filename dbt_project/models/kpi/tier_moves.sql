{{ config(meta={'rewrites_open_months': true}) }}

with

lines_now as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.branch_id,
        subscribers.brand,
        subscribers.value_tier,
        subscriber_months.billed_amount
    from {{ ref('dim_subscribers') }} as subscribers
    inner join {{ ref('fct_subscriber_months') }} as subscriber_months
        on subscribers.snapshot_month = subscriber_months.snapshot_month
        and subscribers.subscriber_id = subscriber_months.subscriber_id
    where
        subscribers.snapshot_month >= {{ add_months(first_open_month(), -1) }}
        and subscribers.snapshot_month <= {{ run_month('to_month') }}
),

lines_before as (select *, {{ add_months('snapshot_month', 1) }} as next_month from lines_now),

months_before as (select distinct next_month from lines_before),

-- Without the month before nobody is known to be new, without the month itself nobody to be gone.
months_compared as (
    select distinct lines_now.snapshot_month
    from lines_now
    inner join months_before on lines_now.snapshot_month = months_before.next_month
    where lines_now.snapshot_month >= {{ first_open_month() }}
),

churn_flags as (select * from {{ ref('fct_churn_flags') }}),

moved as (
    select
        coalesce(lines_now.snapshot_month, lines_before.next_month) as snapshot_month,
        coalesce(lines_before.subscriber_id, lines_now.subscriber_id) as subscriber_id,
        case when lines_before.subscriber_id is null then lines_now.branch_id else lines_before.branch_id end as branch_id,
        case when lines_before.subscriber_id is null then lines_now.brand else lines_before.brand end as brand,
        coalesce(lines_before.value_tier, 'none') as tier_before,
        coalesce(lines_now.value_tier, 'none') as tier_now,
        lines_before.billed_amount as billed_amount_before,
        lines_now.billed_amount as billed_amount_now
    from lines_before
    full outer join lines_now
        on lines_before.next_month = lines_now.snapshot_month and lines_before.subscriber_id = lines_now.subscriber_id
),

final as (
    select
        moved.snapshot_month,
        moved.branch_id,
        moved.brand,
        moved.tier_before,
        moved.tier_now,
        cast(count(*) as bigint) as subscriber_count,
        cast(sum(moved.billed_amount_before) as decimal(18, 2)) as billed_amount_before,
        cast(sum(moved.billed_amount_now) as decimal(18, 2)) as billed_amount_now,
        cast(sum(case when churn_flags.is_effective_stop and churn_flags.is_voluntary_stop then 1 else 0 end) as bigint)
            as quantity_churn_count,
        cast(sum(case when churn_flags.is_effective_stop and not churn_flags.is_voluntary_stop then 1 else 0 end) as bigint)
            as involuntary_churn_count
    from moved
    inner join months_compared on moved.snapshot_month = months_compared.snapshot_month
    left join churn_flags
        on moved.snapshot_month = churn_flags.snapshot_month and moved.subscriber_id = churn_flags.subscriber_id
    group by moved.snapshot_month, moved.branch_id, moved.brand, moved.tier_before, moved.tier_now
)

select * from final
