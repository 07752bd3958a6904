with

parameters as (select * from {{ ref('int_parameters') }}),

candidates as (
    select snapshot_month, subscriber_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

points as (
    select snapshot_month, subscriber_id, sum(points) as score
    from {{ ref('scorecard_points') }}
    where {{ in_run('snapshot_month') }}
    group by snapshot_month, subscriber_id
),

scored as (
    select
        candidates.snapshot_month,
        candidates.subscriber_id,
        cast(coalesce(points.score, 0) as integer) as score,
        coalesce(points.score, 0) >= parameters.scorecard_threshold as is_potential_churner
    from candidates
    cross join parameters
    left join points
        on candidates.snapshot_month = points.snapshot_month and candidates.subscriber_id = points.subscriber_id
)

select * from scored
