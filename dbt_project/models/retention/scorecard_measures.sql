{{ config(materialized='view', access='protected', contract={'enforced': false}, tags=['before']) }}

{#- Each measure is a numerator and a denominator, so that a rule compares without dividing. -#}
{%- set measures = [
    ('bill_mean_3m_to_6m', 'case when billed_months_6m = 6 then billed_sum_3m * 2 end', 'billed_sum_6m'),
    ('forwarded_calls_3m', 'forwarded_calls_3m', '1'),
    ('forwarded_calls_this_month', 'forwarded_calls', '1'),
    ('debt_stops_6m', 'debt_stop_count_6m', '1'),
    ('overdue_amount', 'overdue_amount', '1'),
    ('months_overdue', 'months_overdue', '1'),
    ('worst_fault_level_3m', 'worst_fault_level_3m', '1'),
    ('complaints_3m', 'complaint_count_3m', '1'),
    ('own_hotline_calls_6m', 'own_hotline_calls_6m', '1'),
    ('competitor_hotline_calls_6m', 'competitor_hotline_calls_6m', '1'),
    ('key_account_care_6m', 'care_contact_count_6m', '1'),
    ('services_taken_up_6m', 'services_taken_up_count_6m', '1'),
    (
        'vas_fee_fall_2m',
        'case when vas_fee_months_4m = 4 then vas_fee_sum_two_before - vas_fee_sum_2m end',
        'vas_fee_sum_two_before',
    ),
] -%}
with

candidates as (
    select snapshot_month, subscriber_id, key_account_class
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

history as (
    select *, {{ month_number('snapshot_month') }} as month_number
    from {{ ref('fct_subscriber_months') }}
    where {{ in_run_with_history('snapshot_month', 5) }}
),

over_time as (
    select
        snapshot_month,
        subscriber_id,
        forwarded_calls,
        overdue_amount,
        months_overdue,
        sum(billed_amount) over three_months as billed_sum_3m,
        sum(billed_amount) over six_months as billed_sum_6m,
        count(billed_amount) over six_months as billed_months_6m,

        -- Calls are summed over the months there are; one of them unknown leaves the sum unknown.
        {%- for calls, months, suffix in [
            ('forwarded_calls', 'three_months', '3m'),
            ('own_hotline_calls', 'six_months', '6m'),
            ('competitor_hotline_calls', 'six_months', '6m'),
        ] %}
        case when count(*) over {{ months }} = count({{ calls }}) over {{ months }} then sum({{ calls }}) over {{ months }} end
            as {{ calls }}_{{ suffix }},
        {%- endfor %}

        sum(vas_fee_amount) over two_months as vas_fee_sum_2m,
        sum(vas_fee_amount) over two_months_before as vas_fee_sum_two_before,
        count(vas_fee_amount) over four_months as vas_fee_months_4m
    from history
    window
        two_months as (partition by subscriber_id order by month_number range between 1 preceding and current row),
        two_months_before as (partition by subscriber_id order by month_number range between 3 preceding and 2 preceding),
        three_months as (partition by subscriber_id order by month_number range between 2 preceding and current row),
        four_months as (partition by subscriber_id order by month_number range between 3 preceding and current row),
        six_months as (partition by subscriber_id order by month_number range between 5 preceding and current row)
),

served as (select * from {{ ref('feat_subscriber_months__service') }}),

complaints as (
    select * from {{ ref('int_complaints_counted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

tables_available as (select * from {{ ref('int_tables_available') }}),

measured as (
    select
        over_time.*,
        candidates.key_account_class,
        served.debt_stop_count_6m,
        served.complaint_count_3m,
        served.care_contact_count_6m,
        served.services_taken_up_count_6m,
        case when tables_available.has_complaints then coalesce(complaints.worst_fault_level_3m, 0) end
            as worst_fault_level_3m
    from candidates
    inner join over_time
        on candidates.snapshot_month = over_time.snapshot_month and candidates.subscriber_id = over_time.subscriber_id
    inner join served
        on candidates.snapshot_month = served.snapshot_month and candidates.subscriber_id = served.subscriber_id
    inner join tables_available on candidates.snapshot_month = tables_available.snapshot_month
    left join complaints
        on candidates.snapshot_month = complaints.snapshot_month and candidates.subscriber_id = complaints.subscriber_id
),

measures as (
    {%- for measure, numerator, denominator in measures %}
    select
        snapshot_month,
        subscriber_id,
        key_account_class,
        '{{ measure }}' as measure,
        cast({{ numerator }} as decimal(24, 2)) as numerator,
        cast(case when {{ denominator }} > 0 then {{ denominator }} end as decimal(24, 2)) as denominator
    from measured
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from measures
