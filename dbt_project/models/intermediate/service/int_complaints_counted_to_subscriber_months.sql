with

months_landed as (select * from {{ ref('int_months_landed') }}),

complaints as (select * from {{ ref('stg_service__complaints') }}),

-- What a ticket says of days after the month was not known then.
complaints_as_known as (
    select
        months_landed.snapshot_month,
        complaints.subscriber_id,
        complaints.category,
        complaints.fault_level,
        complaints.is_severe,
        {{ month_number('complaints.opened_at') }} - months_landed.month_number as months_since_opening,
        complaints.due_at < months_landed.next_month
        and (complaints.responded_at is null or complaints.responded_at >= months_landed.next_month)
            as is_overdue,
        case when complaints.closed_at < months_landed.next_month then complaints.satisfaction end as satisfaction
    from months_landed
    inner join complaints
        on months_landed.snapshot_month >= complaints.known_from_month
        and (complaints.known_until_month is null or months_landed.snapshot_month < complaints.known_until_month)
        and months_landed.next_month > complaints.opened_at
        and {{ add_months('months_landed.snapshot_month', -5) }} <= complaints.opened_at
),

counted as (
    select
        snapshot_month,
        subscriber_id,
        sum(case when months_since_opening = 0 then 1 else 0 end) as complaint_count,
        sum(case when months_since_opening >= -2 then 1 else 0 end) as complaint_count_3m,
        count(*) as complaint_count_6m,
        sum(case when is_severe and months_since_opening >= -2 then 1 else 0 end) as severe_complaint_count_3m,
        sum(case when category = 'network' and months_since_opening >= -2 then 1 else 0 end) as network_complaint_count_3m,
        sum(case when category = 'billing' and months_since_opening >= -2 then 1 else 0 end) as billing_complaint_count_3m,
        sum(case when is_overdue then 1 else 0 end) as overdue_complaint_count,
        max(case when months_since_opening >= -2 then fault_level end) as worst_fault_level_3m,
        min(satisfaction) as lowest_satisfaction_6m
    from complaints_as_known
    group by snapshot_month, subscriber_id
)

select * from counted
