"""The data dictionary: what it gathers from descriptions, tests and lineage, and its page."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.publishing.catalogue import Column
from orchestration.publishing.dictionary import (
    DICTIONARY,
    Described,
    Entry,
    Origins,
    as_built,
    as_declared,
    dictionary,
    published_dictionary,
    read_meanings,
    record_dictionary,
)
from orchestration.publishing.dictionary_page import dictionary_page
from orchestration.settings import REFERENCE
from orchestration.tables import create_tables
from orchestration.worklists import Texts
from orchestration.worklists.texts import TextsError

WARNINGS = Described(
    "retention.churn_warnings",
    "One row per warned subscriber\nand week: one colour. Source: domain.md.",
    (
        Column("warning_week", "DATE", "The Wednesday after the week."),
        Column("colour", "VARCHAR", "red,\nyellow or blue."),
    ),
)
SCORES = Described(
    "ml.churn_scores", "One row per candidate.", (Column("risk_rank", "BIGINT", "1 is the highest"),)
)
FEATURES = Described(
    "features.subscriber_features",
    "One row per candidate.",
    (Column("subscriber_id", "VARCHAR", "Line"), Column("payment_count", "DOUBLE", "Payments in the month")),
)
TEXTS = Texts.load(REFERENCE / "texts.csv")
ORIGINS = Origins(
    {
        "retention.churn_warnings": ["staging.stg_usage__usage_daily", "reference.warning_levels"],
        "staging.stg_usage__usage_daily": ["raw_usage.usage_daily"],
        "features.subscriber_features": ["staging.stg_usage__usage_daily"],
        # What waits for itself in the month before does not come from itself.
        "ml.churn_scores": ["features.subscriber_features", "ml.churn_scores"],
    },
    {"ml.churn_scores": ["every_candidate_is_scored_once"], "retention.churn_warnings": ["not_null_colour"]},
)


def held(model: str, name: str, column: str | None = None, **arguments: Any) -> dict[str, Any]:
    return {
        "resource_type": "test",
        "name": f"{name}_{model}_{column}",
        "attached_node": f"model.retention.{model}",
        "column_name": column,
        "test_metadata": {"name": name, "kwargs": arguments},
        "depends_on": {"nodes": [f"model.retention.{model}"]},
    }


MANIFEST = {
    "nodes": {
        "model.retention.churn_warnings": {
            "resource_type": "model",
            "schema": "retention",
            "name": "churn_warnings",
            "description": "One row per warned subscriber and week.",
            "config": {"contract": {"enforced": True}},
            "columns": {
                "colour": {"name": "colour", "data_type": "varchar", "description": "red, yellow or blue."}
            },
        },
        "test.1": held("churn_warnings", "not_null", "colour"),
        "test.2": held("churn_warnings", "accepted_values", "colour", values=["red", "yellow", "blue"]),
        "test.3": held("churn_warnings", "unique_combination", columns=["warning_week", "subscriber_id"]),
        "test.4": {
            "resource_type": "test",
            "name": "assert_warnings_are_right",
            "depends_on": {"nodes": ["model.retention.churn_warnings"]},
        },
        # Another table's test.
        "test.5": held("elsewhere", "not_null", "colour"),
    }
}


def rows(*published: Described) -> dict[tuple[str, str], Entry]:
    return {(row.table_name, row.column_name): row for row in dictionary(published, MANIFEST, ORIGINS, TEXTS)}


@pytest.fixture(autouse=True)
def meanings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One grain is told in Chinese, nothing else is."""
    file = tmp_path / "meanings.csv"
    file.write_text(
        "en,zh\nOne row per warned subscriber and week: one colour.,每个被预警用户每周一行：一种颜色。\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("orchestration.publishing.dictionary.MEANINGS_FILE", file)


def test_a_column_of_a_model_says_grain_meaning_tests_and_origin() -> None:
    assert rows(WARNINGS)["churn_warnings", "colour"] == Entry(
        "retention",
        "churn_warnings",
        "colour",
        2,
        "VARCHAR",
        "One row per warned subscriber and week: one colour.",
        "每个被预警用户每周一行：一种颜色。",
        "red, yellow or blue.",
        "red, yellow or blue.",
        "never null; one of red, yellow, blue; one row per (warning_week, subscriber_id); "
        "checked by assert_warnings_are_right; name and type by contract",
        "不为空；取值之一：red, yellow, blue；每组（warning_week, subscriber_id）一行；"
        "由 assert_warnings_are_right 检查；名称与类型由契约保证",
        "reference.warning_levels, staging.stg_usage__usage_daily",
        "usage_daily",
    )


def test_what_holds_of_one_column_is_not_said_of_another() -> None:
    assert rows(WARNINGS)["churn_warnings", "warning_week"].tests == (
        "one row per (warning_week, subscriber_id); checked by assert_warnings_are_right; "
        "name and type by contract"
    )


def test_a_table_that_python_makes_names_the_checks_of_a_run() -> None:
    row = rows(SCORES)["churn_scores", "risk_rank"]

    assert row.tests == "checked by every_candidate_is_scored_once; name and type as declared in Python"
    assert (row.made_from, row.raw_tables) == ("features.subscriber_features", "usage_daily")


def test_a_feature_names_the_raw_tables_of_its_own_column() -> None:
    found = rows(FEATURES)

    assert found["subscriber_features", "payment_count"].raw_tables == "payments"
    assert found["subscriber_features", "subscriber_id"].raw_tables == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("en\na\n", "column(s) ['zh'] are missing"),
        ("en,zh\na,甲\na,乙\n", "line 3: 'a' has no text or comes twice"),
        ("en,zh\na,\n", "line 2: 'a' has no text or comes twice"),
    ],
)
def test_meanings_that_cannot_be_used_are_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(TextsError, match=re.escape(said)):
        read_meanings(file)


