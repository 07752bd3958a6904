"""What assets tell: rows, tables and charts of a month, counted by hand, and nobody's rows."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.defs.landing import unaccounted
from orchestration.defs.month_figures import FIGURES, effect, landed, list_sizes, quarantine, tasks_by_week
from orchestration.defs.telling import markdown, merged, row_counts

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)

BUILD = """
    create schema retention; create schema ops;
    create table retention.responsibilities as
        select * from (values
            (date '2026-06-01', 'S1', 'at_risk', 'red', 'assigned'),
            (date '2026-06-01', 'S2', 'at_risk', 'red', 'assigned'),
            (date '2026-06-01', 'S3', 'at_risk', null, 'held_out'),
            (date '2026-06-01', 'S4', 'at_risk', 'blue', 'beyond_capacity'),
            (date '2026-06-01', 'S5', 'lost', null, 'suppressed')
        ) list (snapshot_month, subscriber_id, list_kind, colour, disposition);
    create table retention.contact_tasks as
        select * from (values
            (date '2026-06-01', date '2026-06-10', 'S1', 'red', 'assigned'),
            (date '2026-06-01', date '2026-06-10', 'S2', 'red', 'suppressed')
        ) tasks (week_month, warning_week, subscriber_id, colour, disposition);
    create table ops.quarantine as
        select * from (values
            (date '2026-06-01', 'bills', 'b.csv', 'null_key'),
            (date '2026-06-01', 'bills', 'b.csv', 'null_key'),
            (date '2026-06-01', 'bills', 'b.csv', 'wrong_month')
        ) rejected (landed_month, table_name, file_name, reason);
    create table ops.landing_audit as
        select * from (values
            (date '2026-06-01', 'bills', 'b.csv', 1000::bigint, 996::bigint, 3::bigint, 1::bigint),
            (date '2026-06-01', 'bills', 'c.csv', 5, 4, 0, 0),
            (date '2026-06-01', 'arrears', 'd.csv', 5, 4, 1, 0)
        ) audit (landed_month, table_name, file_name, rows_read, rows_accepted, rows_quarantined,
            rows_duplicate);
"""


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        yield connection


def rows(table: object) -> list[list[object]]:
    assert isinstance(table, dg.TableMetadataValue)
    return [list(record.data.values()) for record in table.records]


def test_a_list_is_told_by_colour_and_disposition(build: duckdb.DuckDBPyConnection) -> None:
    told = list_sizes(build, [MAY, JUNE])

    assert set(told) == {JUNE}
    # list, colour, rows, assigned, held out, suppressed, beyond capacity
    assert rows(told[JUNE]["list_sizes"]) == [
        ["at_risk", "red", "2", "2", "0", "0", "0"],
        ["at_risk", "blue", "1", "0", "0", "0", "1"],
        ["at_risk", "none", "1", "0", "1", "0", "0"],
        ["lost", "none", "1", "0", "0", "1", "0"],
    ]
    chart = told[JUNE]["at_risk_by_disposition"].value
    assert chart.startswith("**2026-06: 4 customers at risk by disposition**\n\n![")
    assert "(data:image/svg+xml;base64," in chart


def test_tasks_rejected_rows_and_landed_rows_are_told_by_kind(build: duckdb.DuckDBPyConnection) -> None:
    assert rows(tasks_by_week(build, [JUNE])[JUNE]["tasks_by_week"]) == [
        ["2026-06-10", "red", "1", "0", "1", "0"]
    ]
    assert rows(quarantine(build, [JUNE])[JUNE]["rejected_by_reason"]) == [
        ["bills", "null_key", "2"],
        ["bills", "wrong_month", "1"],
    ]
    assert rows(landed(build, [JUNE])[JUNE]["landed_by_table"]) == [
        ["arrears", "1", "5", "4", "1", "0"],
        ["bills", "2", "1,005", "1,000", "3", "1"],
    ]
    assert quarantine(build, [MAY]) == {}


def test_files_whose_rows_do_not_add_up_are_named(build: duckdb.DuckDBPyConnection) -> None:
    # c.csv lost a row; of d.csv's rejected row nothing lies in the quarantine.
    assert unaccounted(build, [JUNE]) == ["c.csv", "d.csv"]
    assert unaccounted(build, [MAY]) == []


def test_rows_are_counted_in_all_and_by_month(build: duckdb.DuckDBPyConnection) -> None:
    assert row_counts(build, "retention.responsibilities", [MAY, JUNE], "snapshot_month") == (
        {"dagster/row_count": 5},
        {MAY: {"dagster/partition_row_count": 0}, JUNE: {"dagster/partition_row_count": 5}},
    )
    assert row_counts(build, "ops.quarantine", [JUNE], "") == ({"dagster/row_count": 3}, {})
    assert row_counts(build, "ops.nothing", [JUNE], "") == ({}, {})


def test_an_effect_that_is_not_known_yet_is_said_to_be_so(build: duckdb.DuckDBPyConnection) -> None:
    figures = ("treated_count", "control_count", "beyond_capacity_count", "pooled_month_count")
    names = ("treated_churn_rate", "control_churn_rate", "randomised_effect", "randomised_effect_low")
    names += ("randomised_effect_high", "pooled_randomised_effect", "pooled_randomised_effect_low")
    names += ("pooled_randomised_effect_high",)
    build.execute(
        "create table retention.retention_effect as select date '2026-06-01' as snapshot_month, "
        "'all' as colour, 'all' as value_tier, "
        + ", ".join(f"2::bigint as {name}" for name in figures)
        + ", "
        + ", ".join(f"null::double as {name}" for name in names)
    )

    told = effect(build, [JUNE])[JUNE]
    assert rows(told["effect_by_colour"]) == [["all", "2", "2", "2", *["not measured"] * 5]]
    assert "up to 2026-06" in told["effect_so_far"].value


def test_tables_of_sql_that_tell_more_are_tables_of_sql() -> None:
    from orchestration.defs.warehouse import _MANIFEST

    models = {f"{node['schema']}.{node['name']}" for node in _MANIFEST["nodes"].values()}
    assert set(FIGURES) <= models


def test_tellings_of_a_month_are_joined_and_shown_as_text() -> None:
    assert merged({MAY: {"a": 1}}, {MAY: {"b": 2}, JUNE: {"a": 3}}) == {MAY: {"a": 1, "b": 2}, JUNE: {"a": 3}}
    frame = pd.DataFrame(
        {"held_out": [1234, None], "note": ["a|b", None], "rate": [np.nan, 0.5]}, dtype=object
    )
    assert markdown(frame).splitlines() == [
        "| held out | note | rate |",
        "| ---: | --- | ---: |",
        "| 1,234 | a/b |  |",
        "|  |  | 0.500 |",
    ]
