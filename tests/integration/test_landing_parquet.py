"""Landing Parquet: damage within, types other than the contract's."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.landing import LandingError
from tests.integration.test_landing_home import LandingHome, landing_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LandingHome]:
    with landing_home(tmp_path) as opened:
        yield opened


def test_a_parquet_file_damaged_within_stops_the_run_by_name(home: LandingHome) -> None:
    frame = pd.DataFrame({
        "billing_month": [date(2026, 1, 1)] * 5000,
        "subscriber_id": [f"S{number}" for number in range(5000)],
        "fee_item": ["voice"] * 5000,
        "amount_cny": [Decimal("1.00")] * 5000,
    })  # fmt: skip
    file = home.write("bills", frame, name="a.parquet")
    whole = file.read_bytes()
    file.write_bytes(whole[:200] + bytes(2000) + whole[2200:])

    with pytest.raises(LandingError, match=r"bills/2026-01/a\.parquet: cannot be read: "):
        home.land("2026-01", open_month=True)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_of_other_types_lands_where_no_value_is_lost(home: LandingHome, unit: str) -> None:
    times = pd.to_datetime(["2026-01-01 00:00", "2026-01-01 05:00"])
    columns = {
        "billing_month": pa.array(times, pa.timestamp(unit)),
        "subscriber_id": pa.array([17.0, 18.0], pa.float64()),
        "fee_item": pa.array(["voice", "voice"]).dictionary_encode(),
        "amount_cny": pa.array([1.005, 2.0], pa.float64()),
    }
    file = home.write("bills", "", name="a.parquet")
    pq.write_table(pa.table(columns), file)

    home.land("2026-01", open_month=True)

    assert home.query("select billing_month, subscriber_id, amount_cny from raw_billing.bills") == [
        (date(2026, 1, 1), "17", Decimal("1.01"))
    ]
    assert [reason for _, reason in home.reasons()] == ["billing_month: '2026-01-01 05:00:00' is not date"]


def test_parquet_values_that_do_not_fit_are_quarantined(home: LandingHome) -> None:
    columns = {
        "plan_id": ["P1", "P2", "P3", "P4"],
        "plan_name": ["a", "b", "c", None],
        "brand": pa.nulls(4),
        "brand_rank": [1.0, 2.5, float("nan"), None],
        "monthly_fee_cny": [10**12, 1, 1, 1],
        "is_on_sale": [1, 0, 2, 1],
    }
    pq.write_table(pa.table(columns), home.write("plans", "", month=None, name="a.parquet"))

    home.land()

    assert home.query("select plan_id, brand, brand_rank, is_on_sale from raw_billing.plans") == [
        ("P4", None, None, True)
    ]
    assert home.reasons() == [
        (1, "monthly_fee_cny: '1000000000000' is not decimal(12,2)"),
        (2, "brand_rank: '2.5' is not integer"),
        (3, "brand_rank: 'nan' is not integer; is_on_sale: '2' is not boolean"),
    ]


def test_parquet_instants_are_rejected_alike_in_every_time_zone(home: LandingHome) -> None:
    columns = {
        "event_id": ["E1"],
        "event_type": ["regulation"],
        "announced_on": [date(2026, 1, 1)],
        "starts_on": pa.array([0], pa.timestamp("us", tz="Asia/Shanghai")),
    }
    pq.write_table(pa.table(columns), home.write("market_events", "", month=None, name="a.parquet"))
    home.connection.execute("set timezone = 'America/New_York'").fetchall()

    home.land()

    assert home.reasons() == [(1, "starts_on: '1970-01-01 00:00:00+00' is not date")]
