{{ config(tags=['weekly'], meta={'month_column': 'week_month', 'week_column': 'warning_week'}) }}

with

warnings as (select * from {{ ref('churn_warnings') }} where {{ week_in_run('warning_week') }}),

levels as (select * from {{ ref('warning_levels') }}),

owners as (select * from {{ ref('would_be_owners') }}),

ranks_of_colours as (
    select
        warnings.week_month,
        warnings.colour,
        cast(min(levels.colour_rank) as integer) as colour_rank
    from (select distinct week_month, colour from warnings) as warnings
    inner join levels on warnings.colour = levels.colour and {{ rule_is_valid('warnings.week_month', 'levels') }}
    group by warnings.week_month, warnings.colour
)

select
    warnings.week_month,
    warnings.warning_week,
    warnings.subscriber_id,
    warnings.base_month,
    warnings.colour,
    ranks_of_colours.colour_rank,
    'W' || substr({{ dbt.hash("cast(warnings.warning_week as varchar) || '|' || warnings.subscriber_id") }}, 1, 16)
        as assignment_id,
    owners.is_visit_possible,
    owners.primary_unit_id,
    owners.overflow_unit_id,
    owners.landing_unit_id,
    owners.supervising_unit_id,
    owners.named_staff_id,
    owners.overflow_staff_id
from warnings
inner join ranks_of_colours
    on warnings.week_month = ranks_of_colours.week_month and warnings.colour = ranks_of_colours.colour
left join owners on warnings.base_month = owners.snapshot_month and warnings.subscriber_id = owners.subscriber_id
