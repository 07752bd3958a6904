with

subscribers as (select * from {{ ref('dim_subscribers') }} where {{ in_run('snapshot_month') }}),

lifecycle_stages as (select * from {{ ref('int_lifecycle_stages_judged') }}),

rules as (select * from {{ ref('retention_strategies') }}),

-- The kinds of customers there are in the month, whoever they are.
customer_kinds as (
    select distinct
        subscribers.snapshot_month,
        lifecycle_stages.lifecycle_stage,
        subscribers.brand,
        subscribers.value_tier,
        subscribers.status <> 'active' as is_stopped
    from subscribers
    inner join lifecycle_stages
        on subscribers.snapshot_month = lifecycle_stages.snapshot_month
        and subscribers.subscriber_id = lifecycle_stages.subscriber_id
),

matched as (
    select
        customer_kinds.*,
        rules.cause,
        rules.phase,
        rules.strategy_id,
        row_number() over (
            partition by
                customer_kinds.snapshot_month,
                customer_kinds.lifecycle_stage,
                customer_kinds.brand,
                customer_kinds.value_tier,
                customer_kinds.is_stopped,
                rules.cause,
                rules.phase
            order by
                case when rules.is_for_stopped_lines then 1 else 0 end
                + case when rules.lifecycle_stage is not null then 1 else 0 end
                + case when rules.brand is not null then 1 else 0 end
                + case when rules.value_tier is not null then 1 else 0 end desc,
                rules.strategy_id
        ) as preference
    from customer_kinds
    inner join rules
        on {{ rule_is_valid('customer_kinds.snapshot_month') }}
        and (rules.lifecycle_stage is null or customer_kinds.lifecycle_stage = rules.lifecycle_stage)
        and (rules.brand is null or customer_kinds.brand = rules.brand)
        and (rules.value_tier is null or customer_kinds.value_tier = rules.value_tier)
        and (not rules.is_for_stopped_lines or customer_kinds.is_stopped)
)

select
    snapshot_month,
    lifecycle_stage,
    brand,
    value_tier,
    is_stopped,
    cause,
    phase,
    strategy_id
from matched
where preference = 1
