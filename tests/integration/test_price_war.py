"""A planted price war: the months before it stay as they are, the truth follows, and drift speaks at once."""

import datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ml.columns import FeatureColumns
from ml.drift import compare, learn_reference
from seeds.simulator import simulate

LAST_MONTH = datetime.date(2026, 6, 1)
CALM, WAR = ("2026-03", "2026-04", "2026-05"), "2026-06"


@pytest.fixture(scope="module")
def operators(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four months of the same operator, without a price war and with one in the last month."""
    folder = tmp_path_factory.mktemp("operators")
    for name, price_war in (("calm", None), ("war", LAST_MONTH)):
        simulate(
            subscribers=1_500,
            months=4,
            last_month=LAST_MONTH,
            seed=7,
            out=folder / name / "landing",
            price_war=price_war,
        )
    return {name: folder / name for name in ("calm", "war")}


def _use(operator: Path, month: str, column: str) -> np.ndarray:
    """Return the month's sum of a usage column of each subscriber who used the line."""
    return np.array(
        duckdb.sql(
            f"select cast(sum({column}) as float) from '{operator}/landing/usage_daily/{month}/*.parquet' "
            "group by subscriber_id order by subscriber_id"
        ).fetchall(),
        dtype=np.float32,
    )[:, 0]


def _index(operator: Path, month: str, column: str) -> float:
    """Return the stability index of a month's use against the two months before it."""
    before = np.concatenate([_use(operator, calm, column) for calm in CALM[:2]])
    reference = learn_reference(FeatureColumns((column,)), {}, before[:, None], np.array([0.1, 0.2]))
    return compare(reference.features[column], _use(operator, month, column))["psi"]


def test_the_months_before_it_are_the_same_bytes(operators: dict[str, Path]) -> None:
    for month in CALM:
        files = sorted((operators["calm"] / "landing").glob(f"*/{month}/*"))
        assert len(files) > 10
        for file in files:
            twin = operators["war"] / file.relative_to(operators["calm"])
            assert twin.read_bytes() == file.read_bytes(), file


def test_the_hidden_truth_follows(operators: dict[str, Path]) -> None:
    hazards = {
        name: duckdb.sql(
            f"select avg(outcome_window_hazard) from '{operator}/truth/{WAR}.parquet'"
        ).fetchall()[0][0]
        for name, operator in operators.items()
    }

    assert hazards["war"] > 1.5 * hazards["calm"]


@pytest.mark.parametrize("column", ["competitor_hotline_calls", "forwarded_to_competitor"])
def test_drift_speaks_in_its_first_month_and_not_before(operators: dict[str, Path], column: str) -> None:
    war = operators["war"]

    assert _index(war, CALM[-1], column) < 0.10
    assert _index(war, WAR, column) >= 0.25


def test_a_price_war_outside_the_months_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"price_war=2026-07: give a month from 2026-05 to 2026-06"):
        simulate(
            subscribers=100,
            months=2,
            last_month=LAST_MONTH,
            seed=1,
            out=tmp_path / "landing",
            price_war=datetime.date(2026, 7, 1),
        )
