-- One row per month, model and feature: how it lies beside what the model learnt from.
select
    snapshot_month, strftime(snapshot_month, '%Y-%m') as month, model_id, feature, psi, psi_over_critical,
    missing_share, reference_missing_share, rows, label(drift_level, level) as level, level as level_code
from ml.feature_drift
