-- One row per month whose outcome is known, colour, tier, span (the month, or pooled up to it) and end of the
-- interval of the randomised effect.
select
    effects.snapshot_month, strftime(effects.snapshot_month, '%Y-%m') as month, effects.colour as colour_code,
    effects.value_tier as tier_code, label(colour, effects.colour) as colour,
    label(value_tier, effects.value_tier) as value_tier, effects.span, ends.position,
    case when ends.position <= 2 then effects.low when ends.position = 3 then effects.effect else effects.high end
        as value
from (
    select
        snapshot_month, colour, value_tier, 'pooled' as span, pooled_randomised_effect as effect,
        pooled_randomised_effect_low as low, pooled_randomised_effect_high as high
    from retention.retention_effect
    union all
    select
        snapshot_month, colour, value_tier, 'month', randomised_effect, randomised_effect_low,
        randomised_effect_high
    from retention.retention_effect
) as effects
cross join (values (1), (2), (3), (4), (5)) as ends(position)
where
    effects.low is not null
    and effects.snapshot_month in (
        select snapshot_month from retention.retention_effect
        where colour = 'all' and value_tier = 'all' and randomised_effect is not null
    )
