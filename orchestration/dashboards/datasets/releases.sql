-- One row per month and target: which model scores, and why.
select
    snapshot_month, strftime(snapshot_month, '%Y-%m') as month, target as target_code,
    label(target_short, target) as target, coalesce(model_id, words(release.rules)) as model_id, decided_by,
    challenger_model_id, localised(reason) as reason, top_decile_lift, rules_top_decile_lift, calibration_slope,
    in_force_observed_over_expected
from ml.releases
