-- One row per trained month, target, contender, figure and end of its interval.
select
    figures.trained_for_month, strftime(figures.trained_for_month, '%Y-%m') as month, figures.test_month,
    figures.target as target_code, label(target_short, figures.target) as target,
    label(contender, figures.contender) as contender, figures.contender as contender_code, figures.figure,
    ends.position,
    case when ends.position <= 2 then figures.low when ends.position = 3 then figures.value else figures.high end
        as value
from (
    select
        trained_for_month, test_month, target, contender, 'top_decile_lift' as figure, top_decile_lift as value,
        top_decile_lift_low as low, top_decile_lift_high as high
    from ml.model_evaluations
    union all
    select
        trained_for_month, test_month, target, contender, 'lift_at_capacity', lift_at_capacity,
        lift_at_capacity_low, lift_at_capacity_high
    from ml.model_evaluations
    union all
    select
        trained_for_month, test_month, target, contender, 'observed_over_expected', observed_over_expected,
        observed_over_expected_low, observed_over_expected_high
    from ml.model_evaluations
) as figures
cross join (values (1), (2), (3), (4), (5)) as ends(position)
where figures.value is not null
