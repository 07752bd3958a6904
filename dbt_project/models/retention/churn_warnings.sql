{{ config(tags=['weekly'], meta={'month_column': 'week_month', 'week_column': 'warning_week'}) }}

with

conditions as (select * from {{ ref('int_warning_conditions_judged') }}),

rules as (select * from {{ ref('warning_levels') }}),

counted as (
    select
        week_month,
        warning_week,
        subscriber_id,
        base_month,
        is_in_run,
        case
            when max(case when dimension = 'contract' and is_fired then 1 else 0 end) = 1 then 1
            when max(case when dimension = 'contract' then 1 else 0 end) = 0 then 2
        end as contract_level,
        count(distinct case when dimension = 'special' then condition_id end) as condition_count
    from conditions
    group by week_month, warning_week, subscriber_id, base_month, is_in_run
),

-- Picked from high to low.
ranked as (
    select
        counted.week_month,
        counted.warning_week,
        counted.subscriber_id,
        counted.base_month,
        counted.is_in_run,
        counted.contract_level,
        counted.condition_count,
        rules.colour,
        rules.colour_rank,
        row_number() over (
            partition by counted.warning_week, counted.subscriber_id order by rules.colour_rank, rules.rule_id
        ) as preference
    from counted
    inner join rules
        on coalesce(cast(counted.contract_level as varchar), 'unknown') = rules.contract_level
        and rules.measure = 'condition_count'
    where
        {{ rule_is_valid('counted.week_month') }}
        and {{ rule_fires('counted.condition_count', 'rules.operator', 'rules.threshold') }}
),

coloured as (select * from ranked where preference = 1),

compared as (
    select
        coloured.week_month,
        coloured.warning_week,
        coloured.subscriber_id,
        coloured.base_month,
        coloured.colour,
        cast(coloured.contract_level as integer) as contract_level,
        cast(coloured.condition_count as integer) as condition_count,
        coalesce(week_before.colour_rank > coloured.colour_rank, true) as is_new
    from coloured
    left join coloured as week_before
        on coloured.subscriber_id = week_before.subscriber_id
        and {{ add_days('coloured.warning_week', -7) }} = week_before.warning_week
    where coloured.is_in_run
)

select * from compared
