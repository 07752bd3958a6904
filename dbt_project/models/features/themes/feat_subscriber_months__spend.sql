with

candidates as (
    select snapshot_month, subscriber_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

history as (
    select *, {{ month_number('snapshot_month') }} as month_number
    from {{ ref('fct_subscriber_months') }}
    where
        {{ in_run_with_history('snapshot_month', 12) }}
        and subscriber_id in (select candidates.subscriber_id from candidates)
),

over_time as (
    select
        snapshot_month,
        subscriber_id,
        {{ trailing_statistics('billed_amount') }},
        {{ trailing_levels('vas_fee_amount') }},
        {{ trailing_levels('voice_amount') }},
        {{ trailing_levels('data_amount') }},
        {{ trailing_levels('discount_amount') }},
        {{ share('vas_fee_amount', 'billed_amount') }} as vas_fee_share,
        {{ share('data_amount', 'billed_amount') }} as data_amount_share,
        {{ share('monthly_rent_amount', 'billed_amount') }} as monthly_rent_share
    from history
    {{ trailing_windows() }}
)

select over_time.*
from candidates
inner join over_time
    on candidates.snapshot_month = over_time.snapshot_month and candidates.subscriber_id = over_time.subscriber_id
