-- The metrics as they are published: one row per month, metric and branch, with a row for all branches.
select
    metrics.snapshot_month, strftime(metrics.snapshot_month, '%Y-%m') as month, metrics.metric,
    label(metric, metrics.metric) as metric_name,
    coalesce(branches.unit_name, metrics.branch_id) as branch, metrics.branch_id = 'all' as is_all_branches,
    metrics.unit as measured_in, metrics.value, metrics.value_month_before, metrics.value_year_before, metrics.month_on_month,
    metrics.year_on_year, metrics.is_settled
from marts.metrics_monthly as metrics
left join marts.dim_org_units as branches on branches.unit_id = metrics.branch_id
where metrics.brand = 'all' and metrics.value_tier = 'all'
