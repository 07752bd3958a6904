with

judged as (select * from {{ ref('int_churn_rules_judged') }})

select
    snapshot_month,
    subscriber_id,
    rule_id,
    observed_value,
    cast(threshold as decimal(18, 4)) as threshold
from judged
where is_fired
