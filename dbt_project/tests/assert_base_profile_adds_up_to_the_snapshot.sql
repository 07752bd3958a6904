-- Per month of the run, the categories of every dimension of the profile add up to the month's lines,
-- their bills and their stops. It compares two tables, which no test of one model can.
with

profiled as (
    select
        snapshot_month,
        dimension,
        sum(subscriber_count) as subscriber_count,
        sum(billed_amount) as billed_amount,
        sum(quantity_churn_count + involuntary_churn_count) as stop_count
    from {{ ref('base_profile') }}
    where {{ in_run('snapshot_month') }} and value_tier = 'all'
    group by snapshot_month, dimension
),

lines as (
    select
        subscribers.snapshot_month,
        count(*) as subscriber_count,
        sum(subscriber_months.billed_amount) as billed_amount,
        sum(case when churn_flags.is_effective_stop then 1 else 0 end) as stop_count
    from {{ ref('dim_subscribers') }} as subscribers
    left join {{ ref('fct_subscriber_months') }} as subscriber_months
        on subscribers.snapshot_month = subscriber_months.snapshot_month
        and subscribers.subscriber_id = subscriber_months.subscriber_id
    left join {{ ref('fct_churn_flags') }} as churn_flags
        on subscribers.snapshot_month = churn_flags.snapshot_month
        and subscribers.subscriber_id = churn_flags.subscriber_id
    where {{ in_run('subscribers.snapshot_month') }}
    group by subscribers.snapshot_month
)

select
    lines.snapshot_month,
    profiled.dimension,
    lines.subscriber_count,
    profiled.subscriber_count as profiled_count
from lines
left join profiled on lines.snapshot_month = profiled.snapshot_month
where
    profiled.subscriber_count is null
    or lines.subscriber_count <> profiled.subscriber_count
    or coalesce(lines.billed_amount, 0) <> coalesce(profiled.billed_amount, 0)
    or lines.stop_count <> profiled.stop_count
