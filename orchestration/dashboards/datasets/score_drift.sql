-- One row per month and model: how the scores lie beside those it was calibrated on, and whether they come true.
select
    snapshot_month, strftime(snapshot_month, '%Y-%m') as month, model_id, psi, rows, mean_probability,
    expected_churners, early_month, early_expected_churners, early_churners, early_observed_over_expected,
    judged_month, judged_expected_churners, judged_churners, observed_over_expected,
    label(drift_level, level) as level, level as level_code
from ml.score_drift
