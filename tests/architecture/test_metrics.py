"""Metrics are defined once: what dbt's definitions say of them is what people read.

Belongs here: units and texts of the metrics, who reads the published tables. Not here: figures.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from orchestration.publishing.catalogue import load_tables
from orchestration.settings import REFERENCE
from orchestration.worklists import Texts

UNITS = {"count", "money", "rate"}
TEXT_KEYS = {"metric": "label", "metric_note": "description"}


@pytest.fixture(scope="module")
def manifest(manifest_file: Path) -> dict[str, Any]:
    return json.loads(manifest_file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def metrics(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The reported metrics: those with a unit."""
    found = manifest["metrics"].values()
    return {metric["name"]: metric for metric in found if metric["config"]["meta"].get("unit")}


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts.load(REFERENCE / "texts.csv")


def test_every_reported_metric_has_a_unit_that_readers_know(metrics: dict[str, dict[str, Any]]) -> None:
    strange = [name for name, metric in metrics.items() if metric["config"]["meta"]["unit"] not in UNITS]

    assert len(metrics) >= 27
    assert strange == []


@pytest.mark.parametrize("kind", TEXT_KEYS)
def test_the_texts_say_what_the_definition_says(
    metrics: dict[str, dict[str, Any]], texts: Texts, kind: str
) -> None:
    said = {
        key.partition(".")[2]: text["en"]
        for key, text in texts.entries.items()
        if key.partition(".")[0] == kind
    }

    assert said == {name: metric[TEXT_KEYS[kind]] for name, metric in metrics.items()}


def test_every_metric_is_named_in_chinese(metrics: dict[str, dict[str, Any]], texts: Texts) -> None:
    bare = [
        f"{kind}.{name}"
        for kind in TEXT_KEYS
        for name in metrics
        if not re.search(r"[\u4e00-\u9fff]", texts.text(f"{kind}.{name}", "zh"))
    ]

    assert bare == []


def test_the_published_file_shows_every_published_model(manifest: dict[str, Any]) -> None:
    models = {
        f"{node['schema']}.{node['name']}": unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    exposed = manifest["exposures"]["exposure.retention.published_file"]["depends_on"]["nodes"]

    published = {models[table.name] for table in load_tables() if table.name in models}
    assert {node for node in exposed if node.startswith("model.")} == published


def test_report_and_dashboards_read_published_tables_alone(manifest: dict[str, Any]) -> None:
    published = set(manifest["exposures"]["exposure.retention.published_file"]["depends_on"]["nodes"])
    unpublished = {
        exposure["name"]
        for exposure in manifest["exposures"].values()
        if set(exposure["depends_on"]["nodes"]) - published
    }

    # Workbooks are made from the build file, with what BI does not see.
    assert unpublished == {"worklists"}
