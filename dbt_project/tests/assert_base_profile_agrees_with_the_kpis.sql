-- Per month of the run, the profile counts the lines and stops that kpi_monthly counts.
-- It compares two tables, which no test of one model can.
with

profiled as (
    select
        snapshot_month,
        dimension,
        sum(subscriber_count) as subscriber_count,
        sum(quantity_churn_count) as quantity_churn_count,
        sum(involuntary_churn_count) as involuntary_churn_count
    from {{ ref('base_profile') }}
    where {{ in_run('snapshot_month') }} and value_tier = 'all'
    group by snapshot_month, dimension
),

kpis as (
    select
        snapshot_month,
        sum(subscriber_count) as subscriber_count,
        sum(quantity_churn_count) as quantity_churn_count,
        sum(involuntary_churn_count) as involuntary_churn_count
    from {{ ref('kpi_monthly') }}
    where {{ in_run('snapshot_month') }}
    group by snapshot_month
)

select
    kpis.snapshot_month,
    profiled.dimension,
    kpis.subscriber_count,
    profiled.subscriber_count as profiled_count
from kpis
left join profiled on kpis.snapshot_month = profiled.snapshot_month
where
    profiled.subscriber_count is null
    or kpis.subscriber_count <> profiled.subscriber_count
    or kpis.quantity_churn_count <> profiled.quantity_churn_count
    or kpis.involuntary_churn_count <> profiled.involuntary_churn_count
