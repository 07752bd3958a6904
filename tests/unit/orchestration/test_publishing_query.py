"""Questions to the published file: rows in three forms, and clear words for what cannot be asked."""

import json
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from orchestration.cli import commands
from orchestration.publishing.query import (
    StatementError,
    asked,
    published_columns,
    published_tables,
    write_csv,
    write_json,
)
from orchestration.settings import Home

VALUES = "select 1 as a, 2.50::decimal(9, 2) as b, date '2026-06-01' as c, true as d, null as e, 'x,\"y' as f"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(tmp_path / "home")
    home.published.mkdir(parents=True)
    with duckdb.connect(str(home.published_file)) as connection:
        connection.execute(
            "create schema marts; create schema ml;"
            "create table marts.dim_plans as select 'P1' as plan_id, 12.50::decimal(12, 2) as fee;"
            "comment on table marts.dim_plans is 'One row per plan. Of the catalogue.';"
            "comment on column marts.dim_plans.fee is 'Monthly fee, CNY';"
            "create view ml.cheap as select * from marts.dim_plans where fee < 20"
        )
    monkeypatch.setenv("RETENTION_HOME", str(home.root))
    return home


def test_csv_holds_every_value_as_text(home: Home) -> None:
    file = StringIO()
    with asked(home, VALUES) as answer:
        write_csv(answer, file)

    assert file.getvalue() == 'a,b,c,d,e,f\n1,2.50,2026-06-01,true,,"x,""y"\n'


def test_json_holds_numbers_as_numbers_and_null_as_null(home: Home) -> None:
    file = StringIO()
    with asked(home, f"{VALUES} union all {VALUES}") as answer:
        write_json(answer, file)

    row = {"a": 1, "b": 2.5, "c": "2026-06-01", "d": True, "e": None, "f": 'x,"y'}
    assert json.loads(file.getvalue()) == [row, row]
    with asked(home, "select 1 where false") as answer:
        write_json(answer, empty := StringIO())
    assert json.loads(empty.getvalue()) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("selct 1", 'syntax error at or near "selct"\n\nLINE 1: selct 1\n        ^'),
        ("select nope from marts.dim_plans", 'Referenced column "nope" not found'),
        ("select * from marts.plans", "Did you mean marts.dim_plans?"),
        ("select * from marts.plans", "There are:\n  marts: dim_plans\n  ml: cheap\n"),
        ("", "There is no statement to ask"),
        ("-- nothing", "There is no statement to ask"),
        ("delete from marts.dim_plans", "read-only"),
    ],
)
def test_a_statement_that_cannot_be_asked_is_told_in_words(home: Home, statement: str, told: str) -> None:
    with pytest.raises(StatementError) as error, asked(home, statement):
        pass
    assert told in str(error.value)


def test_tables_and_columns_say_what_they_hold(home: Home) -> None:
    assert published_tables(home).to_numpy().tolist() == [
        ["marts.dim_plans", 1, "One row per plan"],
        ["ml.cheap", None, ""],
    ]
    columns = [["plan_id", "varchar", ""], ["fee", "decimal(12,2)", "Monthly fee, CNY"]]
    assert published_columns(home, "marts.dim_plans").to_numpy().tolist() == columns
    assert published_columns(home, "dim_plans").to_numpy().tolist() == columns
    with pytest.raises(
        StatementError, match=r"There is no table marts.plans.\n\nDid you mean marts.dim_plans"
    ):
        published_columns(home, "marts.plans")


def test_the_commands_take_a_file_or_standard_input_and_end_as_promised(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "question.sql"
    file.write_text("select plan_id from marts.dim_plans", encoding="utf-8")
    run = CliRunner().invoke

    assert run(commands, ["sql", "--file", str(file), "--format", "csv"]).output == "plan_id\nP1\n"
    assert run(commands, ["sql", "--format", "csv"], input="select 1 as one").output == "one\n1\n"
    assert "dim_plans" in run(commands, ["tables"]).output
    # Wrong use.
    for arguments in (["sql", "selct"], ["sql", "select 1", "--file", str(file)], ["tables", "nothing"]):
        assert run(commands, arguments).exit_code == 2, arguments
    # Right use that fails on the way.
    assert run(commands, ["sql", "select cast('x' as integer)"]).exit_code == 1
