-- Per month of the run, service_monthly counts the complaints that the facts of the lines count, and
-- those of no line in the snapshot beside them. It compares two tables, which no test of one model can.
with

counted as (
    select
        snapshot_month,
        sum(case when branch_id <> 'all' then event_count else 0 end) as branch_count,
        sum(case when branch_id = 'all' then event_count else 0 end) as total_count
    from {{ ref('service_monthly') }}
    where {{ in_run('snapshot_month') }} and kind = 'complaint' and category = 'all'
    group by snapshot_month
),

facts as (
    select snapshot_month, sum(complaint_count) as complaint_count
    from {{ ref('fct_subscriber_months') }}
    where {{ in_run('snapshot_month') }}
    group by snapshot_month
)

select
    facts.snapshot_month,
    facts.complaint_count,
    counted.total_count
from facts
inner join counted on facts.snapshot_month = counted.snapshot_month
where counted.branch_count <> counted.total_count or counted.total_count < facts.complaint_count
