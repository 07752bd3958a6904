"""Landing months: replaced whole or not at all, again and again, in any order."""

import hashlib
import itertools
import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BufferedReader
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.landing import LandingError, prepare
from tests.integration.test_landing_home import BILLS, SUBSCRIBERS, USAGE, LandingHome, landing_home

HEADER = BILLS.splitlines()[0]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LandingHome]:
    with landing_home(tmp_path) as opened:
        yield opened


def amounts(home: LandingHome) -> list[Decimal]:
    return [row[0] for row in home.query("select amount_cny from raw_billing.bills order by all")]


def test_prepare_makes_every_raw_table_and_can_be_repeated(home: LandingHome) -> None:
    prepare(home.connection)
    prepare(home.connection)

    assert home.query(
        "select count(*), count(distinct table_schema) from information_schema.tables "
        "where table_schema like 'raw_%'"
    ) == [(27, 8)]
    assert home.query(
        "select column_name, data_type from information_schema.columns "
        "where table_name = 'bills' order by ordinal_position"
    ) == [
        ("billing_month", "DATE"),
        ("subscriber_id", "VARCHAR"),
        ("fee_item", "VARCHAR"),
        ("amount_cny", "DECIMAL(12,2)"),
        ("landed_month", "DATE"),
    ]


def test_a_month_landed_twice_is_the_same_month(home: LandingHome) -> None:
    home.write_required()
    home.write("bills", f"{HEADER}\n2026-01-01,S1,voice,1\n2026-01-01,S2,misc,1\n", name="b.csv")
    home.write("plans", "plan_id,plan_name,brand,brand_rank,monthly_fee_cny,is_on_sale\n", month=None)
    home.land("2026-01")
    before = home.everything()

    home.land("2026-01")

    assert home.everything() == before


def test_a_corrected_file_replaces_its_month_and_no_other(home: LandingHome) -> None:
    home.write_required("2026-01")
    home.write_required("2026-02")
    home.land("2026-01", "2026-02")
    home.write("bills", f"{HEADER}\n2026-01-01,S7,voice,99\n", "2026-01")

    home.land("2026-01")

    assert home.query("select landed_month, subscriber_id from raw_billing.bills order by all") == [
        (date(2026, 1, 1), "S7"),
        (date(2026, 2, 1), "S1"),
    ]


def test_a_corrected_parquet_file_of_the_same_size_and_second_is_read_anew(home: LandingHome) -> None:
    """DuckDB's cache of external files took it for the file before: missing rows, or a failure to unpack."""
    rows = [("", "voice", "1"), ("S2", "data", "1.00"), ("S1", "voice", "abc"), ("S3", "data", "1")]
    sizes, read = set(), []
    for delivered in (rows[1:], rows):
        frame = pd.DataFrame(
            [("2026-01-01", *row) for row in delivered], columns=HEADER.split(","), dtype="str"
        )
        file = home.write("bills", frame, name="a.parquet")
        os.utime(file, (100, 100))
        sizes.add(file.stat().st_size)
        read += [account.rows_read for account in home.land("2026-01", open_month=True).accounts]

    assert (len(sizes), read) == (1, [3, 4])


def test_a_late_file_is_picked_up_when_its_month_runs_again(home: LandingHome) -> None:
    home.write_required()
    home.land("2026-01")
    home.write("bills", f"{HEADER}\n2026-01-01,S2,voice,5\n", name="late.csv")

    home.land("2026-01")

    assert amounts(home) == [Decimal("5.00"), Decimal("214.82")]


def test_a_vanished_folder_leaves_no_ghost_rows(home: LandingHome) -> None:
    home.write_required()
    header = "snapshot_month,account_id,amount_due_cny,months_overdue"
    optional = home.write("arrears", f"{header}\n2026-01-01,A1,5,x\n2026-01-01,A2,5,1\n")
    static = home.write("blacklist", "subscriber_id,since\nS1,2026-01-01\n", month=None)
    home.land("2026-01")
    assert home.query("select count(*) from raw_billing.arrears") == [(1,)]
    for file in (optional, static):
        file.unlink()
        file.parent.rmdir()

    home.land("2026-01")

    assert home.query("select count(*) from raw_billing.arrears") == [(0,)]
    assert home.query("select count(*) from raw_customer.blacklist") == [(0,)]
    assert home.reasons() == []
    assert len(home.audit()) == 3


def test_months_in_any_order_come_to_the_same_tables(tmp_path: Path) -> None:
    found = []
    months = ("2026-01", "2026-02", "2026-03")
    for order in itertools.permutations(months):
        root = tmp_path / "-".join(order)
        root.mkdir()
        with landing_home(root) as home:
            for month in months:
                home.write_required(month)
            for month in (*order, order[0]):
                home.land(month)
            found.append(home.everything())

    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("table", ["subscribers", "bills", "usage_daily"])
