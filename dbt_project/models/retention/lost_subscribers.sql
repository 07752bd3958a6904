with

subscribers as (select * from {{ ref('dim_subscribers') }} where {{ in_run('snapshot_month') }}),

active_months as (
    select * from {{ ref('dim_subscribers') }}
    where status = 'active' and not is_silent and snapshot_month <= {{ run_month('to_month') }}
),

status_changes as (select * from {{ ref('stg_customer__status_changes') }}),

stop_kinds as (select * from {{ ref('stop_kinds') }}),

flag_evidence as (select * from {{ ref('churn_flag_evidence') }} where {{ in_run('snapshot_month') }}),

flag_rules as (select * from {{ ref('churn_rules') }}),

-- A terminated line is gone, and a ported-out one is counted in the month it went.
stopped as (
    select *
    from subscribers
    where
        status not in ('active', 'terminated')
        and (status <> 'ported_out' or {{ month_of('status_since') }} = snapshot_month)
),

-- The newest change to the status of the month says why; without one the status itself does.
explained as (
    select
        stopped.snapshot_month,
        stopped.subscriber_id,
        stopped.status,
        case
            when stopped.status = 'ported_out' or status_changes.reason is null then 'status:' || stopped.status
            else status_changes.reason
        end as reason,
        status_changes.to_status,
        status_changes.channel,
        row_number() over (
            partition by stopped.snapshot_month, stopped.subscriber_id
            order by status_changes.changed_at desc nulls last
        ) as newest_first
    from stopped
    left join status_changes
        on stopped.subscriber_id = status_changes.subscriber_id
        and stopped.status = status_changes.to_status
        and stopped.snapshot_month >= status_changes.landed_month
),

stopped_by_wish as (
    select
        explained.snapshot_month,
        explained.subscriber_id,
        case when explained.status = 'ported_out' then 'ported_out' else 'stopped' end as lost_kind,
        coalesce(with_status.stop_kind, with_channel.stop_kind, any_channel.stop_kind) as stop_kind
    from explained
    left join stop_kinds as with_status
        on explained.reason = with_status.reason and explained.to_status = with_status.to_status
    left join stop_kinds as with_channel
        on explained.reason = with_channel.reason and explained.channel = with_channel.channel
    left join stop_kinds as any_channel
        on explained.reason = any_channel.reason
        and any_channel.channel is null
        and any_channel.to_status is null
    where
        explained.newest_first = 1
        and coalesce(with_status.is_voluntary, with_channel.is_voluntary, any_channel.is_voluntary)
),

last_active_months as (
    select
        stopped_by_wish.snapshot_month,
        stopped_by_wish.subscriber_id,
        stopped_by_wish.lost_kind,
        stopped_by_wish.stop_kind,
        max(active_months.snapshot_month) as last_active_month
    from stopped_by_wish
    inner join active_months
        on stopped_by_wish.subscriber_id = active_months.subscriber_id
        and stopped_by_wish.snapshot_month > active_months.snapshot_month
    group by
        stopped_by_wish.snapshot_month,
        stopped_by_wish.subscriber_id,
        stopped_by_wish.lost_kind,
        stopped_by_wish.stop_kind
),

-- Who fell to mass was of value six months before.
fallen as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        'value_churn' as lost_kind,
        cast(null as varchar) as stop_kind,
        subscribers.snapshot_month as last_active_month
    from subscribers
    inner join flag_evidence
        on subscribers.snapshot_month = flag_evidence.snapshot_month
        and subscribers.subscriber_id = flag_evidence.subscriber_id
    inner join flag_rules
        on flag_evidence.rule_id = flag_rules.rule_id
        and flag_rules.in_label
        and {{ rule_is_valid('flag_evidence.snapshot_month', 'flag_rules') }}
    where
        subscribers.status = 'active'
        and (subscribers.value_tier in ('high', 'mid') or flag_rules.measure = 'fell_to_mass')
    group by subscribers.snapshot_month, subscribers.subscriber_id
),

stopped_of_value as (
    select last_active_months.*
    from last_active_months
    inner join active_months
        on last_active_months.last_active_month = active_months.snapshot_month
        and last_active_months.subscriber_id = active_months.subscriber_id
    where active_months.value_tier in ('high', 'mid')
)

select * from stopped_of_value
union all
select * from fallen
