{{ config(tags=['weekly'], meta={'month_column': 'week_month', 'week_column': 'warning_week'}) }}

with

fired as (
    select
        *,
        row_number() over (
            partition by warning_week, subscriber_id, condition_id order by measure_order, rule_id
        ) as preference
    from {{ ref('int_warning_conditions_judged') }}
    where is_in_run and is_fired and dimension = 'special'
)

select
    week_month,
    warning_week,
    subscriber_id,
    condition_id,
    rule_id,
    observed_value,
    threshold,
    points
from fired
where preference = 1
