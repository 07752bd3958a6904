"""Early warning: who is warned this week, why, where, and what is at risk."""

from orchestration.dashboards.specification import Chart, Dashboard, Filter, Kind, Section, Where
from orchestration.dashboards.specs.metrics import trend

_RED_OR_YELLOW = Where("colour_code", "IN", ["red", "yellow"])


def _number(name: str, metric: str, *where: Where) -> Chart:
    return Chart(name, Kind.NUMBER, "warnings", (metric,), where=where, width=2, height=20)


EARLY_WARNING = Dashboard(
    "early_warning",
    filters=(
        Filter("week", "warnings", starts_with_newest=True),
        Filter("branch", "warnings"),
    ),
    sections=(
        Section(
            "week",
            rows=(
                (
                    _number("red", "warned_customers", Where("colour_code", "==", "red")),
                    _number("yellow", "warned_customers", Where("colour_code", "==", "yellow")),
                    _number("blue", "warned_customers", Where("colour_code", "==", "blue")),
                    _number("newly", "newly_warned", _RED_OR_YELLOW),
                    _number("value_at_risk", "value_at_risk", _RED_OR_YELLOW),
                    _number("high_value", "high_value_warned", _RED_OR_YELLOW),
                ),
                (
                    Chart(
                        "by_branch",
                        Kind.BARS,
                        "warnings",
                        ("warned_customers",),
                        x="branch",
                        by="colour",
                        where=(_RED_OR_YELLOW,),
                        options={"orientation": "horizontal"},
                    ),
                    Chart(
                        "conditions",
                        Kind.BARS,
                        "warning_conditions",
                        ("fired_customers",),
                        x="condition",
                        options={"orientation": "horizontal"},
                    ),
                ),
            ),
        ),
        Section(
            "weeks",
            rows=(
                (
                    Chart(
                        "by_week",
                        Kind.BARS,
                        "warnings",
                        ("warned_customers",),
                        x="week",
                        by="colour",
                        where=(_RED_OR_YELLOW,),
                        every=("week",),
                    ),
                    Chart(
                        "new_by_week",
                        Kind.LINES,
                        "warnings",
                        ("newly_warned",),
                        x="warning_week",
                        by="colour",
                        where=(_RED_OR_YELLOW,),
                        every=("week",),
                        options={"markerEnabled": False},
                    ),
                ),
                (
                    trend("value_at_risk_by_month", "value_at_risk_amount", "value_at_risk_amount"),
                    Chart(
                        "top_branches_value",
                        Kind.BARS,
                        "warnings",
                        ("value_at_risk",),
                        x="branch",
                        where=(_RED_OR_YELLOW,),
                        options={"orientation": "horizontal"},
                    ),
                ),
            ),
        ),
    ),
)