@pytest.mark.parametrize("content", [None, "", "2026-02"], ids=["no_folder", "header_only", "another_month"])
def test_a_required_table_without_rows_stops_its_month_and_names_the_folder(
    home: LandingHome, table: str, content: str | None
) -> None:
    home.write_required()
    home.land("2026-01")
    before = home.everything()
    file = home.home.landing / table / "2026-01" / "a.csv"
    text = {"subscribers": SUBSCRIBERS, "bills": BILLS, "usage_daily": USAGE}[table]
    if content is None:
        file.unlink()
    else:
        file.write_text(text.format(month=content) if content else text.splitlines()[0] + "\n")

    with pytest.raises(
        LandingError, match=f"{table} has no accepted rows .* expected in landing/{table}/2026-01"
    ):
        home.land("2026-01")

    assert home.everything() == before


def test_a_month_still_open_may_be_partial(home: LandingHome) -> None:
    home.write_required()
    home.land("2026-01")
    (home.home.landing / "bills/2026-01/a.csv").unlink()

    home.land("2026-01", open_month=True)

    assert amounts(home) == []
    assert home.query("select count(*) from raw_usage.usage_daily") == [(1,)]


def test_the_state_of_a_month_lands_once_it_has_closed(home: LandingHome) -> None:
    home.write_required()
    home.write("arrears", "snapshot_month,account_id,amount_due_cny,months_overdue\n2026-01-01,A1,5,1\n")

    home.land("2026-01", open_month=True)
    assert home.query("select table_name from ops.landing_audit order by all") == [
        ("bills",),
        ("usage_daily",),
    ]
    assert home.query("select count(*) from raw_customer.subscribers") == [(0,)]

    home.land("2026-01")
    assert home.query("select count(*) from raw_customer.subscribers") == [(1,)]
    assert home.query("select count(*) from raw_billing.arrears") == [(1,)]


def test_an_open_month_of_which_nothing_has_come_names_the_folder(home: LandingHome) -> None:
    home.write_required()
    home.land("2026-01", open_month=True)
    home.write("subscribers", SUBSCRIBERS.format(month="2026-02"), "2026-02")
    before = home.everything()

    with pytest.raises(
        LandingError, match=r"no extracts of 2026-02 .* expected first of all in landing/usage_daily/2026-02"
    ):
        home.land("2026-02", open_month=True)

    assert home.everything() == before


def test_a_failure_while_writing_leaves_the_month_as_it_was(home: LandingHome) -> None:
    home.write_required()
    home.land("2026-01")
    home.connection.execute("alter table raw_usage.usage_daily drop column sms_count").fetchall()
    before = home.everything()
    home.write("bills", f"{HEADER}\n2026-01-01,S1,voice,1\n")

    with pytest.raises(duckdb.BinderException, match="sms_count"):
        home.land("2026-01")

    assert home.everything() == before


def test_months_before_a_failing_one_stay_landed(home: LandingHome) -> None:
    home.write_required("2026-01")

    with pytest.raises(LandingError, match="2026-02"):
        home.land("2026-01", "2026-02")

    assert amounts(home) == [Decimal("214.82")]


def test_exact_duplicates_are_counted_across_files(home: LandingHome) -> None:
    row = "2026-01-01,S1,voice,1.5"
    home.write("bills", f"{HEADER}\n{row}\n{row}0\n", name="a.csv")
    home.write("bills", f"{HEADER}\n{row}\n2026-01-01,S1,data,\n2026-01-01,S1,data,\n", name="b.csv")

    home.land("2026-01", open_month=True)

    assert amounts(home) == [Decimal("1.50"), None]
    assert home.audit() == [("bills/2026-01/a.csv", 2, 1, 0, 1), ("bills/2026-01/b.csv", 3, 1, 0, 2)]
    assert home.reasons() == []


def test_a_key_with_other_values_keeps_the_first_row_and_names_it(home: LandingHome) -> None:
    home.write("bills", f"{HEADER}\n2026-01-01,S1,voice,9\n", name="b.csv")
    home.write(
        "bills", f"{HEADER}\n2026-01-01,S0\n2026-01-01,S1,voice,1\n2026-01-01,S1,voice,2\n", name="a.csv"
    )

    home.land("2026-01", open_month=True)

    named = (
        "key billing_month 2026-01-01, subscriber_id S1, fee_item voice stands with other values in "
        "bills/2026-01/a.csv row 2, which is kept"
    )
    assert amounts(home) == [Decimal("1.00")]
    assert home.query("select file_name, row_number, reason from ops.quarantine order by all") == [
        ("bills/2026-01/a.csv", 1, "broken line: 2 fields, the header has 4"),
        ("bills/2026-01/a.csv", 3, named),
        ("bills/2026-01/b.csv", 1, named),
    ]
    assert home.query("select raw_row from ops.quarantine where file_name like '%b.csv'") == [
        ('{"billing_month":"2026-01-01","subscriber_id":"S1","fee_item":"voice","amount_cny":"9.00"}',)
    ]


