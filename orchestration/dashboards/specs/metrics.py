"""Charts of the published metrics: one value a month and branch, never calculated here."""

from orchestration.dashboards.specification import Chart, Kind, Where


def trend(name: str, shown_as: str, *metrics: str, width: int = 6) -> Chart:
    """Return a line a metric over all months, of the branch that the reader chose."""
    return Chart(
        name,
        Kind.LINES,
        "metrics",
        (shown_as,),
        x="snapshot_month",
        by="metric_name" if len(metrics) > 1 else "",
        # Months before there was a value would only make the line short.
        where=(Where("metric", "IN", list(metrics)), Where("value", "IS NOT NULL")),
        every=("month",),
        width=width,
    )
