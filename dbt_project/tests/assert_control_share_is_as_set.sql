{{ config(severity='warn') }}
-- As many customers are held out as control_share says: else the draw, or the list behind it, is broken, and no effect of the
-- month can be trusted. It compares a table with a parameter. Only a warning: the lists stand, and one month in a thousand fails
-- by chance.
select
    effect.snapshot_month,
    effect.drawn_customer_count,
    effect.held_out_customer_count,
    effect.sample_ratio_chi_square
from {{ ref('retention_effect') }} as effect
cross join {{ ref('int_parameters') }} as parameters
where
    {{ in_run('effect.snapshot_month') }}
    and effect.colour = 'all'
    and effect.value_tier = 'all'
    and effect.sample_ratio_chi_square >= parameters.sample_ratio_limit
