"""The weeks' tasks on the dashboard: which are done, late, overdue, not yet due."""

import duckdb

from orchestration.dashboards import queries
from orchestration.settings import REFERENCE
from orchestration.worklists.texts import Texts

TABLES = """
    create schema retention; create schema marts; create schema ops;
    create table retention.contact_tasks (
        week_month date, warning_week date, subscriber_id varchar, assignment_id varchar, colour varchar,
        unit_id varchar, staff_id varchar, stage varchar, due_date date, disposition varchar
    );
    -- The newest publication is of 2026-07-01: week and month's end.
    insert into retention.contact_tasks values
        ('2026-05-01', '2026-05-13', 'long', 'W1', 'red', 'B1', 'T1', 'call', '2026-05-14', 'assigned'),
        ('2026-05-01', '2026-05-13', 'july', 'W2', 'red', 'B1', 'T1', 'call', '2026-05-14', 'assigned'),
        ('2026-06-01', '2026-06-24', 'timely', 'W3', 'red', 'B1', 'T1', 'call', '2026-06-25', 'assigned'),
        ('2026-06-01', '2026-06-24', 'after', 'W4', 'red', 'B1', 'T1', 'call', '2026-06-25', 'assigned'),
        ('2026-06-01', '2026-06-24', 'before', 'W5', 'red', 'B1', 'T1', 'call', '2026-06-25', 'assigned'),
        ('2026-06-01', '2026-06-24', 'today', 'W6', 'yellow', 'B1', 'T1', 'visit', '2026-07-01', 'assigned'),
        ('2026-06-01', '2026-06-24', 'held', 'W7', 'red', 'B1', 'T1', 'call', '2026-06-25', 'held_out');
    create table retention.fct_retention_contacts (subscriber_id varchar, contacted_at timestamp);
    insert into retention.fct_retention_contacts values
        ('long', '2026-06-30 23:59:59'), ('july', '2026-07-01 00:00:00'),
        ('timely', '2026-06-30 09:00:00'), ('timely', '2026-06-25 23:00:00'),
        ('after', '2026-06-26 00:00:00'), ('before', '2026-06-23 23:59:59'), ('held', '2026-06-24 09:00:00');
    create table retention.churn_warnings (warning_week date, subscriber_id varchar, base_month date);
    insert into retention.churn_warnings
        select warning_week, subscriber_id, date '2026-05-01' from retention.contact_tasks
        union all select '2026-07-01', 'other', '2026-05-01';
    create table ops.month_closes (snapshot_month date);
    insert into ops.month_closes values ('2026-06-01');
    create table marts.dim_subscribers (snapshot_month date, subscriber_id varchar, branch_id varchar);
    insert into marts.dim_subscribers
        select distinct date '2026-05-01', subscriber_id, 'B1' from retention.contact_tasks;
    create table marts.dim_org_units (unit_id varchar, unit_name varchar);
    insert into marts.dim_org_units values ('B1', 'North branch');
"""


def test_a_task_is_done_by_a_contact_after_it_until_the_end_of_the_next_month() -> None:
    sql = queries.query("tasks", Texts.load(REFERENCE / "texts.csv"), "en")
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        rows = connection.execute(
            f"select subscriber_id, state_code, task_state, branch, unit, month from ({sql}) as tasks "
            "order by assignment_id"
        ).fetchall()

    assert [row[:3] for row in rows] == [
        ("long", "late", "Done late"),
        ("july", "overdue", "Overdue"),
        ("timely", "in_time", "Done in time"),
        ("after", "late", "Done late"),
        ("before", "overdue", "Overdue"),
        ("today", "open", "Not yet due"),
    ]
    assert {row[3:] for row in rows} == {
        ("North branch", "North branch", "2026-05"),
        ("North branch", "North branch", "2026-06"),
    }
