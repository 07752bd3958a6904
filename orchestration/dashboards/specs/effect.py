"""Effect: do customers who are contacted stay more often than those held out, and by how much."""

from orchestration.dashboards.specification import Chart, Dashboard, Filter, Kind, Line, Section, Where

_TOTAL = (Where("colour_code", "==", "all"), Where("tier_code", "==", "all"))
_JUDGED = Where("is_judged", "==", True)
_NOTHING = Line("no_effect", value=0)


def _number(name: str, metric: str) -> Chart:
    return Chart(name, Kind.NUMBER, "effect", (metric,), where=(*_TOTAL, _JUDGED), width=2, height=20)


EFFECT = Dashboard(
    "effect",
    filters=(Filter("month", "effect_intervals", starts_with_newest=True),),
    sections=(
        Section(
            "whole",
            rows=(
                (
                    _number("pooled", "pooled_effect"),
                    _number("pooled_low", "pooled_effect_low"),
                    _number("pooled_high", "pooled_effect_high"),
                    _number("detectable", "pooled_detectable_effect"),
                    _number("treated", "treated_judged_count"),
                    _number("control", "control_judged_count"),
                ),
                (
                    Chart(
                        "pooled_by_month",
                        Kind.LINES,
                        "effect",
                        (
                            "pooled_effect__yhat",
                            "pooled_effect__yhat_lower",
                            "pooled_effect__yhat_upper",
                        ),
                        x="snapshot_month",
                        where=(*_TOTAL, _JUDGED),
                        every=("month",),
                        lines=(_NOTHING,),
                    ),
                    Chart(
                        "rates_by_month",
                        Kind.LINES,
                        "effect",
                        ("treated_churn_rate", "control_churn_rate"),
                        x="snapshot_month",
                        where=(*_TOTAL, _JUDGED),
                        every=("month",),
                    ),
                ),
            ),
        ),
        Section(
            "parts",
            rows=(
                (
                    Chart(
                        "by_colour",
                        Kind.INTERVALS,
                        "effect_intervals",
                        ("end_of_effect",),
                        x="colour",
                        where=(Where("tier_code", "==", "all"),),
                    ),
                    Chart(
                        "by_tier",
                        Kind.INTERVALS,
                        "effect_intervals",
                        ("end_of_effect",),
                        x="value_tier",
                        where=(Where("colour_code", "==", "all"),),
                    ),
                ),
                (
                    Chart(
                        "by_unit",
                        Kind.INTERVALS,
                        "unit_savings",
                        ("end_of_savings",),
                        x="unit",
                    ),
                    Chart(
                        "figures",
                        Kind.TABLE,
                        "effect",
                        (
                            "treated_judged_count",
                            "control_judged_count",
                            "pooled_effect",
                            "pooled_effect_low",
                            "pooled_effect_high",
                            "pooled_detectable_effect",
                        ),
                        columns=("colour", "value_tier"),
                        where=(_JUDGED,),
                    ),
                ),
            ),
        ),
    ),
)
