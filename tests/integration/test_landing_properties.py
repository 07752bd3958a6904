"""Properties of landing over generated files: the accounts add up, whatever was planted."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.test_landing_home import LandingHome, landing_home

HEADER = ("billing_month", "subscriber_id", "fee_item", "amount_cny")
GOOD = st.tuples(
    st.just("2026-01-01"),
    st.sampled_from(["S1", "S2", "S3"]),
    st.sampled_from(["voice", "data"]),
    st.sampled_from(["1", "1.00", "2.5", ""]),
)
FAULTY = st.sampled_from(
    [
        ("2026-01-01", "S1", "voice", "abc"),
        ("2026-02-01", "S1", "voice", "1"),
        ("2026-01-01", "", "voice", "1"),
        ("2026-01-01", "S1", "misc", "1"),
    ]
)
BROKEN = st.sampled_from(["2026-01-01,S1", '2026-01-01,"S1,voice,1', "1,2,3,4,5", "no fields at all"])
ROWS = st.lists(st.one_of(GOOD, FAULTY, BROKEN), max_size=8)
FILES = st.lists(st.tuples(ROWS, st.sampled_from(["csv", "parquet"])), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LandingHome]:
    with landing_home(tmp_path_factory.mktemp("landing")) as opened:
        yield opened


def expected(files: list[list[Any]]) -> tuple[list[Counter[str]], dict[tuple[str, str], Decimal | None]]:
    """Judge the rows one by one: the plain reading of the rules that landing has in SQL."""
    kept: dict[tuple[str, str], Decimal | None] = {}
    accounts = []
    for rows in files:
        account: Counter[str] = Counter()
        for row in rows:
            if isinstance(row, str):
                account["quarantined"] += 1
                continue
            month, subscriber, item, amount = row
            is_faulty = month != "2026-01-01" or not subscriber or item == "misc" or amount == "abc"
            value = Decimal(amount) if amount and not is_faulty else None
            if is_faulty or kept.get((subscriber, item), value) != value:
                account["quarantined"] += 1
            elif (subscriber, item) in kept:
                account["duplicate"] += 1
            else:
                kept[subscriber, item] = value
                account["accepted"] += 1
        accounts.append(account)
    return accounts, kept


@settings(max_examples=40, deadline=None)
@given(files=FILES)
def test_the_accounts_of_any_files_add_up_to_what_was_planted(
    home: LandingHome, files: list[tuple[list[Any], str]]
) -> None:
    folder = home.home.landing / "bills" / "2026-01"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    delivered = []
    for number, (rows, suffix) in enumerate(files):
        if suffix == "parquet":
            whole = [row for row in rows if not isinstance(row, str)]
            home.write(
                "bills", pd.DataFrame(whole, columns=list(HEADER), dtype="str"), name=f"{number}.parquet"
            )
            delivered.append(whole)
        else:
            lines = [row if isinstance(row, str) else ",".join(row) for row in (HEADER, *rows)]
            home.write("bills", "\n".join(lines), name=f"{number}.csv")
            delivered.append(rows)

    home.land("2026-01", open_month=True)

    accounts, kept = expected(delivered)
    assert [tuple(row[1:]) for row in home.audit()] == [
        (account.total(), account["accepted"], account["quarantined"], account["duplicate"])
        for account in accounts
    ]
    landed = home.query("select subscriber_id, fee_item, amount_cny from raw_billing.bills")
    assert {(subscriber, item): amount for subscriber, item, amount in landed} == kept
    rejected = home.query(
        "select file_name, count(*), count(distinct row_number) from ops.quarantine group by 1 order by 1"
    )
    assert [count for _, count, _ in rejected] == [
        account["quarantined"] for account in accounts if account["quarantined"]
    ]
    assert all(rows == distinct for _, rows, distinct in rejected)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet='aé,"\n\r ', max_size=60))
def test_no_text_after_the_header_stops_the_run(home: LandingHome, text: str) -> None:
    folder = home.home.landing / "bills" / "2026-01"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    home.write("bills", f"{','.join(HEADER)}\n{text}")

    (account,) = home.land("2026-01", open_month=True).accounts

    assert account.rows_read == account.rows_quarantined == len(home.reasons())
