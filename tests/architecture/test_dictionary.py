"""Every published column has a meaning that says more than its name, every table a grain and a title."""

import json
import re
from pathlib import Path

import pytest

from orchestration.publishing.catalogue import load_tables
from orchestration.publishing.dictionary import (
    MEANINGS_FILE,
    Described,
    as_declared,
    first_sentence,
    one_line,
    read_meanings,
)
from orchestration.publishing.state import NAMES
from orchestration.settings import REFERENCE
from orchestration.worklists import Texts


@pytest.fixture(scope="module")
def described(manifest_file: Path) -> list[Described]:
    return list(as_declared(json.loads(manifest_file.read_text(encoding="utf-8"))))


def words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z0-9]+", text.lower())}


def test_everything_published_is_declared(described: list[Described]) -> None:
    assert {table.name for table in described} == {table.name for table in load_tables()} | NAMES


def test_every_table_begins_with_its_grain(described: list[Described]) -> None:
    assert [table.name for table in described if not table.description.startswith("One row per ")] == []


def test_every_column_has_a_type_and_a_meaning_beyond_its_name(described: list[Described]) -> None:
    bare = [
        f"{table.name}.{column.name}: {column.comment}"
        for table in described
        for column in table.columns
        if not column.data_type
        or not words(column.comment or "") - words(column.name) - {"the", "a", "of", "it", "in"}
    ]

    assert bare == []


def test_every_table_has_a_title_in_both_languages(described: list[Described]) -> None:
    texts = Texts.load(REFERENCE / "texts.csv")

    assert [table.name for table in described if f"table.{table.name}" not in texts.entries] == []


def test_every_grain_and_meaning_is_told_in_chinese(described: list[Described]) -> None:
    """`meanings.csv` holds what is in use, and nothing else."""
    used = {first_sentence(table.description) for table in described} | {
        one_line(column.comment) for table in described for column in table.columns
    }
    chinese = read_meanings(MEANINGS_FILE)

    assert sorted(used - chinese.keys()) == []
    assert sorted(chinese.keys() - used) == []
