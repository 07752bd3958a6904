{{ config(meta={'rewrites_open_months': true}) }}

{%- set flags = ['v1_bill', 'v2_minutes', 'v3_calls', 'v4_bundles', 'v5_vas_fee', 'v6_plan', 'v7_two_month', 'v8_tier'] %}
{%- set targets = ['quantity_churn', 'value_churn'] %}

with

closed_months as (select * from {{ ref('closed_months') }}),

subscribers as (
    select snapshot_month, subscriber_id, is_candidate
    from {{ ref('dim_subscribers') }}
    where {{ in_open_months('snapshot_month') }}
),

labels as (select * from {{ ref('churn_labels') }}),

outcomes as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.is_candidate,
        labels.is_quantity_churn,
        labels.is_value_churn,
        labels.is_involuntary_churn
    from subscribers
    left join closed_months on subscribers.snapshot_month = closed_months.snapshot_month
    left join labels
        on closed_months.snapshot_month = labels.snapshot_month
        and subscribers.subscriber_id = labels.subscriber_id
),

churn_flags as (
    select * from {{ ref('fct_churn_flags') }}
    where {{ in_open_months('snapshot_month') }}
),

month_colours as (
    select * from {{ ref('month_colours') }}
    where {{ in_open_months('snapshot_month') }}
),

-- What became of candidates of the month is judged: a warned line that stopped within it is none.
weekly as (
    select
        fired.snapshot_month,
        fired.subscriber_id,
        fired.item_type,
        fired.judged_as,
        true as is_fired
    from (
        select distinct
            week_month as snapshot_month,
            subscriber_id,
            'warning_condition' as item_type,
            condition_id as judged_as
        from {{ ref('warning_evidence') }}
        where {{ in_open_months('week_month') }}

        union all

        select
            snapshot_month,
            subscriber_id,
            'total' as item_type,
            colour as judged_as
        from month_colours
    ) as fired
    inner join subscribers
        on fired.snapshot_month = subscribers.snapshot_month and fired.subscriber_id = subscribers.subscriber_id
    where subscribers.is_candidate
),

-- What fired, and what could not be evaluated (null). The rest of the population was evaluated and did not fire.
judgements as (
    select snapshot_month, subscriber_id, 'scorecard_rule' as item_type, rule_id as judged_as, true as is_fired
    from {{ ref('scorecard_points') }}
    where {{ in_open_months('snapshot_month') }}

    union all

    select snapshot_month, subscriber_id, 'scorecard_rule' as item_type, rule_id as judged_as, null as is_fired
    from {{ ref('scorecard_rules_not_evaluated') }}
    where {{ in_open_months('snapshot_month') }}

    union all

    select snapshot_month, subscriber_id, 'total' as item_type, 'scorecard' as judged_as, true as is_fired
    from {{ ref('scorecard_scores') }}
    where is_potential_churner and {{ in_open_months('snapshot_month') }}

    union all

    select snapshot_month, subscriber_id, item_type, judged_as, is_fired from weekly
    {%- for flag in flags %}

    union all

    select snapshot_month, subscriber_id, 'churn_flag' as item_type, '{{ flag }}' as judged_as, {{ flag }} as is_fired
    from churn_flags
    where {{ flag }} or {{ flag }} is null
    {%- endfor %}
),

-- Counts of what fired and of what was not evaluated.
judged as (
    select
        judgements.snapshot_month,
        judgements.item_type,
        judgements.judged_as,
        count(judgements.is_fired) as fired_count,
        count(*) - count(judgements.is_fired) as not_evaluated_count,
        sum(case when judgements.is_fired and outcomes.is_involuntary_churn then 1 else 0 end)
            as fired_involuntary_count
        {%- for target in targets %},
        count(case when judgements.is_fired then outcomes.is_{{ target }} end) as {{ target }}_fired_count,
        sum(case when judgements.is_fired and outcomes.is_{{ target }} then 1 else 0 end) as {{ target }}_found_count,
        count(case when judgements.is_fired is null then outcomes.is_{{ target }} end)
            as {{ target }}_not_evaluated_judged_count,
        sum(case when judgements.is_fired is null and outcomes.is_{{ target }} then 1 else 0 end)
            as {{ target }}_not_evaluated_churner_count
        {%- endfor %}
    from judgements
    inner join outcomes
        on judgements.snapshot_month = outcomes.snapshot_month and judgements.subscriber_id = outcomes.subscriber_id
    group by judgements.snapshot_month, judgements.item_type, judgements.judged_as
),

