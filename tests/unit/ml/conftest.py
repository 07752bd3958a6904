"""A small planted world for the tests of `ml`: eight months of churn by complaints, brand and contract.

Here belong the frame and the model that several test modules share; what one module alone needs stands there.
"""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.columns import FeatureColumns
from ml.model import ChurnModel, TrainingPlan
from ml.splits import MonthSplit
from ml.training import fit

MONTHS = tuple(date(2025, month, 1) for month in range(1, 9))
SPLIT = MonthSplit(
    known_in=date(2025, 12, 1),
    train=MONTHS[:5],
    stop=MONTHS[5:6],
    calibrate=MONTHS[6:7],
    test=MONTHS[7:],
)
COLUMNS = FeatureColumns(
    numeric=("billed_amount_ratio_6m", "tenure_months", "complaint_count"),
    boolean=("is_on_contract",),
    categorical=("brand", "value_tier"),
)
TARGET = "is_quantity_churn"
# One thread: the frames are so small that a second one would only wait.
PLAN = TrainingPlan(rounds=120, learning_rate=0.1, interval_draws=50, threads=1)


def planted_frame(months: tuple[date, ...] = MONTHS, subscribers: int = 500) -> pd.DataFrame:
    """Rows whose churn hangs on complaints, brand and contract, hardly on bill ratio, not on tenure."""
    generator = np.random.default_rng(11)
    parts = []
    for month in months:
        complaints = generator.poisson(0.7, subscribers)
        contract = generator.random(subscribers) < 0.5
        brand = generator.choice(["gold", "silver", "youth"], subscribers, p=[0.5, 0.3, 0.2])
        ratio = generator.normal(1.0, 0.2, subscribers)
        log_odds = -3.3 + 1.2 * complaints - 1.0 * contract + 1.5 * (brand == "youth") - 0.3 * (ratio - 1)
        parts.append(
            pd.DataFrame(
                {
                    "snapshot_month": pd.Timestamp(month),
                    "subscriber_id": [f"S{number:04d}" for number in range(subscribers)],
                    "billed_amount_ratio_6m": pd.Series(ratio).mask(generator.random(subscribers) < 0.05),
                    "tenure_months": generator.integers(3, 120, subscribers),
                    "complaint_count": pd.array(complaints, dtype="Int64"),
                    "is_on_contract": pd.array(contract, dtype="boolean"),
                    "brand": brand,
                    "value_tier": generator.choice(["high", "mid"], subscribers),
                    TARGET: pd.array(
                        generator.random(subscribers) < 1 / (1 + np.exp(-log_odds)), dtype="boolean"
                    ),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def world() -> pd.DataFrame:
    return planted_frame()


@pytest.fixture(scope="session")
def model(world: pd.DataFrame) -> ChurnModel:
    fitted = fit(world, TARGET, SPLIT, COLUMNS, PLAN)
    assert isinstance(fitted, ChurnModel)
    return fitted


@pytest.fixture(scope="session")
def candidates(world: pd.DataFrame) -> pd.DataFrame:
    """The last month's rows as they come to scoring: keys and features only."""
    newest = world["snapshot_month"] == pd.Timestamp(MONTHS[-1])
    return world.loc[newest].drop(columns=TARGET).reset_index(drop=True)
