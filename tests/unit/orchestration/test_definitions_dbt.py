"""dbt is told the right months, parsed when its files change, and its failures come back in words."""

import json
from datetime import date
from pathlib import Path

import pytest

from orchestration.defs.dbt_child import (
    DbtError,
    build_arguments,
    current_manifest,
    dbt_executable,
    failures,
    project_fingerprint,
    table_keys,
    week_arguments,
)
from orchestration.settings import Home
from orchestration.weeks import WarningWeek

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (tmp_path / "reference").mkdir()
    (project / "dbt_project.yml").write_text(
        "name: tiny\nprofile: tiny\nmodel-paths: [models]\nseed-paths: ['../reference']\n", encoding="utf-8"
    )
    (project / "profiles.yml").write_text(
        "tiny: {target: duckdb, outputs: {duckdb: {type: duckdb, path: ':memory:'}}}\n", encoding="utf-8"
    )
    (project / "models" / "one.sql").write_text("select 1 as one", encoding="utf-8")
    (tmp_path / "reference" / "rules.csv").write_text("rule_id\na\n", encoding="utf-8")
    return project


def test_dbt_is_told_the_months_and_leaves_unit_tests_to_ci() -> None:
    assert build_arguments(JANUARY, MARCH) == [
        "build",
        "--vars",
        '{"from_month": "2026-01-01", "to_month": "2026-03-01"}',
        "--exclude-resource-type",
        "unit_test",
    ]


def test_dbt_is_told_one_week_and_to_take_the_rule_book_with_it() -> None:
    assert week_arguments(WarningWeek(date(2026, 7, 1))) == [
        "build",
        "--vars",
        '{"from_month": "2026-06-01", "to_month": "2026-06-01", "warning_week": "2026-07-01"}',
        "--exclude-resource-type",
        "unit_test",
        "--select",
        "tag:weekly",
        "--select",
        "resource_type:seed",
    ]


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (date(2026, 1, 2), MARCH, "2026-01-02 is not the first day"),
        (MARCH, JANUARY, "begins with 2026-03-01, after its end 2026-01-01"),
    ],
)
def test_dbt_is_never_told_a_wrong_range(first: date, last: date, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_arguments(first, last)


def test_dbt_is_found_whatever_path_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert Path(dbt_executable()).is_file()


def test_a_fingerprint_changes_with_names_and_contents_and_not_with_targets(project: Path) -> None:
    reference = project.parent / "reference"
    first = project_fingerprint(project, reference)

    (project / "target").mkdir()
    (project / "target" / "compiled.sql").write_text("select 2", encoding="utf-8")
    assert project_fingerprint(project, reference) == first

    (project / "models" / "one.sql").rename(project / "models" / "two.sql")
    second = project_fingerprint(project, reference)
    (reference / "rules.csv").write_text("rule_id\nb\n", encoding="utf-8")
    assert len({first, second, project_fingerprint(project, reference)}) == 3


def test_a_manifest_is_parsed_anew_only_when_files_have_changed(project: Path, tmp_path: Path) -> None:
    home, reference = Home(tmp_path / "home"), tmp_path / "reference"
    parse = current_manifest.__wrapped__

    manifest = parse(home, project, reference)
    parsed_at = manifest.stat().st_mtime_ns

    assert table_keys(manifest) == [["main", "one"], ["main", "rules"]]
    assert sorted(file.name for file in home.dbt.iterdir() if file.name.startswith("manifest")) == [
        "manifest.json",
        "manifest.sha256",
    ]
    assert not list(home.dbt.glob("parse-*"))
    assert parse(home, project, reference).stat().st_mtime_ns == parsed_at

    (project / "models" / "one.sql").write_text("select {{ ref('nobody_knows') }}", encoding="utf-8")
    with pytest.raises(DbtError, match=r"(?s)dbt parse failed in project.*nobody_knows"):
        parse(home, project, reference)
    assert manifest.stat().st_mtime_ns == parsed_at


def test_failures_are_told_by_file_and_reason(tmp_path: Path) -> None:
    manifest = {
        "nodes": {
            "test.keys": {
                "resource_type": "test",
                "name": "keys_are_unique",
                "original_file_path": "models/m.yml",
            }
        }
    }
    results = tmp_path / "run_results.json"
    rows = [
        {
            "unique_id": "test.keys",
            "status": "fail",
            "message": "Got 3 results,\n configured to fail if != 0",
        },
        {"unique_id": "model.fine", "status": "success", "message": "OK"},
        *({"unique_id": f"model.m{number}", "status": "error", "message": "no"} for number in range(6)),
    ]
    results.write_text(json.dumps({"results": rows}), encoding="utf-8")

    lines = failures(results, manifest).splitlines()

    assert lines[0] == "test keys_are_unique (models/m.yml): Got 3 results, configured to fail if != 0"
    assert lines[1] == "node model.m0 (?): no"
    assert lines[-1].startswith("and 2 more")
    assert failures(tmp_path / "none.json", manifest) == ""
