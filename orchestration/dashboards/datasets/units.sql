-- One row per unit and month: what it was given, what it did, what came of it.
select
    assessment.snapshot_month, strftime(assessment.snapshot_month, '%Y-%m') as month,
    coalesce(units.unit_name, assessment.unit_id) as unit, coalesce(branches.unit_name, units.branch_id) as branch,
    assessment.assigned_count, assessment.contacted_count, assessment.on_time_count, assessment.reached_count,
    assessment.retained_count, assessment.contacted_rate, assessment.on_time_rate, assessment.reached_rate,
    assessment.retained_rate, assessment.treated_judged_count, assessment.control_judged_count,
    assessment.treated_churn_rate, assessment.control_churn_rate, assessment.saved_against_control,
    assessment.saved_against_control_low, assessment.saved_against_control_high, assessment.fee_kept_amount
from retention.unit_assessment as assessment
left join marts.dim_org_units as units on units.unit_id = assessment.unit_id
left join marts.dim_org_units as branches on branches.unit_id = units.branch_id
