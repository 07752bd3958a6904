-- One row per warned subscriber and week, with the branch and value as of the base month.
select
    warnings.warning_week, cast(warnings.warning_week as varchar) as week, warnings.subscriber_id,
    coalesce(branches.unit_name, subscribers.branch_id) as branch, subscribers.brand,
    label(value_tier, subscribers.value_tier) as value_tier, label(colour, warnings.colour) as colour,
    warnings.colour as colour_code, subscribers.value_tier as tier_code, warnings.contract_level, warnings.condition_count, warnings.is_new,
    scores.churn_probability, scores.value_at_risk
from retention.churn_warnings as warnings
left join marts.dim_subscribers as subscribers
    on subscribers.subscriber_id = warnings.subscriber_id and subscribers.snapshot_month = warnings.base_month
left join marts.dim_org_units as branches on branches.unit_id = subscribers.branch_id
left join ml.churn_scores as scores
    on scores.subscriber_id = warnings.subscriber_id and scores.snapshot_month = warnings.base_month
