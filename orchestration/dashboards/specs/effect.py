"""Effect: do customers who are contacted stay more often than those held out, and by how much."""

from orchestration.dashboards.specification import Chart, Dashboard, Filter, Kind, Section, Where

_TOTAL = (Where("colour_code", "==", "all"), Where("tier_code", "==", "all"))
_POOLED = Where("span", "==", "pooled")
# So that no name is left out on a small screen; they need the room of the axis's title.
_SLANTED = {"x_ticks_layout": "45°", "x_axis_title": ""}


def _number(name: str, metric: str) -> Chart:
    return Chart(name, Kind.NUMBER, "effect", (metric,), where=_TOTAL, width=2, height=20)


EFFECT = Dashboard(
    "effect",
    filters=(Filter("month", "effect_intervals", starts_with_newest=True),),
    sections=(
        Section(
            "whole",
            rows=(
                (
                    _number("pooled", "pooled_randomised_effect"),
                    _number("pooled_low", "pooled_randomised_effect_low"),
                    _number("pooled_high", "pooled_randomised_effect_high"),
                    _number("detectable", "pooled_randomised_detectable_effect"),
                    _number("months", "pooled_month_count"),
                    _number("control", "control_judged_count"),
                ),
                (
                    Chart(
                        "pooled_by_month",
                        Kind.INTERVALS,
                        "effect_intervals",
                        ("end_of_effect",),
                        x="month",
                        where=(*_TOTAL, _POOLED),
                        every=("month",),
                    ),
                    Chart(
                        "by_month",
                        Kind.INTERVALS,
                        "effect_intervals",
                        ("end_of_effect",),
                        x="month",
                        where=(*_TOTAL, Where("span", "==", "month")),
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
                        where=(_POOLED, Where("tier_code", "==", "all")),
                        width=7,
                        options=_SLANTED,
                    ),
                    Chart(
                        "by_tier",
                        Kind.INTERVALS,
                        "effect_intervals",
                        ("end_of_effect",),
                        x="value_tier",
                        where=(_POOLED, Where("colour_code", "==", "all")),
                        width=5,
                    ),
                ),
                (
                    Chart(
                        "by_unit",
                        Kind.INTERVALS,
                        "unit_savings",
                        ("end_of_savings",),
                        x="unit",
                        width=12,
                        height=50,
                        options=_SLANTED,
                    ),
                ),
                (
                    Chart(
                        "figures",
                        Kind.TABLE,
                        "effect",
                        (
                            "treated_judged_count",
                            "control_judged_count",
                            "pooled_randomised_effect",
                            "pooled_randomised_effect_low",
                            "pooled_randomised_effect_high",
                            "pooled_randomised_detectable_effect",
                        ),
                        columns=("colour", "value_tier"),
                        width=12,
                        height=56,
                        options={"show_cell_bars": False},
                    ),
                ),
            ),
        ),
    ),
)
