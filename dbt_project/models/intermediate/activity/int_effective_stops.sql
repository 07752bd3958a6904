{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'stop_month', 'rewrites_open_months': true},
) }}

with

activity_runs as (
    select * from {{ ref('int_activity_runs') }}
    where
        snapshot_month >= {{ first_open_month() }}
        and stop_known_month is not null
        and {{ month_of('run_started_on') }} >= {{ first_open_month() }}
        and {{ month_of('run_started_on') }} <= {{ run_month('to_month') }}
),

subscriber_months as (
    select snapshot_month, subscriber_id, status
    from {{ ref('fct_subscriber_months') }}
    where snapshot_month >= {{ first_open_month() }}
),

status_changes as (
    select * from {{ ref('stg_customer__status_changes') }}
    where to_status <> 'active'
),

stop_kinds as (select * from {{ ref('stop_kinds') }}),

stops as (
    select
        subscriber_id,
        run_started_on,
        stop_known_month,
        max(snapshot_month) as last_run_month
    from activity_runs
    where {{ month_number('snapshot_month') }} <= stop_known_month
    group by subscriber_id, run_started_on, stop_known_month
),

-- The first change of status within the run says why; a port-out anywhere in it says it better.
changes_in_run as (
    select
        stops.subscriber_id,
        stops.run_started_on,
        status_changes.reason,
        status_changes.to_status,
        status_changes.channel,
        row_number() over (
            partition by stops.subscriber_id, stops.run_started_on
            order by
                case when status_changes.reason = 'port_out' then 0 else 1 end,
                status_changes.changed_at
        ) as preference
    from stops
    inner join status_changes
        on stops.subscriber_id = status_changes.subscriber_id
        and stops.run_started_on <= cast(status_changes.changed_at as date)
        and stops.stop_known_month >= {{ month_number('status_changes.landed_month') }}
),

explained as (
    select
        stops.subscriber_id,
        stops.run_started_on,
        stops.stop_known_month,
        case
            when subscriber_months.status = 'ported_out' or changes_in_run.reason is null
                then 'status:' || subscriber_months.status
            else changes_in_run.reason
        end as reason,
        changes_in_run.to_status,
        changes_in_run.channel
    from stops
    inner join subscriber_months
        on stops.subscriber_id = subscriber_months.subscriber_id
        and stops.last_run_month = subscriber_months.snapshot_month
    left join changes_in_run
        on stops.subscriber_id = changes_in_run.subscriber_id
        and stops.run_started_on = changes_in_run.run_started_on
        and changes_in_run.preference = 1
),

kinds as (
    select
        {{ month_of('explained.run_started_on') }} as stop_month,
        explained.subscriber_id,
        coalesce(with_status.stop_kind, with_channel.stop_kind, any_channel.stop_kind) as stop_kind,
        coalesce(with_status.is_voluntary, with_channel.is_voluntary, any_channel.is_voluntary) as is_voluntary,
        explained.run_started_on as effective_stop_date,
        months_landed.snapshot_month as stop_known_in_month
    from explained
    left join stop_kinds as with_status
        on explained.reason = with_status.reason and explained.to_status = with_status.to_status
    left join stop_kinds as with_channel
        on explained.reason = with_channel.reason and explained.channel = with_channel.channel
    left join stop_kinds as any_channel
        on explained.reason = any_channel.reason
        and any_channel.channel is null
        and any_channel.to_status is null
    inner join {{ ref('int_months_landed') }} as months_landed
        on explained.stop_known_month = months_landed.month_number
)

select * from kinds
