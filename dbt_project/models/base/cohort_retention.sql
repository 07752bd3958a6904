{{ config(meta={'rewrites_open_months': true}) }}

with

subscribers as (
    select * from {{ ref('dim_subscribers') }}
    where snapshot_month <= {{ run_month('to_month') }}
),

subscriber_months as (
    select snapshot_month, subscriber_id, billed_amount
    from {{ ref('fct_subscriber_months') }}
    where {{ in_open_months('snapshot_month') }}
),

activity_runs as (
    select * from {{ ref('int_activity_runs') }}
    where {{ in_open_months('snapshot_month') }}
),

months_landed as (
    select * from {{ ref('int_months_landed') }}
    where {{ in_open_months('snapshot_month') }}
),

-- As the first snapshot shows them.
cohorts as (
    select
        snapshot_month as cohort_month,
        subscriber_id,
        coalesce(branch_id, 'unknown') as branch_id,
        coalesce(brand, 'unknown') as brand,
        value_tier
    from subscribers
    where snapshot_month = {{ month_of('activated_on') }}
),

-- In the snapshot, and in no run without use that is known to be a stop.
remaining as (
    select
        subscriber_months.snapshot_month,
        subscriber_months.subscriber_id,
        subscriber_months.billed_amount
    from subscriber_months
    left join activity_runs
        on subscriber_months.snapshot_month = activity_runs.snapshot_month
        and subscriber_months.subscriber_id = activity_runs.subscriber_id
    where
        activity_runs.stop_known_month is null
        or activity_runs.run_started_on > {{ month_end('subscriber_months.snapshot_month') }}
),

counted as (
    select
        months_landed.snapshot_month,
        cohorts.cohort_month,
        cohorts.branch_id,
        cohorts.brand,
        cohorts.value_tier,
        cast(count(*) as bigint) as cohort_count,
        cast(count(remaining.subscriber_id) as bigint) as remaining_count,
        cast(sum(remaining.billed_amount) as decimal(18, 2)) as remaining_billed_amount
    from months_landed
    inner join cohorts on months_landed.snapshot_month >= cohorts.cohort_month
    left join remaining
        on months_landed.snapshot_month = remaining.snapshot_month
        and cohorts.subscriber_id = remaining.subscriber_id
    group by
        months_landed.snapshot_month,
        cohorts.cohort_month,
        cohorts.branch_id,
        cohorts.brand,
        cohorts.value_tier
)

select * from counted
