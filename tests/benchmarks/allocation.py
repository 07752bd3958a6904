"""The allocation of a made-up month: seconds, largest memory and the certified gap, beside greedy by value.

Run it with `python -m tests.benchmarks.allocation`. Settings: BENCH_CUSTOMERS (100000), BENCH_SHAPE (slots:
one place each; hours: hours of a unit and a budget; places: hours, a staff member's place and a budget),
BENCH_ENGINE (auto).
"""

import os
import resource
import sys
import time
from typing import cast

import click
import numpy as np
import pandas as pd

from ml.allocation import allocate
from ml.allocation.engines import Engine
from ml.allocation.problem import PARTS, greedy, read
from orchestration.terminal import render_table

_CHANNELS = np.array([0, 1, 2, 3, 0, 1, 2, 0, 1, 2])
_HOURS = np.array([4.0, 2.0, 1.0, 0.2])
_CUSTOMERS_OF_A_UNIT = 1_000
_UNITS_OF_A_REGION = 10
_SERVED_SHARE = 0.3


def month(customers: int, shape: str, seed: int = 7) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Return options, resources and budgets: ten options each, four at the home unit, six in the region.

    There is room for three customers in ten; in the shapes with hours, money is short as well.
    """
    generator = np.random.default_rng(seed)
    units = max(customers // _CUSTOMERS_OF_A_UNIT, 2)
    home = generator.integers(units, size=customers)
    region = home // _UNITS_OF_A_REGION * _UNITS_OF_A_REGION
    unit = np.empty((customers, len(_CHANNELS)), dtype=np.int64)
    unit[:, :4] = home[:, None]
    for columns in (slice(4, 7), slice(7, 10)):
        other = region + generator.integers(_UNITS_OF_A_REGION, size=customers)
        unit[:, columns] = np.minimum(other, units - 1)[:, None]
    channel = np.broadcast_to(_CHANNELS, unit.shape)
    worth = generator.lognormal(4.0, 0.8, customers)[:, None]
    value = worth * np.array([1.0, 0.8, 0.6, 0.2])[channel] * generator.uniform(0.5, 1.2, unit.shape)
    value = (value - np.array([20.0, 10.0, 5.0, 0.1])[channel]).round(2)
    money = generator.choice([0.0, 10.0, 30.0, 60.0, 120.0], unit.shape)
    by_hand = channel < 2
    options = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(customers), len(_CHANNELS)),
            "option_id": np.tile(np.arange(len(_CHANNELS)), customers),
            "value": value.ravel(),
            "resource_id": (unit * 2 + by_hand).ravel(),
            "resource_amount": 1.0 if shape == "slots" else _HOURS[channel].ravel(),
        }
    )
    served = customers * _SERVED_SHARE
    per_unit = served / units / 2 * (1.0 if shape == "slots" else 1.4)
    resources = pd.Series(np.round(per_unit * generator.uniform(0.6, 1.4, units * 2)), name="resources")
    budgets = pd.Series(dtype=float)
    if shape != "slots":
        options["budget_id"] = "offers"
        options["cost_amount"] = money.ravel()
        budgets = pd.Series({"offers": served * 15.0})
    if shape == "places":
        first = 2 * units
        staff = generator.integers(5, size=unit.shape)
        options["second_resource_id"] = (first + unit * 5 + staff).ravel()
        options["second_resource_amount"] = 1
        resources = pd.concat(
            [resources, pd.Series(np.round(served / units / 5), index=range(first, first + units * 5))]
        )
    return options, resources, budgets


def main() -> None:
    """Measure and print."""
    customers = int(os.environ.get("BENCH_CUSTOMERS", "100000"))
    shape = os.environ.get("BENCH_SHAPE", "hours")
    engine = cast("Engine", os.environ.get("BENCH_ENGINE", "auto"))
    options, resources, budgets = month(customers, shape)
    click.echo(f"{customers:,} customers, {len(options):,} options, {len(resources):,} resources, {shape}")
    began, cpu_began = time.monotonic(), time.process_time()
    answer = allocate(options, resources, budgets, engine=engine)
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu_began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    problem = read(options, resources, budgets).problem
    by_value = problem.worth(greedy(problem)) / PARTS
    click.echo(
        render_table(
            pd.DataFrame(
                {
                    "engine": [answer.engine],
                    "seconds": [round(seconds, 1)],
                    "cpu_seconds": [round(cpu_seconds, 1)],
                    "peak_MiB": [round(peak)],
                    "value": [round(answer.value)],
                    "gap_percent": [f"{100 * answer.gap:.4f}"],
                    "served": [int(answer.choice["option_id"].notna().sum())],
                    "greedy_below_bound_percent": [round(100 * (1 - by_value / answer.bound), 2)],
                }
            )
        )
    )
    click.echo(
        f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {sys.version.split()[0]}"
    )


if __name__ == "__main__":
    main()
