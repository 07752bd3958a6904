{{ config(meta={'rewrites_open_months': true}) }}

{%- set answers = ['contacted', 'on_time', 'reached', 'retained'] %}

with

parameters as (select * from {{ ref('int_parameters') }}),

owned as (
    select
        *,
        disposition = 'assigned' as is_assigned,
        list_kind = 'at_risk' and is_judged and disposition in ('assigned', 'held_out') as is_compared
    from {{ ref('list_outcomes') }}
    where
        snapshot_month >= {{ first_open_month() }}
        and primary_unit_id is not null
        and disposition in ('assigned', 'held_out')
),

counted as (
    select
        snapshot_month,
        primary_unit_id as unit_id,
        cast(sum(case when is_assigned then 1 else 0 end) as bigint) as assigned_count,
        {%- for answer in answers %}
        cast(sum(case when is_assigned and is_{{ answer }} then 1 else 0 end) as bigint) as {{ answer }}_count,
        {%- endfor %}
        cast(sum(case when is_compared and is_assigned then 1 else 0 end) as bigint) as treated_judged_count,
        cast(sum(case when is_compared and is_assigned and is_churn then 1 else 0 end) as bigint) as treated_churn_count,
        cast(sum(case when is_compared and not is_assigned then 1 else 0 end) as bigint) as control_judged_count,
        cast(sum(case when is_compared and not is_assigned and is_churn then 1 else 0 end) as bigint)
            as control_churn_count,
        sum(case when is_compared and is_assigned then average_amount_3m end)
        / nullif(count(case when is_compared and is_assigned then average_amount_3m end), 0) as mean_amount
    from owned
    group by snapshot_month, primary_unit_id
    having sum(case when is_assigned then 1 else 0 end) > 0
),

common_rates as (
    select
        snapshot_month
        {%- for answer in answers %},
        cast(sum({{ answer }}_count) as double) / cast(sum(assigned_count) as double) as {{ answer }}_rate
        {%- endfor %}
    from counted
    group by snapshot_month
),

-- What is known of each unit and how surely. The variance of a difference counts one churner and one who stays more in each arm
-- (Agresti and Caffo), so that it is never zero.
estimated as (
    {%- for answer in answers %}
    select
        counted.snapshot_month,
        counted.unit_id,
        '{{ answer }}' as figure,
        cast(counted.{{ answer }}_count as double) / counted.assigned_count as estimate,
        common_rates.{{ answer }}_rate * (1 - common_rates.{{ answer }}_rate) / counted.assigned_count as variance
    from counted
    inner join common_rates on counted.snapshot_month = common_rates.snapshot_month
    union all
    {%- endfor %}
    select
        snapshot_month,
        unit_id,
        'saved' as figure,
        {{ share('control_churn_count', 'control_judged_count') }}
        - {{ share('treated_churn_count', 'treated_judged_count') }} as estimate,
        {%- for arm in ['treated', 'control'] %}
        cast(({{ arm }}_churn_count + 1) * ({{ arm }}_judged_count - {{ arm }}_churn_count + 1) as double)
        / power({{ arm }}_judged_count + 2, 3){{ ' +' if not loop.last else ' as variance' }}
        {%- endfor %}
    from counted
),

weighted as (
    select
        *,
        case when estimate is not null then 1 / nullif(variance, 0) end as weight
    from estimated
),

sums as (
    select
        snapshot_month,
        figure,
        count(weight) as unit_count,
        {{ exact_sum('weight', 14) }} as weight_sum,
        {{ exact_sum('weight * weight', 14) }} as squared_weight_sum,
        {{ exact_sum('weight * estimate', 14) }} as estimate_sum
    from weighted
    group by snapshot_month, figure
),

-- DerSimonian and Laird: how much units differ beyond chance.
spreads as (
    select
        weighted.snapshot_month,
        weighted.figure,
        {{ exact_sum('weighted.weight * power(weighted.estimate - sums.estimate_sum / sums.weight_sum, 2)', 14) }}
            as heterogeneity,
        max(sums.unit_count) as unit_count,
        max(sums.weight_sum) as weight_sum,
        max(sums.squared_weight_sum) as squared_weight_sum
    from weighted
    inner join sums on weighted.snapshot_month = sums.snapshot_month and weighted.figure = sums.figure
    group by weighted.snapshot_month, weighted.figure
),

