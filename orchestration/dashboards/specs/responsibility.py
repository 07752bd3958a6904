"""Responsibility and work done: whose every customer at risk is, and what came of it."""

from orchestration.dashboards.specification import Chart, Dashboard, Filter, Kind, Section, Where
from orchestration.dashboards.specs.metrics import number, trend

_ASSIGNED = Where("is_assigned", "==", True)

RESPONSIBILITY = Dashboard(
    "responsibility",
    filters=(
        Filter("month", "at_risk_list", starts_with_newest=True),
        Filter("branch", "at_risk_list"),
    ),
    sections=(
        Section(
            "list",
            rows=(
                (
                    Chart("listed", Kind.NUMBER, "at_risk_list", ("lines",), width=2, height=20),
                    Chart(
                        "assigned",
                        Kind.NUMBER,
                        "at_risk_list",
                        ("lines",),
                        where=(_ASSIGNED,),
                        width=2,
                        height=20,
                    ),
                    Chart("answered", Kind.NUMBER, "at_risk_list", ("answered_lines",), width=2, height=20),
                    number("worked_rate", "worked_rate", "metric_rate"),
                    number("reached_rate", "reached_rate", "metric_rate"),
                    Chart("overdue", Kind.NUMBER, "at_risk_list", ("overdue_lines",), width=2, height=20),
                ),
                (
                    Chart(
                        "by_disposition",
                        Kind.BARS,
                        "at_risk_list",
                        ("lines",),
                        x="disposition",
                        by="colour",
                    ),
                    Chart(
                        "by_unit",
                        Kind.BARS,
                        "at_risk_list",
                        ("lines",),
                        x="unit",
                        by="stage",
                        where=(_ASSIGNED,),
                        options={"orientation": "horizontal"},
                    ),
                ),
            ),
        ),
        Section(
            "work",
            rows=(
                (
                    Chart(
                        "by_outcome",
                        Kind.BARS,
                        "at_risk_list",
                        ("lines",),
                        x="outcome",
                        where=(_ASSIGNED,),
                        options={"orientation": "horizontal"},
                    ),
                    Chart(
                        "work_by_unit",
                        Kind.BARS,
                        "at_risk_list",
                        ("lines",),
                        x="unit",
                        by="work_state",
                        where=(_ASSIGNED,),
                        options={"orientation": "horizontal"},
                    ),
                ),
                (
                    Chart(
                        "units",
                        Kind.TABLE,
                        "units",
                        (
                            "assigned_count",
                            "contacted_count",
                            "on_time_count",
                            "reached_count",
                            "retained_count",
                        ),
                        columns=("unit",),
                    ),
                    Chart(
                        "work_by_month",
                        Kind.BARS,
                        "at_risk_list",
                        ("lines",),
                        x="month",
                        by="work_state",
                        where=(_ASSIGNED,),
                        every=("month",),
                    ),
                ),
            ),
        ),
        Section(
            "months",
            rows=(
                (
                    Chart(
                        "dispositions_by_month",
                        Kind.BARS,
                        "at_risk_list",
                        ("lines",),
                        x="month",
                        by="disposition",
                        every=("month",),
                    ),
                    trend("worked_rate_by_month", "worked_rate", "metric_rate"),
                ),
            ),
        ),
    ),
)
