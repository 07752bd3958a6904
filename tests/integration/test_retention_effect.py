"""The figures of `retention_effect` and `unit_assessment` reckoned again, and where nothing had an effect.

Belongs here: intervals, pooling and shrinkage over many cases. Not here: which lines and answers count
(`dbt_project/models/effect/_effect__unit_tests.yml`).
"""

import json
import math
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from orchestration.defs.dbt_child import dbt_environment, dbt_executable
from orchestration.settings import DBT_PROJECT, Home

QUANTILE = 1.96
POWER_QUANTILE = 0.8416
MODELS = ("retention_effect", "unit_assessment")
COLUMNS = {
    "snapshot_month": "date",
    "subscriber_id": "varchar",
    "list_kind": "varchar",
    "disposition": "varchar",
    "primary_unit_id": "varchar",
    "colour": "varchar",
    "value_tier": "varchar",
    "held_out_by_id": "varchar",
    "average_amount_3m": "decimal(18, 2)",
    "is_judged": "boolean",
    "is_churn": "boolean",
    "is_contacted": "boolean",
    "is_on_time": "boolean",
    "is_reached": "boolean",
    "is_retained": "boolean",
}
# Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10: events, cases of both arms, bounds.
PUBLISHED = {
    "a": (56, 70, 48, 80, 0.0524, 0.3339),
    "b": (9, 10, 3, 10, 0.1705, 0.8090),
    "c": (6, 7, 2, 7, 0.0582, 0.8062),
    "d": (5, 56, 0, 29, -0.0381, 0.1926),
    "e": (0, 10, 0, 20, -0.1611, 0.2775),
    "f": (0, 10, 0, 10, -0.2775, 0.2775),
    "g": (10, 10, 0, 20, 0.6791, 1.0000),
    "h": (10, 10, 0, 10, 0.6075, 1.0000),
}


class Line(NamedTuple):
    """What one listed line adds to the figures."""

    month: int
    world: str
    customer: str
    disposition: str
    is_churn: bool
    is_reached: bool = False
    unit: str = "unit"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SQL of both models, as dbt compiles it for the year 2026."""
    home = Home(tmp_path_factory.mktemp("compiled"))
    home.warehouse_file.parent.mkdir(parents=True)
    done = subprocess.run(
        [
            *(dbt_executable(), "--no-use-colors", "compile", "--project-dir", str(DBT_PROJECT)),
            *("--select", *MODELS),
            *("--vars", '{"from_month": "2026-01-01", "to_month": "2026-12-01"}'),
        ],
        env=os.environ | dbt_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    manifest = json.loads((home.dbt / "target" / "manifest.json").read_text(encoding="utf-8"))
    return {
        node["name"]: node["compiled_code"] for node in manifest["nodes"].values() if node["name"] in MODELS
    }


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / Home(tmp_path).warehouse_file.name)) as connection:
        connection.execute("create schema intermediate; create schema retention")
        connection.execute(
            f"""
            create table intermediate.int_parameters as select
                1 as gap_months, 3 as outcome_months, 3 as silence_months, 0.1000 as control_share,
                cast({QUANTILE} as decimal(9, 4)) as interval_quantile,
                cast({POWER_QUANTILE} as decimal(9, 4)) as power_quantile
            """
        )
        yield connection


def figures(
    warehouse: duckdb.DuckDBPyConnection, sql: str, lines: list[Line], key: str
) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the model's rows by month and `key`, without those of both totals."""
    frame = pd.DataFrame(
        [
            (
                *(f"2026-{line.month:02d}-01", str(number), "at_risk", line.disposition, line.unit),
                *(line.world, "mid", line.customer, 100, True, line.is_churn),
                *(line.is_reached, line.is_reached, line.is_reached, line.is_reached),
            )
            for number, line in enumerate(lines)
        ],
        columns=list(COLUMNS),
    )
    declared = ", ".join(f"{name} {data_type}" for name, data_type in COLUMNS.items())
    warehouse.execute(f"create or replace table retention.list_outcomes ({declared})")
    warehouse.register("frame", frame)
    warehouse.execute("insert into retention.list_outcomes select * from frame")
    found = warehouse.execute(sql)
    names = [column[0] for column in found.description]
    records = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {
        (record["snapshot_month"].month, record[key]): record
        for record in records
        if record.get("value_tier", "mid") == "mid" and record[key] != "all"
    }


