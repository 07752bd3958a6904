-- No candidate, who is always active, is given a strategy for stopped lines. It joins a table with a seed, which no generic
-- test can.
select
    customer_phases.snapshot_month,
    customer_phases.subscriber_id,
    customer_phases.strategy_id
from {{ ref('customer_phases') }} as customer_phases
inner join {{ ref('retention_strategies') }} as rules
    on customer_phases.strategy_id = rules.strategy_id
    and {{ rule_is_valid('customer_phases.snapshot_month') }}
where rules.is_for_stopped_lines and {{ in_run('customer_phases.snapshot_month') }}
