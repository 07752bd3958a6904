{{ config(materialized='incremental', incremental_strategy='replace_months', meta={'rewrites_open_months': true}) }}

with

parameters as (select * from {{ ref('int_parameters') }}),

months_landed as (select * from {{ ref('int_months_landed') }}),

subscribers as (
    select
        subscriber_id,
        snapshot_month,
        {{ month_number('snapshot_month') }} as month_number,
        status,
        status_since,
        activated_on
    from {{ ref('stg_customer__subscribers') }}
),

-- Back to the first month that may be open, and what leads into it; forward to all that has landed.
activity as (
    select
        subscriber_months.snapshot_month,
        subscriber_months.subscriber_id,
        subscriber_months.status,
        subscriber_months.status_since,
        subscriber_months.last_active_on,
        coalesce(subscribers.activated_on > subscriber_months.snapshot_month, false) as is_activated_within,
        {{ month_number('subscriber_months.snapshot_month') }} as month_number
    from {{ ref('fct_subscriber_months') }} as subscriber_months
    cross join parameters
    left join subscribers
        on subscriber_months.snapshot_month = subscribers.snapshot_month
        and subscriber_months.subscriber_id = subscribers.subscriber_id
    where subscriber_months.snapshot_month
        >= {{ add_months(first_open_month(), '-(parameters.silence_months + 2)') }}
),

anchored as (
    select
        *,
        max(case when last_active_on is not null then month_number end) over up_to_now as last_active_month,
        max(last_active_on) over up_to_now as last_active_on_so_far,
        min(case when last_active_on is not null then month_number end) over afterwards as next_active_month,
        max(month_number) over (partition by subscriber_id) as last_month_in_books,
        min(month_number) over (partition by subscriber_id) as first_month_in_books
    from activity
    window
        up_to_now as (partition by subscriber_id order by month_number rows between unbounded preceding and current row),
        afterwards as (partition by subscriber_id order by month_number rows between 1 following and unbounded following)
),

-- The k-th whole month of a run without use, and the first month that ends the line's life in the books.
counted as (
    select
        *,
        sum(case when last_active_on is null and not is_activated_within then 1 else 0 end) over run_so_far as inactive_months,
        min(case when status in ('terminated', 'ported_out') then month_number end) over whole_run as terminal_month
    from anchored
    window
        run_so_far as (
            partition by subscriber_id, last_active_month
            order by month_number
            rows between unbounded preceding and current row
        ),
        whole_run as (partition by subscriber_id, last_active_month)
),

silenced as (
    select
        counted.*,
        min(case when counted.inactive_months = parameters.silence_months then counted.month_number end) over (
            partition by counted.subscriber_id, counted.last_active_month
        ) as silence_month,
        case
            when counted.next_active_month is null and following_month.month_number is not null
                then counted.last_month_in_books + 1
        end as deleted_month
    from counted
    cross join parameters
    left join months_landed as following_month on counted.last_month_in_books + 1 = following_month.month_number
),

dated as (
    select
        silenced.snapshot_month,
        silenced.subscriber_id,
        silenced.month_number,
        silenced.last_active_on,
        silenced.next_active_month,
        -- The first day of the run without use. Before the books began it cannot have begun, unless the line was stopped.
        case
            when silenced.last_active_on_so_far is not null
                then cast({{ dbt.dateadd('day', 1, 'silenced.last_active_on_so_far') }} as date)
            when
                subscribers.status <> 'active'
                and subscribers.status_since < greatest(subscribers.activated_on, subscribers.snapshot_month)
                then subscribers.status_since
            when subscribers.activated_on > subscribers.snapshot_month then subscribers.activated_on
            else subscribers.snapshot_month
        end as run_started_on,
        least(silenced.terminal_month, silenced.silence_month, silenced.deleted_month) as stop_known_month
    from silenced
    left join subscribers
        on silenced.subscriber_id = subscribers.subscriber_id
        and silenced.first_month_in_books = subscribers.month_number
),

settled as (
    select
        snapshot_month,
        subscriber_id,
        run_started_on,
        stop_known_month,
        case
            -- Used on its last day: nothing is open at the end of the month.
            when
                last_active_on = {{ month_end('snapshot_month') }}
                and (stop_known_month is null or stop_known_month <> month_number)
                then month_number
            when stop_known_month < month_number then month_number
            else least(stop_known_month, next_active_month)
        end as settled_month
    from dated
    where snapshot_month >= {{ first_open_month() }}
)

select * from settled
where snapshot_month <= {{ run_month('to_month') }}
