"""Adapters: a hand-made file of the prepaid extract's shape becomes raw extracts, or an error that helps."""

import datetime
import tomllib
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from seeds.adapters import AdaptError, adapt, adapting

FIGURES = (
    "arpu",
    "total_og_mou",
    "total_ic_mou",
    "offnet_mou",
    "std_og_mou",
    "isd_og_mou",
    "roam_og_mou",
    "roam_ic_mou",
    "vol_2g_mb",
    "vol_3g_mb",
    "total_rech_amt",
    "date_of_last_rech",
    "loc_og_t2c_mou",
)
TALKER = {
    "mobile_number": "7000000001",
    "circle_id": "109",
    "aon": "180",
    "arpu_6": "214.816",
    "total_og_mou_6": "40.5",
    "total_ic_mou_6": "26.83",
    "offnet_mou_6": "15.74",
    "std_og_mou_6": "4.5",
    "isd_og_mou_6": "1.25",
    "roam_og_mou_6": "3",
    "roam_ic_mou_6": "2.5",
    "vol_2g_mb_6": "30.13",
    "vol_3g_mb_6": "83.57",
    "total_rech_amt_6": "362",
    "date_of_last_rech_6": "6/21/2014",
    "loc_og_t2c_mou_6": "7",
    "arpu_8": "-3.005",
    "total_rech_amt_8": "74",
    "date_of_last_rech_8": "08-09-2014",
}
SILENT = {
    "mobile_number": "7000000002",
    "circle_id": "109",
    "aon": "1000",
    "arpu_6": "0",
    "total_og_mou_6": "0",
    "total_ic_mou_6": "0",
    "vol_2g_mb_6": "0",
    "vol_3g_mb_6": "0",
    "total_rech_amt_6": "0",
    "date_of_last_rech_6": "06-30-2014",
}
COLUMNS = [
    "mobile_number",
    "circle_id",
    "aon",
    *(f"{name}_{month}" for name in FIGURES for month in (6, 7, 8, 9)),
]


