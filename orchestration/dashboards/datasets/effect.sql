-- One row per month, colour and tier, with totals: those contacted against those held out.
select
    snapshot_month, strftime(snapshot_month, '%Y-%m') as month, colour as colour_code, value_tier as tier_code,
    label(colour, colour) as colour, label(value_tier, value_tier) as value_tier, treated_count, control_count,
    treated_judged_count, control_judged_count, treated_churn_rate, control_churn_rate, effect, effect_low,
    effect_high, detectable_effect, pooled_month_count, pooled_effect, pooled_effect_low, pooled_effect_high,
    pooled_detectable_effect, effect is not null as is_judged
from retention.retention_effect
