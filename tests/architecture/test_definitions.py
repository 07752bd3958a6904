"""Dagster's definitions load, agree with the warehouse's tables, and are as `definitions.txt` says."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import pytest

from orchestration.defs.groups import GROUPS, LANDING
from orchestration.settings import REFERENCE
from orchestration.tables import TABLES
from tests.architecture import snapshot

# Dagster keeps the class of its graph private.
AssetGraph = Any

# Written by `retention rollback`, not by a run.
WRITTEN_BY_COMMAND = {"ops.rollbacks"}
WEEKLY = {
    dg.AssetKey(key)
    for key in (["weekly", "landed"], ["weekly", "warnings"], ["weekly", "tasks"], ["published", "week"])
}


@pytest.fixture(scope="module")
def definitions(manifest_file: Path) -> dg.Definitions:
    assert manifest_file.exists()
    from orchestration.definitions import defs

    return defs()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> AssetGraph:
    return definitions.get_repository_def().asset_graph


def test_definitions_are_valid_and_as_the_snapshot_says(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)

    assert snapshot.described(definitions) == snapshot.FILE.read_text(encoding="utf-8"), (
        "the definitions have changed: run `python -m tests.architecture.snapshot` and review the difference"
    )


def test_every_raw_table_and_every_table_of_python_is_an_asset(graph: AssetGraph) -> None:
    raw = pd.read_csv(REFERENCE / "raw_tables.csv")
    expected = {dg.AssetKey([row.source_name, row.table_name]) for row in raw.itertuples()}
    expected |= {dg.AssetKey(table.split(".")) for table in TABLES.keys() - WRITTEN_BY_COMMAND}

    assert expected - set(graph.materializable_asset_keys) == set()


def test_nothing_is_read_that_nobody_makes(graph: AssetGraph) -> None:
    assert set(graph.external_asset_keys) == set()


def test_assets_have_owner_group_kind_and_description(graph: AssetGraph) -> None:
    bare = [
        key.to_user_string()
        for key in sorted(graph.materializable_asset_keys)
        if not (
            graph.get(key).group_name != "default" and graph.get(key).description and graph.get(key).kinds
        )
    ]
    ownerless = [
        key.to_user_string() for key in sorted(graph.materializable_asset_keys) if not graph.get(key).owners
    ]

    assert bare == []
    assert ownerless == []


def test_groups_are_those_of_the_month_in_its_order(graph: AssetGraph) -> None:
    groups = {graph.get(key).group_name for key in graph.materializable_asset_keys}

    assert groups == set(GROUPS)
    assert sorted(GROUPS) == list(GROUPS)


def test_assets_with_months_share_them_and_run_in_one_run(graph: AssetGraph) -> None:
    from orchestration.partitions import snapshot_months

    monthly = [
        graph.get(key)
        for key in graph.materializable_asset_keys
        if graph.get(key).partitions_def and key not in WEEKLY
    ]

    assert {node.partitions_def for node in monthly} == {snapshot_months}
    assert {node.backfill_policy for node in monthly} == {dg.BackfillPolicy.single_run()}


def test_no_job_has_both_weeks_and_months(definitions: dg.Definitions, graph: AssetGraph) -> None:
    from orchestration.partitions import warning_weeks

    def assets_of(job: str) -> set[dg.AssetKey]:
        return set(definitions.resolve_job_def(job).asset_layer.selected_asset_keys)

    answers = dg.AssetKey(["feedback", "answers"])
    assert assets_of("weekly_warnings") == WEEKLY | {answers}
    assert assets_of("feedback") == {answers}
    assert assets_of("month_status") == {dg.AssetKey(["published", "month_status"])}
    assert {graph.get(key).partitions_def for key in WEEKLY} == {warning_weeks}
    assert assets_of("month_close") == set(graph.materializable_asset_keys) - WEEKLY


def test_feedback_is_taken_before_anything_lands(graph: AssetGraph) -> None:
    answers = dg.AssetKey(["feedback", "answers"])

    assert set(graph.get(answers).child_keys) == {
        dg.AssetKey(["raw_retention", "retention_contacts"]),
        dg.AssetKey(["weekly", "landed"]),
    }


def test_publishing_comes_after_everything_else(graph: AssetGraph) -> None:
    last = (
        ["published", "month"],
        ["published", "month_status"],
        ["ops", "month_closes"],
        ["ops", "data_dictionary"],
    )
    published = {dg.AssetKey(key) for key in last}
    seen: set[dg.AssetKey] = set()
    waiting = list(published)
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys - seen:
            seen.add(parent)
            waiting.append(parent)

    # A raw table that no model reads yet is landed all the same.
    left_out = {
        key
        for key in set(graph.materializable_asset_keys) - seen - published - WEEKLY
        if graph.get(key).group_name != LANDING
    }
    assert left_out == set()


def test_the_schedules_wait_for_the_operator(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.get_repository_def().schedule_defs}

    # The third of the month; Wednesday.
    assert {name: schedule.cron_schedule for name, schedule in schedules.items()} == {
        "monthly": "0 2 3 * *",
        "weekly": "0 6 * * 3",
    }
    assert {schedule.execution_timezone for schedule in schedules.values()} == {"Asia/Shanghai"}
    assert {schedule.default_status for schedule in schedules.values()} == {dg.DefaultScheduleStatus.STOPPED}


def test_wednesdays_schedule_runs_the_week_that_ended_the_day_before(definitions: dg.Definitions) -> None:
    weekly = definitions.get_repository_def().get_schedule_def("weekly")
    wednesday = datetime(2026, 7, 15, 6, tzinfo=ZoneInfo("Asia/Shanghai"))

    with dg.build_schedule_context(scheduled_execution_time=wednesday) as context:
        (request,) = weekly.evaluate_tick(context).run_requests

    assert request.partition_key == "2026-07-08"