def written(file: Path, *lines: dict[str, str], line_end: str = "\r") -> Path:
    """Write lines as a CSV file whose rows end as the published one's do."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(lines, columns=COLUMNS).to_csv(file, index=False, lineterminator=line_end)
    return file


def rows(landing: Path, table: str, month: str, columns: str) -> list[tuple[object, ...]]:
    file = landing / table / month / f"{table}.parquet"
    return duckdb.execute(
        f"select {columns} from read_parquet($file) order by all", {"file": str(file)}
    ).fetchall()


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    file = written(tmp_path / "given" / "churn.csv", TALKER, SILENT)
    adapt("upgrad_prepaid", [file], tmp_path / "home" / "landing")
    return tmp_path / "home" / "landing"


def test_adapt_writes_every_line_into_every_months_snapshot(landing: Path) -> None:
    for month in ("2014-06", "2014-07", "2014-08", "2014-09"):
        assert rows(landing, "subscribers", month, "msisdn, branch_id, status, area_type") == [
            ("7000000001", "109", "active", None),
            ("7000000002", "109", "active", None),
        ]


def test_adapt_names_a_line_the_same_everywhere_without_its_number(landing: Path) -> None:
    names = {
        rows(landing, "subscribers", f"2014-0{month}", "min_by(subscriber_id, msisdn)")[0][0]
        for month in (6, 7, 8, 9)
    }
    assert len(names) == 1
    name = str(names.pop())
    assert "7000000001" not in name
    assert rows(landing, "payments", "2014-06", "account_id, payment_id") == [(name, f"{name}-2014-06")]


def test_adapt_reads_the_age_on_network_as_of_the_last_day(landing: Path) -> None:
    # 180 days before 30 September: 30 + 31 + 31 + 30 + 31 = 153 back to 30 April, 27 more to 3 April.
    assert rows(landing, "subscribers", "2014-06", "min_by(activated_on, msisdn)") == [
        (datetime.date(2014, 4, 3),)
    ]


def test_adapt_rounds_revenue_keeps_it_negative_and_leaves_the_unknown_unknown(landing: Path) -> None:
    assert rows(landing, "bills", "2014-06", "fee_item, amount_cny") == [
        ("other", Decimal("0.00")),
        ("other", Decimal("214.82")),
    ]
    assert rows(landing, "bills", "2014-08", "amount_cny") == [(Decimal("-3.01"),), (None,)]


def test_adapt_puts_a_months_usage_on_its_last_day(landing: Path) -> None:
    columns = (
        "usage_date, out_minutes, in_minutes, data_mb, "
        "long_distance_minutes, roaming_minutes, offnet_out_minutes"
    )
    assert rows(landing, "usage_daily", "2014-06", columns) == [
        (datetime.date(2014, 6, 30), Decimal(0), Decimal(0), Decimal(0), None, None, None),
        (
            datetime.date(2014, 6, 30),
            Decimal("40.50"),
            Decimal("26.83"),
            Decimal("113.70"),
            Decimal("5.75"),
            Decimal("5.50"),
            Decimal("15.74"),
        ),
    ]
    assert not (landing / "usage_daily" / "2014-07").exists(), "a month without any figure says nothing"


def test_adapt_guesses_no_count_of_calls(landing: Path) -> None:
    counts = "out_calls, in_calls, own_hotline_calls, missed_calls, forwarded_calls, sms_count"
    assert set(rows(landing, "usage_daily", "2014-06", counts)) == {(None,) * 6}


def test_adapt_reads_both_forms_of_a_date_month_first(landing: Path) -> None:
    assert rows(landing, "payments", "2014-06", "cast(paid_at as date), amount_cny") == [
        (datetime.date(2014, 6, 21), Decimal("362.00"))
    ]
    assert rows(landing, "payments", "2014-08", "cast(paid_at as date), amount_cny") == [
        (datetime.date(2014, 8, 9), Decimal("74.00"))
    ]


def test_adapt_writes_the_contracts_columns_and_types(landing: Path) -> None:
    reference = Path(__file__).parents[3] / "seeds" / "reference" / "raw_columns.csv"
    contract = pd.read_csv(reference, dtype=str)
    for table in ("bills", "payments", "subscribers", "usage_daily"):
        found = duckdb.execute(
            "select column_name, lower(column_type) from (describe select * from read_parquet($file))",
            {"file": str(landing / table / "2014-06" / f"{table}.parquet")},
        ).fetchall()
        own = contract[contract["table_name"] == table]
        assert found == list(zip(own["column_name"], own["data_type"], strict=True))


def test_adapt_puts_the_operators_settings_beside_the_landing_folder(landing: Path) -> None:
    settings = tomllib.loads((landing.parent / "operator.toml").read_text(encoding="utf-8"))
    assert settings["operator"]["currency"] == "INR"
    assert settings["windows"] == {
        "gap_months": 0,
        "outcome_months": 1,
        "silence_months": 1,
        "minimum_tenure_months": 3,
    }
    assert settings["value_tiers"] == {"tier_method": "percentile", "tier_measure": "paid_amount"}


def test_adapt_twice_gives_the_same_bytes_whatever_the_line_ends(landing: Path, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in landing.rglob("*.parquet")}
    file = written(tmp_path / "again" / "churn.csv", TALKER, SILENT, line_end="\r\n")
    adapt("upgrad_prepaid", [file], landing)
    assert {file: file.read_bytes() for file in landing.rglob("*") if file.is_file()} == before


def test_adapt_of_a_file_in_parts_equals_the_whole(landing: Path, tmp_path: Path) -> None:
    parts = [written(tmp_path / f"part{number}.csv", line) for number, line in enumerate((SILENT, TALKER))]
    adapt("upgrad_prepaid", parts, tmp_path / "parts" / "landing")
    for file in landing.rglob("*.parquet"):
        assert (tmp_path / "parts" / "landing" / file.relative_to(landing)).read_bytes() == file.read_bytes()


def test_adapt_counts_what_it_wrote(tmp_path: Path) -> None:
    said: list[str] = []
    summary = adapt(
        "upgrad_prepaid",
        [written(tmp_path / "churn.csv", TALKER, SILENT)],
        tmp_path / "home" / "landing",
        said.append,
    )
    assert summary.rows == {"bills": 8, "payments": 2, "subscribers": 8, "usage_daily": 2}
    assert summary.months == tuple(datetime.date(2014, month, 1) for month in (6, 7, 8, 9))
    assert said == [
        "reading churn.csv",
        "making bills",
        "making payments",
        "making subscribers",
        "making usage_daily",
    ]


@pytest.mark.parametrize(
    ("column", "value"), [("arpu_7", "lots"), ("date_of_last_rech_6", "31/6/2014"), ("aon", "old")]
)
def test_adapt_names_file_row_and_column_of_a_value_it_cannot_read(
    tmp_path: Path, column: str, value: str
) -> None:
    file = written(tmp_path / "churn.csv", SILENT, TALKER | {column: value})
    with pytest.raises(AdaptError, match=f"churn.csv, row 2, column {column}: .*{value}"):
        adapt("upgrad_prepaid", [file], tmp_path / "home" / "landing")
    assert not (tmp_path / "home").exists()


def test_adapt_names_the_row_that_is_cut_short_and_quotes_none_of_it(tmp_path: Path) -> None:
    file = written(tmp_path / "churn.csv", SILENT)
    file.write_bytes(file.read_bytes() + b"7000000003,109\r")
    with pytest.raises(AdaptError, match=r"churn\.csv: row 2 has 2 fields, the header 55") as raised:
        adapt("upgrad_prepaid", [file], tmp_path / "home" / "landing")
    assert "7000000003" not in str(raised.value)


def test_adapt_names_the_column_that_the_file_lacks(tmp_path: Path) -> None:
    file = tmp_path / "churn.csv"
    file.write_text("mobile_number,circle_id\n7000000001,109\n", encoding="utf-8")
    with pytest.raises(AdaptError, match=r"upgrad_prepaid/_subscriber_months\.sql: .*aon.*give the file"):
        adapt("upgrad_prepaid", [file], tmp_path / "home" / "landing")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "cannot be read as CSV"),
        (b"a,b\n\xff,1\n", "row 1 is not UTF-8"),
        (b"a,a\n1,2\n", "stands twice"),
        (None, "cannot be read as CSV"),
    ],
)
def test_adapt_names_the_file_that_cannot_be_read(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "churn.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AdaptError, match=f"churn.csv: .*{problem}"):
        adapt("upgrad_prepaid", [file], tmp_path / "home" / "landing")


def test_adapt_refuses_parts_with_other_columns(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("mobile_number,plan\n7000000001,x\n", encoding="utf-8")
    with pytest.raises(AdaptError, match=r"other\.csv: column\(s\) aon, .*plan"):
        adapt(
            "upgrad_prepaid", [written(tmp_path / "churn.csv", SILENT), other], tmp_path / "home" / "landing"
        )


def test_adapt_lists_the_adapters_there_are(tmp_path: Path) -> None:
    with pytest.raises(AdaptError, match=r"no adapter 'nobody'; there are: .*upgrad_prepaid"):
        adapt("nobody", [], tmp_path / "landing")


def test_adapt_asks_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(AdaptError, match="no file was given"):
        adapt("upgrad_prepaid", [], tmp_path / "landing")


def test_adapt_leaves_other_settings_alone(tmp_path: Path) -> None:
    (tmp_path / "operator.toml").write_text('[operator]\nname = "ours"\n', encoding="utf-8")
    with pytest.raises(AdaptError, match=r"operator\.toml holds other settings; move it away"):
        adapt("upgrad_prepaid", [written(tmp_path / "given" / "churn.csv", SILENT)], tmp_path / "landing")
    assert (tmp_path / "operator.toml").read_text(encoding="utf-8") == '[operator]\nname = "ours"\n'


def test_adapt_leaves_other_extracts_alone(landing: Path, tmp_path: Path) -> None:
    other = landing / "bills" / "2014-06" / "other.csv"
    other.write_text("billing_month\n", encoding="utf-8")
    with pytest.raises(AdaptError, match=r"other\.csv is no extract of this adapter"):
        adapt("upgrad_prepaid", [tmp_path / "given" / "churn.csv"], landing)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an adapter that a test can fill with SQL."""
    folder = tmp_path / "adapters" / "shop"
    folder.mkdir(parents=True)
    (folder / "operator.toml").write_text("", encoding="utf-8")
    monkeypatch.setattr(adapting, "ADAPTERS", folder.parent)
    (tmp_path / "shop.csv").write_text("ID,Name\nx,1\n", encoding="utf-8")
    return folder


