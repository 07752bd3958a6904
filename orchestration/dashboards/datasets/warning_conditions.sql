-- One row per fired condition of a warned subscriber and week.
select
    evidence.warning_week, cast(evidence.warning_week as varchar) as week, evidence.subscriber_id,
    coalesce(branches.unit_name, subscribers.branch_id) as branch,
    label(condition, evidence.condition_id) as condition, evidence.rule_id,
    label(colour, warnings.colour) as colour, evidence.observed_value, evidence.threshold
from retention.warning_evidence as evidence
inner join retention.churn_warnings as warnings
    on warnings.warning_week = evidence.warning_week and warnings.subscriber_id = evidence.subscriber_id
left join marts.dim_subscribers as subscribers
    on subscribers.subscriber_id = warnings.subscriber_id and subscribers.snapshot_month = warnings.base_month
left join marts.dim_org_units as branches on branches.unit_id = subscribers.branch_id