unit_variances as (
    select
        snapshot_month,
        figure,
        case
            when unit_count > 1
                then greatest(0, (heterogeneity - (unit_count - 1)) / (weight_sum - squared_weight_sum / weight_sum))
            else 0
        end as unit_variance
    from spreads
),

means as (
    select
        weighted.snapshot_month,
        weighted.figure,
        max(unit_variances.unit_variance) as unit_variance,
        {{ exact_sum('weighted.estimate / (weighted.variance + unit_variances.unit_variance)', 14) }}
        / {{ exact_sum('1 / (weighted.variance + unit_variances.unit_variance)', 14) }} as mean_estimate,
        1 / {{ exact_sum('1 / (weighted.variance + unit_variances.unit_variance)', 14) }} as mean_variance
    from weighted
    inner join unit_variances
        on weighted.snapshot_month = unit_variances.snapshot_month and weighted.figure = unit_variances.figure
    where weighted.weight is not null
    group by weighted.snapshot_month, weighted.figure
),

-- The share of a unit's own figure that is believed; none where it has no figure of its own.
believed as (
    select
        weighted.*,
        means.unit_variance,
        means.mean_estimate,
        means.mean_variance,
        case
            when weighted.weight is null then 0
            else means.unit_variance / (means.unit_variance + weighted.variance)
        end as own_share
    from weighted
    left join means on weighted.snapshot_month = means.snapshot_month and weighted.figure = means.figure
),

shrunk as (
    select
        snapshot_month,
        unit_id,
        figure,
        round(coalesce(mean_estimate + own_share * (coalesce(estimate, 0) - mean_estimate), estimate), 12)
            as shrunk_estimate,
        sqrt((1 - own_share) * unit_variance + power(1 - own_share, 2) * mean_variance) as shrunk_deviation
    from believed
),

figures as (
    select
        snapshot_month,
        unit_id
        {%- for figure in answers + ['saved'] %},
        max(case when figure = '{{ figure }}' then shrunk_estimate end) as {{ figure }}_shrunk
        {%- endfor %},
        max(case when figure = 'saved' then shrunk_deviation end) as saved_deviation
    from shrunk
    group by snapshot_month, unit_id
),

saved as (
    select
        counted.*,
        figures.saved_shrunk,
        {%- for answer in answers %}
        figures.{{ answer }}_shrunk,
        {%- endfor %}
        cast(parameters.interval_quantile as double) * figures.saved_deviation as half_width
    from counted
    cross join parameters
    inner join figures on counted.snapshot_month = figures.snapshot_month and counted.unit_id = figures.unit_id
),

final as (
    select
        snapshot_month,
        unit_id,
        assigned_count,
        {%- for answer in answers %}
        {{ answer }}_count,
        {%- endfor %}
        treated_judged_count,
        control_judged_count,
        {%- for answer in answers %}
        cast({{ answer }}_count as double) / assigned_count as {{ answer }}_rate,
        {{ answer }}_shrunk as {{ answer }}_rate_shrunk,
        {%- endfor %}
        {{ share('treated_churn_count', 'treated_judged_count') }} as treated_churn_rate,
        {{ share('control_churn_count', 'control_judged_count') }} as control_churn_rate,
        saved_shrunk as saved_rate_shrunk,
        case when treated_judged_count > 0 then round(treated_judged_count * saved_shrunk, 6) end as saved_against_control,
        case when treated_judged_count > 0 then round(treated_judged_count * (saved_shrunk - half_width), 6) end
            as saved_against_control_low,
        case when treated_judged_count > 0 then round(treated_judged_count * (saved_shrunk + half_width), 6) end
            as saved_against_control_high,
        cast(round(treated_judged_count * saved_shrunk * cast(mean_amount as double), 2) as decimal(18, 2)) as fee_kept_amount
    from saved
)

select * from final
