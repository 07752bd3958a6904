{%- set measures = [
    ('total_minutes', 'usage_daily.out_minutes + usage_daily.in_minutes'),
    ('data_mb', 'usage_daily.data_mb'),
    ('charged_amount', 'usage_daily.charged_amount'),
    ('competitor_hotline_calls', 'usage_daily.competitor_hotline_calls'),
] -%}
with

weeks as (select warning_week from {{ ref('int_warning_weeks') }}),

candidates as (select distinct subscriber_id from {{ ref('int_warning_candidates') }}),

usage_daily as (select * from {{ ref('stg_usage__usage_daily') }}),

-- The weeks judged and the four before each.
weeks_needed as (
    {%- for weeks_back in range(5) %}
    select {{ add_days('warning_week', -7 * weeks_back) }} as warning_week from weeks
    {{- ' union' if not loop.last }}
    {%- endfor %}
),

days as (
    {%- for days_back in range(1, 8) %}
    select warning_week, {{ add_days('warning_week', -days_back) }} as usage_date from weeks_needed
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

-- A sum with an unknown part is unknown.
summed as (
    select
        days.warning_week,
        usage_daily.subscriber_id,
        {%- for measure, expression in measures %}
        case when count(*) = count({{ expression }}) then sum({{ expression }}) end as {{ measure }},
        {%- endfor %}
        sum(case when usage_daily.forwarded_to_competitor > 0 then 1 else 0 end) as forwarded_to_competitor_days
    from usage_daily
    inner join days on usage_daily.usage_date = days.usage_date
    inner join candidates on usage_daily.subscriber_id = candidates.subscriber_id
    group by days.warning_week, usage_daily.subscriber_id
)

select * from summed