def test_the_same_key_may_come_again_in_another_month(home: LandingHome) -> None:
    header = "contract_id,subscriber_id,contract_type,starts_on,ends_on"
    for month, end in (("2026-01", "2026-06-30"), ("2026-02", "2027-06-30")):
        home.write("contracts", f"{header}\nK1,S1,business,2020-01-01,{end}\n", month)

    home.land("2026-01", "2026-02", open_month=True)

    assert home.query("select landed_month, ends_on from raw_billing.contracts order by all") == [
        (date(2026, 1, 1), date(2026, 6, 30)),
        (date(2026, 2, 1), date(2027, 6, 30)),
    ]


@pytest.mark.parametrize(("suffix", "options"), [("csv", "header"), ("parquet", "row_group_size 20000")])
def test_row_numbers_are_those_of_the_file_when_two_threads_read_it(
    home: LandingHome, suffix: str, options: str
) -> None:
    """Row numbers come from the order of insertion, which the caller's settings must not disturb."""
    folder = home.home.landing / "bills" / "2026-01"
    folder.mkdir(parents=True)
    for name, first in (("a", 0), ("b", 250_000)):
        home.connection.execute(
            f"""
            copy (
                select
                    date '2026-01-01' as billing_month,
                    'S' || number as subscriber_id,
                    if(number % 100000 = 7, 'misc', 'voice') as fee_item,
                    number as amount_cny
                from range({first}, {first + 250_000}) as numbers(number)
                order by number
            ) to '{folder}/{name}.{suffix}' ({options})
            """
        ).fetchall()
    home.connection.execute("set preserve_insertion_order = false").fetchall()

    home.land("2026-01", open_month=True)

    assert home.query("select file_name, row_number from ops.quarantine order by all") == [
        (f"bills/2026-01/a.{suffix}", 8),
        (f"bills/2026-01/a.{suffix}", 100_008),
        (f"bills/2026-01/a.{suffix}", 200_008),
        (f"bills/2026-01/b.{suffix}", 50_008),
        (f"bills/2026-01/b.{suffix}", 150_008),
    ]
    assert home.query("select current_setting('preserve_insertion_order')") == [(False,)]


def test_what_is_passed_over_is_said(home: LandingHome) -> None:
    home.write_required()
    for folder, name in (
        ("bills/2026-01", "_SUCCESS"),
        ("bills/2026-01", ".a.csv.crc"),
        ("bills/2026-13", "a.csv"),
        ("bills", "loose.csv"),
        ("bill", "a.csv"),
        ("plans/2026-01", "a.csv"),
        ("plans", "b.csv.tmp"),
    ):
        (home.home.landing / folder).mkdir(parents=True, exist_ok=True)
        (home.home.landing / folder / name).write_text("")

    summary = home.land("2026-01")

    assert summary.warnings == (
        "bill: no table of the raw contract; not read",
        "bills/2026-13: no month folder (YYYY-MM); not read",
        "bills/loose.csv: no month folder (YYYY-MM); not read",
        "plans/2026-01: a folder under a static table is not read",
        "plans/b.csv.tmp: ignored",
        "bills/2026-01/.a.csv.crc: ignored",
        "bills/2026-01/_SUCCESS: ignored",
    )


def test_the_operators_settings_are_those_of_the_last_run(home: LandingHome) -> None:
    home.home.root.mkdir(parents=True)
    home.home.operator_file.write_text('[windows]\ngap_months = 2\n[extracts]\nusage_grain = "monthly"\n')
    home.land()
    assert home.query("from ops.operator_settings order by all") == [
        ("gap_months", "2"),
        ("usage_grain", "monthly"),
    ]

    home.home.operator_file.unlink()
    home.land()

    assert home.query("from ops.operator_settings") == []


def test_a_file_that_grows_while_it_is_read_stops_the_run(
    home: LandingHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home.write("bills", BILLS.format(month="2026-01"))
    digest = hashlib.file_digest

    def grow(stream: BufferedReader, name: str) -> object:
        found = digest(stream, name)
        with file.open("a") as more:
            more.write("2026-01-01,S2,voice,1\n")
        return found

    monkeypatch.setattr("hashlib.file_digest", grow)

    with pytest.raises(LandingError, match=r"bills/2026-01/a\.csv: changed while it was read"):
        home.land("2026-01", open_month=True)
