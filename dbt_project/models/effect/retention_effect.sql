{{ config(meta={'rewrites_open_months': true}) }}

{%- set figures = ['effect', 'effect_low', 'effect_high', 'detectable_effect'] %}

with

parameters as (select * from {{ ref('int_parameters') }}),

-- Whom the draw decided on: suppression comes before it, capacity after.
drawn as (
    select *, disposition = 'held_out' as is_control
    from {{ ref('list_outcomes') }}
    where list_kind = 'at_risk' and disposition <> 'suppressed'
),

totals as (
    select false as over_colours, false as over_tiers
    union all
    select false as over_colours, true as over_tiers
    union all
    select true as over_colours, false as over_tiers
    union all
    select true as over_colours, true as over_tiers
),

in_cells as (
    select
        drawn.snapshot_month,
        case when totals.over_colours then 'all' else drawn.colour end as colour,
        case when totals.over_tiers then 'all' else drawn.value_tier end as value_tier,
        drawn.held_out_by_id,
        drawn.disposition,
        drawn.is_control,
        drawn.is_judged,
        drawn.is_churn,
        drawn.is_reached
    from drawn
    cross join totals
),

counted as (
    select
        snapshot_month,
        colour,
        value_tier,
        sum(case when disposition = 'assigned' then 1 else 0 end) as treated_count,
        sum(case when is_control then 1 else 0 end) as control_count,
        sum(case when disposition = 'beyond_capacity' then 1 else 0 end) as beyond_capacity_count,
        count(distinct held_out_by_id) as drawn_customer_count,
        count(distinct case when is_control then held_out_by_id end) as held_out_customer_count
    from in_cells
    where snapshot_month >= {{ first_open_month() }}
    group by snapshot_month, colour, value_tier
),

comparisons as (
    select 'assigned' as comparison
    union all
    select 'randomised' as comparison
),

compared as (
    select
        comparisons.comparison,
        in_cells.*
    from in_cells
    cross join comparisons
    where in_cells.is_judged and (comparisons.comparison = 'randomised' or in_cells.disposition <> 'beyond_capacity')
),

-- The draw is by customer or group, so lines of one are no independent cases, nor are his months.
customers as (
    select
        comparison,
        colour,
        value_tier,
        is_control,
        snapshot_month,
        held_out_by_id,
        cast(count(*) as bigint) as line_count,
        cast(sum(case when is_churn then 1 else 0 end) as bigint) as churn_count,
        cast(sum(case when is_reached then 1 else 0 end) as bigint) as reached_count
    from compared
    group by comparison, colour, value_tier, is_control, snapshot_month, held_out_by_id
),

arms as (
    select
        comparison,
        colour,
        value_tier,
        is_control,
        snapshot_month,
        cast(sum(line_count) as double) as line_count,
        cast(sum(churn_count) as double) as churn_count,
        cast(sum(churn_count) as double) / cast(sum(line_count) as double) as churn_rate,
        cast(sum(reached_count) as double) / cast(sum(line_count) as double) as reached_rate
    from customers
    group by comparison, colour, value_tier, is_control, snapshot_month
),

-- Products of two months of the same customers; of a month with itself, too.
month_pairs as (
    select
        one.comparison,
        one.colour,
        one.value_tier,
        one.is_control,
        one.snapshot_month as one_month,
        other.snapshot_month as other_month,
        cast(sum(one.churn_count * other.churn_count) as double) as churn_churn,
        cast(sum(one.churn_count * other.line_count) as double) as churn_line,
        cast(sum(one.line_count * other.churn_count) as double) as line_churn,
        cast(sum(one.line_count * other.line_count) as double) as line_line
    from customers as one
    inner join customers as other
        on one.comparison = other.comparison
        and one.colour = other.colour
        and one.value_tier = other.value_tier
        and one.is_control = other.is_control
        and one.held_out_by_id = other.held_out_by_id
    group by one.comparison, one.colour, one.value_tier, one.is_control, one.snapshot_month, other.snapshot_month
),

-- Weights of Mantel and Haenszel; a month without one of the arms compares nothing.
weighted_months as (
    select
        treated.comparison,
        treated.colour,
        treated.value_tier,
        treated.snapshot_month,
        cast(
            treated.line_count * control.line_count / (treated.line_count + control.line_count) as decimal(38, 18)
        ) as weight
    from arms as treated
    inner join arms as control
        on treated.comparison = control.comparison
        and treated.colour = control.colour
        and treated.value_tier = control.value_tier
        and treated.snapshot_month = control.snapshot_month
    where not treated.is_control and control.is_control
),

scopes as (
    select 'month' as scope
    union all
    select 'pooled' as scope
),

