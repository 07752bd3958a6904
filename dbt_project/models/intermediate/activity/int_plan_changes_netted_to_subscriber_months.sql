with

plan_changes as (select * from {{ ref('stg_customer__plan_changes') }}),

plans as (select * from {{ ref('stg_billing__plans') }}),

numbered as (
    select
        *,
        row_number() over (partition by subscriber_id, landed_month order by changed_at) as from_start,
        row_number() over (partition by subscriber_id, landed_month order by changed_at desc) as from_end
    from plan_changes
),

-- Out and back within the month is no move.
net_moves as (
    select
        landed_month as snapshot_month,
        subscriber_id,
        max(case when from_start = 1 then from_plan_id end) as from_plan_id,
        max(case when from_end = 1 then to_plan_id end) as to_plan_id
    from numbered
    group by landed_month, subscriber_id
),

priced as (
    select
        net_moves.snapshot_month,
        net_moves.subscriber_id,
        net_moves.from_plan_id,
        net_moves.to_plan_id,
        new_plans.monthly_fee_amount - old_plans.monthly_fee_amount as plan_price_change_amount
    from net_moves
    left join plans as old_plans on net_moves.from_plan_id = old_plans.plan_id
    left join plans as new_plans on net_moves.to_plan_id = new_plans.plan_id
)

select * from priced
