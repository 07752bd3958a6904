"""A week's tasks from the build file: the owner of the newest list, and the check of what is wrong."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from orchestration.defs.contact_tasks import write_tasks, wrong_tasks
from orchestration.tables import TABLES
from orchestration.weeks import WarningWeek

# From 1 to 7 July: the lists up to June hold.
WEEK = WarningWeek(date(2026, 7, 8))

BUILD = """
    create schema retention;
    create table retention.weekly_owners as
        select date '2026-07-01' as week_month, date '2026-07-08' as warning_week, subscriber_id,
            date '2026-06-01' as base_month, colour, 'W-' || subscriber_id as assignment_id,
            'centre' as primary_unit_id, null::varchar as named_staff_id
        from (values ('new', 'red'), ('listed', 'yellow'), ('out', 'red'), ('held', 'red'), ('mild', 'blue'))
            as warned (subscriber_id, colour);
    create table retention.weekly_contacts as
        select warning_week, subscriber_id, 'call' as stage, 'call' as channel, date '2026-07-09' as due_date
        from retention.weekly_owners;
    create table retention.churn_warnings as
        select week_month, warning_week, subscriber_id, colour from retention.weekly_owners;
    create table retention.contact_suppressions as
        select * from (values
            ('W-out', date '2026-07-08', 'cooldown', 5), ('W-out', date '2026-07-08', 'blacklist', 3),
            ('W-new', date '2026-07-01', 'cooldown', 5), ('W-listed', null, 'cooldown', 5)
        ) as suppressions (assignment_id, warning_week, reason, reason_rank);
    create table retention.control_group as
        select date '2026-06-01' as snapshot_month, 'held' as subscriber_id, true as is_held_out
        union all
        select date '2026-05-01', 'new', true;
    create table retention.staff_available as
        select * from (values
            (date '2026-06-01', 'agent', 'centre', 5), (date '2026-06-01', 'keeper', 'branch', 5),
            (date '2026-07-01', 'later', 'centre', 99)
        ) as staff (snapshot_month, staff_id, owner_unit_id, monthly_capacity);
"""


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        for name in ("retention.responsibilities", "retention.contact_tasks"):
            columns = ", ".join(f"{column.name} {column.data_type}" for column in TABLES[name].columns)
            connection.execute(f"create table {name} ({columns})")
        connection.execute(
            """
            insert into retention.responsibilities by name
            select * from (values
                (date '2026-05-01', 'listed', 'centre', 'agent'),
                (date '2026-06-01', 'listed', 'branch', 'keeper'),
                -- Of a list that had not closed when the week began.
                (date '2026-07-01', 'new', 'branch', 'keeper')
            ) as lists (snapshot_month, subscriber_id, primary_unit_id, staff_id)
            """
        )
        yield connection


def test_tasks_have_the_owner_of_the_newest_list_else_of_the_rules(build: duckdb.DuckDBPyConnection) -> None:
    counts = write_tasks(build, [WEEK])

    assert counts == {"2026-07-08": {"assigned": 2, "held_out": 1, "suppressed": 1}}
    assert build.execute(
        "select subscriber_id, assignment_id, colour, unit_id, staff_id, disposition, suppression_reason "
        "from retention.contact_tasks order by subscriber_id"
    ).fetchall() == [
        ("held", "W-held", "red", "centre", "agent", "held_out", None),
        ("listed", "W-listed", "yellow", "branch", "keeper", "assigned", None),
        ("new", "W-new", "red", "centre", "agent", "assigned", None),
        ("out", "W-out", "red", "centre", "agent", "suppressed", "blacklist"),
    ]
    assert wrong_tasks(build, [WEEK]) == {}


def test_the_same_week_again_replaces_its_tasks_and_no_others(build: duckdb.DuckDBPyConnection) -> None:
    write_tasks(build, [WEEK])
    build.execute("insert into retention.contact_tasks by name select date '2026-07-01' as warning_week")
    write_tasks(build, [WEEK])

    assert build.execute("select count(*) from retention.contact_tasks").fetchall() == [(5,)]


def test_check_finds_missing_strange_and_ownerless_tasks(build: duckdb.DuckDBPyConnection) -> None:
    assert wrong_tasks(build, [WEEK]) == {"2026-07-08": 4}

    write_tasks(build, [WEEK])
    build.execute("update retention.contact_tasks set staff_id = null where subscriber_id = 'new'")
    build.execute("update retention.contact_tasks set suppression_reason = null where subscriber_id = 'out'")
    build.execute(
        "update retention.contact_tasks set subscriber_id = 'stranger' where subscriber_id = 'held'"
    )
    # The task without its warning and the warning without its task, beside the two that lack something.
    assert wrong_tasks(build, [WEEK]) == {"2026-07-08": 4}
