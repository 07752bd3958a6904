{{ config(tags=['weekly']) }}

with

warnings as (
    select distinct week_month as snapshot_month, subscriber_id, colour
    from {{ ref('churn_warnings') }}
    where {{ in_run('week_month') }}
),

levels as (select * from {{ ref('warning_levels') }}),

ranked as (
    select
        warnings.snapshot_month,
        warnings.subscriber_id,
        warnings.colour,
        cast(levels.colour_rank as integer) as colour_rank,
        row_number() over (
            partition by warnings.snapshot_month, warnings.subscriber_id order by levels.colour_rank, warnings.colour
        ) as preference
    from warnings
    inner join levels
        on warnings.colour = levels.colour and {{ rule_is_valid('warnings.snapshot_month', 'levels') }}
)

select
    snapshot_month,
    subscriber_id,
    colour,
    colour_rank
from ranked
where preference = 1
