"""Rules of the dbt project, read from its manifest: layers, order, names, descriptions, contracts, keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

Node = dict[str, Any]

# Folders whose models a folder may read, apart from seeds; itself is always allowed.
MAY_READ = {
    "staging": set(),
    "intermediate": {"staging", "marts"},
    "marts": {"staging", "intermediate"},
    "base": {"staging", "intermediate", "marts"},
    "features": {"staging", "intermediate", "marts"},
    "labels": {"staging", "intermediate", "marts"},
    "retention": {"staging", "intermediate", "marts", "features"},
    "actions": {"staging", "intermediate", "marts", "features", "retention"},
    "effect": {"staging", "intermediate", "marts", "labels", "retention"},
    "lineage": {"marts", "retention"},
    "judging": {"staging", "intermediate", "marts", "features", "labels", "retention"},
    "kpi": {"staging", "intermediate", "marts", "features", "labels", "retention"},
}
MADE_BY_PYTHON = {"ml", "retention"}
# What is kept of closed months, so that a week can read it.
KEPT_OF_CLOSED_MONTHS = {"dim_subscribers", "would_be_owners"}
PERSONAL = {"msisdn", "staff_name", "group_name"}


@pytest.fixture(scope="module")
def manifest(manifest_file: Path) -> dict[str, Any]:
    return json.loads(manifest_file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[Node]:
    return sorted(
        (node for node in manifest["nodes"].values() if node["resource_type"] == "model"),
        key=lambda node: node["name"],
    )


def folder(node: Node) -> str:
    return node["fqn"][1]


def parents(manifest: dict[str, Any], node: Node, kind: str) -> Iterator[Node]:
    section = manifest["sources"] if kind == "source" else manifest["nodes"]
    for unique_id in node["depends_on"]["nodes"]:
        if unique_id.startswith(f"{kind}."):
            yield section[unique_id]


def contracted(models: list[Node]) -> list[Node]:
    return [node for node in models if node["config"]["contract"]["enforced"]]


def test_every_model_is_built_either_before_or_after_the_lists(models: list[Node]) -> None:
    stages = {node["name"]: sorted({"before", "after"} & set(node["tags"])) for node in models}

    # A folder within a folder adds its tags, so `after` stands beside `before`, and counts.
    assert [name for name, stage in stages.items() if not stage] == []


def test_what_is_built_before_reads_nothing_that_python_made(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    after = {node["unique_id"] for node in models if "after" in node["tags"]}
    wrong = [
        (node["name"], source["source_name"])
        for node in models
        if node["unique_id"] not in after
        for source in parents(manifest, node, "source")
        if source["source_name"] in MADE_BY_PYTHON
    ]
    wrong += [
        (node["name"], unique_id)
        for node in models
        if node["unique_id"] not in after
        for unique_id in node["depends_on"]["nodes"]
        if unique_id in after
    ]

    assert wrong == []


def test_a_week_is_built_from_what_it_builds_itself_and_what_no_run_changes(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    """Views of a monthly run hold that run's months, and the Wednesday run builds none of them anew."""
    weekly = [node for node in models if "weekly" in node["tags"]]
    wrong = [
        (node["name"], parent["name"])
        for node in weekly
        for parent in parents(manifest, node, "model")
        if parent not in weekly
        and folder(parent) != "staging"
        and parent["name"] not in KEPT_OF_CLOSED_MONTHS
    ]
    wrong += [
        (node["name"], macro)
        for node in models
        if folder(node) == "staging"
        for macro in ("in_run", "run_month", "run_week")
        if macro in node["raw_code"]
    ]

    assert {"churn_warnings", "warning_evidence"} <= {node["name"] for node in weekly}
    assert wrong == []


def test_staging_reads_one_source_and_nothing_else(manifest: dict[str, Any], models: list[Node]) -> None:
    wrong = [
        node["name"]
        for node in models
        if folder(node) == "staging"
        and (
            [*parents(manifest, node, "model"), *parents(manifest, node, "seed")]
            or len(list(parents(manifest, node, "source"))) != 1
        )
    ]

    assert wrong == []


