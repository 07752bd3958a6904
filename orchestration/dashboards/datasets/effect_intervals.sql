-- One row per month, colour, tier and end of the interval of the effect pooled over the months up to it.
select
    effects.snapshot_month, strftime(effects.snapshot_month, '%Y-%m') as month, effects.colour as colour_code,
    effects.value_tier as tier_code, label(colour, effects.colour) as colour,
    label(value_tier, effects.value_tier) as value_tier, ends.position,
    case
        when ends.position <= 2 then effects.pooled_effect_low
        when ends.position = 3 then effects.pooled_effect else effects.pooled_effect_high
    end as value
from retention.retention_effect as effects
cross join (values (1), (2), (3), (4), (5)) as ends(position)
where effects.pooled_effect_low is not null
