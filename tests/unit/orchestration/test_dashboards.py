"""The dashboards' bundle: whole, over what is published, in both languages, the same each time."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.dashboards import queries
from orchestration.dashboards.bundle import Bundle, identity
from orchestration.dashboards.specification import Chart, Dashboard, Dataset, Filter, Kind, Metric, Section
from orchestration.dashboards.specs import DASHBOARDS, DATASETS
from orchestration.landing.replacing import prepare
from orchestration.publishing.catalogue import load_tables
from orchestration.settings import REFERENCE, ROOT
from orchestration.tables import create_tables
from orchestration.worklists.texts import LANGUAGES, Texts

FILE = Path("/somewhere/published/warehouse.duckdb")
TEXTS = Texts.load(REFERENCE / "texts.csv")
PUBLISHED = {table.name for table in load_tables()}


@pytest.fixture(scope="module")
def published(manifest_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every published table as its contract declares it, without rows; nothing else."""
    nodes = json.loads(manifest_file.read_text(encoding="utf-8"))["nodes"].values()
    with duckdb.connect() as connection:
        create_tables(connection)
        prepare(connection)
        for node in nodes:
            name = f"{node['schema']}.{node['name']}"
            if node["resource_type"] == "model" and name in PUBLISHED:
                columns = ", ".join(
                    f'"{column["name"]}" {column["data_type"]}' for column in node["columns"].values()
                )
                connection.execute(f"create schema if not exists {node['schema']}")
                connection.execute(f"create table {name} ({columns})")
        made = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        for (name,) in made:
            if name not in PUBLISHED:
                connection.execute(f"drop table {name}")
        yield connection


@pytest.fixture(scope="module", params=LANGUAGES)
def bundle(request: pytest.FixtureRequest, published: duckdb.DuckDBPyConnection) -> Bundle:
    return Bundle(published, FILE, TEXTS, request.param, "CNY", DATASETS, DASHBOARDS)


def chart_files(bundle: Bundle) -> dict[str, dict[str, Any]]:
    return {path: content for path, content in bundle.files.items() if path.startswith("charts/")}


def dashboards(bundle: Bundle) -> dict[str, dict[str, Any]]:
    return {path: content for path, content in bundle.files.items() if path.startswith("dashboards/")}


def test_every_dataset_reads_published_tables_only(bundle: Bundle) -> None:
    assert list(bundle.missing) == []


def test_every_dataset_declares_the_columns_that_its_query_gives(bundle: Bundle) -> None:
    given = {name: {column.name for column in columns} for name, columns in bundle.columns.items()}

    assert given == {dataset.name: set(dataset.columns) for dataset in DATASETS}


def test_every_described_column_is_a_published_one(published: duckdb.DuckDBPyConnection) -> None:
    rows = published.execute(
        "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()"
    ).fetchall()
    known = {row[0] for row in rows}

    unknown = {
        source
        for dataset in DATASETS
        for source in dataset.columns.values()
        if source and source not in known
    }
    assert unknown == set()


def test_every_metric_can_be_calculated(bundle: Bundle, published: duckdb.DuckDBPyConnection) -> None:
    for dataset in DATASETS:
        if not dataset.metrics:
            continue
        sql = bundle.files[f"datasets/published/{dataset.name}.yaml"]["sql"]
        metrics = ", ".join(metric.expression for metric in dataset.metrics)
        assert len(published.execute(f"select {metrics} from ({sql}) as rows_read").fetchall()) == 1


def test_metrics_divide_nothing() -> None:
    # A rate is published, or it is none: dashboards define no figure of their own.
    assert [metric for dataset in DATASETS for metric in dataset.metrics if "/" in metric.expression] == []


def test_charts_and_filters_name_columns_of_their_dataset() -> None:
    columns = {dataset.name: set(dataset.columns) for dataset in DATASETS}
    for dashboard in DASHBOARDS:
        for chosen in dashboard.filters:
            assert chosen.column in columns[chosen.dataset]
        for chart in dashboard.charts:
            named = {chart.x, chart.by, *chart.columns, *(where.column for where in chart.where)} - {""}
            assert named - columns[chart.dataset] == set(), (dashboard.name, chart.name)
            assert set(chart.every) <= {"month", "week"}


