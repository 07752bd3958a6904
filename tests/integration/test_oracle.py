"""The warehouse against a second reading of the rules, row for row, over made-up worlds on the rules' edges.

Belongs here: that the two agree. Not here: the second reading (`oracle/evaluator.py`, which lists how it
reads what the words leave open), cases worked out by hand (`test_golden_world.py`).

More worlds by hand: `.venv/bin/python -m tests.integration.oracle 4 5 6 [--lines 150] [--without complaints
contracts] [--week 2026-07-15]` names every row that differs; with `--keep FOLDER` the homes stay for a look.
"""

from collections.abc import Iterable
from datetime import date
from itertools import chain
from pathlib import Path

import pytest

from orchestration.settings import Home
from tests.integration.oracle.__main__ import differences
from tests.integration.oracle.evaluator import Evaluator
from tests.integration.oracle.generator import Generator
from tests.integration.oracle.world import World

SEED = 3
RULES = {f"S{number:02d}" for number in range(1, 14)}
CONDITIONS = {f"C{number}" for number in range(1, 6)}
FLAGS = {
    "v1_bill",
    "v2_minutes",
    "v3_calls",
    "v4_bundles",
    "v5_vas_fee",
    "v6_plan",
    "v7_two_month",
    "v8_tier",
}


def test_the_warehouse_and_the_second_reading_agree_on_every_row(tmp_path: Path) -> None:
    assert differences(Home(tmp_path), SEED) == []


def test_the_world_compared_fires_every_rule_and_spares_some_lines_each(tmp_path: Path) -> None:
    Generator(SEED).write(tmp_path)
    world = World(tmp_path)
    evaluator = Evaluator(world)
    july = date(2026, 7, 1)
    candidates = [line for line in world.snapshots[july] if evaluator.is_candidate(line, july)]

    def fired(rules: Iterable[Iterable[str]]) -> list[str]:
        return list(chain.from_iterable(rules))

    points = fired(evaluator.points(line, july) for line in candidates)
    conditions = fired(
        evaluator.evidence(line, week)
        for week in evaluator.weeks()
        for line in evaluator.candidates_of_week(week)
    )
    flags = [evaluator.flags(line, july) for line in world.snapshots[july]]
    colours = {
        colour for week in evaluator.weeks() for colour, *_ in evaluator.warnings_of_week(week).values()
    }

    assert set(points) == RULES
    assert all(points.count(rule) < len(candidates) for rule in RULES)
    assert set(conditions) == CONDITIONS
    assert {name for name in FLAGS if {row[name] for row in flags} >= {True, False}} == FLAGS
    assert colours == {"red", "yellow", "blue"}


@pytest.mark.parametrize("without", [("status_changes", "contracts", "plans", "org_units")])
def test_the_two_agree_where_optional_tables_are_missing(tmp_path: Path, without: tuple[str, ...]) -> None:
    assert differences(Home(tmp_path), SEED + 1, lines=60, without=without) == []
