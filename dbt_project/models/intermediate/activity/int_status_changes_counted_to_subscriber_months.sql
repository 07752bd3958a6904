with

months_landed as (select * from {{ ref('int_months_landed') }}),

status_changes as (select * from {{ ref('stg_customer__status_changes') }}),

counted as (
    select
        months_landed.snapshot_month,
        status_changes.subscriber_id,
        sum(case when status_changes.to_status = 'suspended_arrears' then 1 else 0 end) as debt_stop_count_6m,
        sum(case when status_changes.to_status = 'suspended_voluntary' then 1 else 0 end)
            as voluntary_suspension_count_6m
    from months_landed
    inner join status_changes
        on months_landed.snapshot_month >= status_changes.landed_month
        and {{ add_months('months_landed.snapshot_month', -5) }} <= status_changes.landed_month
    group by months_landed.snapshot_month, status_changes.subscriber_id
)

select * from counted
