"""Starting the BI tool: what it says when it cannot, what it keeps, when it imports again."""

import socket
import stat
from pathlib import Path

import duckdb
import pytest

from orchestration.dashboards.starting import HOST, BiError, Superset
from orchestration.settings import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.published.mkdir(parents=True)
    with duckdb.connect(str(home.published_file)) as connection:
        connection.execute("create schema ops; create table ops.month_closes (snapshot_month date)")
    return home


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment whose Python only notes how often it was asked to import."""
    programs = tmp_path / "environment" / "bin"
    programs.mkdir(parents=True)
    (programs / "superset").touch()
    (programs / "python").write_text(
        f"#!/bin/sh\necho $RETENTION_BI_LANGUAGE $SUPERSET_HOME >> {tmp_path}/imports\n"
        f"test ! -e {tmp_path}/broken\n",
        encoding="utf-8",
    )
    (programs / "python").chmod(0o755)
    return programs.parent


def imports(tmp_path: Path) -> list[str]:
    file = tmp_path / "imports"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def test_nothing_published_says_what_to_run(tmp_path: Path, environment: Path) -> None:
    with pytest.raises(BiError, match=r"Nothing is published under .* yet: run `make demo`"):
        Superset(Home(tmp_path / "empty"), environment, free_port()).check()


def test_taken_port_says_how_to_choose_another(home: Home, environment: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BiError, match=rf"Port {port} is taken.*make bi BI_PORT={port + 1}"):
            Superset(home, environment, port).check()


def test_without_superset_make_bi_is_named(home: Home, tmp_path: Path) -> None:
    with pytest.raises(BiError, match="run `make bi`"):
        Superset(home, tmp_path / "nowhere", free_port()).check()


def test_secrets_are_made_once_and_for_their_owner_only(home: Home, environment: Path) -> None:
    superset = Superset(home, environment, free_port())
    superset.prepare(lambda line: None)
    files = [superset.folder / "secret_key", superset.password_file]
    first = [file.read_text(encoding="utf-8") for file in files]

    Superset(home, environment, free_port(), "zh").prepare(lambda line: None)

    assert [file.read_text(encoding="utf-8") for file in files] == first
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert stat.S_IMODE(superset.folder.stat().st_mode) == 0o700
    assert len(set(first)) == 2
    assert min(len(secret) for secret in first) >= 16


def test_dashboards_are_imported_again_only_when_something_changed(
    home: Home, environment: Path, tmp_path: Path
) -> None:
    Superset(home, environment, free_port()).prepare(lambda line: None)
    Superset(home, environment, free_port()).prepare(lambda line: None)
    assert len(imports(tmp_path)) == 1

    Superset(home, environment, free_port(), "zh").prepare(lambda line: None)
    assert [line.split()[0] for line in imports(tmp_path)] == ["en", "zh"]

    # A table that is published since then brings its charts.
    home.published_file.unlink()
    with duckdb.connect(str(home.published_file)) as connection:
        connection.execute(
            "create schema ops; create table ops.landing_audit (landed_month date, table_name varchar, "
            "file_name varchar, rows_read bigint, rows_accepted bigint, rows_quarantined bigint, "
            "rows_duplicate bigint, checksum varchar)"
        )
    Superset(home, environment, free_port(), "zh").prepare(lambda line: None)
    assert len(imports(tmp_path)) == 3


def test_import_that_failed_is_tried_again(home: Home, environment: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    superset = Superset(home, environment, free_port())
    with pytest.raises(BiError, match=r"could not import the dashboards: the end of .*superset\.log"):
        superset.prepare(lambda line: None)

    (tmp_path / "broken").unlink()
    superset.prepare(lambda line: None)
    assert len(imports(tmp_path)) == 2


def test_language_is_the_operators_unless_another_is_asked_for(home: Home, environment: Path) -> None:
    home.operator_file.write_text('[operator]\nlanguage = "zh"\ncurrency = "INR"\n', encoding="utf-8")

    assert Superset(home, environment, 8088).language == "zh"
    assert Superset(home, environment, 8088, "en").language == "en"
    assert Superset(home, environment, 8088).currency == "INR"
