{#-
    Each measure is a numerator and a denominator, so that a rule compares without dividing, and whether there is anything to
    compare. A measure of four weeks says so: a rule's minimum base is a mean.
-#}
{%- set measures = [
    ('rebate_contract_months_left', 'rebate_contract_months_left', '1', 'rebate_contracts_running > 0', 'null'),
    ('rebate_contracts_running', 'rebate_contracts_running', '1', 'true', 'null'),
    ('severe_complaints_opened', 'severe_complaints_opened', '1', 'true', 'null'),
    ('complaints_past_due', 'complaints_past_due', '1', 'true', 'null'),
    ('complaints_opened', 'complaints_opened', '1', 'true', 'null'),
    ('minutes_fall', 'total_minutes_before - 4 * total_minutes', 'total_minutes_before', 'true', '4'),
    ('data_fall', 'data_mb_before - 4 * data_mb', 'data_mb_before', 'true', '4'),
    ('charges_fall', 'charged_amount_before - 4 * charged_amount', 'charged_amount_before', 'true', '4'),
    ('contract_days_left', 'contract_days_left', '1', 'true', 'null'),
    ('forwarded_to_competitor_days', 'forwarded_to_competitor_days', '1', 'true', 'null'),
    ('competitor_hotline_calls', 'competitor_hotline_calls', '1', 'true', 'null'),
] -%}
{%- set falling = ['total_minutes', 'data_mb', 'charged_amount'] -%}
{%- set sums = [
    ('total_minutes', '=', 'total_minutes'), ('total_minutes', '<', 'total_minutes_before'),
    ('data_mb', '=', 'data_mb'), ('data_mb', '<', 'data_mb_before'),
    ('charged_amount', '=', 'charged_amount'), ('charged_amount', '<', 'charged_amount_before'),
    ('competitor_hotline_calls', '=', 'competitor_hotline_calls'),
] -%}
with

weeks as (select * from {{ ref('int_warning_weeks') }}),

candidates as (select * from {{ ref('int_warning_candidates') }}),

usage_weeks as (select * from {{ ref('int_usage_summed_to_subscriber_weeks') }}),

contracts as (select * from {{ ref('int_contracts_dated_to_subscriber_weeks') }}),

complaints as (select * from {{ ref('int_complaints_counted_to_subscriber_weeks') }}),

-- Each week with the four before it; a week without rows had no usage, an unknown one leaves the sum unknown.
usage_of_five_weeks as (
    select
        weeks.warning_week,
        usage_weeks.subscriber_id,
        {%- for measure, sign, name in sums %}
        {%- set is_part = 'usage_weeks.warning_week ' ~ sign ~ ' weeks.warning_week' %}
        case
            when
                count(case when {{ is_part }} then 1 end)
                = count(case when {{ is_part }} then usage_weeks.{{ measure }} end)
                then sum(case when {{ is_part }} then usage_weeks.{{ measure }} else 0 end)
        end as {{ name }},
        {%- endfor %}
        sum(
            case when usage_weeks.warning_week = weeks.warning_week then usage_weeks.forwarded_to_competitor_days else 0 end
        ) as forwarded_to_competitor_days
    from weeks
    inner join usage_weeks
        on weeks.warning_week >= usage_weeks.warning_week
        and {{ add_days('weeks.warning_week', -28) }} <= usage_weeks.warning_week
    group by weeks.warning_week, usage_weeks.subscriber_id
),

measured as (
    select
        weeks.warning_week,
        weeks.week_month,
        weeks.base_month,
        weeks.is_in_run,
        candidates.subscriber_id,
        case
            when not weeks.has_contracts then null
            when contracts.subscriber_id is null then 0
            else contracts.rebate_contracts_running
        end as rebate_contracts_running,
        case
            when weeks.has_contracts and contracts.rebate_contracts_running is not null
                then {{ month_number('contracts.rebate_contract_ends_on') }} - {{ month_number('weeks.last_day') }}
        end as rebate_contract_months_left,
        case
            when weeks.has_contracts then {{ dbt.datediff('weeks.last_day', 'contracts.other_contract_ends_on', 'day') }}
        end as contract_days_left,
        {%- for measure in ['severe_complaints_opened', 'complaints_past_due', 'complaints_opened'] %}
        case when weeks.has_complaints then coalesce(complaints.{{ measure }}, 0) end as {{ measure }},
        {%- endfor %}
        {%- for measure in falling %}
        case when weeks.has_usage_of_five_weeks then usage_weeks.{{ measure }} end as {{ measure }},
        case when weeks.has_usage_of_five_weeks then usage_weeks.{{ measure }}_before end as {{ measure }}_before,
        {%- endfor %}
        {%- for measure in ['forwarded_to_competitor_days', 'competitor_hotline_calls'] %}
        case
            when not weeks.has_usage_of_week then null
            when usage_weeks.subscriber_id is null then 0
            else usage_weeks.{{ measure }}
        end as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from candidates
    inner join weeks on candidates.warning_week = weeks.warning_week
    left join usage_of_five_weeks as usage_weeks
        on candidates.warning_week = usage_weeks.warning_week and candidates.subscriber_id = usage_weeks.subscriber_id
    left join contracts
        on candidates.warning_week = contracts.warning_week and candidates.subscriber_id = contracts.subscriber_id
    left join complaints
        on candidates.warning_week = complaints.warning_week and candidates.subscriber_id = complaints.subscriber_id
),

measures as (
    {%- for measure, numerator, denominator, is_applicable, base_weeks in measures %}
    select
        warning_week,
        week_month,
        base_month,
        is_in_run,
        subscriber_id,
        '{{ measure }}' as measure,
        {{ is_applicable }} as is_applicable,
        cast({{ numerator }} as decimal(24, 2)) as numerator,
        cast(case when {{ denominator }} > 0 then {{ denominator }} end as decimal(24, 2)) as denominator,
        cast({{ base_weeks }} as integer) as base_weeks
    from measured
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from measures
