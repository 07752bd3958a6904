with

subscribers as (select * from {{ ref('stg_customer__subscribers') }}),

usage_daily as (select * from {{ ref('stg_usage__usage_daily') }}),

stopped as (
    select snapshot_month, subscriber_id, status_since
    from subscribers
    where status <> 'active'
),

last_used as (
    select
        stopped.snapshot_month,
        stopped.subscriber_id,
        max(usage_daily.usage_date) as last_used_before_stop_on
    from stopped
    inner join usage_daily
        on stopped.subscriber_id = usage_daily.subscriber_id
        and stopped.snapshot_month = usage_daily.landed_month
        and stopped.status_since > usage_daily.usage_date
    where
        coalesce(usage_daily.out_calls, 0) + coalesce(usage_daily.in_calls, 0) + coalesce(usage_daily.sms_count, 0) > 0
        or coalesce(usage_daily.out_minutes, 0) + coalesce(usage_daily.in_minutes, 0)
        + coalesce(usage_daily.data_mb, 0) > 0
    group by stopped.snapshot_month, stopped.subscriber_id
)

select * from last_used
