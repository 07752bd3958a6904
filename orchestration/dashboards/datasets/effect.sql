-- One row per month whose outcome is known, colour and tier, with totals: everybody who could be contacted
-- against those held out.
select
    snapshot_month, strftime(snapshot_month, '%Y-%m') as month, colour as colour_code, value_tier as tier_code,
    label(colour, colour) as colour, label(value_tier, value_tier) as value_tier, treated_count, control_count,
    beyond_capacity_count, treated_judged_count, control_judged_count, treated_churn_rate, control_churn_rate,
    effect, effect_low, effect_high, randomised_effect, randomised_effect_low, randomised_effect_high,
    pooled_month_count, pooled_effect, pooled_effect_low, pooled_effect_high, pooled_randomised_effect,
    pooled_randomised_effect_low, pooled_randomised_effect_high, pooled_randomised_detectable_effect,
    pooled_reached_adjusted_effect
from retention.retention_effect
where snapshot_month in (
    select snapshot_month from retention.retention_effect
    where colour = 'all' and value_tier = 'all' and randomised_effect is not null
)
