"""Responsibility and work done: whose every customer at risk is, and what came of it."""

from typing import Any

from orchestration.dashboards.specification import Chart, Dashboard, Filter, Kind, Section, Where
from orchestration.dashboards.specs.metrics import trend

_ASSIGNED = Where("is_assigned", "==", True)


def _number(name: str, metric: str, *where: Where) -> Chart:
    return Chart(name, Kind.NUMBER, "at_risk_list", (metric,), where=where, width=2, height=20)


def _tasks_number(name: str, metric: str) -> Chart:
    return Chart(name, Kind.NUMBER, "tasks", (metric,), width=3, height=20)


def _tasks_bars(name: str, x: str, **more: Any) -> Chart:
    return Chart(name, Kind.BARS, "tasks", ("tasks",), x=x, by="task_state", **more)


RESPONSIBILITY = Dashboard(
    "responsibility",
    filters=(
        Filter("month", "at_risk_list", starts_with_newest=True),
        Filter("branch", "at_risk_list"),
        Filter("unit", "at_risk_list"),
    ),
    sections=(
        Section(
            "list",
            rows=(
                (
                    _number("listed", "lines"),
                    _number("assigned", "lines", _ASSIGNED),
                    _number("answered", "answered_lines"),
                    _number("reached", "reached_lines"),
                    _number("overdue", "overdue_lines"),
                    _number("open", "open_lines"),
                ),
                (
                    Chart(
                        "by_disposition",
                        Kind.BARS,
                        "at_risk_list",
                        ("lines",),
                        x="disposition",
                        by="colour",
                        options={"orientation": "horizontal"},
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
            "tasks",
            rows=(
                (
                    _tasks_number("tasks_given", "tasks"),
                    _tasks_number("tasks_done", "done_tasks"),
                    _tasks_number("tasks_overdue", "overdue_tasks"),
                    _tasks_number("tasks_open", "open_tasks"),
                ),
                (
                    Chart(
                        "tasks_by_unit",
                        Kind.TABLE,
                        "tasks",
                        ("tasks", "done_tasks", "in_time_tasks", "overdue_tasks", "open_tasks"),
                        columns=("unit",),
                    ),
                    _tasks_bars("tasks_by_stage", "stage", options={"orientation": "horizontal"}),
                ),
                (_tasks_bars("tasks_by_week", "week", every=("month",), width=12),),
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
                        width=7,
                    ),
                    trend("worked_rate_by_month", "metric_rate", "worked_rate", "reached_rate", width=5),
                ),
            ),
        ),
    ),
)
