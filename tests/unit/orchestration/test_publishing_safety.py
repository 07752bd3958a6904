"""Publishing when something is wrong: what is refused, and what readers see meanwhile."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing import PublishError, publication, publish
from orchestration.publishing.places import clear_leftovers
from orchestration.settings import Home, OperatorSettings

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)

BUILD = """
    create schema marts; create schema ops;
    create table marts.dim_subscribers as
        select * from (values (date '2026-05-01', 'S1', 'high'), (date '2026-06-01', 'S1', 'high'))
            rows (snapshot_month, subscriber_id, value_tier);
    create table marts.dim_plans as select 'P1' as plan_id, 'Plan' as plan_name;
    create table ops.landing_audit as
        select date '2026-06-01' as landed_month, 'bills' as table_name, 'bills.csv' as file_name,
            'c1' as checksum;
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(BUILD)
        yield connection


def published(build: duckdb.DuckDBPyConnection, home: Home, *months: date) -> None:
    publish(build, home, months, settings=OperatorSettings(), progress=lambda line: None)


def rows(home: Home, statement: str) -> Sequence[tuple[object, ...]]:
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("step", ["write_month_folder", "write_parquet", "put_file"])
def test_publish_that_fails_leaves_the_last_publication(
    build: duckdb.DuckDBPyConnection, home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    published(build, home, JUNE)
    before = contents(home.published)
    build.execute("update marts.dim_subscribers set value_tier = 'mass'")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(publication, step, fail)
    with pytest.raises(OSError, match="disk full"):
        published(build, home, JUNE)

    assert contents(home.published) == before
    monkeypatch.undo()
    published(build, home, JUNE)
    assert rows(
        home, "select distinct value_tier from marts.dim_subscribers where snapshot_month = '2026-06-01'"
    ) == [("mass",)]


def test_publish_refuses_a_personal_column(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home, JUNE)
    before = contents(home.published)
    build.execute("alter table marts.dim_subscribers add column owner_msisdn varchar")

    with pytest.raises(PublishError, match=r"marts\.dim_subscribers: column\(s\) owner_msisdn are personal"):
        published(build, home, JUNE)
    assert contents(home.published) == before


def test_publish_refuses_a_table_without_its_key(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    build.execute("alter table marts.dim_plans rename plan_id to plan")

    with pytest.raises(
        PublishError, match=r"published_tables\.csv: marts\.dim_plans has no column\(s\) plan_id"
    ):
        published(build, home, JUNE)
    assert not home.published_file.exists()


def test_publish_refuses_no_month(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    with pytest.raises(PublishError, match="no month"):
        published(build, home)


def test_leftovers_of_a_run_that_was_cut_off_are_cleared(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, JUNE)
    before = contents(home.published)
    (home.published / ".incoming" / "2026-06").mkdir(parents=True)
    (home.published / ".retired").mkdir()
    (home.published / "2026-06").rename(home.published / ".retired" / "2026-06")
    clear_leftovers(home.published)

    assert contents(home.published) == before
    assert not (home.published / ".incoming").exists()


READER = """
import json, sys
from pathlib import Path
import duckdb
file, stop = sys.argv[1], Path(sys.argv[2])
versions = "select plan_name from marts.dim_plans union select value_tier from marts.dim_subscribers"
seen = set()
print("ready", flush=True)
while True:
    last = stop.exists()
    with duckdb.connect(file, read_only=True) as connection:
        seen.add(tuple(name for (name,) in connection.execute(versions).fetchall()))
    if last:
        break
print(json.dumps(sorted(seen)))
"""


def test_readers_in_another_process_see_whole_versions_only(
    build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    def version(name: str) -> None:
        build.execute("update marts.dim_plans set plan_name = $1", [name])
        build.execute("update marts.dim_subscribers set value_tier = $1", [name])
        published(build, home, MAY, JUNE)

    version("v0")
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READER, str(home.published_file), str(stop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        for number in (1, 2, 3):
            version(f"v{number}")
        stop.touch()
        output, errors = reader.communicate()

    assert errors == ""
    seen = json.loads(output)
    assert ["v3"] in seen
    assert all(len(versions) == 1 for versions in seen)
