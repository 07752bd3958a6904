"""The watch: what it says in the first month of a price war, and what a big month costs it.

`python -m tests.benchmarks.watch` simulates an operator whose last month starts a price war, closes all its
months, and prints the last calm month beside the first of the war. Settings: BENCH_SUBSCRIBERS (3000),
BENCH_MONTHS (20), BENCH_HOME (a temporary folder), BENCH_CANDIDATES (1000000, of 150 features).
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import click
import duckdb
import numpy as np
import pandas as pd

from ml.columns import FeatureColumns
from ml.drift import DriftLimits, drift, learn_reference
from orchestration.settings import REFERENCE, Home
from orchestration.terminal import render_table

_LAST_MONTH = "2026-06"
_FEATURES = 150
_COMMAND = str(Path(sys.executable).with_name("retention"))


def price_war(home: Home, subscribers: int, months: int) -> None:
    """Simulate and close all months; the last one is the first of a price war."""
    environment = os.environ | {"RETENTION_HOME": str(home.root)}
    first = pd.Period(_LAST_MONTH, "M") - (months - 1)
    subprocess.run(
        [
            *(_COMMAND, "simulate", "--subscribers", str(subscribers), "--months", str(months)),
            *("--last-month", _LAST_MONTH, "--seed", "7", "--price-war", _LAST_MONTH),
        ],
        env=environment,
        check=True,
    )
    subprocess.run(
        [_COMMAND, "run", "--from-month", str(first), "--month", _LAST_MONTH], env=environment, check=True
    )


def watched(home: Home) -> str:
    """Return the watch's tables of the last two months: scores, and the features that changed most."""
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        scores = connection.execute(
            "select snapshot_month, psi, mean_probability, level, alarms from ml.score_drift "
            "order by snapshot_month desc limit 2"
        ).df()
        features = connection.execute(
            """
            select snapshot_month, feature, psi, known_psi, level
            from ml.feature_drift
            where snapshot_month in (
                select distinct snapshot_month from ml.feature_drift order by all desc limit 2
            )
            qualify 10 >= row_number() over (
                partition by snapshot_month order by known_psi desc nulls last, feature
            )
            order by snapshot_month, known_psi desc, feature
            """
        ).df()
    return f"{render_table(scores)}\n{render_table(features)}"


def cost(candidates: int) -> str:
    """Return in a line what comparing a month of so many candidates takes."""
    random = np.random.default_rng(1)
    names = tuple(f"feature_{number:03}" for number in range(_FEATURES))
    columns = FeatureColumns(names)
    reference = learn_reference(
        columns,
        {},
        random.gamma(0.5, 2.0, (100_000, _FEATURES)).astype(np.float32).round(1),
        random.random(10_000),
    )
    frame = pd.DataFrame(
        {name: random.gamma(0.5, 2.0, candidates).astype(np.float32).round(1) for name in names}
        | {"snapshot_month": date(2026, 6, 1), "subscriber_id": np.arange(candidates)}
    )
    limits = DriftLimits.from_parameters(
        pd.read_csv(REFERENCE / "parameters.csv", index_col="parameter", dtype=str)["value"].to_dict()
    )
    started, worked = time.monotonic(), time.process_time()
    found = drift(reference, frame, columns, {}, limits)
    return (
        f"{candidates:,} candidates x {len(found)} features: {time.monotonic() - started:.1f} s, "
        f"{time.process_time() - worked:.1f} s of one processor"
    )


def main() -> None:
    """Print both."""
    click.echo(cost(int(os.environ.get("BENCH_CANDIDATES", "1000000"))))
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(os.environ.get("BENCH_HOME", folder)).resolve())
        price_war(
            home, int(os.environ.get("BENCH_SUBSCRIBERS", "3000")), int(os.environ.get("BENCH_MONTHS", "20"))
        )
        click.echo(watched(home))


if __name__ == "__main__":
    main()