def test_names_are_used_once() -> None:
    names = [(dashboard.name, chart.name) for dashboard in DASHBOARDS for chart in dashboard.charts]

    assert len(names) == len(set(names))
    assert len({dataset.name for dataset in DATASETS}) == len(DATASETS)


def test_rows_are_twelve_columns_wide() -> None:
    widths = {
        sum(chart.width for chart in row)
        for dashboard in DASHBOARDS
        for section in dashboard.sections
        for row in section.rows
    }

    assert widths == {12}


def test_ids_are_those_of_the_last_version(bundle: Bundle) -> None:
    # Another id would leave the old dashboard beside the new one.
    assert identity("dashboard", "early_warning") == "af42bdaf-6de1-5934-a03b-64b15af57728"
    ids = [content["uuid"] for content in bundle.files.values() if "uuid" in content]
    assert len(ids) == len(set(ids))


def test_what_refers_finds_its_object(bundle: Bundle) -> None:
    ids = {content["uuid"] for content in bundle.files.values() if "uuid" in content}
    for content in chart_files(bundle).values():
        assert content["dataset_uuid"] in ids
    for dashboard in DASHBOARDS:
        content = bundle.files[f"dashboards/{dashboard.name}.yaml"]
        placed = [box for box in content["position"].values() if isinstance(box, dict)]
        charts = {box["meta"]["uuid"] for box in placed if box["type"] == "CHART"}
        assert charts == {identity("chart", f"{dashboard.name}.{chart.name}") for chart in dashboard.charts}
        for chosen in content["metadata"]["native_filter_configuration"]:
            assert chosen["targets"][0]["datasetUuid"] in ids


def test_month_narrows_what_has_months_and_nothing_else(bundle: Bundle) -> None:
    content = bundle.files["dashboards/data_quality.yaml"]
    boxes = [box for box in content["position"].values() if isinstance(box, dict) and box["type"] == "CHART"]
    numbers = {box["id"]: box["meta"]["chartId"] for box in boxes}
    (month,) = content["metadata"]["native_filter_configuration"]

    free = {name for name, number in numbers.items() if number in month["scope"]["excluded"]}
    assert free == {
        f"CHART-{name}" for name in ("rejected_by_month", "rows_by_table", "lines_by_month", "closes")
    }
    assert month["requiredFirst"] is True


def test_no_coloured_word_is_a_name_of_its_dataset(bundle: Bundle) -> None:
    """Superset takes a series that bears a column's or metric's name for that: it gets another colour."""
    coloured = set(next(iter(dashboards(bundle).values()))["metadata"]["label_colors"])
    datasets = {
        chart.dataset
        for dashboard in DASHBOARDS
        for chart in dashboard.charts
        if chart.kind in (Kind.BARS, Kind.LINES, Kind.INTERVALS)
    }
    for name in datasets:
        content = bundle.files[f"datasets/published/{name}.yaml"]
        names = {named["verbose_name"] for named in (*content["columns"], *content["metrics"])}
        assert names & coloured == set(), name


def test_database_is_read_only_and_closed_to_the_host(bundle: Bundle) -> None:
    database = bundle.files["databases/published.yaml"]

    assert database["sqlalchemy_uri"] == "duckdb:////somewhere/published/warehouse.duckdb"
    assert database["extra"]["engine_params"]["connect_args"] == {
        "read_only": True,
        "config": {"enable_external_access": "false", "lock_configuration": "true", "temp_directory": ""},
    }
    assert not any(database[f"allow_{right}"] for right in ("dml", "ctas", "cvas", "file_upload"))


def test_bounds_stand_beside_what_closes_the_database(published: duckdb.DuckDBPyConnection) -> None:
    bundle = Bundle(published, FILE, TEXTS, "en", "CNY", (), (), {"memory_limit": "300MB"})

    (config,) = (
        content["extra"]["engine_params"]["connect_args"]["config"]
        for path, content in bundle.files.items()
        if path.startswith("databases/")
    )
    assert config["memory_limit"] == "300MB"
    assert config["temp_directory"] == ""


def test_columns_are_described_in_the_language_of_the_dashboards(bundle: Bundle) -> None:
    described = {
        column["description"]
        for path, content in bundle.files.items()
        if path.startswith("datasets/")
        for column in content["columns"]
        if column["description"]
    }

    assert described
    is_chinese = {text: re.search(r"[\u4e00-\u9fff]", text) is not None for text in described}
    assert set(is_chinese.values()) == {bundle.language == "zh"}


