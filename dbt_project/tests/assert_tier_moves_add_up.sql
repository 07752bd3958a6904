-- In each month of the run the moves begin with the base of the month before, by branch, brand and tier, and end with the month's
-- own, by tier, with its bills and stops. It compares two tables, which no test of one model can.
with

moves as (select * from {{ ref('tier_moves') }} where {{ in_run('snapshot_month') }}),

cells as (select * from {{ ref('kpi_monthly') }}),

cells_before as (select *, {{ add_months('snapshot_month', 1) }} as next_month from cells),

months_compared as (
    select distinct cells.snapshot_month
    from cells
    inner join cells_before on cells.snapshot_month = cells_before.next_month
    where {{ in_run('cells.snapshot_month') }}
),

figures as (
    select
        'opening' as side,
        months_compared.snapshot_month,
        cells_before.branch_id,
        cells_before.brand,
        cells_before.value_tier,
        cells_before.subscriber_count,
        coalesce(cells_before.billed_amount, 0) as billed_amount,
        0 as quantity_churn_count,
        0 as involuntary_churn_count
    from months_compared
    inner join cells_before on months_compared.snapshot_month = cells_before.next_month
    union all
    select
        'opening' as side,
        snapshot_month,
        branch_id,
        brand,
        tier_before as value_tier,
        -subscriber_count as subscriber_count,
        -coalesce(billed_amount_before, 0) as billed_amount,
        0 as quantity_churn_count,
        0 as involuntary_churn_count
    from moves
    where tier_before <> 'none'
    union all
    select
        'closing' as side,
        months_compared.snapshot_month,
        null as branch_id,
        null as brand,
        cells.value_tier,
        cells.subscriber_count,
        coalesce(cells.billed_amount, 0) as billed_amount,
        cells.quantity_churn_count,
        cells.involuntary_churn_count
    from months_compared
    inner join cells on months_compared.snapshot_month = cells.snapshot_month
    union all
    select
        'closing' as side,
        snapshot_month,
        null as branch_id,
        null as brand,
        tier_now as value_tier,
        -subscriber_count as subscriber_count,
        -coalesce(billed_amount_now, 0) as billed_amount,
        -quantity_churn_count as quantity_churn_count,
        -involuntary_churn_count as involuntary_churn_count
    from moves
    where tier_now <> 'none'
)

select
    side,
    snapshot_month,
    branch_id,
    brand,
    value_tier,
    sum(subscriber_count) as surplus_count,
    sum(billed_amount) as surplus_amount,
    sum(quantity_churn_count) as surplus_quantity_churn_count,
    sum(involuntary_churn_count) as surplus_involuntary_churn_count
from figures
group by side, snapshot_month, branch_id, brand, value_tier
having
    sum(subscriber_count) <> 0
    or sum(billed_amount) <> 0
    or sum(quantity_churn_count) <> 0
    or sum(involuntary_churn_count) <> 0
