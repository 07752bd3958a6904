{%- set measures = [
    'out_calls', 'out_minutes', 'in_calls', 'in_minutes', 'offnet_out_minutes', 'missed_calls', 'forwarded_calls',
    'forwarded_to_competitor', 'own_hotline_calls', 'competitor_hotline_calls', 'sms_count', 'data_mb',
    'roaming_minutes', 'charged_amount', 'night_minutes', 'long_distance_minutes', 'info_service_calls',
    'in_group_minutes',
] -%}
with

usage_daily as (select * from {{ ref('stg_usage__usage_daily') }}),

-- A day counts as used when anything was made, received or moved; what is unknown is no sign of use.
days as (
    select
        *,
        coalesce(out_calls, 0) + coalesce(in_calls, 0) + coalesce(sms_count, 0) > 0
        or coalesce(out_minutes, 0) + coalesce(in_minutes, 0) + coalesce(data_mb, 0) > 0 as is_used
    from usage_daily
),

-- A sum with an unknown part is unknown.
summed as (
    select
        landed_month as snapshot_month,
        subscriber_id,
        {%- for measure in measures %}
        case when count(*) = count({{ measure }}) then sum({{ measure }}) end as {{ measure }},
        {%- endfor %}
        max(distinct_contacts) as busiest_day_contacts,
        sum(case when is_used then 1 else 0 end) as used_days,
        sum(case when forwarded_to_competitor > 0 then 1 else 0 end) as forwarded_to_competitor_days,
        max(case when is_used then usage_date end) as last_used_on
    from days
    group by landed_month, subscriber_id
)

select * from summed