def test_queries_name_no_database_file(bundle: Bundle) -> None:
    # The published file's name is not promised to a BI tool.
    assert [
        path
        for path, content in bundle.files.items()
        if path.startswith("datasets/") and re.search(r"\bwarehouse\.", content["sql"])
    ] == []


def test_bundle_is_the_same_bytes_twice(bundle: Bundle, published: duckdb.DuckDBPyConnection) -> None:
    again = Bundle(published, FILE, TEXTS, bundle.language, "CNY", DATASETS, DASHBOARDS)

    assert again.to_bytes() == bundle.to_bytes()


def test_bundle_is_a_zip_of_one_object_a_file(bundle: Bundle) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle.to_bytes())) as archive:
        read = {
            name.removeprefix("retention/"): json.loads(archive.read(name)) for name in archive.namelist()
        }

    assert read == bundle.files
    assert read["metadata.yaml"]["type"] == "assets"


def test_no_word_is_left_in_code(bundle: Bundle) -> None:
    shown = json.dumps(list(bundle.files.values()), ensure_ascii=False)

    assert "{currency}" not in shown
    assert not re.search(r"\b(label|localised|words)\(", shown)
    titles = {content["slice_name"] for content in chart_files(bundle).values()}
    assert any("\u4e00" <= letter <= "\u9fff" for title in titles for letter in title) == (
        bundle.language == "zh"
    )


def test_every_text_of_the_dashboards_is_used(bundle: Bundle) -> None:
    # Within a query an apostrophe is doubled.
    shown = json.dumps(list(bundle.files.values()), ensure_ascii=False).replace("''", "'")
    unused = {
        key
        for key, entry in TEXTS.entries.items()
        if key.startswith("dashboard.")
        and key != "dashboard.not_published"
        and json.dumps(entry[bundle.language].format(currency="CNY"), ensure_ascii=False)[1:-1] not in shown
    }

    assert unused == set()


def test_chart_without_published_rows_is_a_note_that_says_so(tmp_path: Path) -> None:
    dashboards = (
        Dashboard(
            "effect",
            filters=(Filter("month", "effect"),),
            sections=(Section("whole", ((Chart("pooled", Kind.NUMBER, "effect", ("lines",)),),)),),
        ),
    )
    with duckdb.connect() as empty:
        bundle = Bundle(
            empty,
            FILE,
            TEXTS,
            "en",
            "CNY",
            (Dataset("effect", {"month": ""}, (Metric("lines", "count(*)"),)),),
            dashboards,
        )

    assert list(bundle.missing) == ["effect"]
    assert chart_files(bundle) == {}
    content = bundle.files["dashboards/effect.yaml"]
    note = content["position"]["MARKDOWN-pooled"]["meta"]["code"]
    assert note.startswith("**Effect**")
    assert "not published yet" in note
    assert content["metadata"]["native_filter_configuration"] == []


def test_words_of_a_query_are_those_of_the_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "few.sql").write_text(
        "select label(colour, lines.colour) as colour, localised(lines.reason) as reason, "
        "words(dashboard.no_answer) as answer from lines\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(queries, "FOLDER", tmp_path)
    texts = Texts(
        {
            "colour.red": {"en": "Red", "zh": "红色"},
            "dashboard.code.colour.none": {"en": "It's none", "zh": "无"},
            "dashboard.no_answer": {"en": "No answer", "zh": "无反馈"},
        }
    )

    assert queries.query("few", texts, "en") == (
        "select case lines.colour when 'red' then 'Red' when 'none' then 'It''s none' else lines.colour end "
        "as colour, lines.reason_en as reason, 'No answer' as answer from lines"
    )
    assert "'红色'" in queries.query("few", texts, "zh")


def test_lock_is_hashed_names_no_place_and_holds_the_same_duckdb() -> None:
    lock = (ROOT / "orchestration" / "dashboards" / "requirements.lock").read_text(encoding="utf-8")
    own = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert "://" not in lock
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE)
    assert len(pins) == len(re.findall(r"==[^\n]*\\\n(?:    --hash)", lock))
    duckdb_pins = [re.search(r"^duckdb==(\S+)", text, re.MULTILINE) for text in (lock, own)]
    assert duckdb_pins[0]
    assert duckdb_pins[1]
    assert duckdb_pins[0][1] == duckdb_pins[1][1]
