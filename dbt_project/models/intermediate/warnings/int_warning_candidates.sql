with

weeks as (select * from {{ ref('int_warning_weeks') }}),

subscribers as (
    select snapshot_month, subscriber_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run_with_history('snapshot_month', 2) }}
),

status_changes as (
    select * from {{ ref('stg_customer__status_changes') }}
    where {{ in_run_with_history('landed_month', 2) }}
),

changed as (
    select
        weeks.warning_week,
        status_changes.subscriber_id,
        status_changes.to_status,
        row_number() over (
            partition by weeks.warning_week, status_changes.subscriber_id order by status_changes.changed_at desc
        ) as newest_first
    from weeks
    inner join status_changes
        on weeks.week_month >= status_changes.landed_month
        and weeks.base_month < status_changes.landed_month
        and weeks.warning_week > status_changes.changed_at
),

stopped as (
    select warning_week, subscriber_id
    from changed
    where newest_first = 1 and to_status <> 'active'
),

remaining as (
    select
        weeks.warning_week,
        subscribers.subscriber_id
    from weeks
    inner join subscribers on weeks.base_month = subscribers.snapshot_month
    left join stopped
        on weeks.warning_week = stopped.warning_week and subscribers.subscriber_id = stopped.subscriber_id
    where stopped.subscriber_id is null
)

select * from remaining