-- A month for itself, and with all those before it.
scoped_months as (
    select
        counted.snapshot_month as as_of_month,
        scopes.scope,
        weighted_months.*,
        cast(weighted_months.weight as double) / cast(
            sum(weighted_months.weight) over (
                partition by
                    counted.snapshot_month,
                    scopes.scope,
                    weighted_months.comparison,
                    weighted_months.colour,
                    weighted_months.value_tier
            ) as double
        ) as weight_share
    from counted
    cross join scopes
    inner join weighted_months
        on counted.colour = weighted_months.colour
        and counted.value_tier = weighted_months.value_tier
        and (
            counted.snapshot_month = weighted_months.snapshot_month
            or (scopes.scope = 'pooled' and counted.snapshot_month > weighted_months.snapshot_month)
        )
),

scoped_arms as (
    select
        scoped_months.as_of_month,
        scoped_months.scope,
        scoped_months.comparison,
        scoped_months.colour,
        scoped_months.value_tier,
        arms.is_control,
        arms.snapshot_month,
        arms.line_count,
        arms.churn_rate,
        arms.reached_rate,
        scoped_months.weight_share,
        scoped_months.weight_share / arms.line_count as line_weight
    from scoped_months
    inner join arms
        on scoped_months.comparison = arms.comparison
        and scoped_months.colour = arms.colour
        and scoped_months.value_tier = arms.value_tier
        and scoped_months.snapshot_month = arms.snapshot_month
),

rates as (
    select
        as_of_month,
        scope,
        comparison,
        colour,
        value_tier,
        is_control,
        count(*) as month_count,
        {{ exact_sum('weight_share * churn_rate') }} as churn_rate,
        {{ exact_sum('weight_share * reached_rate') }} as reached_rate,
        {{ exact_sum('line_weight * line_weight * line_count') }} as variance_of_independent_lines
    from scoped_arms
    group by as_of_month, scope, comparison, colour, value_tier, is_control
),

variances as (
    select
        one.as_of_month,
        one.scope,
        one.comparison,
        one.colour,
        one.value_tier,
        one.is_control,
        {{ exact_sum(
            'one.line_weight * other.line_weight * ('
            ~ 'month_pairs.churn_churn - other.churn_rate * month_pairs.churn_line - one.churn_rate * month_pairs.line_churn'
            ~ ' + one.churn_rate * other.churn_rate * month_pairs.line_line)'
        ) }} as churn_variance,
        {{ exact_sum('one.line_weight * other.line_weight * month_pairs.line_line') }} as variance_of_whole_customers
    from scoped_arms as one
    inner join scoped_arms as other
        on one.as_of_month = other.as_of_month
        and one.scope = other.scope
        and one.comparison = other.comparison
        and one.colour = other.colour
        and one.value_tier = other.value_tier
        and one.is_control = other.is_control
    inner join month_pairs
        on one.comparison = month_pairs.comparison
        and one.colour = month_pairs.colour
        and one.value_tier = month_pairs.value_tier
        and one.is_control = month_pairs.is_control
        and one.snapshot_month = month_pairs.one_month
        and other.snapshot_month = month_pairs.other_month
    group by one.as_of_month, one.scope, one.comparison, one.colour, one.value_tier, one.is_control
),

-- How many independent lines would be as sure: never more than there are; where nobody or everybody left, whole customers.
sized as (
    select
        rates.*,
        parameters.interval_quantile,
        parameters.power_quantile,
        case
            when variances.churn_variance > 0 and rates.churn_rate * (1 - rates.churn_rate) > 0
                then
                    least(
                        1 / rates.variance_of_independent_lines,
                        rates.churn_rate * (1 - rates.churn_rate) / variances.churn_variance
                    )
            else 1 / variances.variance_of_whole_customers
        end as sample_size
    from rates
    inner join variances
        on rates.as_of_month = variances.as_of_month
        and rates.scope = variances.scope
        and rates.comparison = variances.comparison
        and rates.colour = variances.colour
        and rates.value_tier = variances.value_tier
        and rates.is_control = variances.is_control
    cross join parameters
),

bounded as (
    select
        *,
        {{ wilson_bound('churn_rate', 'sample_size', 'cast(interval_quantile as double)', '-') }} as churn_rate_low,
        {{ wilson_bound('churn_rate', 'sample_size', 'cast(interval_quantile as double)', '+') }} as churn_rate_high
    from sized
),

