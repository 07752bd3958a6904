"""The months at a glance: one word for how a month stands, and the counts that are asked first."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.defs.month_status import at_a_glance, status_page
from orchestration.publishing import publish
from orchestration.publishing.overview import month_overview
from orchestration.settings import Home, OperatorSettings

APRIL, MAY, JUNE, JULY = (date(2026, month, 1) for month in (4, 5, 6, 7))

BUILD = """
    create schema ops;
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
    create table ops.landing_audit as
        select *, 0::bigint as rows_duplicate, file_name as checksum from (values
            (date '2026-04-01', 'subscribers', 'a', 10::bigint, 8::bigint, 2::bigint),
            (date '2026-05-01', 'subscribers', 'b', 10, 10, 0),
            (date '2026-05-01', 'bills', 'c', 1200, 1199, 1),
            (date '2026-06-01', 'subscribers', 'd', 10, 10, 0),
            (date '2026-07-01', 'usage_daily', 'e', 5, 5, 0)
        ) audit (landed_month, table_name, file_name, rows_read, rows_accepted, rows_quarantined);
"""

LISTS = """
    create schema retention;
    create table retention.month_colours as
        select * from (values
            (date '2026-05-01', 'red'), (date '2026-05-01', 'blue'), (date '2026-05-01', 'blue')
        ) colours (snapshot_month, colour);
    create table retention.responsibilities as
        select * from (values
            (date '2026-05-01', 'M1', 'assigned'), (date '2026-05-01', 'M2', 'assigned'),
            (date '2026-05-01', 'M3', 'held_out'), (date '2026-05-01', 'M4', 'beyond_capacity')
        ) list (snapshot_month, assignment_id, disposition);
    create table retention.fct_retention_contacts as
        select * from (values
            (date '2026-05-01', 'M1', false), (date '2026-05-01', 'M1', true),
            (date '2026-05-01', 'M2', false)
        ) contacts (snapshot_month, assignment_id, is_reached);
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        publish(connection, home, [APRIL, MAY], settings=OperatorSettings(), progress=lambda line: None)
        connection.execute(LISTS)
        yield connection


def states(build: duckdb.DuckDBPyConnection, home: Home, runs: dict[date, str]) -> list[str]:
    return list(month_overview(build, home, runs, {})["state"])


def test_a_month_has_one_state(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    assert states(build, home, {}) == ["published", "published", "landed", "open"]
    assert states(build, home, {MAY: "failure", JUNE: "started"}) == [
        "published",
        "failed",
        "running",
        "open",
    ]
    build.execute("update ops.landing_audit set checksum = 'corrected' where landed_month = '2026-05-01'")
    assert states(build, home, {MAY: "success", JULY: "canceled"}) == [
        "published",
        "stale",
        "landed",
        "failed",
    ]


def test_a_month_is_counted_by_colour_disposition_and_work(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    frame = month_overview(build, home, {}, {MAY: "quantity_churn-2026-04", APRIL: None})
    april, may, june, _ = frame.astype(object).where(frame.notna(), None).to_dict("records")

    assert may == {
        "month": MAY,
        "state": "published",
        "model": "2026-04",
        "red": 1,
        "yellow": 0,
        "blue": 2,
        "assigned": 2,
        "held_out": 1,
        "suppressed": 0,
        "beyond_capacity": 1,
        "worked": 2,
        "reached": 1,
        "quarantined": 1,
        "rows_read": 1210,
        "files": 2,
    }
    # Closed with nobody on it is 0; never run is unknown.
    assert (april["model"], april["assigned"], april["quarantined"]) == (None, 0, 2)
    assert (june["assigned"], june["worked"]) == (None, None)


def test_the_page_shows_the_newest_month_first_and_explains_its_words(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    months = month_overview(build, home, {MAY: "failure"}, {})
    page = status_page(months)

    assert page.index("2026-07") < page.index("2026-04")
    assert "| 2026-05 | ✕ failed | rules only | 1 | 0 | 2 | 2 |" in page
    assert "- ✕ **failed**: the last run failed" in page
    assert "stale" not in page
    glance = at_a_glance(months).iloc[2].tolist()
    assert glance == ["2026\N{NON-BREAKING HYPHEN}05", "✕\N{NO-BREAK SPACE}failed", *glance[2:3], 1, 2, 2, 1]
