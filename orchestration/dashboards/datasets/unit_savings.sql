-- One row per unit, month and end of the interval of customers saved against control.
select
    assessment.snapshot_month, strftime(assessment.snapshot_month, '%Y-%m') as month,
    coalesce(units.unit_name, assessment.unit_id) as unit, coalesce(branches.unit_name, units.branch_id) as branch,
    ends.position,
    case
        when ends.position <= 2 then assessment.saved_against_control_low
        when ends.position = 3 then assessment.saved_against_control else assessment.saved_against_control_high
    end as value
from retention.unit_assessment as assessment
cross join (values (1), (2), (3), (4), (5)) as ends(position)
left join marts.dim_org_units as units on units.unit_id = assessment.unit_id
left join marts.dim_org_units as branches on branches.unit_id = units.branch_id
where assessment.saved_against_control_low is not null
