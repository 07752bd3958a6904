"""The dashboards as the bundle that Superset imports: a ZIP of one file an object.

Belongs here: putting datasets, charts and dashboards together, their lasting ids. Not here: single charts
(`forms`), places (`layout`), words (`texts.csv`). The same specs, texts and published columns give the same
bytes; the files are JSON, which is YAML as well.
"""

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dashboards import forms, layout, queries
from orchestration.dashboards.specification import Chart, Dashboard, Dataset, Kind
from orchestration.publishing.connecting import CLOSED
from orchestration.settings import REFERENCE
from orchestration.warehouse import EngineSettings
from orchestration.worklists.texts import Texts

VERSION = "1.0.0"
ROOT = "retention"
# The choices stand on the left; their count in the head of every chart would leave its title no room.
# Titles of small boxes stay in one line on a small screen.
_CSS = ".filter-counts { display: none; } @media (max-width: 1400px) { .header-title { font-size: 13px; } }"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "dashboards.retention-warehouse")
# ZIP knows no year before 1980; the bundle has no time of its own.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def identity(kind: str, name: str) -> str:
    """Return the lasting id of an object: an import again replaces it."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


class Bundle:
    """One language's bundle; `files` are the objects by path."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        published_file: Path,
        texts: Texts,
        language: str,
        currency: str,
        datasets: Sequence[Dataset],
        dashboards: Sequence[Dashboard],
        bounds: EngineSettings | None = None,
    ) -> None:
        """Make the objects of all `dashboards`, asking `connection` what is published.

        `bounds` are DuckDB's settings of each question beside those that close it to the host.
        """
        self.texts, self.language, self.currency = texts, language, currency
        self.datasets = {dataset.name: dataset for dataset in datasets}
        self.files: dict[str, dict[str, Any]] = {
            "metadata.yaml": {"version": VERSION, "type": "assets", "timestamp": "1980-01-01T00:00:00+00:00"},
            "databases/published.yaml": _database(
                published_file, self._text("database"), CLOSED | (bounds or {})
            ),
        }
        self.missing: dict[str, str] = {}
        self.columns: dict[str, list[queries.ResultColumn]] = {}
        published_comments = queries.comments(connection, language)
        for dataset in datasets:
            sql = queries.query(dataset.name, texts, language)
            try:
                columns = queries.result_columns(connection, sql)
            except queries.NotPublishedError as error:
                self.missing[dataset.name] = str(error)
                continue
            self.columns[dataset.name] = columns
            self.files[f"datasets/published/{dataset.name}.yaml"] = self._dataset(
                dataset, sql, columns, published_comments
            )
        self._charts = 0
        for dashboard in dashboards:
            self._add(dashboard)

    def to_bytes(self) -> bytes:
        """Return the bundle as a ZIP file."""
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(self.files):
                content = json.dumps(self.files[name], ensure_ascii=False, indent=1, sort_keys=True)
                archive.writestr(zipfile.ZipInfo(f"{ROOT}/{name}", _NO_TIME), content)
        return memory.getvalue()

    def _text(self, key: str) -> str:
        return self.texts.text(f"dashboard.{key}", self.language, currency=self.currency)

    def _optional(self, key: str) -> str:
        return self._text(key) if f"dashboard.{key}" in self.texts.entries else ""

    def _metric_name(self, name: str) -> str:
        # A sum or pick of a column bears the column's name unless it has one of its own.
        return self._optional(f"metric.{name}") or self._text(f"column.{name}")

    def _dataset(
        self,
        dataset: Dataset,
        sql: str,
        columns: list[queries.ResultColumn],
        published_comments: dict[str, str],
    ) -> dict[str, Any]:
        return {
            "table_name": self._text(f"dataset.{dataset.name}"),
            "uuid": identity("dataset", dataset.name),
            "database_uuid": identity("database", "published"),
            "version": VERSION,
            "description": "",
            "schema": None,
            "sql": sql,
            "main_dttm_col": None,
            "filter_select_enabled": True,
            "is_managed_externally": True,
            "columns": [
                {
                    "column_name": column.name,
                    "verbose_name": self._text(f"column.{column.name}"),
                    "description": published_comments.get(dataset.columns.get(column.name, ""), ""),
                    "type": column.data_type,
                    "is_dttm": column.is_date,
                    "groupby": True,
                    "filterable": True,
                    "is_active": True,
                }
                for column in columns
            ],
            "metrics": [
                {
                    "metric_name": metric.name,
                    "verbose_name": self._metric_name(metric.name),
                    "expression": metric.expression,
                    "d3format": metric.format.value or None,
                }
                for metric in dataset.metrics
            ],
        }

    def _add(self, dashboard: Dashboard) -> None:
        placed: dict[str, tuple[int, str, str]] = {}
        missing: dict[str, str] = {}
        for chart in dashboard.charts:
            title = self._text(f"{dashboard.name}.{chart.name}")
            if chart.dataset in self.missing:
                missing[chart.name] = f"**{title}**\n\n{self._text('not_published')}"
                continue
            self._charts += 1
            name = f"{dashboard.name}.{chart.name}"
            placed[chart.name] = (self._charts, identity("chart", name), title)
            self.files[f"charts/{dashboard.name}/{chart.name}.yaml"] = self._chart(dashboard, chart, title)
        title = self._text(f"{dashboard.name}.title")
        sections = [
            (
                section.name,
                f"### {self._text(f'{dashboard.name}.{section.name}')}\n"
                + self._text(f"{dashboard.name}.{section.name}.about"),
                section.rows,
            )
            for section in dashboard.sections
        ]
        self.files[f"dashboards/{dashboard.name}.yaml"] = {
            "dashboard_title": title,
            "slug": dashboard.name.replace("_", "-"),
            "uuid": identity("dashboard", dashboard.name),
            "version": VERSION,
            "published": True,
            "is_managed_externally": True,
            "css": _CSS,
            "position": layout.layout(title, sections, placed, missing),
            "metadata": {
                # Each chart keeps its own scheme; only words with a colour have it everywhere.
                "color_scheme": "",
                "label_colors": self._label_colours(),
                "cross_filters_enabled": True,
                "native_filter_configuration": self._filters(dashboard, placed),
            },
        }

    def _chart(self, dashboard: Dashboard, chart: Chart, title: str) -> dict[str, Any]:
        dataset = self.datasets[chart.dataset]
        words = {
            "note": self._optional(f"{dashboard.name}.{chart.name}.note"),
            "x": self._text(f"column.{chart.x}") if chart.x else "",
            "y": self._optional(f"{dashboard.name}.{chart.name}.y")
            or (self._metric_name(chart.metrics[0]) if chart.metrics else ""),
            **{f"line.{line.name}": self._text(f"line.{line.name}") for line in chart.lines},
        }
        lines = {line.name: _parameter(line.parameter) for line in chart.lines}
        return {
            "slice_name": title,
            "description": "" if chart.kind is Kind.NUMBER else words["note"],
            "viz_type": chart.kind.value,
            "params": forms.form(chart, dataset, self.columns[chart.dataset], words, lines),
            "uuid": identity("chart", f"{dashboard.name}.{chart.name}"),
            "dataset_uuid": identity("dataset", chart.dataset),
            "version": VERSION,
            "is_managed_externally": True,
        }

    def _filters(self, dashboard: Dashboard, placed: dict[str, tuple[int, str, str]]) -> list[dict[str, Any]]:
        made = []
        for chosen in dashboard.filters:
            if chosen.dataset in self.missing:
                continue
            excluded = [
                placed[chart.name][0]
                for chart in dashboard.charts
                if chart.name in placed
                and (
                    chosen.column in chart.every or chosen.column not in self.datasets[chart.dataset].columns
                )
            ]
            start = self._text(chosen.start) if chosen.start else None
            made.append(
                {
                    "id": f"NATIVE_FILTER-{dashboard.name}-{chosen.column}",
                    "name": self._text(f"column.{chosen.column}"),
                    "filterType": "filter_select",
                    "type": "NATIVE_FILTER",
                    "description": "",
                    "cascadeParentIds": [],
                    # Superset's browser applies a first choice by itself only with this.
                    "requiredFirst": chosen.starts_with_newest,
                    "targets": [
                        {
                            "column": {"name": chosen.column},
                            "datasetUuid": identity("dataset", chosen.dataset),
                        }
                    ],
                    "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
                    "controlValues": {
                        "multiSelect": False,
                        "defaultToFirstItem": chosen.starts_with_newest,
                        "enableEmptyFilter": chosen.starts_with_newest,
                        "inverseSelection": False,
                        "searchAllOptions": False,
                        "sortAscending": not chosen.starts_with_newest,
                    },
                    "defaultDataMask": _mask(chosen.column, start),
                }
            )
        return made

    def _label_colours(self) -> dict[str, str]:
        return {self.texts.text(key, self.language): shade for key, shade in forms.LABEL_COLOURS.items()}


def _mask(column: str, start: str | None) -> dict[str, Any]:
    if start is None:
        return {"extraFormData": {}, "filterState": {}, "ownState": {}}
    return {
        "extraFormData": {"filters": [{"col": column, "op": "IN", "val": [start]}]},
        "filterState": {"value": [start], "label": start},
        "ownState": {},
    }


def _database(published_file: Path, name: str, settings: EngineSettings) -> dict[str, Any]:
    return {
        "database_name": name,
        "sqlalchemy_uri": f"duckdb:///{published_file}",
        "uuid": identity("database", "published"),
        "version": VERSION,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "is_managed_externally": True,
        "extra": {
            "allows_virtual_table_explore": True,
            "engine_params": {"connect_args": {"read_only": True, "config": settings}},
        },
    }


def _parameter(name: str) -> float:
    with (REFERENCE / "parameters.csv").open(encoding="utf-8", newline="") as rows:
        return next(float(row["value"]) for row in csv.DictReader(rows) if row["parameter"] == name)
