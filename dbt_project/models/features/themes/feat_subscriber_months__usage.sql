with

candidates as (
    select snapshot_month, subscriber_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

history as (
    select
        *,
        out_minutes + in_minutes as total_minutes,
        {{ month_number('snapshot_month') }} as month_number
    from {{ ref('fct_subscriber_months') }}
    where
        {{ in_run_with_history('snapshot_month', 12) }}
        and subscriber_id in (select candidates.subscriber_id from candidates)
),

over_time as (
    select
        snapshot_month,
        subscriber_id,
        {%- for measure in ['out_minutes', 'in_minutes', 'data_mb', 'used_days'] %}
        {{ trailing_statistics(measure) }},
        {%- endfor %}
        {%- for measure in [
            'out_calls', 'in_calls', 'offnet_out_minutes', 'missed_calls', 'sms_count', 'roaming_minutes',
            'night_minutes', 'long_distance_minutes', 'busiest_day_contacts',
        ] %}
        {{ trailing_levels(measure) }},
        {%- endfor %}
        {%- for measure in [
            'forwarded_calls', 'forwarded_to_competitor', 'forwarded_to_competitor_days', 'own_hotline_calls',
            'competitor_hotline_calls', 'info_service_calls',
        ] %}
        {{ trailing_sums(measure) }},
        {%- endfor %}
        {{ share('offnet_out_minutes', 'out_minutes') }} as offnet_share,
        {{ share('sum(offnet_out_minutes) over six_months', 'sum(out_minutes) over six_months') }} as offnet_share_6m,
        {{ share('in_minutes', 'total_minutes') }} as incoming_share,
        {{ share('sum(in_minutes) over six_months', 'sum(total_minutes) over six_months') }} as incoming_share_6m,
        {{ share('night_minutes', 'out_minutes') }} as night_share,
        {{ share('long_distance_minutes', 'out_minutes') }} as long_distance_share,
        {{ share('in_group_minutes', 'out_minutes') }} as in_group_share,
        {{ share('forwarded_calls', 'in_calls') }} as forwarded_share,
        cast({{ dbt.datediff('snapshot_month', 'last_active_on', 'day') }} as double) as last_active_day
    from history
    {{ trailing_windows() }}
)

select over_time.*
from candidates
inner join over_time
    on candidates.snapshot_month = over_time.snapshot_month and candidates.subscriber_id = over_time.subscriber_id
