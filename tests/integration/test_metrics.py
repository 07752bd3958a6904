"""Metrics as dbt generates them from their definitions, over cells and moves written down by hand.

Belongs here: totals, mid and high value together, ratios, changes on the month and the year before. Not
here: what is counted of lines (dbt's unit tests), texts (`tests/architecture/test_metrics.py`).
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import landing, tables
from orchestration.defs.dbt_child import dbt_environment, dbt_executable
from orchestration.settings import DBT_PROJECT, REFERENCE, Home

Figures = Mapping[str, Any]
Key = tuple[str, str | None, str | None, str, str]

# Nothing landed between the Januaries but December. One line has neither branch nor brand.
CELLS = """
snapshot_month,branch_id,brand,value_tier,subscriber_count,billed_amount,billed_count,value_at_risk_amount,worked_count,reached_count
2025-01-01,B1,gold,high,10,1000.00,10,,,
2025-01-01,B1,gold,mass,15,600.00,10,,,
2025-12-01,B1,gold,high,12,1300.00,12,,,
2025-12-01,B1,gold,mid,8,800.00,8,,,
2025-12-01,B1,gold,mass,19,690.00,19,,,
2025-12-01,,,mass,1,10.00,1,,,
2026-01-01,B1,gold,high,9,900.00,9,100.50,2,1
2026-01-01,B1,gold,mass,30,390.00,30,0,0,0
2026-01-01,B2,blue,mid,10,700.00,10,20.25,0,0
2026-01-01,,,mass,1,10.00,1,0,0,0
"""
# January 2026 begins with December's 12 high, 8 mid and 20 mass; five are new in B2, one stops at once.
MOVES = """
snapshot_month,branch_id,brand,tier_before,tier_now,subscriber_count,quantity_churn_count,involuntary_churn_count
2025-01-01,B1,gold,high,mid,2,0,0
2025-12-01,B1,gold,mid,high,1,0,0
2026-01-01,B1,gold,high,high,8,1,0
2026-01-01,B1,gold,high,mid,2,0,0
2026-01-01,B1,gold,high,mass,1,0,0
2026-01-01,B1,gold,high,none,1,0,0
2026-01-01,B1,gold,mid,high,1,0,0
2026-01-01,B1,gold,mid,mid,4,0,0
2026-01-01,B1,gold,mid,mass,3,1,1
2026-01-01,B1,gold,mass,mid,2,0,0
2026-01-01,B1,gold,mass,mass,18,0,1
2026-01-01,B2,blue,none,mass,5,1,0
"""
JANUARY = "2026-01-01"
DECEMBER = "2025-12-01"
YEAR_BEFORE = "2025-01-01"


@pytest.fixture(scope="module")
def home(manifest_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse that holds nothing but the cells, the moves and the metrics of them."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.warehouse_file.parent.mkdir(parents=True)
    nodes = json.loads(manifest_file.read_text(encoding="utf-8"))["nodes"]
    with duckdb.connect(str(home.warehouse_file)) as connection:
        landing.prepare(connection)
        tables.create_tables(connection)
        connection.execute("create schema if not exists marts")
        for name, rows in (("kpi_monthly", CELLS), ("tier_moves", MOVES)):
            columns = nodes[f"model.retention.{name}"]["columns"].values()
            declared = ", ".join(f"{column['name']} {column['data_type']}" for column in columns)
            file = home.root / f"{name}.csv"
            file.write_text(rows.strip(), encoding="utf-8")
            connection.execute(f"create table marts.{name} ({declared})")
            connection.execute(
                f"insert into marts.{name} by name from read_csv('{file}', all_varchar = true)"
            )
    build_metrics(home, YEAR_BEFORE, JANUARY)
    return home


@pytest.fixture(scope="module")
def figures(home: Home) -> dict[Key, Figures]:
    """Every row by month, branch, brand, tier and metric."""
    return read_figures(home)


def build_metrics(home: Home, first_month: str, last_month: str) -> None:
    """Build the metrics of the months, and what they need beside cells and moves."""
    done = subprocess.run(
        [
            *(dbt_executable(), "--no-use-colors", "build", "--project-dir", str(DBT_PROJECT)),
            *("--select", "parameters", "int_parameters", "metrics_monthly"),
            *("--exclude-resource-type", "unit_test"),
            *("--vars", json.dumps({"from_month": first_month, "to_month": last_month})),
        ],
        env=os.environ | dbt_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def read_figures(home: Home) -> dict[Key, Figures]:
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        found = connection.execute("from marts.metrics_monthly")
        assert found.description
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {
        (
            row["snapshot_month"].isoformat(),
            row["branch_id"],
            row["brand"],
            row["value_tier"],
            row["metric"],
        ): row
        for row in rows
    }


@pytest.mark.parametrize(
    ("tier", "metric", "value", "month_before", "year_before", "month_on_month", "year_on_year"),
    [
        ("all", "subscriber_count", 50, 40, 25, 0.25, 1),
        ("mid_high", "subscriber_count", 19, 20, 10, -0.05, 0.9),
        ("mid", "subscriber_count", 10, 8, None, 0.25, None),
        # 2,000 of 50 bills, 2,800 of 40, 1,600 of 20.
        ("all", "average_bill", 40, 70, 80, -30 / 70, -0.5),
        ("high", "average_bill", 100, 1300 / 12, 100, (100 - 1300 / 12) / (1300 / 12), 0),
        ("all", "mid_high_base_share", 0.38, 0.5, 0.4, -0.12, -0.02),
        ("mid_high", "mid_high_base_share", 1, 1, 1, 0, 0),
        ("mass", "mid_high_base_share", 0, 0, 0, 0, 0),
        ("all", "mid_high_revenue_share", 0.8, 0.75, 0.625, 0.05, 0.175),
        # Two voluntary stops of the 40 there were; the third is of a new line.
        ("all", "quantity_churn_rate", 0.05, 0, 0, 0.05, 0.05),
        ("mid_high", "quantity_churn_rate", 0.1, 0, 0, 0.1, 0.1),
        ("mid", "quantity_churn_rate", 0.125, 0, None, 0.125, None),
        ("all", "involuntary_churn_rate", 0.05, 0, 0, 0.05, 0.05),
        ("high", "involuntary_churn_rate", 0, None, 0, None, 0),
        ("all", "moved_up_count", 3, 1, 0, 2, None),
        ("all", "moved_down_count", 6, 0, 2, None, 2),
        ("all", "net_tier_moves", -3, 1, -2, -4, -0.5),
        ("mid_high", "net_tier_moves", -5, 1, -2, -6, -1.5),
        ("mass", "net_tier_moves", 2, None, None, None, None),
        # No model before January; nobody of mass is worked, so that none could be reached.
        ("all", "value_at_risk_amount", 120.75, None, None, None, None),
        ("high", "reached_rate", 0.5, None, None, None, None),
        ("mass", "reached_rate", None, None, None, None, None),
    ],
)
def test_a_metric_of_all_branches_and_brands_is_compared_with_a_month_and_a_year_before(
    figures: dict[Key, Figures],
    tier: str,
    metric: str,
    value: float | None,
    month_before: float | None,
    year_before: float | None,
    month_on_month: float | None,
    year_on_year: float | None,
) -> None:
    row = figures[(JANUARY, "all", "all", tier, metric)]

    found = [
        row[name]
        for name in ("value", "value_month_before", "value_year_before", "month_on_month", "year_on_year")
    ]
    assert found == [
        None if wanted is None else pytest.approx(wanted)
        for wanted in (value, month_before, year_before, month_on_month, year_on_year)
    ]


def test_a_branch_and_a_brand_have_rows_of_their_own(figures: dict[Key, Figures]) -> None:
    counts = {
        key[1:4]: (row["value"], row["value_month_before"])
        for key, row in figures.items()
        if key[0] == JANUARY and key[4] == "subscriber_count" and key[3] in ("all", "mid_high")
    }

    assert counts == {
        ("all", "all", "all"): (50, 40),
        ("all", "all", "mid_high"): (19, 20),
        ("all", "gold", "all"): (39, 39),
        ("all", "gold", "mid_high"): (9, 20),
        ("all", "blue", "all"): (10, None),
        ("all", "blue", "mid_high"): (10, None),
        ("all", None, "all"): (1, 1),
        ("B1", "all", "all"): (39, 39),
        ("B1", "all", "mid_high"): (9, 20),
        ("B1", "gold", "all"): (39, 39),
        ("B1", "gold", "mid_high"): (9, 20),
        ("B2", "all", "all"): (10, None),
        ("B2", "all", "mid_high"): (10, None),
        ("B2", "blue", "all"): (10, None),
        ("B2", "blue", "mid_high"): (10, None),
        (None, "all", "all"): (1, 1),
        (None, None, "all"): (1, 1),
    }


def test_numerator_and_denominator_are_exact(figures: dict[Key, Figures]) -> None:
    def parts(metric: str) -> tuple[str, str]:
        row = figures[(JANUARY, "all", "all", "all", metric)]
        return str(row["numerator"]), str(row["denominator"])

    assert parts("average_bill") == ("2000.00", "50.00")
    assert parts("value_at_risk_amount") == ("120.75", "None")
    assert parts("quantity_churn_rate") == ("2.00", "40.00")


def test_new_lines_are_in_no_tier_before_and_in_no_base(figures: dict[Key, Figures]) -> None:
    new = figures[(JANUARY, "B2", "blue", "all", "quantity_churn_rate")]

    assert (new["numerator"], new["denominator"], new["value"]) == (0, 0, None)
    assert "none" not in {key[3] for key in figures}


def test_a_churn_rate_is_settled_once_the_silences_of_its_month_have_ended(
    figures: dict[Key, Figures],
) -> None:
    settled = {
        (key[0], key[4]): row["is_settled"]
        for key, row in figures.items()
        if key[1:4] == ("all", "all", "all") and key[4] in ("quantity_churn_rate", "billed_amount")
    }

    assert settled == {
        (YEAR_BEFORE, "quantity_churn_rate"): True,
        (DECEMBER, "quantity_churn_rate"): False,
        (JANUARY, "quantity_churn_rate"): False,
        (YEAR_BEFORE, "billed_amount"): True,
        (DECEMBER, "billed_amount"): True,
        (JANUARY, "billed_amount"): True,
    }


def test_what_was_done_is_settled_once_the_month_of_the_answers_is_there(figures: dict[Key, Figures]) -> None:
    settled = {
        (key[0], key[4]): row["is_settled"]
        for key, row in figures.items()
        if key[1:4] == ("all", "all", "all")
        and key[4] in ("worked_count", "worked_rate", "reached_count", "reached_rate", "assigned_count")
    }

    assert settled == {
        (month, metric): month != JANUARY or metric == "assigned_count"
        for month in (YEAR_BEFORE, DECEMBER, JANUARY)
        for metric in ("worked_count", "worked_rate", "reached_count", "reached_rate", "assigned_count")
    }


def test_a_month_run_again_alone_is_the_same_and_leaves_later_months_alone(
    home: Home, figures: dict[Key, Figures]
) -> None:
    for month in (DECEMBER, JANUARY):
        build_metrics(home, month, month)

        assert read_figures(home) == figures


@pytest.mark.parametrize(
    "numerator",
    ["{name: red_count, filter: \"{{ Dimension('segment__brand') }} = 'gold'\"}", "opening_count"],
    ids=["filtered", "of_another_table"],
)
def test_a_definition_that_would_be_rolled_up_wrongly_stops_the_run(
    home: Home, tmp_path: Path, numerator: str
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copytree(REFERENCE, tmp_path / "seeds" / "reference")
    with (project / "models" / "kpi" / "_kpi__metrics.yml").open("a", encoding="utf-8") as file:
        file.write(
            f"""
  - name: strange
    label: Strange
    type: ratio
    type_params: {{numerator: {numerator}, denominator: warned_count}}
    config: {{meta: {{unit: rate}}}}
"""
        )

    done = subprocess.run(
        [
            *(dbt_executable(), "--no-use-colors", "compile", "--project-dir", str(project)),
            *("--select", "metrics_monthly", "--target-path", str(tmp_path / "target")),
            *("--vars", json.dumps({"from_month": JANUARY, "to_month": JANUARY})),
        ],
        env=os.environ | dbt_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "Metric 'strange' is not simple, a ratio or derived" in done.stdout