differences as (
    select
        treated.as_of_month,
        treated.scope,
        treated.comparison,
        treated.colour,
        treated.value_tier,
        treated.month_count,
        treated.churn_rate - control.churn_rate as effect,
        power(treated.churn_rate - treated.churn_rate_low, 2) + power(control.churn_rate_high - control.churn_rate, 2)
            as variance_low,
        power(treated.churn_rate_high - treated.churn_rate, 2) + power(control.churn_rate - control.churn_rate_low, 2)
            as variance_high,
        cast(treated.interval_quantile + treated.power_quantile as double) as detectable_quantile,
        (treated.churn_rate * treated.sample_size + control.churn_rate * control.sample_size)
        / (treated.sample_size + control.sample_size) as common_rate,
        1 / treated.sample_size + 1 / control.sample_size as size_term,
        treated.reached_rate - control.reached_rate as reached_difference
    from bounded as treated
    inner join bounded as control
        on treated.as_of_month = control.as_of_month
        and treated.scope = control.scope
        and treated.comparison = control.comparison
        and treated.colour = control.colour
        and treated.value_tier = control.value_tier
    where not treated.is_control and control.is_control
),

-- Newcombe's interval; rounded where no reader looks, so that the last digit of a root is no difference.
intervals as (
    select
        as_of_month,
        scope,
        comparison,
        colour,
        value_tier,
        month_count,
        round(effect, 12) as effect,
        round(effect - sqrt(variance_low), 12) as effect_low,
        round(effect + sqrt(variance_high), 12) as effect_high,
        nullif(round(detectable_quantile * sqrt(greatest(common_rate * (1 - common_rate), 0) * size_term), 12), 0)
            as detectable_effect,
        case when reached_difference > 0 then round(reached_difference, 12) end as reached_difference
    from differences
),

final as (
    select
        counted.snapshot_month,
        counted.colour,
        counted.value_tier,
        cast(counted.treated_count as bigint) as treated_count,
        cast(counted.control_count as bigint) as control_count,
        cast(counted.beyond_capacity_count as bigint) as beyond_capacity_count,
        cast(coalesce(treated.line_count, 0) as bigint) as treated_judged_count,
        cast(coalesce(control.line_count, 0) as bigint) as control_judged_count,
        treated.churn_rate as treated_churn_rate,
        control.churn_rate as control_churn_rate,
        {%- for figure in figures %}
        assigned.{{ figure }},
        {%- endfor %}
        {%- for figure in figures %}
        randomised.{{ figure }} as randomised_{{ figure }},
        {%- endfor %}
        randomised.reached_difference as reached_rate,
        {%- for figure in figures[:3] %}
        randomised.{{ figure }} / randomised.reached_difference as reached_adjusted_{{ figure }},
        {%- endfor %}
        cast(coalesce(pooled.month_count, 0) as bigint) as pooled_month_count,
        {%- for figure in figures %}
        pooled.{{ figure }} as pooled_{{ figure }},
        {%- endfor %}
        {%- for figure in figures %}
        pooled_randomised.{{ figure }} as pooled_randomised_{{ figure }},
        {%- endfor %}
        {%- for figure in figures[:3] %}
        pooled_randomised.{{ figure }} / pooled_randomised.reached_difference as pooled_reached_adjusted_{{ figure }},
        {%- endfor %}
        cast(counted.drawn_customer_count as bigint) as drawn_customer_count,
        cast(counted.held_out_customer_count as bigint) as held_out_customer_count,
        power(
            cast(counted.held_out_customer_count - parameters.control_share * counted.drawn_customer_count as double), 2
        ) / cast(
            nullif(counted.drawn_customer_count * parameters.control_share * (1 - parameters.control_share), 0) as double
        ) as sample_ratio_chi_square
    from counted
    cross join parameters
    {%- for arm, is_control in [('treated', 'not treated.is_control'), ('control', 'control.is_control')] %}
    left join arms as {{ arm }}
        on counted.snapshot_month = {{ arm }}.snapshot_month
        and counted.colour = {{ arm }}.colour
        and counted.value_tier = {{ arm }}.value_tier
        and {{ arm }}.comparison = 'assigned'
        and {{ is_control }}
    {%- endfor %}
    {%- for name, scope, comparison in [
        ('assigned', 'month', 'assigned'),
        ('randomised', 'month', 'randomised'),
        ('pooled', 'pooled', 'assigned'),
        ('pooled_randomised', 'pooled', 'randomised'),
    ] %}
    left join intervals as {{ name }}
        on counted.snapshot_month = {{ name }}.as_of_month
        and counted.colour = {{ name }}.colour
        and counted.value_tier = {{ name }}.value_tier
        and {{ name }}.scope = '{{ scope }}'
        and {{ name }}.comparison = '{{ comparison }}'
    {%- endfor %}
)

select * from final