def test_marts_and_whatever_is_made_of_them_read_no_source(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    wrong = [
        (node["name"], source["name"])
        for node in models
        if folder(node) in {"marts", "base", "features", "labels", "retention"}
        for source in parents(manifest, node, "source")
    ]

    assert wrong == []


def test_folders_read_only_the_folders_before_them(manifest: dict[str, Any], models: list[Node]) -> None:
    wrong = [
        f"{node['name']} reads {parent['name']}"
        for node in models
        for parent in parents(manifest, node, "model")
        if folder(parent) not in {folder(node)} | MAY_READ[folder(node)]
    ]

    assert wrong == []


def test_features_never_see_a_label(manifest: dict[str, Any], models: list[Node]) -> None:
    by_id = {node["unique_id"]: node for node in models}

    def ancestors(unique_id: str) -> set[str]:
        found: set[str] = set()
        waiting = [unique_id]
        while waiting:
            node = by_id.get(waiting.pop())
            for parent in node["depends_on"]["nodes"] if node else ():
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    seen = [
        (node["name"], by_id[parent]["name"])
        for node in models
        if folder(node) == "features"
        for parent in sorted(ancestors(node["unique_id"]))
        if parent in by_id and folder(by_id[parent]) == "labels"
    ]

    assert seen == []


def test_only_a_numeric_or_boolean_feature_has_a_direction(models: list[Node]) -> None:
    directed = {
        f"{node['name']}.{name}": column["config"]["meta"]
        for node in models
        for name, column in node["columns"].items()
        if "monotone" in column["config"]["meta"]
    }
    wrong = [
        name
        for name, meta in directed.items()
        if meta.get("role") != "feature"
        or meta.get("kind") not in {"numeric", "boolean"}
        or meta["monotone"] not in {-1, 1}
    ]

    assert "subscriber_features.tenure_months" in directed
    assert wrong == []


def test_every_model_and_column_is_described(models: list[Node]) -> None:
    bare = [node["name"] for node in models if not node["description"].strip()]
    bare += [
        f"{node['name']}.{name}"
        for node in models
        for name, column in node["columns"].items()
        if not column["description"].strip()
    ]

    assert bare == []


def test_a_description_begins_with_the_grain(models: list[Node]) -> None:
    wrong = [node["name"] for node in models if not node["description"].startswith("One row")]

    assert wrong == []


def test_marts_features_and_labels_keep_a_contract(models: list[Node]) -> None:
    wrong = [
        node["name"]
        for node in models
        if folder(node) in {"marts", "base", "features", "labels", "actions", "effect", "judging", "kpi"}
        and node["config"]["access"] == "public"
        and not node["config"]["contract"]["enforced"]
    ]

    assert wrong == []


def test_a_contracted_table_has_its_key_tested(manifest: dict[str, Any], models: list[Node]) -> None:
    tested: dict[str, set[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("test_metadata"):
            tested.setdefault(node.get("attached_node") or "", set()).add(node["test_metadata"]["name"])

    wrong = [
        node["name"]
        for node in contracted(models)
        if not {"unique", "unique_combination"} & tested.get(node["unique_id"], set())
    ]

    assert wrong == []


def test_whatever_grows_by_month_is_replaced_by_month(models: list[Node]) -> None:
    wrong = [
        node["name"]
        for node in models
        if node["config"]["materialized"] == "incremental"
        and (
            node["config"]["incremental_strategy"] != "replace_months"
            or node["config"]["meta"].get("month_column", "snapshot_month") not in node["columns"]
        )
    ]

    assert wrong == []


def test_what_is_written_again_does_not_say_that_nothing_later_is_in_it(models: list[Node]) -> None:
    """A month that takes in late stops, labels or answers is as known by now, not as at its close."""
    wrong = [
        node["name"]
        for node in models
        if node["config"]["meta"].get("rewrites_open_months")
        and "nothing later" in node["columns"].get("snapshot_month", {}).get("description", "")
    ]

    assert wrong == []


def test_no_personal_column_leaves_staging(models: list[Node]) -> None:
    wrong = [
        f"{node['name']}.{name}"
        for node in models
        if folder(node) != "staging"
        for name in node["columns"]
        if name in PERSONAL
    ]

    assert wrong == []


def test_models_are_named_after_their_folder(models: list[Node]) -> None:
    prefixes = {"staging": ("stg_",), "intermediate": ("int_",)}
    wrong = [
        node["name"]
        for node in models
        if not node["name"].startswith(prefixes.get(folder(node), ("",)))
        or (folder(node) not in prefixes and node["name"].startswith(("stg_", "int_")))
    ]

    assert wrong == []


def test_no_dbt_package_is_needed(manifest: dict[str, Any]) -> None:
    packages = {node["package_name"] for node in manifest["nodes"].values()}

    assert packages == {"retention"}
