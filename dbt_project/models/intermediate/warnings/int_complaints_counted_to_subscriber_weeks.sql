with

weeks as (select * from {{ ref('int_warning_weeks') }}),

complaints as (select * from {{ ref('stg_service__complaints') }}),

-- What a ticket says of days after the week was not known then.
complaints_as_known as (
    select
        weeks.warning_week,
        complaints.subscriber_id,
        complaints.is_severe,
        complaints.opened_at >= weeks.first_day as is_opened_in_week,
        complaints.due_at < weeks.warning_week
        and (complaints.responded_at is null or complaints.responded_at >= weeks.warning_week) as is_past_due
    from weeks
    inner join complaints
        on weeks.week_month >= complaints.known_from_month
        and (complaints.known_until_month is null or weeks.week_month < complaints.known_until_month)
        and weeks.warning_week > complaints.opened_at
),

counted as (
    select
        warning_week,
        subscriber_id,
        sum(case when is_opened_in_week and is_severe then 1 else 0 end) as severe_complaints_opened,
        sum(case when is_past_due then 1 else 0 end) as complaints_past_due,
        sum(case when is_opened_in_week then 1 else 0 end) as complaints_opened
    from complaints_as_known
    where is_opened_in_week or is_past_due
    group by warning_week, subscriber_id
)

select * from counted
