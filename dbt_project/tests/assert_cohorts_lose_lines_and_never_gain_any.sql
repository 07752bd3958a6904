-- Per month of the run, a cohort holds the lines that its first snapshot shows as activated in it, and no more than those remain.
-- It compares two tables, which no test of one model can.
with

cohorts as (
    select
        snapshot_month,
        cohort_month,
        sum(cohort_count) as cohort_count,
        sum(remaining_count) as remaining_count
    from {{ ref('cohort_retention') }}
    where {{ in_run('snapshot_month') }}
    group by snapshot_month, cohort_month
),

activated as (
    select snapshot_month as cohort_month, count(*) as activated_count
    from {{ ref('dim_subscribers') }}
    where snapshot_month = {{ month_of('activated_on') }}
    group by snapshot_month
)

select
    cohorts.snapshot_month,
    cohorts.cohort_month,
    activated.activated_count,
    cohorts.cohort_count,
    cohorts.remaining_count
from cohorts
left join activated on cohorts.cohort_month = activated.cohort_month
where
    activated.activated_count is null
    or cohorts.cohort_count <> activated.activated_count
    or cohorts.remaining_count > cohorts.cohort_count
