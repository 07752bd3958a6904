"""The scoring of a made-up month: seconds and largest memory.

Run it with `python -m tests.benchmarks.scoring`. Settings: BENCH_CANDIDATES (1000000, of 150 features).
"""

import os
import resource
import time
from datetime import date

import click
import numpy as np
import pandas as pd

from ml.columns import FeatureColumns
from ml.model import ChurnModel
from ml.scoring import score
from ml.splits import MonthSplit
from ml.training import fit
from orchestration.terminal import render_table

COLUMNS = FeatureColumns(
    numeric=tuple(f"number_{place:03}" for place in range(135)),
    boolean=tuple(f"flag_{place}" for place in range(5)),
    categorical=tuple(f"level_{place}" for place in range(10)),
)
_LEVELS = np.array([f"level {place:02}" for place in range(20)], dtype=object)
_MONTHS = tuple(date(2026, month, 1) for month in range(1, 6))
_ROWS_PER_TRAINING_MONTH = 20_000


def candidates(month: date, rows: int, seed: int) -> pd.DataFrame:
    """Return a month of candidates in the types that the warehouse hands over, a tenth of numbers missing."""
    generator = np.random.default_rng(seed)
    frame: dict[str, object] = {
        "snapshot_month": np.full(rows, np.datetime64(month, "s")),
        "subscriber_id": [f"S{place:09}" for place in range(rows)],
    }
    for name in COLUMNS.numeric:
        numbers = generator.standard_normal(rows, dtype=np.float32)
        numbers[generator.random(rows, dtype=np.float32) < 0.1] = np.nan
        frame[name] = numbers
    frame |= {name: (generator.random(rows) < 0.3).astype(np.float32) for name in COLUMNS.boolean}
    frame |= {
        name: pd.Series(_LEVELS[generator.integers(len(_LEVELS), size=rows)], dtype="str")
        for name in COLUMNS.categorical
    }
    return pd.DataFrame(frame)


def trained() -> ChurnModel:
    """Return a model of as many trees as the plan grows on months whose risk hangs on twenty numbers."""
    months = []
    for seed, month in enumerate(_MONTHS):
        frame = candidates(month, _ROWS_PER_TRAINING_MONTH, seed)
        risk = frame[list(COLUMNS.numeric[:20])].fillna(0).sum(axis=1).to_numpy()
        draws = np.random.default_rng(100 + seed).random(len(frame))
        frame["churned"] = draws < 1 / (1 + np.exp(4 - 0.3 * risk))
        frame["billed_amount_ratio_6m"], frame["tenure_months"] = 1.0, 12.0
        months.append(frame)
    split = MonthSplit(_MONTHS[-1], *((month,) for month in _MONTHS[:2]), _MONTHS[2:4], _MONTHS[4:])
    model = fit(pd.concat(months, ignore_index=True), "churned", split, COLUMNS)
    if not isinstance(model, ChurnModel):
        raise ValueError(model.reason)
    return model


def main() -> None:
    """Fit, make the month, score it, and print what that cost."""
    rows = int(os.environ.get("BENCH_CANDIDATES", "1000000"))
    model = trained()
    frame = candidates(date(2026, 6, 1), rows, seed=9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun, worked = time.perf_counter(), time.process_time()
    scores = score(model, frame)
    figures = pd.DataFrame(
        [
            ("candidates", f"{len(scores):,}"),
            ("features", str(len(COLUMNS.names))),
            ("trees", str(model.booster.num_boosted_rounds())),
            ("seconds", f"{time.perf_counter() - begun:.1f}"),
            ("processor seconds", f"{time.process_time() - worked:.1f}"),
            ("peak MiB before scoring", f"{before:,.0f}"),
            ("peak MiB", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f}"),
        ],
        columns=["figure", "value"],
    )
    click.echo(render_table(figures))


if __name__ == "__main__":
    main()
