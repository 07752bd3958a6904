with

candidates as (
    select snapshot_month, subscriber_id, group_id, customer_id, device_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

lines as (
    select
        subscribers.snapshot_month,
        {{ month_number('subscribers.snapshot_month') }} as month_number,
        subscribers.group_id,
        subscribers.customer_id,
        subscribers.device_id,
        subscribers.status = 'active' and not subscribers.is_silent as is_in_use,
        subscriber_months.forwarded_to_competitor > 0 as is_forwarding,
        subscriber_months.billed_amount
    from {{ ref('dim_subscribers') }} as subscribers
    inner join {{ ref('fct_subscriber_months') }} as subscriber_months
        on subscribers.snapshot_month = subscriber_months.snapshot_month
        and subscribers.subscriber_id = subscriber_months.subscriber_id
    where {{ in_run_with_history('subscribers.snapshot_month', 3) }}
),

group_months as (
    select
        snapshot_month,
        month_number,
        group_id,
        count(*) as line_count,
        sum(case when is_in_use then 0 else 1 end) as idle_line_count,
        sum(case when is_forwarding then 1 else 0 end) as forwarding_line_count,
        sum(billed_amount) as billed_amount
    from lines
    where group_id is not null
    group by snapshot_month, month_number, group_id
),

customer_months as (
    select
        snapshot_month,
        customer_id,
        count(*) as line_count,
        sum(case when is_in_use then 0 else 1 end) as idle_line_count
    from lines
    group by snapshot_month, customer_id
),

device_months as (
    select snapshot_month, device_id, count(*) as line_count
    from lines
    where device_id is not null
    group by snapshot_month, device_id
),

context as (
    select
        candidates.snapshot_month,
        candidates.subscriber_id,
        cast(coalesce(group_months.line_count, 0) as double) as group_line_count,
        {{ share('group_months.idle_line_count', 'group_months.line_count') }} as group_idle_line_share,
        {{ share('group_months.forwarding_line_count', 'group_months.line_count') }} as group_forwarding_line_share,
        {{ share('group_months.line_count', 'earlier_group_months.line_count') }} as group_line_count_ratio_3m,
        {{ share('group_months.billed_amount', 'earlier_group_months.billed_amount') }} as group_billed_amount_ratio_3m,
        cast(customer_months.line_count as double) as customer_line_count,
        cast(customer_months.idle_line_count as double) as customer_idle_line_count,
        cast(device_months.line_count as double) as device_line_count
    from candidates
    left join group_months
        on candidates.snapshot_month = group_months.snapshot_month and candidates.group_id = group_months.group_id
    left join group_months as earlier_group_months
        on group_months.group_id = earlier_group_months.group_id
        and group_months.month_number = earlier_group_months.month_number + 3
    left join customer_months
        on candidates.snapshot_month = customer_months.snapshot_month
        and candidates.customer_id = customer_months.customer_id
    left join device_months
        on candidates.snapshot_month = device_months.snapshot_month and candidates.device_id = device_months.device_id
)

select * from context
