"""From a worklist row back to all that it rests on: the published view against evidence known by hand."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.connecting import open_published
from orchestration.publishing.manifest import file_checksum
from orchestration.settings import Home
from tests.integration.golden.comparing import differences, expected_rows, found_rows, unexpected

KEY = ("subscriber_id", "snapshot_month", "list_kind", "step", "evidence_week", "item_id")


@pytest.fixture(scope="module")
def published(golden_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_published(golden_home.published_file) as connection:
        yield connection


def test_a_listed_customer_is_traced_to_the_rules_and_files_worked_out_by_hand(
    published: duckdb.DuckDBPyConnection,
) -> None:
    expected = expected_rows("assignment_lineage", KEY)
    columns = ["observed_value", "operator", "threshold", "points_or_contribution", "cause", "rule_id"]
    where = "subscriber_id = 'yellow_then_red' and list_kind = 'at_risk'"
    lineage = (
        "(select * replace (coalesce(cast(evidence_week as varchar), 'null') as evidence_week) "
        "from retention.assignment_lineage)"
    )
    found = found_rows(published, lineage, columns, where, KEY)

    lines = differences(expected, found) + unexpected(expected, found)
    assert not lines, "\n".join(lines)


def test_a_lost_customer_is_traced_to_his_stop(published: duckdb.DuckDBPyConnection) -> None:
    steps = published.execute(
        """
        select step, item_id, raw_tables from retention.assignment_lineage
        where subscriber_id = 'stop_resumed' and snapshot_month = date '2026-03-01' and step <> 'source_file'
        order by step_order
        """
    ).fetchall()

    assert [(step, item) for step, item, _ in steps] == [
        ("owner_rule", "R3_personal_urban"),
        ("stop", "hall_request"),
        ("strategy", "unknown_retention"),
        ("offer", "resume_service"),
    ]
    assert steps[1][2] == "status_changes, subscribers"


def test_files_are_those_that_were_landed(published: duckdb.DuckDBPyConnection, golden_home: Home) -> None:
    files = published.execute(
        "select distinct file_name, checksum, rows_accepted from retention.assignment_lineage "
        "where step = 'source_file' order by file_name"
    ).fetchall()

    assert files
    for name, checksum, rows in files:
        assert file_checksum(golden_home.landing / Path(name)) == checksum
        assert rows > 0


def test_no_evidence_is_without_words_and_no_rule_without_its_version(
    published: duckdb.DuckDBPyConnection,
) -> None:
    bare = published.execute(
        """
        select distinct step, item_id from retention.assignment_lineage
        where
            (
                step not in ('stop', 'model_score', 'expected_benefit')
                and (label_en is null or label_zh is null)
            )
            or (rule_book is not null and (valid_from_month is null or source is null or confidence is null))
        """
    ).fetchall()

    assert bare == []


def test_every_list_row_and_task_has_evidence(published: duckdb.DuckDBPyConnection) -> None:
    without = published.execute(
        """
        select assignment_id from (
            select assignment_id from retention.responsibilities
            union all
            select assignment_id from retention.contact_tasks
        )
        except
        select assignment_id from retention.assignment_lineage where step = 'owner_rule'
        """
    ).fetchall()

    assert without == []
