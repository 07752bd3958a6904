-- What a metric is compared with is what the row of that month says, in every month that the run wrote again. A test of rows
-- against other rows of the same table, which no test of a column can be.
with

metrics as (
    select
        *,
        coalesce(branch_id, '') || '|' || coalesce(brand, '') || '|' || value_tier || '|' || metric as figure
    from {{ ref('metrics_monthly') }}
    where snapshot_month <= {{ run_month('to_month') }}
),

compared as (
    select
        metrics.snapshot_month,
        metrics.figure,
        metrics.value_month_before,
        month_before.value as own_value_month_before,
        metrics.value_year_before,
        year_before.value as own_value_year_before
    from metrics
    left join metrics as month_before
        on metrics.figure = month_before.figure
        and metrics.snapshot_month = {{ add_months('month_before.snapshot_month', 1) }}
    left join metrics as year_before
        on metrics.figure = year_before.figure
        and metrics.snapshot_month = {{ add_months('year_before.snapshot_month', 12) }}
    where {{ in_open_months('metrics.snapshot_month') }}
)

select * from compared
where
    value_month_before <> own_value_month_before
    or value_year_before <> own_value_year_before
    or (value_month_before is null) <> (own_value_month_before is null)
    or (value_year_before is null) <> (own_value_year_before is null)
