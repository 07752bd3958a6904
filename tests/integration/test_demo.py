"""The demo shows work done: units answer the list before the newest, and the newest month takes it up."""

from pathlib import Path

import duckdb

from orchestration.settings import Home
from tests.integration.homes import retention


def test_the_newest_month_of_a_demo_holds_work_done(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    said = retention(home, "demo", "--subscribers", "400", "--months", "3", "--last-month", "2026-06")

    assert "Work done on the list before" in said
    with duckdb.connect(str(home.published_file), read_only=True) as published:
        contacts = published.execute(
            "select distinct snapshot_month, contact_month from retention.fct_retention_contacts"
        ).fetchall()
        ((contacted, reached),) = published.execute(
            "select sum(contacted_count), sum(reached_count) from retention.unit_assessment "
            "where snapshot_month = date '2026-05-01'"
        ).fetchall()
    assert [[f"{month:%Y-%m}" for month in months] for months in contacts] == [["2026-05", "2026-06"]]
    assert 0 < reached < contacted
    assert len(list((home.feedback / "replies").glob("2026-05-*.reply.xlsx"))) == len(
        list((home.published / "2026-05" / "worklists").glob("*.xlsx"))
    )
