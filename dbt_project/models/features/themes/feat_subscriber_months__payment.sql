with

candidates as (
    select snapshot_month, subscriber_id, account_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

history as (
    select
        snapshot_month,
        subscriber_id,
        billed_amount,
        paid_amount,
        payment_count,
        overdue_amount,
        months_overdue,
        {{ month_number('snapshot_month') }} as month_number
    from {{ ref('fct_subscriber_months') }}
    where
        {{ in_run_with_history('snapshot_month', 12) }}
        and subscriber_id in (select candidates.subscriber_id from candidates)
),

payments as (select * from {{ ref('int_payments_summed_to_account_months') }} where {{ in_run('snapshot_month') }}),

over_time as (
    select
        snapshot_month,
        subscriber_id,
        {{ trailing_levels('paid_amount') }},
        {{ trailing_sums('payment_count') }},
        {{ trailing_levels('overdue_amount') }},
        cast(months_overdue as double) as months_overdue,
        cast(max(months_overdue) over six_months as double) as months_overdue_max_6m,
        {{ share('sum(paid_amount) over three_months', 'sum(billed_amount) over three_months') }} as paid_to_billed_ratio_3m
    from history
    {{ trailing_windows() }}
),

habits as (
    select
        over_time.*,
        cast({{ dbt.datediff('candidates.snapshot_month', 'payments.last_paid_on', 'day') }} as double) as last_paid_day,
        payments.auto_debit_count > 0 as is_auto_debit
    from candidates
    inner join over_time
        on candidates.snapshot_month = over_time.snapshot_month and candidates.subscriber_id = over_time.subscriber_id
    left join payments
        on candidates.snapshot_month = payments.snapshot_month and candidates.account_id = payments.account_id
)

select * from habits
