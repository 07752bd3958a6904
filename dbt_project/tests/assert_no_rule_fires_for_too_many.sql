{{ config(severity='warn') }}
-- No rule or flag fires for as large a share of those it is evaluated for as fire_rate_limit says: it would tell nobody apart. It
-- compares a table with a parameter. Only a warning, since the mending is the rule's owner's, and the lists stand without it.
select
    performance.snapshot_month,
    performance.item_type,
    performance.item_id,
    performance.fire_rate
from {{ ref('rule_performance') }} as performance
cross join {{ ref('int_parameters') }} as parameters
where
    {{ in_run('performance.snapshot_month') }}
    and performance.item_type <> 'total'
    and performance.evaluated_count > 0
    and performance.fired_count >= parameters.fire_rate_limit * performance.evaluated_count