def test_the_dictionary_is_replaced_whole_and_describes_itself(tmp_path: Path) -> None:
    file = tmp_path / "build.duckdb"
    assert published_dictionary(file) == []
    with duckdb.connect(str(file)) as connection:
        assert published_dictionary(tmp_path / "none.duckdb") == []
        create_tables(connection)
        record_dictionary(connection, MANIFEST, ORIGINS, TEXTS)
        first = connection.execute(f"from {DICTIONARY}").fetchall()
        record_dictionary(connection, MANIFEST, ORIGINS, TEXTS)
        assert connection.execute(f"from {DICTIONARY}").fetchall() == first
        expected = sum(len(table.columns) for table in as_built(connection))
    entries = published_dictionary(file)

    assert len(first) == len(entries) == expected
    own = [entry for entry in entries if entry.table_name == "data_dictionary"]
    assert [entry.column_name for entry in own][:3] == ["schema_name", "table_name", "column_name"]
    assert all(entry.meaning and entry.grain and entry.tests and entry.made_from for entry in own)


def test_without_a_run_the_same_is_read_from_declarations() -> None:
    declared = {table.name: table for table in as_declared(MANIFEST)}

    assert [column.data_type for column in declared["retention.churn_warnings"].columns] == ["VARCHAR"]
    assert declared["ml.churn_scores"].description.startswith("One row per candidate")
    assert "ops.published_tables" in declared


@pytest.fixture
def page() -> str:
    return dictionary_page(dictionary([WARNINGS, SCORES], MANIFEST, ORIGINS, TEXTS), TEXTS)


def test_the_page_says_everything_in_both_languages_and_common_things_once(page: str) -> None:
    assert '<span lang="en">Weekly warnings</span><span lang="zh">每周预警</span>' in page
    assert '<span lang="zh">每个被预警用户每周一行：一种颜色。</span>' in page
    assert page.count("one row per (warning_week, subscriber_id)") == 1
    assert '<td><span lang="en">never null; one of red, yellow, blue</span>' in page


def test_the_page_needs_nothing_else(page: str) -> None:
    assert "src=" not in page
    assert "http" not in page


def test_the_page_shows_words_as_they_are() -> None:
    table = Described("ml.models", "One row per <model> & month.", (Column("auc", "DOUBLE", "a < b"),))
    shown = dictionary_page(dictionary([table], MANIFEST, ORIGINS, TEXTS), TEXTS)

    assert "One row per &lt;model&gt; &amp; month." in shown
    assert "a &lt; b" in shown
