-- One row per trained model.
select
    model_id, target as target_code, label(target_short, target) as target, trained_for_month,
    strftime(trained_for_month, '%Y-%m') as month, is_released, auc, auc_low, auc_high, top_decile_lift,
    lift_low, lift_high, average_precision, churners, rows, test_month
from ml.models
