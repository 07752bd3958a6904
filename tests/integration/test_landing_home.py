"""The smallest home that lands, which the other landing tests damage one file at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from orchestration.landing import LandingSummary, land
from orchestration.settings import Home

SUBSCRIBERS = (
    "snapshot_month,subscriber_id,customer_id,account_id,msisdn,activated_on,status,status_since,brand,"
    "plan_id,customer_type,branch_id,area_type\n"
    "{month}-01,S1,C1,A1,13812345678,2020-05-17,active,2020-05-17,Gold,P1,personal,B1,urban\n"
)
BILLS = "billing_month,subscriber_id,fee_item,amount_cny\n{month}-01,S1,voice,214.82\n"
USAGE = (
    "usage_date,subscriber_id,out_calls,out_minutes,in_calls,in_minutes,offnet_out_minutes,missed_calls,"
    "forwarded_calls,forwarded_to_competitor,own_hotline_calls,competitor_hotline_calls,sms_count,data_mb,"
    "roaming_minutes\n"
    "{month}-15,S1,3,10.50,2,4.00,1.00,0,0,0,0,0,1,120.25,0.00\n"
)


class LandingHome:
    """A home in a temporary folder with a build file beside it."""

    def __init__(self, root: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.home = Home(root)
        self.connection = connection
        self.lines: list[str] = []

    def write(
        self,
        table: str,
        content: str | bytes | pd.DataFrame,
        month: str | None = "2026-01",
        name: str = "a.csv",
    ) -> Path:
        folder = self.home.landing / table / (month or "")
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / name
        if isinstance(content, pd.DataFrame):
            content.to_parquet(file, index=False)
        else:
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def write_required(self, month: str = "2026-01") -> None:
        for table, content in (("subscribers", SUBSCRIBERS), ("bills", BILLS), ("usage_daily", USAGE)):
            self.write(table, content.format(month=month), month)

    def land(self, *months: str, open_month: bool = False) -> LandingSummary:
        first_days = [date.fromisoformat(f"{month}-01") for month in months]
        return land(self.connection, self.home, first_days, progress=self.lines.append, open_month=open_month)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement).fetchall()

    def reasons(self) -> list[tuple[int, str]]:
        return self.query("select row_number, reason from ops.quarantine order by all")

    def audit(self) -> list[tuple[Any, ...]]:
        return self.query(
            "select file_name, rows_read, rows_accepted, rows_quarantined, rows_duplicate "
            "from ops.landing_audit order by all"
        )

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """Return every landed row, for comparisons of before and after."""
        tables = self.query(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_catalog = current_database() order by all"
        )
        return [self.query(f"select * from {table} order by all") for (table,) in tables]


@contextmanager
def landing_home(root: Path) -> Iterator[LandingHome]:
    with duckdb.connect(str(root / "warehouse.duckdb"), config={"threads": 2}) as connection:
        yield LandingHome(root / "home", connection)


def test_a_minimal_home_lands_whole(tmp_path: Path) -> None:
    with landing_home(tmp_path) as home:
        home.write_required()

        summary = home.land("2026-01")

        assert [account.rows_accepted for account in summary.accounts] == [1, 1, 1]
        assert summary.warnings == ()
        assert home.query(
            "select subscriber_id, activated_on, birth_year, landed_month from raw_customer.subscribers"
        ) == [("S1", date(2020, 5, 17), None, date(2026, 1, 1))]
        assert home.audit() == [
            ("bills/2026-01/a.csv", 1, 1, 0, 0),
            ("subscribers/2026-01/a.csv", 1, 1, 0, 0),
            ("usage_daily/2026-01/a.csv", 1, 1, 0, 0),
        ]
        assert home.lines[-1] == "landing 2026-01: 3 files, 3 rows accepted, 0 quarantined, 0 duplicate"
