"""How the published file is opened: nothing of the host, and nothing that another reader could meet."""

from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.connecting import CLOSED, open_published

LARGER_THAN_MEMORY = """
    select max(hash(word))
    from (select cast(range as varchar) as word from range(2_000_000) order by word desc)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "published" / "warehouse.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table words as select 'a' as word")
    return path


def test_what_is_larger_than_memory_is_an_error_and_spills_nothing_beside_the_file(file: Path) -> None:
    """Processes that read one file have one spill file by default, and crash each other over it."""
    with (
        open_published(file, {"memory_limit": "32MB", "threads": 1}) as connection,
        pytest.raises(duckdb.OutOfMemoryException),
    ):
        connection.execute(LARGER_THAN_MEMORY).fetchall()
    assert [path.name for path in file.parent.iterdir()] == ["warehouse.duckdb"]


def test_the_same_statement_succeeds_with_a_place_to_spill_to(file: Path) -> None:
    """So the test above is of a statement that would spill."""
    config = CLOSED | {"temp_directory": str(file.parent / "spilled"), "memory_limit": "32MB", "threads": 1}
    with duckdb.connect(str(file), read_only=True, config=config) as connection:
        assert len(connection.execute(LARGER_THAN_MEMORY).fetchall()) == 1


@pytest.mark.parametrize(
    "statement",
    ["set temp_directory = '/tmp'", "set enable_external_access = true", "create table t (i int)"],
)
def test_a_reader_cannot_lift_its_settings(file: Path, statement: str) -> None:
    with open_published(file) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)
