from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.landing.checks import CONTRADICTIONS
from orchestration.landing.contract import load_contract

TABLES = "table_name,source_name,kind,month_column,is_required\nbills,raw_billing,event,billing_month,true\n"
COLUMNS = (
    "table_name,column_name,data_type,is_required,is_key,"
    "accepted_values,minimum,maximum,is_personal,description\n"
)


def write(folder: Path, column: str) -> Path:
    (folder / "raw_tables.csv").write_text(TABLES)
    (folder / "raw_columns.csv").write_text(f"{COLUMNS}{column}\n")
    return folder


def test_the_contract_says_what_a_column_may_hold(tmp_path: Path) -> None:
    (table,) = load_contract(
        write(tmp_path, 'bills,amount_cny,"decimal(12,2)",true,false,a|b,0,9.5,true,Text')
    )

    (column,) = table.columns
    assert (table.relation, table.is_static, table.keys) == ("raw_billing.bills", False, ())
    assert (column.family, column.accepted_values) == ("decimal", ("a", "b"))
    assert (column.minimum, column.maximum) == (Decimal(0), Decimal("9.5"))
    assert (column.is_required, column.is_personal) == (True, True)


@pytest.mark.parametrize("column", ['bills,"a; drop table x",varchar', "bills,a,varchar(3)", "bills,a,json"])
def test_a_contract_that_is_no_plain_sql_is_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(ValueError, match=r"raw_columns.csv: bills\.a"):
        load_contract(write(tmp_path, f"{column},true,false,,,,false,"))


def test_every_table_of_the_contract_has_a_key_and_knows_its_month() -> None:
    contract = load_contract()

    assert len(contract) == 27
    assert [table.name for table in contract if table.is_required] == ["subscribers", "bills", "usage_daily"]
    for table in contract:
        names = {column.name for column in table.columns}
        assert table.keys, table.name
        assert (table.month_column is not None) == (table.kind in ("snapshot", "event")), table.name
        assert table.month_column is None or table.month_column in names


def test_contradictions_name_columns_of_the_contract() -> None:
    columns = {table.name: {column.name for column in table.columns} for table in load_contract()}
    for table, rules in CONTRADICTIONS.items():
        for rule in rules:
            assert set(rule.replace("<", ">").split(" > ")) <= columns[table], rule
