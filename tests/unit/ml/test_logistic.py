"""Logistic regression: it finds a planted line, takes missing and unknown values, and is always the same."""

import numpy as np
import pandas as pd
import pytest

from ml.columns import FeatureColumns
from ml.logistic import logistic_risk

COLUMNS = FeatureColumns(("calls",), ("on_contract",), ("brand",))


def planted(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "calls": generator.normal(50, 20, rows),
            "on_contract": pd.array(generator.random(rows) < 0.5, dtype="boolean"),
            "brand": generator.choice(["gold", "youth"], rows),
        }
    )
    log_odds = (
        -1 + (frame["calls"] - 50) / 20 - 1.0 * frame["on_contract"] + 0.8 * (frame["brand"] == "youth")
    )
    chance = (1 / (1 + np.exp(-log_odds.astype(float)))).to_numpy()
    return frame, generator.random(rows) < chance, chance


def test_it_recovers_planted_chances() -> None:
    train, churned, _ = planted(20_000, seed=1)
    new, _, chance = planted(500, seed=2)

    found = logistic_risk(train, churned, new, COLUMNS)

    assert np.abs(found - chance).max() < 0.05


def test_missing_and_unknown_values_get_a_chance_too() -> None:
    train, churned, _ = planted(2000, seed=1)
    gaps = train.assign(calls=train["calls"].mask(np.arange(2000) % 7 == 0))
    new = pd.DataFrame(
        {
            "calls": [None, 1e9],
            "on_contract": pd.array([None, True], dtype="boolean"),
            "brand": ["new brand", None],
        }
    )

    found = logistic_risk(gaps, churned, new, COLUMNS)

    assert ((found > 0) & (found < 1)).all()
    assert logistic_risk(gaps, churned, new, COLUMNS).tolist() == found.tolist()


def test_outcomes_that_are_none_are_refused() -> None:
    train, churned, _ = planted(100, seed=1)

    with pytest.raises(ValueError, match="0 or 1"):
        logistic_risk(train, np.where(churned, 1.0, np.nan), train, COLUMNS)
    with pytest.raises(ValueError, match="both must occur"):
        logistic_risk(train, np.zeros(100), train, COLUMNS)
    with pytest.raises(ValueError, match="99 outcomes for 100 rows"):
        logistic_risk(train, churned[:99], train, COLUMNS)
