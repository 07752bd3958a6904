with

candidates as (
    select snapshot_month, subscriber_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

scorecard_points as (select * from {{ ref('scorecard_points') }} where {{ in_run('snapshot_month') }}),

warning_evidence as (select * from {{ ref('warning_evidence') }} where {{ in_run('week_month') }}),

conditions as (select * from {{ ref('warning_conditions') }}),

cause_map as (select * from {{ ref('cause_map') }}),

-- A condition counts once a month, however many weeks it fired in, with the most points it had.
conditions_of_months as (
    select
        warning_evidence.week_month as snapshot_month,
        warning_evidence.subscriber_id,
        warning_evidence.condition_id,
        max(warning_evidence.points) as points,
        max(case when conditions.is_decisive then 1 else 0 end) as decisive_count
    from warning_evidence
    left join conditions
        on warning_evidence.rule_id = conditions.rule_id
        and {{ rule_is_valid('warning_evidence.week_month', 'conditions') }}
    group by warning_evidence.week_month, warning_evidence.subscriber_id, warning_evidence.condition_id
),

fired as (
    select
        snapshot_month,
        subscriber_id,
        'scorecard_rule' as item_type,
        rule_id as item_id,
        points,
        0 as decisive_count
    from scorecard_points

    union all

    select
        snapshot_month,
        subscriber_id,
        'warning_condition' as item_type,
        condition_id as item_id,
        points,
        decisive_count
    from conditions_of_months
),

summed as (
    select
        fired.snapshot_month,
        fired.subscriber_id,
        cause_map.cause,
        cast(sum(fired.points) as integer) as points,
        cast(count(*) as integer) as item_count,
        max(fired.decisive_count) = 1 as is_decisive
    from fired
    inner join candidates
        on fired.snapshot_month = candidates.snapshot_month and fired.subscriber_id = candidates.subscriber_id
    inner join cause_map on fired.item_type = cause_map.item_type and fired.item_id = cause_map.item_id
    group by fired.snapshot_month, fired.subscriber_id, cause_map.cause
)

select
    snapshot_month,
    subscriber_id,
    cause,
    points,
    item_count,
    is_decisive,
    cast(
        row_number() over (
            partition by snapshot_month, subscriber_id
            order by case when is_decisive then 0 else 1 end asc, points desc, cause asc
        ) as integer
    ) as cause_rank
from summed
