"""Data quality: what came, what was turned away and why, which months are closed."""

from orchestration.dashboards.specification import Chart, Dashboard, Filter, Kind, Section


def _number(name: str, metric: str) -> Chart:
    return Chart(name, Kind.NUMBER, "landed_files", (metric,), width=2, height=20)


DATA_QUALITY = Dashboard(
    "data_quality",
    filters=(Filter("month", "month_closes", starts_with_newest=True),),
    sections=(
        Section(
            "landed",
            rows=(
                (
                    _number("files", "file_count"),
                    _number("tables", "table_count"),
                    _number("read", "rows_read"),
                    _number("accepted", "rows_accepted"),
                    _number("rejected", "rows_quarantined"),
                    _number("duplicate", "rows_duplicate"),
                ),
                (
                    Chart(
                        "reasons",
                        Kind.TABLE,
                        "rejected_rows",
                        ("rejected_rows",),
                        columns=("table_name", "reason"),
                    ),
                    Chart(
                        "rejected_by_month",
                        Kind.BARS,
                        "landed_files",
                        ("rows_quarantined", "rows_duplicate"),
                        x="month",
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
                        "rows_by_table",
                        Kind.GRID,
                        "table_months",
                        ("share_of_largest",),
                        x="month",
                        by="table_name",
                        every=("month",),
                        width=12,
                        height=66,
                    ),
                ),
                (
                    Chart(
                        "lines_by_month",
                        Kind.BARS,
                        "month_closes",
                        ("subscriber_count",),
                        x="month",
                        every=("month",),
                        width=5,
                    ),
                    Chart(
                        "closes",
                        Kind.TABLE,
                        "month_closes",
                        columns=(
                            "month",
                            "file_count",
                            "rows_read",
                            "rows_quarantined",
                            "input_checksum",
                        ),
                        every=("month",),
                        width=7,
                        options={"show_cell_bars": False},
                    ),
                ),
            ),
        ),
    ),
)
