"""Planted dirt is what the summary says, and nothing but extra rows."""

import csv
import datetime
from collections import Counter
from pathlib import Path

import pytest

from seeds.simulator import SimulationSummary, simulate
from seeds.simulator.dirt import DIRTY_TABLES, KINDS

LAST_MONTH = datetime.date(2026, 6, 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dirt")


@pytest.fixture(scope="module")
def dirty(home: Path) -> SimulationSummary:
    return simulate(
        subscribers=300, months=2, last_month=LAST_MONTH, seed=4, out=home / "dirty" / "landing", dirt=0.05
    )


@pytest.fixture(scope="module")
def clean(home: Path) -> SimulationSummary:
    return simulate(subscribers=300, months=2, last_month=LAST_MONTH, seed=4, out=home / "clean" / "landing")


def rows_of(folder: Path, table: str, month: str) -> list[dict[str, str]]:
    with (folder / "landing" / table / month / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_dirt_adds_the_rows_that_the_summary_counts(
    dirty: SimulationSummary, clean: SimulationSummary
) -> None:
    added = {table: dirty.rows[table] - clean.rows[table] for table in clean.rows}

    assert {table: count for table, count in added.items() if count} == {
        table: sum(kinds.values()) for table, kinds in dirty.planted.items() if sum(kinds.values())
    }
    assert set(dirty.planted) == set(DIRTY_TABLES)
    assert set().union(*dirty.planted.values()) == set(KINDS)


def test_dirt_of_bills_is_found_as_planted(home: Path, dirty: SimulationSummary) -> None:
    found: Counter[str] = Counter()
    for month in dirty.months:
        rows = rows_of(home / "dirty", "bills", month)
        found["wrong_type"] += sum(row["amount_cny"] == "abc" for row in rows)
        found["unknown_code"] += sum(row["fee_item"] == "misc" for row in rows)
        found["wrong_month"] += sum(row["billing_month"] != f"{month}-01" for row in rows)
        found["duplicate"] += len(rows) - len({tuple(row.values()) for row in rows})

    assert found == dirty.planted["bills"]
    assert min(found.values()) > 10


def test_dirt_of_subscribers_is_found_as_planted(home: Path, dirty: SimulationSummary) -> None:
    rows = [row for month in dirty.months for row in rows_of(home / "dirty", "subscribers", month)]

    assert sum(row["status"] == "zombie" for row in rows) == dirty.planted["subscribers"]["unknown_code"]
    assert sum(row["activated_on"] == "abc" for row in rows) == dirty.planted["subscribers"]["wrong_type"]


def test_dirt_leaves_the_truth_and_clean_tables_alone(home: Path, dirty: SimulationSummary) -> None:
    simulate(subscribers=300, months=2, last_month=LAST_MONTH, seed=4, out=home / "again" / "landing")
    for path in sorted((home / "again").rglob("*.parquet")):
        twin = home / "dirty" / path.relative_to(home / "again")
        if path.stem not in DIRTY_TABLES:
            assert twin.read_bytes() == path.read_bytes(), path.name
    assert dirty.truth == home / "dirty" / "truth"
