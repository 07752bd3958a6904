"""The models keep to SQL that other engines know: what differs is left to dbt's macros.

Belongs here: words that only DuckDB has, and whether each model can be said in PostgreSQL and Spark. Not
here: whether the answers are the same there, which takes those engines.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from orchestration.defs.dbt_child import dbt_environment, dbt_executable
from orchestration.settings import DBT_PROJECT, Home

ENGINES = ("postgres", "spark")
# What DuckDB understands and one of the others does not, or not the same way; sqlglot lets most of it pass.
ONLY_IN_DUCKDB = (
    r"::|\b(?:qualify|exclude|asof|pivot|positional|strptime|strftime|generate_series|unnest)\b"
    r"|\b(?:arg_max|max_by|quantile_cont|hugeint|md5_number|epoch\w*)\b"
    r"|\b(?:group|order)\s+by\s+all\b|\bis\s+(?:not\s+)?distinct\s+from\b"
    r"|\blist_\w+\s*\("
    r"|(?<!dbt\.)\b(?:date_?add|date_?diff|date_?trunc|hash)\s*\("
)
SQL_FILES = sorted(
    file for folder in ("macros", "models", "tests") for file in (DBT_PROJECT / folder).rglob("*.sql")
)


@pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.stem)
def test_sql_uses_no_word_that_only_duckdb_knows(file: Path) -> None:
    # The source and not what is compiled of it: there dbt-duckdb's own macros speak DuckDB, as they should.
    found = {match.group() for match in re.finditer(ONLY_IN_DUCKDB, code(file), re.IGNORECASE)}

    assert found == set()


def test_every_model_can_be_said_in_the_other_engines(tmp_path: Path) -> None:
    models = compiled_models(Home(tmp_path))

    assert models
    assert [problem for model in models for problem in problems(model)] == []


def test_a_statement_of_duckdb_alone_is_noticed() -> None:
    model = {"name": "model", "compiled_code": "pivot bills on fee_item using sum(amount)"}

    assert problems(model) != []


def code(file: Path) -> str:
    """Return what is neither a comment of SQL nor of Jinja."""
    return re.sub(r"\{#.*?#\}|--[^\n]*", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)


def compiled_models(home: Home) -> list[dict[str, Any]]:
    """Return every model with its SQL as dbt compiles it over an empty warehouse."""
    home.warehouse_file.parent.mkdir(parents=True)
    done = subprocess.run(
        [
            *(dbt_executable(), "--no-use-colors", "compile", "--project-dir", str(DBT_PROJECT)),
            *("--select", "resource_type:model"),
            *("--vars", '{"from_month": "2026-01-01", "to_month": "2026-02-01"}'),
        ],
        env=os.environ | dbt_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    manifest = json.loads((home.dbt / "target" / "manifest.json").read_text(encoding="utf-8"))
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def problems(model: dict[str, Any]) -> list[str]:
    """Return why a model cannot be translated to one of the engines, or its translation not be read there."""
    found = []
    for engine in ENGINES:
        try:
            translated = sqlglot.transpile(
                model["compiled_code"],
                read="duckdb",
                write=engine,
                unsupported_level=sqlglot.ErrorLevel.RAISE,
            )
            sqlglot.parse_one(translated[0], read=engine)
        except sqlglot.errors.SqlglotError as error:
            found.append(f"{model['name']} in {engine}: {error}")
    return found
