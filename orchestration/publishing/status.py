"""What `retention status` reads.

Belongs here: reading the accounts. Not here: which runs failed (Dagster knows),
drawing (`orchestration.terminal`).
"""

from datetime import date

import duckdb
import pandas

from orchestration.publishing.closes import input_checksums, published_closes
from orchestration.publishing.manifest import MANIFEST
from orchestration.settings import Home
from orchestration.warehouse import has_table


def month_status(connection: duckdb.DuckDBPyConnection, home: Home) -> pandas.DataFrame:
    """Return one row per month that landed or was closed, oldest first.

    Columns: month, files, rows_read, rows_accepted, rows_quarantined, rows_duplicate, is_open (nothing but
    partial extracts, for a warning week, has landed), is_closed (a run went as far as publishing),
    is_published (the month is in the published file), is_stale (published, but files landed since for it, a
    month before it or a static table; null where not published).
    `connection` is open on the build file.
    """
    landed = connection.execute(
        """
        select
            landed_month as month,
            count(*) as files,
            cast(sum(rows_read) as bigint) as rows_read,
            cast(sum(rows_accepted) as bigint) as rows_accepted,
            cast(sum(rows_quarantined) as bigint) as rows_quarantined,
            cast(sum(rows_duplicate) as bigint) as rows_duplicate,
            coalesce(sum(rows_accepted) filter (table_name = 'subscribers'), 0) = 0 as is_open
        from ops.landing_audit
        where landed_month is not null
        group by landed_month
        order by landed_month
        """
    ).fetchall()
    closes = {
        month for (month,) in connection.execute("select snapshot_month from ops.month_closes").fetchall()
    }
    published = published_closes(home.published_file)
    current = input_checksums(connection, sorted(published)) if published else {}
    accounts = {month: counts for month, *counts in landed}
    rows = [
        (
            month,
            *accounts.get(month, [*[0] * 5, False]),
            month in closes,
            month in published,
            current[month] != published[month] if month in published else None,
        )
        for month in sorted({*accounts, *closes, *published})
    ]
    names = ["month", "files", "rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate"]
    names += ["is_open", "is_closed", "is_published", "is_stale"]
    return pandas.DataFrame(rows, columns=names, dtype=object)


def week_status(connection: duckdb.DuckDBPyConnection, home: Home) -> pandas.DataFrame:
    """Return one row per warning week that was evaluated or handed out, oldest first.

    Columns: warning_week, red, yellow, blue (warned subscribers), new (not warned at this colour or higher
    the week before), is_published (its folder lies under `published/weeks/`). `connection` is open on the
    build file.
    """
    found: dict[date, list[int]] = {}
    if has_table(connection, "retention.churn_warnings"):
        found = {
            week: counts
            for week, *counts in connection.execute(
                """
                select
                    warning_week,
                    count(*) filter (colour = 'red'),
                    count(*) filter (colour = 'yellow'),
                    count(*) filter (colour = 'blue'),
                    count(*) filter (is_new)
                from retention.churn_warnings
                group by warning_week
                """
            ).fetchall()
        }
    published = {
        date.fromisoformat(file.parent.name) for file in home.published_weeks.glob(f"[0-9]*/{MANIFEST}")
    }
    rows = [(week, *found.get(week, [0] * 4), week in published) for week in sorted({*found, *published})]
    names = ["warning_week", "red", "yellow", "blue", "new", "is_published"]
    return pandas.DataFrame(rows, columns=names, dtype=object)