def test_adapt_writes_a_register_by_its_landed_month_and_a_static_table_once(
    shop: Path, tmp_path: Path
) -> None:
    (shop / "contracts.sql").write_text(
        "select id as contract_id, date '2014-02-01' as landed_month from source",
        encoding="utf-8",
    )
    (shop / "services.sql").write_text("select id as service_code from source", encoding="utf-8")
    adapt("shop", [tmp_path / "shop.csv"], tmp_path / "home" / "landing")
    written_files = sorted((tmp_path / "home" / "landing").rglob("*.parquet"))
    assert [file.relative_to(tmp_path / "home" / "landing").as_posix() for file in written_files] == [
        "contracts/2014-02/contracts.parquet",
        "services/services.parquet",
    ]
    found = duckdb.execute("select * from read_parquet($file)", {"file": str(written_files[0])}).df()
    assert found["contract_id"].tolist() == ["x"]
    assert "landed_month" not in found.columns


@pytest.mark.parametrize(
    ("file_name", "sql", "problem"),
    [
        ("invoices.sql", "select 1", r"invoices\.sql: there is no raw table of that name"),
        (
            "bills.sql",
            "select id as subscriber_id from source",
            r"bills\.sql gives rows without billing_month",
        ),
        ("plans.sql", "select id as plan_id, id as colour from source", r"shop/plans\.sql: .*colour"),
    ],
)
def test_adapt_names_the_sql_that_does_not_fit_the_contract(
    shop: Path, tmp_path: Path, file_name: str, sql: str, problem: str
) -> None:
    (shop / file_name).write_text(sql, encoding="utf-8")
    with pytest.raises(AdaptError, match=problem):
        adapt("shop", [tmp_path / "shop.csv"], tmp_path / "home" / "landing")
    assert not (tmp_path / "home").exists()