def wilson(rate: float, size: float) -> tuple[float, float]:
    """Return both rates from which the one seen lies QUANTILE deviations away."""

    def distance(true_rate: float) -> float:
        return (rate - true_rate) ** 2 * size - QUANTILE**2 * true_rate * (1 - true_rate)

    # The rate itself is the other root where nobody, or everybody, is counted.
    low = optimize.brentq(distance, 0, min(rate, 1 - 1e-12), xtol=1e-15) if rate > 0 else 0.0
    high = optimize.brentq(distance, max(rate, 1e-12), 1, xtol=1e-15) if rate < 1 else 1.0
    return low, high


def reckoned(lines: list[Line], months: set[int]) -> dict[str, float]:
    """Return the effect of the months together, customer by customer."""
    arms = {"assigned": [line for line in lines if line.disposition == "assigned" and line.month in months]}
    arms["held_out"] = [line for line in lines if line.disposition == "held_out" and line.month in months]
    counts = {
        arm: {month: sum(line.month == month for line in arms[arm]) for month in months} for arm in arms
    }
    weights = {
        month: Fraction(
            counts["assigned"][month] * counts["held_out"][month],
            counts["assigned"][month] + counts["held_out"][month],
        )
        for month in months
    }
    rates, sizes = {}, {}
    for arm, members in arms.items():
        weight_of = {
            month: weight / sum(weights.values()) / counts[arm][month] for month, weight in weights.items()
        }
        month_rates = {
            month: Fraction(sum(line.is_churn for line in members if line.month == month), counts[arm][month])
            for month in months
        }
        rate = sum(weight_of[line.month] * line.is_churn for line in members)
        residuals: dict[str, Fraction] = defaultdict(Fraction)
        shares: dict[str, Fraction] = defaultdict(Fraction)
        for line in members:
            residuals[line.customer] += weight_of[line.month] * (line.is_churn - month_rates[line.month])
            shares[line.customer] += weight_of[line.month]
        if 0 < rate < 1:
            variance = sum(residual**2 for residual in residuals.values())
            independent = 1 / sum(weight_of[line.month] ** 2 for line in members)
            sizes[arm] = float(min(independent, rate * (1 - rate) / variance))
        else:
            sizes[arm] = float(1 / sum(share**2 for share in shares.values()))
        rates[arm] = float(rate)
    treated, control = rates["assigned"], rates["held_out"]
    (treated_low, treated_high), (control_low, control_high) = (
        wilson(rates[arm], sizes[arm]) for arm in ("assigned", "held_out")
    )
    common = (treated * sizes["assigned"] + control * sizes["held_out"]) / sum(sizes.values())
    return {
        "effect": treated - control,
        "effect_low": treated - control - math.hypot(treated - treated_low, control_high - control),
        "effect_high": treated - control + math.hypot(treated_high - treated, control - control_low),
        "detectable_effect": (QUANTILE + POWER_QUANTILE)
        * math.sqrt(common * (1 - common) * sum(1 / size for size in sizes.values())),
    }


def arm(world: str, disposition: str, churners: int, count: int, month: int = 1) -> list[Line]:
    return [
        Line(month, world, f"{world} {disposition} {number}", disposition, number < churners)
        for number in range(count)
    ]


