-- Per month of the run, all that was billed is in the facts or belongs to lines outside the month's snapshot.
-- It compares two tables with a third, which no test of one model can. Bills with an item of unknown amount are in neither sum.
with

facts as (
    select snapshot_month, sum(billed_amount) as facts_amount
    from {{ ref('fct_subscriber_months') }}
    where {{ in_run('snapshot_month') }}
    group by snapshot_month
),

subscribers as (
    select snapshot_month, subscriber_id
    from {{ ref('stg_customer__subscribers') }}
    where {{ in_run('snapshot_month') }}
),

bills as (
    select landed_month, subscriber_id, sum(billed_amount) as billed_amount
    from {{ ref('stg_billing__bills') }}
    where {{ in_run('landed_month') }}
    group by landed_month, subscriber_id
    having count(*) = count(billed_amount)
),

landed as (
    select
        bills.landed_month as snapshot_month,
        sum(bills.billed_amount) as landed_amount,
        sum(case when subscribers.subscriber_id is null then bills.billed_amount else 0 end) as outside_snapshot_amount
    from bills
    left join subscribers
        on bills.landed_month = subscribers.snapshot_month and bills.subscriber_id = subscribers.subscriber_id
    group by bills.landed_month
)

select
    landed.snapshot_month,
    landed.landed_amount,
    landed.outside_snapshot_amount,
    facts.facts_amount
from landed
left join facts on landed.snapshot_month = facts.snapshot_month
where landed.landed_amount <> coalesce(facts.facts_amount, 0) + landed.outside_snapshot_amount
