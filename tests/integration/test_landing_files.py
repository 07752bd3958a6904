"""Landing one file: dialects, the corruption matrix, what is rejected and what is said of it."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from orchestration.landing import LandingError
from tests.integration.test_landing_home import BILLS, LandingHome, landing_home

HEADER = "billing_month,subscriber_id,fee_item,amount_cny"
PLANS = "plan_id,plan_name,brand,brand_rank,monthly_fee_cny,is_on_sale\n"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LandingHome]:
    with landing_home(tmp_path) as opened:
        yield opened


def land_bills(
    home: LandingHome, content: str | bytes | pd.DataFrame, name: str = "a.csv"
) -> list[tuple[object, ...]]:
    """Land one file of bills and return the landed keys and amounts."""
    home.write("bills", content, name=name)
    home.land("2026-01", open_month=True)
    return home.query("select subscriber_id, fee_item, amount_cny from raw_billing.bills order by all")


TWO_BILLS = f"{HEADER}\n2026-01-01,S1,voice,1.50\n2026-01-01,张伟,data,2\n"
LANDED = [("S1", "voice", Decimal("1.50")), ("张伟", "data", Decimal("2.00"))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TWO_BILLS.encode()),
        ("a.CSV", TWO_BILLS.encode("utf-8-sig")),
        ("a.csv", TWO_BILLS.encode("utf-16")),
        ("a.csv", TWO_BILLS.encode("gb18030")),
        ("a.csv", TWO_BILLS.replace("\n", "\r\n").encode()),
        ("a.csv", TWO_BILLS.replace("\n", "\r").encode()),
        ("a.csv", TWO_BILLS.replace("\n", "\r\n", 2).encode()),
        ("a.csv", TWO_BILLS.replace(",", ";").encode()),
        ("a.csv", TWO_BILLS.replace(",", "\t").encode()),
        ("a.csv", TWO_BILLS.replace(",", "|").encode()),
        ("a.csv", TWO_BILLS.replace("S1", '"S1"').replace("data", '"data"').encode()),
        ("a.csv", TWO_BILLS.removesuffix("\n").encode()),
        ("a.csv", TWO_BILLS.replace("\n", "\n\n").encode()),
        ("a.csv", TWO_BILLS.replace(HEADER, '" Billing_Month ",SUBSCRIBER_ID,Fee_Item, amount_cny').encode()),
        ("a.csv.gz", gzip.compress(TWO_BILLS.encode())),
        ("a.CSV.GZ", gzip.compress(TWO_BILLS.encode("gb18030"))),
        ("a[1]*.csv", TWO_BILLS.encode()),
    ],
    ids=[
        "utf8", "utf8_bom_upper_case_suffix", "utf16", "gb18030", "crlf", "cr", "mixed_line_ends",
        "semicolon", "tab", "bar", "quoted", "no_final_line_end", "blank_lines", "header_case_and_spaces",
        "gzip", "gzip_gb18030", "wildcards_in_the_name",
    ],
)  # fmt: skip
def test_a_csv_file_lands_the_same_in_every_dialect(home: LandingHome, name: str, content: bytes) -> None:
    assert land_bills(home, content, name) == LANDED
    assert home.audit() == [(f"bills/2026-01/{name}", 2, 2, 0, 0)]


def test_a_four_byte_character_of_gb18030_survives(home: LandingHome) -> None:
    text = TWO_BILLS.replace("张伟", "𠮷野")
    assert land_bills(home, text.encode("gb18030"))[1][0] == "𠮷野"


def test_columns_in_another_order_land_under_their_names(home: LandingHome) -> None:
    content = "amount_cny,fee_item,subscriber_id,billing_month\n1.50,voice,S1,2026-01-01\n"
    assert land_bills(home, content) == LANDED[:1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "bills/2026-01/a.csv: cannot be read: the file is empty"),
        ("a.csv.gz", gzip.compress(TWO_BILLS.encode())[:-9], "bills/2026-01/a.csv.gz: cannot be read: "),
        ("a.csv.gz", gzip.compress(b""), "bills/2026-01/a.csv.gz: cannot be read: the file is empty"),
        ("a.csv.gz", TWO_BILLS.encode(), "bills/2026-01/a.csv.gz: cannot be read: Not a gzipped file"),
        ("a.csv", TWO_BILLS.encode() + b"2026-01-01,\0,vas,1\n", "bills/2026-01/a.csv: cannot be read: NUL"),
        ("a.csv", TWO_BILLS.encode("utf-16")[:-1], "bills/2026-01/a.csv: cannot be read: no text"),
        ("a.csv", f"{HEADER}\n2026-01-01,caf\xe9,vas,1\n".encode("latin-1"), "cannot be read: no text"),
        ("a.parquet", b"", "bills/2026-01/a.parquet: cannot be read as Parquet"),
        ("a.parquet", b"PAR1 nothing in between PAR1", "bills/2026-01/a.parquet: cannot be read as Parquet"),
        ("a.xlsx", b"PK", "bills/2026-01/a.xlsx: neither .csv, .csv.gz nor .parquet"),
        ("a.csv", "billing_month,subscriber_id,fee_item\n", r"required column\(s\) amount_cny missing"),
        ("a.csv", "2026-01-01,S1,voice,1.50\n", r"billing_month, .*, amount_cny missing among 4 column\(s\)"),
        ("a.csv", "x" * 200_000, "cannot be read: the first line is no header"),
        ("a.csv", f"{HEADER}, Amount_CNY\n2026-01-01,S1,voice,1,2\n", r"column\(s\) amount_cny stand twice"),
    ],
    ids=[
        "empty", "truncated_gzip", "empty_gzip", "not_gzip", "nul_bytes", "truncated_utf16", "latin1",
        "empty_parquet", "corrupt_parquet", "workbook", "missing_required_column", "no_header",
        "endless_header", "column_twice",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_stops_the_run_and_leaves_what_was_landed(
    home: LandingHome, name: str, content: str | bytes, message: str
) -> None:
    home.write_required()
    home.land("2026-01")
    before = home.everything()
    home.write("bills", content, name=name)
    # Subscribers come first: what they hold now must not have landed either.
    home.write(
        "subscribers", (home.home.landing / "subscribers/2026-01/a.csv").read_text().replace("S1", "S9")
    )

    with pytest.raises(LandingError, match=message):
        home.land("2026-01")

    assert home.everything() == before
    assert not list(home.home.scratch.iterdir())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-01-01,S1,voice,abc", "amount_cny: 'abc' is not decimal(12,2)"),
        ('2026-01-01,S1,voice,"1,234.50"', "amount_cny: '1,234.50' is not decimal(12,2)"),
        ("2026-01-01,S1,voice,99999999999", "amount_cny: '99999999999' is not decimal(12,2)"),
        ("2026-01-01,S1,voice,nan", "amount_cny: 'nan' is not decimal(12,2)"),
        ("2026-01-01,S1,voice,1_000", "amount_cny: '1_000' is not decimal(12,2)"),
        ("2026/01/01,S1,voice,1", "billing_month: '2026/01/01' is not date"),
        ("2026-02-30,S1,voice,1", "billing_month: '2026-02-30' is not date"),
        (
            "2026-02-01,S1,voice,1",
            "billing_month: '2026-02-01' is not the first day of the folder's month 2026-01",
        ),
        (
            "2026-01-02,S1,voice,1",
            "billing_month: '2026-01-02' is not the first day of the folder's month 2026-01",
        ),
        (",S1,voice,1", "billing_month: empty, but it is part of the key"),
        ('2026-01-01,"",voice,1', "subscriber_id: empty, but it is part of the key"),
        (
            "2026-01-01,S1,misc,1",
            "fee_item: 'misc' is none of "
            "monthly_rent, voice, data, sms, roaming, vas, handset, other, discount",
        ),
        (
            "2026-01-01,1.38E+10,voice,1",
            "subscriber_id: '1.38E+10' is a number that a spreadsheet cut short; deliver it as text",
        ),
        ("2026-01-01,S1,voice,13812345678x", "amount_cny: '13812345678x' is not decimal(12,2)"),
        ("2026-01-01,S1,voice,13812345678", "amount_cny: '138****5678' is not decimal(12,2)"),
        (
            "2026-02-01,,voice,x",
            "billing_month: '2026-02-01' is not the first day of the folder's month 2026-01; "
            "subscriber_id: empty, but it is part of the key; amount_cny: 'x' is not decimal(12,2)",
        ),
        ("2026-01-01,S1,voice", "broken line: 3 fields, the header has 4"),
        ("2026-01-01,S1,voice,1,2", "broken line: 5 fields, the header has 4"),
        ('2026-01-01,"S1,voice,1', "broken line: a quoted value is not closed"),
        ('2026-01-01,"S"1,voice,1', "broken line: misplaced quotes"),
    ],
)
def test_a_bad_line_is_quarantined_with_its_row_number_and_reason(
    home: LandingHome, line: str, reason: str
) -> None:
    landed = land_bills(home, f"{HEADER}\n2026-01-01,S0,voice,1.50\n{line}\n2026-01-01,S2,data,2\n")

    assert landed == [("S0", "voice", Decimal("1.50")), ("S2", "data", Decimal("2.00"))]
    assert home.reasons() == [(2, reason)]
    assert home.audit() == [("bills/2026-01/a.csv", 3, 2, 1, 0)]


def test_row_numbers_stay_right_after_broken_lines(home: LandingHome) -> None:
    content = (
        f'{HEADER}\n2026-01-01,S1\n2026-01-01,S2,voice,x\n\n2026-01-01,"S\n3",voice,1\n'
        '2026-01-01,"S4,voice,1\n2026-01-01,S5,voice,1\n2026-01-01,S6,nothing,1\n'
    )

    assert [row[0] for row in land_bills(home, content)] == ["S\n3", "S5"]
    assert [row for row, _ in home.reasons()] == [1, 2, 4, 6]
    assert home.audit() == [("bills/2026-01/a.csv", 6, 2, 4, 0)]


def test_a_field_of_ten_megabytes_is_quarantined_alone(home: LandingHome) -> None:
    content = f"{HEADER}\n2026-01-01,{'S' * 10_000_000},voice,1\n2026-01-01,S2,voice,1\n"

    assert [row[0] for row in land_bills(home, content)] == ["S2"]
    assert home.reasons() == [(1, "broken line: longer than 2,000,000 bytes")]
    assert len(home.query("select raw_row from ops.quarantine")[0][0]) < 1000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("214.816", "214.82"),
        ("-0.005", "-0.01"),
        (" 7 ", "7.00"),
        ("1e3", "1000.00"),
        (".5", "0.50"),
        ("", None),
    ],
)
def test_amounts_are_rounded_half_up_and_trimmed(home: LandingHome, text: str, value: str | None) -> None:
    landed = land_bills(home, f"{HEADER}\n2026-01-01,S1,voice,{text}\n")
    assert landed == [("S1", "voice", None if value is None else Decimal(value))]


@pytest.mark.parametrize(
    ("rank", "on_sale", "landed"),
    [
        ("3.0", "YES", [(3, True)]),
        ("\t+2 ", "f", [(2, False)]),
        ("3.5", "true", []),
        ("0", "true", []),
        ("1", "maybe", []),
        ("", "", [(None, None)]),
        ("1e1", "1", []),
    ],
)
def test_integers_and_booleans_are_taken_only_where_they_are_meant(
    home: LandingHome, rank: str, on_sale: str, landed: list[tuple[int, bool]]
) -> None:
    home.write("plans", f"{PLANS}P1,Plan,Gold,{rank},10,{on_sale}\n", month=None)

    home.land()

    assert home.query("select brand_rank, is_on_sale from raw_billing.plans") == landed
    assert home.query("select rows_quarantined from ops.landing_audit") == [(1 - len(landed),)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-01-31T23:59:59.999", None),
        ("2026-01-05", None),
        ("2026-01-05 10:11", None),
        ("2026-01-05 10:11:12+08:00", "has a time zone; deliver local time without one"),
        ("2026-01-05T10:11:12Z", "has a time zone; deliver local time without one"),
        ("2026-02-01 00:00:00", "lies outside the folder's month 2026-01"),
        ("05.01.2026 10:11", "is not timestamp"),
        ("", "empty, but it is the row's month"),
    ],
)
def test_an_event_lands_only_with_a_local_time_in_its_month(
    home: LandingHome, text: str, reason: str | None
) -> None:
    header = "payment_id,account_id,paid_at,amount_cny,payment_method,payment_channel"
    home.write("payments", f"{header}\nX1,A1,{text},5,cash,hall\n")

    home.land("2026-01", open_month=True)

    found = home.query("select reason from ops.quarantine")
    assert len(found) == (0 if reason is None else 1)
    assert all(row[0].endswith(reason) for row in found)


def test_quarantine_never_shows_personal_values(home: LandingHome) -> None:
    header = BILLS.splitlines()[0]
    home.write_required()
    subscribers = home.home.landing / "subscribers/2026-01/a.csv"
    good = subscribers.read_text()
    row = good.splitlines()[1]
    zombie, shifted = row.replace("active", "zombie"), row.replace("A1,13812345678", "A1,x,13812345678")
    mangled = row.replace("13812345678", "1.38E+10").replace("S1", "S2")
    subscribers.write_text(f"{good}{zombie}\n{shifted}\n{mangled}\n")
    home.write("staff", "staff_id,unit_id,staff_name,role\nT1,U1,王小明,driver\n", month=None)
    home.write("bills", f"{header}\n2026-01-01,S1,voice,1\n2026-01-01,S1,note to 13812345678,1\n")

    home.land("2026-01")

    rejected = home.query("select table_name, row_number, raw_row from ops.quarantine")
    raw_rows = {(table, row): json.loads(text) for table, row, text in rejected}
    assert raw_rows["subscribers", 2]["msisdn"] == "138****5678"
    assert raw_rows["subscribers", 2]["status"] == "zombie"
    assert raw_rows["subscribers", 3] == {"line": "*** (this table holds personal columns)"}
    assert raw_rows["subscribers", 4]["msisdn"] == "***"
    assert raw_rows["staff", 1]["staff_name"] == "***"
    assert raw_rows["bills", 2]["fee_item"] == "note to 138****5678"
    everything = str(home.query("from ops.quarantine")) + "".join(home.lines)
    assert "13812345678" not in everything
    assert "王小明" not in everything


def test_unknown_columns_are_reported_and_ignored(home: LandingHome) -> None:
    home.write("bills", f"{HEADER},loyalty,\n2026-01-01,S1,voice,1,9,\n")

    summary = home.land("2026-01", open_month=True)

    assert summary.warnings == ("bills/2026-01/a.csv: unknown column(s) loyalty are not landed",)
    assert summary.rows_accepted("bills") == 1


def test_contradictions_across_columns_are_warned_of_and_landed(home: LandingHome) -> None:
    header = "contract_id,subscriber_id,contract_type,starts_on,ends_on"
    home.write("contracts", f"{header}\nK1,S1,business,2025-06-01,2025-05-31\nK2,S1,business,2025-06-01,\n")

    summary = home.land("2026-01", open_month=True)

    assert summary.rows_accepted("contracts") == 2
    assert summary.warnings == ("contracts 2026-01: 1 row(s) with ends_on < starts_on",)


def test_a_header_alone_is_a_file_of_no_rows(home: LandingHome) -> None:
    assert land_bills(home, f"{HEADER}\n") == []
    assert home.audit() == [("bills/2026-01/a.csv", 0, 0, 0, 0)]


def test_the_checksum_is_that_of_the_delivered_bytes(home: LandingHome) -> None:
    packed = gzip.compress(TWO_BILLS.encode())
    land_bills(home, packed, "a.csv.gz")
    assert home.query("select checksum from ops.landing_audit") == [(hashlib.sha256(packed).hexdigest(),)]
