-- Per month of the run, survival falls with every month on net and lies within its interval, and brands as well as branches
-- add up to the whole base. It compares rows of different ages and totals, which no test of a column can.
with

survival as (
    select
        *,
        lag(survival) over (
            partition by snapshot_month, value_tier, brand, branch_id
            order by tenure_months
        ) as survival_before
    from {{ ref('tenure_survival') }}
    where {{ in_run('snapshot_month') }}
),

misplaced as (
    select snapshot_month, value_tier, brand, branch_id, tenure_months
    from survival
    where
        quantity_churn_count > at_risk_count
        or survival > coalesce(survival_before, 1)
        or survival < 0
        or survival < survival_low
        or survival > survival_high
),

totals as (
    select
        snapshot_month,
        value_tier,
        tenure_months,
        sum(case when brand = 'all' and branch_id = 'all' then at_risk_count else 0 end) as at_risk_count,
        sum(case when brand <> 'all' then at_risk_count else 0 end) as at_risk_of_brands,
        sum(case when branch_id <> 'all' then at_risk_count else 0 end) as at_risk_of_branches,
        sum(case when brand = 'all' and branch_id = 'all' then quantity_churn_count else 0 end) as quantity_churn_count,
        sum(case when brand <> 'all' then quantity_churn_count else 0 end) as quantity_churn_of_brands,
        sum(case when branch_id <> 'all' then quantity_churn_count else 0 end) as quantity_churn_of_branches
    from survival
    group by snapshot_month, value_tier, tenure_months
),

wrong as (
    select * from misplaced
    union all
    select
        snapshot_month,
        value_tier,
        'all' as brand,
        'all' as branch_id,
        tenure_months
    from totals
    where
        at_risk_count <> at_risk_of_brands
        or at_risk_count <> at_risk_of_branches
        or quantity_churn_count <> quantity_churn_of_brands
        or quantity_churn_count <> quantity_churn_of_branches
)

select * from wrong
