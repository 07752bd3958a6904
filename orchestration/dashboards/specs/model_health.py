"""Model health: does the model still beat the rules, come true, and see the customers it learnt from."""

from orchestration.dashboards.specification import Chart, Dashboard, Filter, Kind, Line, Section, Where

_LOSS = Where("target_code", "==", "quantity_churn")
_LEVELS = (
    Line("investigate", parameter="psi_investigate"),
    Line("stop", parameter="psi_stop"),
)


def _figure(figure: str) -> tuple[Where, ...]:
    return (_LOSS, Where("figure", "==", figure))


MODEL_HEALTH = Dashboard(
    "model_health",
    filters=(Filter("month", "releases", starts_with_newest=True),),
    sections=(
        Section(
            "against_rules",
            rows=(
                (
                    Chart("lift", Kind.NUMBER, "models", ("lift",), where=(_LOSS,), width=3, height=20),
                    Chart("auc", Kind.NUMBER, "models", ("auc",), where=(_LOSS,), width=3, height=20),
                    Chart(
                        "features_stopped",
                        Kind.NUMBER,
                        "feature_drift",
                        ("features_at_stop",),
                        width=3,
                        height=20,
                    ),
                    Chart("psi", Kind.NUMBER, "score_drift", ("score_psi",), width=3, height=20),
                ),
                (
                    Chart(
                        "lift_by_contender",
                        Kind.INTERVALS,
                        "model_figures",
                        ("end_of_figure",),
                        x="contender",
                        where=_figure("top_decile_lift"),
                        width=5,
                        height=54,
                        options={"x_ticks_layout": "45°", "x_axis_title": ""},
                    ),
                    Chart(
                        "lift_by_month",
                        Kind.LINES,
                        "model_figures",
                        ("figure_value",),
                        x="trained_for_month",
                        by="contender",
                        where=(
                            *_figure("top_decile_lift"),
                            Where("contender_code", "IN", ["model", "in_force", "scorecard", "bill_ratio"]),
                        ),
                        every=("month",),
                        width=7,
                        height=54,
                    ),
                ),
                (
                    Chart(
                        "releases",
                        Kind.TABLE,
                        "releases",
                        columns=("target", "model_id", "reason"),
                        width=12,
                        height=48,
                    ),
                ),
            ),
        ),
        Section(
            "comes_true",
            rows=(
                (
                    Chart(
                        "calibration",
                        Kind.INTERVALS,
                        "model_figures",
                        ("end_beyond_one",),
                        x="month",
                        where=(
                            *_figure("observed_over_expected"),
                            Where("contender_code", "==", "model"),
                        ),
                        every=("month",),
                    ),
                    Chart(
                        "early_churners",
                        Kind.BARS,
                        "score_drift",
                        ("early_expected_churners", "early_churners"),
                        x="early_month",
                        where=(Where("early_month", "IS NOT NULL"),),
                        every=("month",),
                        options={"stack": None},
                    ),
                ),
            ),
        ),
        Section(
            "drift",
            rows=(
                (
                    Chart(
                        "score_psi",
                        Kind.LINES,
                        "score_drift",
                        ("score_psi",),
                        x="snapshot_month",
                        every=("month",),
                        lines=_LEVELS,
                    ),
                    Chart(
                        "levels_by_month",
                        Kind.BARS,
                        "feature_drift",
                        ("feature_count",),
                        x="month",
                        by="level",
                        every=("month",),
                    ),
                ),
                (
                    Chart(
                        "worst_features",
                        Kind.TABLE,
                        "feature_drift",
                        ("feature_psi", "missing_share", "reference_missing_share"),
                        columns=("feature", "level"),
                        where=(Where("level_code", "!=", "ok"),),
                        width=12,
                        height=50,
                        options={"timeseries_limit_metric": "feature_psi"},
                    ),
                ),
            ),
        ),
    ),
)
