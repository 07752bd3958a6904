{#- Each measure is a numerator and a denominator, so that a rule compares without dividing. -#}
{%- set measures = [
    ('average_amount_3m', 'ranked.amount_sum_3m', 'ranked.amount_months_3m'),
    ('star_level', 'ranked.star_level', '1'),
    ('share_above', 'ranked.lines_above', 'ranked.active_lines'),
] -%}
with

parameters as (select * from {{ ref('int_parameters') }}),

value_tiers as (select * from {{ ref('value_tiers') }}),

subscribers as (select * from {{ ref('stg_customer__subscribers') }} where {{ in_run('snapshot_month') }}),

subscriber_months as (
    select
        subscriber_months.snapshot_month,
        subscriber_months.subscriber_id,
        case
            when parameters.tier_measure = 'paid_amount' then subscriber_months.paid_amount
            else subscriber_months.billed_amount
        end as amount
    from {{ ref('fct_subscriber_months') }} as subscriber_months
    cross join parameters
    where {{ in_run_with_history('subscriber_months.snapshot_month', 2) }}
),

-- Fewer than three months: the mean of those there are.
summed as (
    select
        snapshot_month,
        subscriber_id,
        sum(amount) over three_months as amount_sum_3m,
        count(amount) over three_months as amount_months_3m
    from subscriber_months
    window three_months as (
        partition by subscriber_id
        order by {{ month_number('snapshot_month') }}
        range between 2 preceding and current row
    )
),

measured as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.star_level,
        summed.amount_sum_3m,
        summed.amount_months_3m,
        cast(
            case when summed.amount_months_3m > 0 then round(summed.amount_sum_3m / summed.amount_months_3m, 2) end
            as decimal(18, 2)
        ) as average_amount_3m,
        subscribers.status = 'active' as is_active
    from subscribers
    left join summed
        on subscribers.snapshot_month = summed.snapshot_month and subscribers.subscriber_id = summed.subscriber_id
),

-- How many active lines average more, of all active lines: equals are never told apart.
ranked as (
    select
        *,
        case
            when is_active and amount_months_3m > 0
                then rank() over (
                    partition by snapshot_month, is_active
                    order by cast(amount_sum_3m as double) / nullif(amount_months_3m, 0) desc nulls last
                ) - 1
        end as lines_above,
        sum(case when is_active then 1 else 0 end) over (partition by snapshot_month) as active_lines
    from measured
),

judged as (
    select
        ranked.snapshot_month,
        ranked.subscriber_id,
        min(
            case
                when {{ measured_rule_fires(measures) }} then rules.tier_rank
            end
        ) as tier_rank
    from ranked
    cross join parameters
    inner join value_tiers as rules
        on parameters.tier_method = rules.tier_method
        and {{ rule_is_valid('ranked.snapshot_month') }}
    group by ranked.snapshot_month, ranked.subscriber_id
),

tier_names as (
    select distinct tier_rank, value_tier
    from value_tiers
),

tiered as (
    select
        ranked.snapshot_month,
        ranked.subscriber_id,
        ranked.average_amount_3m,
        coalesce(tier_names.value_tier, 'mass') as value_tier
    from ranked
    left join judged
        on ranked.snapshot_month = judged.snapshot_month and ranked.subscriber_id = judged.subscriber_id
    left join tier_names on judged.tier_rank = tier_names.tier_rank
)

select * from tiered
