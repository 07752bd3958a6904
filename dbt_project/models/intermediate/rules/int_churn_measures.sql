{#- Each measure is a numerator and a denominator, so that a rule compares without dividing. -#}
{%- set measures = [
    ('bill_after_two_falls', 'has_two_bill_falls', 'billed_amount * 6', 'billed_amount_prior_sum'),
    ('minutes_after_two_falls', 'has_two_minute_falls', 'total_minutes * 6', 'total_minutes_prior_sum'),
    ('calls_after_two_falls', 'has_two_call_falls', 'total_calls * 6', 'total_calls_prior_sum'),
    ('bundle_fall', 'true', 'bundle_count_prior_sum - bundle_count * 6', 'bundle_count_prior_sum'),
    ('vas_fee_fall', 'true', 'vas_fee_amount_prior_sum - vas_fee_amount * 6', 'vas_fee_amount_prior_sum'),
    (
        'two_month_bill_fall', 'true',
        'billed_amount_prior_sum - (billed_amount + billed_amount_previous) * 3', 'billed_amount_prior_sum',
    ),
] -%}
with

subscriber_months as (
    select
        *,
        {{ month_number('snapshot_month') }} as month_number,
        out_minutes + in_minutes as total_minutes,
        out_calls + in_calls as total_calls
    from {{ ref('fct_subscriber_months') }}
    where {{ in_run_with_history('snapshot_month', 6) }}
),

tiers as (
    select snapshot_month, subscriber_id, value_tier, {{ month_number('snapshot_month') }} as month_number
    from {{ ref('dim_subscribers') }}
    where {{ in_run_with_history('snapshot_month', 6) }}
),

tables_available as (select * from {{ ref('int_tables_available') }}),

plan_moves as (
    select * from {{ ref('int_plan_changes_netted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

-- All six months before the month judged are needed; a sum over fewer is null.
with_history as (
    select
        snapshot_month,
        subscriber_id,
        {%- for measure in ['billed_amount', 'total_minutes', 'total_calls', 'bundle_count', 'vas_fee_amount'] %}
        {{ measure }},
        case when count({{ measure }}) over six_months_before = 6 then sum({{ measure }}) over six_months_before end
            as {{ measure }}_prior_sum,
        max({{ measure }}) over month_before as {{ measure }}_previous,
        max({{ measure }}) over two_months_before as {{ measure }}_before_previous{{ ',' if not loop.last }}
        {%- endfor %}
    from subscriber_months
    window
        six_months_before as (partition by subscriber_id order by month_number range between 6 preceding and 1 preceding),
        month_before as (partition by subscriber_id order by month_number range between 1 preceding and 1 preceding),
        two_months_before as (partition by subscriber_id order by month_number range between 2 preceding and 2 preceding)
),

gated as (
    select
        *,
        billed_amount < billed_amount_previous and billed_amount_previous < billed_amount_before_previous
            as has_two_bill_falls,
        total_minutes < total_minutes_previous and total_minutes_previous < total_minutes_before_previous
            as has_two_minute_falls,
        total_calls < total_calls_previous and total_calls_previous < total_calls_before_previous as has_two_call_falls
    from with_history
    where {{ in_run('snapshot_month') }}
),

measures as (
    {%- for measure, gate, numerator, denominator in measures %}
    select
        snapshot_month,
        subscriber_id,
        '{{ measure }}' as measure,
        {{ gate }} as is_gate_open,
        cast({{ numerator }} as decimal(24, 2)) as numerator,
        cast(case when {{ denominator }} > 0 then {{ denominator }} end as decimal(24, 2)) as denominator
    from gated

    union all
    {% endfor %}
    select
        gated.snapshot_month,
        gated.subscriber_id,
        'plan_price_change' as measure,
        true as is_gate_open,
        cast(
            case
                when not tables_available.has_plan_changes then null
                when plan_moves.subscriber_id is null then 0
                else plan_moves.plan_price_change_amount
            end as decimal(24, 2)
        ) as numerator,
        cast(1 as decimal(24, 2)) as denominator
    from gated
    inner join tables_available on gated.snapshot_month = tables_available.snapshot_month
    left join plan_moves
        on gated.snapshot_month = plan_moves.snapshot_month and gated.subscriber_id = plan_moves.subscriber_id

    union all

    select
        tiers.snapshot_month,
        tiers.subscriber_id,
        'fell_to_mass' as measure,
        true as is_gate_open,
        cast(
            case
                when earlier_tiers.value_tier is null then null
                when earlier_tiers.value_tier <> 'mass' and tiers.value_tier = 'mass' then 1
                else 0
            end as decimal(24, 2)
        ) as numerator,
        cast(1 as decimal(24, 2)) as denominator
    from tiers
    left join tiers as earlier_tiers
        on tiers.subscriber_id = earlier_tiers.subscriber_id and tiers.month_number = earlier_tiers.month_number + 6
    where {{ in_run('tiers.snapshot_month') }}
)

select * from measures
