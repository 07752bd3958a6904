"""The datasets: which columns a query gives and where they come from, and what is counted of them.

Metrics are counts, sums and picks of published columns; a rate is picked, never calculated.
"""

from collections.abc import Mapping

from orchestration.dashboards.specification import Dataset, Format, Metric


def _columns(sources: Mapping[str, str]) -> dict[str, str]:
    """Return column -> published column; the names under "" are the query's own."""
    return {
        name: f"{table}.{name}" if table else "" for table, names in sources.items() for name in names.split()
    }


def _sum(name: str, column: str = "", shape: Format = Format.WHOLE) -> Metric:
    return Metric(name, f"sum({column or name})", shape)


def _pick(name: str, column: str = "", shape: Format = Format.WHOLE) -> Metric:
    return Metric(name, f"max({column or name})", shape)


def _count(name: str, condition: str) -> Metric:
    return Metric(name, f"coalesce(sum(case when {condition} then 1 else 0 end), 0)")


# The row of all branches; with one branch chosen, that branch's row is the only one left.
_CHOSEN = "coalesce(max(case when is_all_branches then value end), max(value))"

DATASETS = (
    Dataset(
        "warnings",
        _columns(
            {
                "": "week branch colour_code tier_code",
                "retention.churn_warnings": "warning_week subscriber_id colour contract_level "
                "condition_count is_new",
                "marts.dim_subscribers": "brand value_tier",
                "ml.churn_scores": "churn_probability value_at_risk",
            }
        ),
        (
            Metric("warned_customers", "count(*)"),
            _count("newly_warned", "is_new"),
            _sum("value_at_risk"),
            _count("high_value_warned", "tier_code = 'high'"),
        ),
    ),
    Dataset(
        "warning_conditions",
        _columns(
            {
                "": "week branch condition colour",
                "retention.warning_evidence": "warning_week subscriber_id rule_id observed_value threshold",
            }
        ),
        (Metric("fired_customers", "count(*)"),),
    ),
    Dataset(
        "metrics",
        _columns(
            {
                "": "month metric_name branch is_all_branches",
                "marts.metrics_monthly": "snapshot_month metric value value_month_before value_year_before "
                "month_on_month year_on_year is_settled",
            }
        )
        | {"measured_in": "marts.metrics_monthly.unit"},
        (
            Metric("metric_rate", _CHOSEN, Format.RATE),
            Metric("metric_count", _CHOSEN),
            Metric("value_at_risk_amount", _CHOSEN),
        ),
    ),
    Dataset(
        "at_risk_list",
        _columns(
            {
                "": "month branch unit is_assigned is_answered is_overdue work_state",
                "marts.dim_subscribers": "value_tier",
                "retention.responsibilities": "snapshot_month subscriber_id assignment_id list_kind "
                "disposition suppression_reason staff_id colour stage main_cause due_date churn_probability "
                "expected_benefit",
                "retention.fct_retention_contacts": "outcome is_reached",
            }
        ),
        (
            Metric("lines", "count(*)"),
            _count("answered_lines", "is_answered"),
            _count("reached_lines", "is_reached"),
            _count("overdue_lines", "is_overdue"),
            _count("open_lines", "is_assigned and not is_answered and not is_overdue"),
        ),
    ),
    Dataset(
        "tasks",
        _columns(
            {
                "": "month week branch unit task_state state_code",
                "retention.contact_tasks": "warning_week subscriber_id assignment_id staff_id colour "
                "stage due_date",
                "retention.fct_retention_contacts": "contacted_at",
            }
        ),
        (
            Metric("tasks", "count(*)"),
            _count("done_tasks", "state_code in ('in_time', 'late')"),
            _count("in_time_tasks", "state_code = 'in_time'"),
            _count("overdue_tasks", "state_code = 'overdue'"),
            _count("open_tasks", "state_code = 'open'"),
        ),
    ),
    Dataset(
        "units",
        _columns(
            {
                "": "month unit branch",
                "retention.unit_assessment": "snapshot_month assigned_count contacted_count on_time_count "
                "reached_count retained_count contacted_rate on_time_rate reached_rate retained_rate "
                "treated_judged_count control_judged_count treated_churn_rate control_churn_rate "
                "saved_against_control saved_against_control_low saved_against_control_high fee_kept_amount",
            }
        ),
        tuple(_sum(f"{done}_count") for done in ("assigned", "contacted", "on_time", "reached", "retained")),
    ),
    Dataset(
        "unit_savings",
        _columns({"": "month unit branch position value", "retention.unit_assessment": "snapshot_month"}),
        (_pick("end_of_savings", "value", Format.FINE),),
    ),
    Dataset(
        "effect",
        _columns(
            {
                "": "month colour_code tier_code",
                "retention.retention_effect": "snapshot_month colour value_tier treated_count control_count "
                "beyond_capacity_count treated_judged_count control_judged_count treated_churn_rate "
                "control_churn_rate effect effect_low effect_high randomised_effect randomised_effect_low "
                "randomised_effect_high pooled_month_count pooled_effect pooled_effect_low "
                "pooled_effect_high "
                "pooled_randomised_effect pooled_randomised_effect_low pooled_randomised_effect_high "
                "pooled_randomised_detectable_effect pooled_reached_adjusted_effect",
            }
        ),
        (
            _pick("treated_judged_count"),
            _pick("control_judged_count"),
            _pick("pooled_month_count"),
            _pick("pooled_randomised_effect", shape=Format.POINTS),
            _pick("pooled_randomised_effect_low", shape=Format.POINTS),
            _pick("pooled_randomised_effect_high", shape=Format.POINTS),
            _pick("pooled_randomised_detectable_effect", shape=Format.RATE),
        ),
    ),
    Dataset(
        "effect_intervals",
        _columns(
            {
                "": "month colour_code tier_code span position value",
                "retention.retention_effect": "snapshot_month colour value_tier",
            }
        ),
        (_pick("end_of_effect", "value", Format.POINTS),),
    ),
    Dataset(
        "model_figures",
        _columns(
            {
                "": "month target_code contender_code figure position value",
                "ml.model_evaluations": "trained_for_month test_month target contender",
            }
        ),
        (
            _pick("end_of_figure", "value", Format.DECIMAL),
            Metric("end_beyond_one", "max(value) - 1", Format.SIGNED),
            Metric("figure_value", "max(case when position = 3 then value end)", Format.DECIMAL),
        ),
    ),
    Dataset(
        "models",
        _columns(
            {
                "": "month target_code",
                "ml.models": "model_id target trained_for_month is_released auc auc_low auc_high "
                "top_decile_lift "
                "lift_low lift_high average_precision churners rows test_month",
            }
        ),
        (_pick("lift", "top_decile_lift", Format.DECIMAL), _pick("auc", shape=Format.DECIMAL)),
    ),
    Dataset(
        "releases",
        _columns(
            {
                "": "month target_code",
                "ml.releases": "snapshot_month target model_id decided_by challenger_model_id "
                "top_decile_lift "
                "rules_top_decile_lift calibration_slope in_force_observed_over_expected",
            }
        )
        | {"reason": "ml.releases.reason_en"},
    ),
    Dataset(
        "score_drift",
        _columns(
            {
                "": "month level_code",
                "ml.score_drift": "snapshot_month model_id psi rows mean_probability expected_churners "
                "early_month "
                "early_expected_churners early_churners early_observed_over_expected judged_month "
                "judged_expected_churners judged_churners observed_over_expected level",
            }
        ),
        (
            _pick("score_psi", "psi", Format.FINE),
            _pick("early_expected_churners"),
            _pick("early_churners"),
        ),
    ),
    Dataset(
        "feature_drift",
        _columns(
            {
                "": "month level_code",
                "ml.feature_drift": "snapshot_month model_id feature psi psi_over_critical missing_share "
                "reference_missing_share rows level",
            }
        ),
        (
            Metric("feature_count", "count(*)"),
            _count("features_at_stop", "level_code = 'stop'"),
            _pick("feature_psi", "psi", Format.DECIMAL),
            _pick("missing_share", shape=Format.RATE),
            _pick("reference_missing_share", shape=Format.RATE),
        ),
    ),
    Dataset(
        "landed_files",
        _columns(
            {
                "": "month",
                "ops.landing_audit": "landed_month table_name file_name rows_read rows_accepted "
                "rows_quarantined "
                "rows_duplicate",
            }
        ),
        (
            Metric("file_count", "count(*)"),
            Metric("table_count", "count(distinct table_name)"),
            _sum("rows_read"),
            _sum("rows_accepted"),
            _sum("rows_quarantined"),
            _sum("rows_duplicate"),
        ),
    ),
    Dataset(
        "table_months",
        _columns(
            {"": "month share_of_largest", "ops.landing_audit": "landed_month table_name rows_accepted"}
        ),
        (_pick("share_of_largest", shape=Format.RATE),),
    ),
    Dataset(
        "rejected_rows",
        _columns({"": "month rejected_rows", "ops.quarantine": "landed_month table_name reason"}),
        (_sum("rejected_rows"),),
    ),
    Dataset(
        "month_closes",
        _columns(
            {
                "": "month file_count subscriber_count",
                "ops.month_closes": "snapshot_month input_checksum",
                "ops.landing_audit": "rows_read rows_accepted rows_quarantined rows_duplicate",
            }
        ),
        (_pick("subscriber_count"),),
    ),
)