def test_the_interval_of_lines_of_different_customers_is_newcombes(
    compiled: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    lines = [
        line
        for world, (churners, count, control_churners, control_count, *_) in PUBLISHED.items()
        for line in (
            *arm(world, "assigned", churners, count),
            *arm(world, "held_out", control_churners, control_count),
        )
    ]

    found = figures(warehouse, compiled["retention_effect"], lines, "colour")

    assert {world for _, world in found} == PUBLISHED.keys()
    for world, (churners, count, control_churners, control_count, low, high) in PUBLISHED.items():
        row = found[1, world]
        assert row["effect"] == pytest.approx(churners / count - control_churners / control_count)
        assert (row["effect_low"], row["effect_high"]) == pytest.approx((low, high), abs=6e-5)
        assert (row["pooled_effect_low"], row["pooled_effect_high"]) == (
            row["effect_low"],
            row["effect_high"],
        )
        own = [line for line in lines if line.world == world]
        assert row["effect_low"] == pytest.approx(reckoned(own, {1})["effect_low"], abs=1e-9)


def random_lines(world: str, generator: np.random.Generator, churn_of_treated: float) -> list[Line]:
    """Return three months of customers with one to three lines each, who tend to leave, or stay, as one.

    Whoever is held out is so in every month, and whoever left is gone.
    """
    lines = []
    for customer in range(300):
        is_held_out = generator.random() < 0.3
        inclination = generator.beta(1, 4) * (1 if is_held_out else churn_of_treated)
        first = int(generator.integers(1, 4))
        for number in range(int(generator.integers(1, 4))):
            for month in range(first, 4):
                lines.append(
                    Line(
                        month,
                        world,
                        f"{world} {customer}",
                        "held_out" if is_held_out else "assigned",
                        bool(generator.random() < inclination),
                        unit=f"{number}",
                    )
                )
    return lines


def test_lines_and_months_of_one_customer_are_summed_before_they_are_squared(
    compiled: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    generator = np.random.default_rng(7)
    worlds = {f"{number}": random_lines(f"{number}", generator, 1 - number / 8) for number in range(6)}

    found = figures(
        warehouse,
        compiled["retention_effect"],
        [line for lines in worlds.values() for line in lines],
        "colour",
    )

    for world, lines in worlds.items():
        for month in (1, 2, 3):
            row = found[month, world]
            own, pooled = reckoned(lines, {month}), reckoned(lines, set(range(1, month + 1)))
            assert row["pooled_month_count"] == month
            assert {name: row[name] for name in own} == pytest.approx(own, abs=1e-9)
            assert {name: row[f"pooled_{name}"] for name in pooled} == pytest.approx(pooled, abs=1e-9)


def test_the_interval_covers_nothing_where_contacts_do_nothing(
    compiled: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Of 80 worlds 95 % are to be covered; what is asked for fails by chance once in a thousand."""
    generator = np.random.default_rng(11)
    worlds = {f"{number}": random_lines(f"{number}", generator, 1.0) for number in range(80)}

    found = figures(
        warehouse,
        compiled["retention_effect"],
        [line for lines in worlds.values() for line in lines],
        "colour",
    )

    for prefix, month in (("", 1), ("pooled_", 3)):
        rows = [found[month, world] for world in worlds]
        covered = sum(row[f"{prefix}effect_low"] <= 0 <= row[f"{prefix}effect_high"] for row in rows)
        assert covered >= stats.binom.ppf(0.001, len(rows), 0.95)
        assert abs(np.mean([row[f"{prefix}effect"] for row in rows])) < 0.01


def test_units_are_drawn_toward_the_mean_as_dersimonian_and_laird_say(
    compiled: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    treated = {"large": (40, 400), "middling": (30, 100), "small": (1, 8), "bare": (2, 10)}
    control = {"large": (30, 100), "middling": (10, 30), "small": (2, 3), "bare": (0, 0)}
    lines = [
        line._replace(unit=unit, is_reached=number % 3 == 0 or unit == "small")
        for unit in treated
        for number, line in enumerate(
            arm(unit, "assigned", *treated[unit]) + arm(unit, "held_out", *control[unit])
        )
    ]

    found = figures(warehouse, compiled["unit_assessment"], lines, "unit_id")

    estimates, variances = [], []
    for unit in ("large", "middling", "small"):
        (churners, count), (control_churners, control_count) = treated[unit], control[unit]
        estimates.append(control_churners / control_count - churners / count)
        shares = [
            ((churners + 1) / (count + 2), count),
            ((control_churners + 1) / (control_count + 2), control_count),
        ]
        variances.append(sum(share * (1 - share) / (size + 2) for share, size in shares))
    estimate, variance = np.array(estimates), np.array(variances)
    weight = 1 / variance
    centre = np.average(estimate, weights=weight)
    spread = max(
        0.0,
        (np.sum(weight * (estimate - centre) ** 2) - 2) / (weight.sum() - (weight**2).sum() / weight.sum()),
    )
    mean = np.average(estimate, weights=1 / (variance + spread))
    expected = mean + spread / (spread + variance) * (estimate - mean)
    assert spread > 0
    for unit, rate in zip((*treated,), (*expected, mean), strict=True):
        assert found[1, unit]["saved_rate_shrunk"] == pytest.approx(rate, abs=1e-9)
        assert found[1, unit]["saved_against_control"] == pytest.approx(treated[unit][1] * rate, abs=1e-5)
        assert float(found[1, unit]["fee_kept_amount"]) == pytest.approx(
            100 * treated[unit][1] * rate, abs=0.02
        )
        assert found[1, unit]["saved_against_control_low"] < found[1, unit]["saved_against_control"]
    own, shrunk = found[1, "small"]["reached_rate"], found[1, "small"]["reached_rate_shrunk"]
    assert own == 1
    assert 1 / 3 < shrunk < 1


def test_the_order_of_lines_changes_no_digit(
    compiled: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    lines = random_lines("one", np.random.default_rng(3), 0.5)

    for model, key in zip(MODELS, ("colour", "unit_id"), strict=True):
        there = figures(warehouse, compiled[model], lines, key)
        back = figures(warehouse, compiled[model], lines[::-1], key)

        assert there == back