populations as (
    {%- for population, condition in [('candidates', 'is_candidate'), ('subscribers', 'true')] %}
    select
        snapshot_month,
        '{{ population }}' as population,
        count(*) as population_count
        {%- for target in targets %},
        count(is_{{ target }}) as {{ target }}_judged_count,
        sum(case when is_{{ target }} then 1 else 0 end) as {{ target }}_churner_count
        {%- endfor %}
    from outcomes
    where {{ condition }}
    group by snapshot_month
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A rule that fired for nobody has its row too; not so a condition, of which only the evidence is kept.
items as (
    select distinct
        populations.snapshot_month,
        'scorecard_rule' as item_type,
        rules.rule_id as item_id,
        rules.rule_id as judged_as,
        'candidates' as population
    from populations
    inner join {{ ref('warning_scorecard') }} as rules on {{ rule_is_valid('populations.snapshot_month') }}

    union all

    select distinct
        populations.snapshot_month,
        'churn_flag' as item_type,
        rules.rule_id as item_id,
        rules.flag as judged_as,
        'subscribers' as population
    from populations
    inner join {{ ref('churn_rules') }} as rules on {{ rule_is_valid('populations.snapshot_month') }}

    union all

    select distinct
        snapshot_month,
        'total' as item_type,
        'scorecard' as item_id,
        'scorecard' as judged_as,
        'candidates' as population
    from populations

    union all

    select distinct
        snapshot_month,
        item_type,
        judged_as as item_id,
        judged_as,
        'candidates' as population
    from weekly
),

counted as (
    select
        items.snapshot_month,
        items.item_type,
        items.item_id,
        closed_months.closed_in_month,
        populations.population_count - coalesce(judged.not_evaluated_count, 0) as evaluated_count,
        coalesce(judged.fired_count, 0) as fired_count,
        coalesce(judged.fired_involuntary_count, 0) as fired_involuntary_count
        {%- for target in targets %},
        populations.{{ target }}_judged_count - coalesce(judged.{{ target }}_not_evaluated_judged_count, 0)
            as {{ target }}_judged_count,
        populations.{{ target }}_churner_count - coalesce(judged.{{ target }}_not_evaluated_churner_count, 0)
            as {{ target }}_churner_count,
        coalesce(judged.{{ target }}_fired_count, 0) as {{ target }}_fired_count,
        coalesce(judged.{{ target }}_found_count, 0) as {{ target }}_found_count
        {%- endfor %}
    from items
    inner join populations
        on items.snapshot_month = populations.snapshot_month and items.population = populations.population
    left join judged
        on items.snapshot_month = judged.snapshot_month
        and items.item_type = judged.item_type
        and items.judged_as = judged.judged_as
    left join closed_months on items.snapshot_month = closed_months.snapshot_month
),

final as (
    select
        snapshot_month,
        item_type,
        item_id,
        cast(evaluated_count as bigint) as evaluated_count,
        cast(fired_count as bigint) as fired_count,
        {{ share('fired_count', 'evaluated_count') }} as fire_rate,
        closed_in_month,
        cast(case when closed_in_month is not null then fired_involuntary_count end as bigint) as fired_involuntary_count
        {%- for target in targets %}
        {%- for count in ['judged', 'churner', 'fired', 'found'] %},
        cast(case when closed_in_month is not null then {{ target }}_{{ count }}_count end as bigint)
            as {{ target }}_{{ count }}_count
        {%- endfor %},
        {{ share(target ~ '_churner_count', target ~ '_judged_count') }} as {{ target }}_base_rate,
        {{ share(target ~ '_found_count', target ~ '_fired_count') }} as {{ target }}_precision,
        {{ share(
            target ~ '_found_count * ' ~ target ~ '_judged_count',
            target ~ '_fired_count * ' ~ target ~ '_churner_count',
        ) }} as {{ target }}_lift,
        {{ share(target ~ '_found_count', target ~ '_churner_count') }} as {{ target }}_recall
        {%- endfor %}
    from counted
)

select * from final
