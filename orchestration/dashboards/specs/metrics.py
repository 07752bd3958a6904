"""Charts of the published metrics: one value a month and branch, never calculated here."""

from orchestration.dashboards.specification import Chart, Kind, Where


def number(name: str, metric: str, shown_as: str, width: int = 2) -> Chart:
    """Return a big number of one metric, of the month and branch that the reader chose."""
    return Chart(
        name,
        Kind.NUMBER,
        "metrics",
        (shown_as,),
        where=(Where("metric", "==", metric),),
        width=width,
        height=20,
    )


def trend(name: str, metric: str, shown_as: str, width: int = 6) -> Chart:
    """Return a line of one metric over all months, of the branch that the reader chose."""
    return Chart(
        name,
        Kind.LINES,
        "metrics",
        (shown_as,),
        x="snapshot_month",
        where=(Where("metric", "==", metric),),
        every=("month",),
        width=width,
    )
