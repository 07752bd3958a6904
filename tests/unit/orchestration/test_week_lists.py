"""What is handed out on a Wednesday beside the units' tasks, and who is left out of it."""

import csv
import json
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pandas
import pytest

from orchestration.publishing.week_folder import write_week_folder
from orchestration.settings import REFERENCE, OperatorSettings
from orchestration.weeks import WarningWeek
from orchestration.worklists import Texts, read_task_rows
from orchestration.worklists.callbacks import (
    cause_counts,
    outcome_counts,
    read_callbacks,
    said_counts,
    write_callback_summary,
)
from orchestration.worklists.files import write_private_csv
from orchestration.worklists.messages import read_newsletter_list, read_sms_list
from orchestration.worklists.overdue import read_overdue, write_overdue
from orchestration.worklists.table_sheet import FIRST_ROW, HEAD_ROW
from orchestration.worklists.workbook import NEEDED

TEXTS = Texts.load(REFERENCE / "texts.csv")
WEEK = WarningWeek(date(2026, 7, 15))
"""From 8 to 14 July; its base month is June, whose list was handed out on 1 July."""

BUILD = """
    create schema marts; create schema retention; create schema ml; create schema staging;
    create schema reference;

    create table staging.stg_customer__subscribers (snapshot_month date, subscriber_id varchar,
        msisdn varchar);
    insert into staging.stg_customer__subscribers
        select date '2026-06-01', 'S' || number, '1380000000' || number from range(1, 10) as numbers (number);
    create table marts.dim_subscribers as
        select snapshot_month, subscriber_id, 'active' as status, 'high' as value_tier, 'b1' as branch_id,
            'group' as customer_type, 'G1' as group_id, 'brand' as brand
        from staging.stg_customer__subscribers;
    create table staging.stg_organisation__org_units (unit_id varchar, unit_name varchar, unit_type varchar,
        branch_id varchar);
    insert into staging.stg_organisation__org_units values ('B01', 'East', 'branch', 'b1'),
        ('B02', 'West', 'branch', 'b2'), ('GC', 'Group centre', 'group_customer_centre', null);
    create table staging.stg_organisation__staff as select 'P1' as staff_id, 'Chen L.' as staff_name;

    create table retention.would_be_owners as
        select snapshot_month, subscriber_id, 'M' || subscriber_id as assignment_id,
            'GC' as supervising_unit_id, 'B01' as landing_unit_id
        from staging.stg_customer__subscribers;
    create table retention.churn_warnings (warning_week date, subscriber_id varchar, colour varchar,
        is_new boolean);
    insert into retention.churn_warnings values
        ('2026-07-15', 'S1', 'red', true), ('2026-07-15', 'S2', 'red', false),
        ('2026-07-15', 'S3', 'blue', false), ('2026-07-15', 'S4', 'blue', true),
        ('2026-07-15', 'S5', 'yellow', true), ('2026-07-15', 'S6', 'blue', false),
        ('2026-07-15', 'S7', 'blue', false), ('2026-07-08', 'S8', 'blue', true);
    create table retention.weekly_owners as
        select *, date '2026-06-01' as base_month,
            'W' || strftime(warning_week, '%d') || subscriber_id as assignment_id
        from retention.churn_warnings;
    create table retention.control_group as
        select snapshot_month, subscriber_id, subscriber_id = 'S4' as is_held_out
        from staging.stg_customer__subscribers where subscriber_id <> 'S7';
    create table retention.contact_suppressions (assignment_id varchar, reason varchar);
    insert into retention.contact_suppressions values ('W15S5', 'cooldown'), ('W08S3', 'cooldown'),
        ('MS2', 'do_not_contact'), ('MS2', 'blacklist');
    create table reference.contact_stages (colour varchar, stage_order integer, uses_capacity boolean,
        enabled boolean, valid_from_month date, valid_to_month date);
    insert into reference.contact_stages values ('red', 1, true, true, '2000-01-01', null),
        ('blue', 1, false, true, '2000-01-01', null), ('blue', 2, true, true, '2000-01-01', null),
        ('red', 1, false, true, '2026-08-01', null), ('red', 1, false, false, '2000-01-01', null);

    create table retention.contact_tasks (warning_week date, subscriber_id varchar, assignment_id varchar,
        colour varchar, unit_id varchar, staff_id varchar, stage varchar, channel varchar, due_date date,
        disposition varchar, suppression_reason varchar);
    insert into retention.contact_tasks values
        ('2026-07-15', 'S1', 'W15S1', 'red', 'B01', 'P1', 'visit', 'visit', '2026-07-17', 'assigned', null),
        ('2026-07-15', 'S2', 'W15S2', 'yellow', 'B01', null, 'call', 'call', '2026-07-17', 'assigned', null),
        ('2026-07-15', 'S5', 'W15S5', 'yellow', 'B01', 'P1', 'call', 'call', '2026-07-22', 'suppressed',
            'cooldown'),
        ('2026-07-15', 'S8', 'W15S8', 'red', 'B01', 'P1', 'call', 'call', '2026-07-17', 'held_out', null);

    create table retention.responsibilities (snapshot_month date, subscriber_id varchar,
        assignment_id varchar, disposition varchar, list_kind varchar, colour varchar,
        primary_unit_id varchar, supervising_unit_id varchar, staff_id varchar, stage varchar, due_date date,
        main_cause varchar,
        model_cause varchar, offer_id varchar, expected_benefit decimal(14, 2), priority_rank bigint);
    create table retention.fct_retention_contacts (assignment_id varchar, attempt_no integer,
        contact_month date, contacted_at timestamp, subscriber_id varchar, outcome varchar,
        churn_cause varchar, competitor varchar, offer_accepted boolean);
    create table staging.stg_retention__retention_contacts (assignment_id varchar, attempt_no integer,
        landed_month date, problem_found varchar, suggestion varchar, interested_in varchar);
    create table retention.warning_evidence (warning_week date, subscriber_id varchar, condition_id varchar,
        rule_id varchar, observed_value double, threshold decimal(18,4), points integer);
    create table reference.cause_map (item_type varchar, item_id varchar, cause varchar, unit varchar,
        label_en varchar, label_zh varchar);
    create table ml.churn_scores as select date '2026-06-01' as snapshot_month, 'S1' as subscriber_id,
        0.5::double as churn_probability;
    create table ml.cause_scores (snapshot_month date, subscriber_id varchar, cause varchar,
        cause_rank integer, is_leading boolean);
    create table ml.what_ifs (snapshot_month date, subscriber_id varchar, what_if_id varchar,
        probability double, what_if_probability double, help_rank integer);
    create table reference.what_ifs (what_if_id varchar, label_en varchar, label_zh varchar,
        enabled boolean, valid_from_month date, valid_to_month date);
    create table ml.churn_reasons as select date '2026-06-01' as snapshot_month, 'S1' as subscriber_id,
        1 as reason_rank, 'Bill is falling' as sentence;
    create table retention.scorecard_scores as select date '2026-06-01' as snapshot_month,
        'S1' as subscriber_id, 11 as score;
    create table retention.first_contacts as
        select snapshot_month, subscriber_id, 'mature' as lifecycle_stage
        from staging.stg_customer__subscribers;
    create table retention.strategies_in_force as
        select * from (values
            (date '2026-06-01', 'mature', 'brand', 'high', false, 'service', 'retention', 'R1'),
            (date '2026-06-01', 'mature', 'brand', 'high', false, 'price', 'maintenance', 'R2'),
            (date '2026-06-01', 'mature', 'brand', 'high', true, 'service', 'retention', 'R3')
        ) as rows (snapshot_month, lifecycle_stage, brand, value_tier, is_stopped, cause, phase, strategy_id);

    create table reference.warning_levels as
        select * from (values ('red', 1), ('yellow', 2)) as rows (colour, colour_rank)
        cross join (select true as enabled, date '2000-01-01' as valid_from_month,
            cast(null as date) as valid_to_month);
    create table reference.retention_phases as
        select * from (values ('retention', 'red'), ('maintenance', 'yellow')) as rows (phase, situation)
        cross join (select enabled, valid_from_month, valid_to_month from reference.warning_levels limit 1);
    create table reference.warning_conditions as
        select 'C1_severe' as rule_id, 'severe_complaints_opened' as measure, '>=' as operator, enabled,
            valid_from_month, valid_to_month from reference.warning_levels limit 1;
    create table reference.warning_scorecard as from reference.warning_conditions where false;
    create table reference.retention_strategies as
        select * from (values ('R1', 'Care', '关怀'), ('R2', 'Advice', '建议'))
            as rows (strategy_id, actions_en, actions_zh)
        cross join (select enabled, valid_from_month, valid_to_month from reference.warning_levels limit 1);
    create table reference.offers as
        select 'O1' as offer_id, 'Credit' as name_en, '返费' as name_zh, 'Say it' as script_en,
            '请说明' as script_zh, enabled, valid_from_month, valid_to_month
        from reference.warning_levels limit 1;
"""


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        yield connection


def list_line(build: duckdb.DuckDBPyConnection, subscriber: str, due: str, **changes: str) -> None:
    """Put a subscriber on June's list: assigned to the East branch, which the group centre supervises."""
    columns = {
        "snapshot_month": "2026-06-01",
        "subscriber_id": subscriber,
        "assignment_id": f"M{subscriber}",
        "disposition": "assigned",
        "list_kind": "at_risk",
        "colour": "red",
        "primary_unit_id": "B01",
        "supervising_unit_id": "GC",
        "staff_id": "P1",
        "stage": "call",
        "due_date": due,
    } | changes
    marks = ", ".join("?" for _ in columns)
    build.execute(
        f"insert into retention.responsibilities ({', '.join(columns)}) values ({marks})",
        list(columns.values()),
    )


def contact(build: duckdb.DuckDBPyConnection, subscriber: str, moment: str, **changes: object) -> None:
    """Write down a contact, and what was said in it."""
    said = {name: changes.pop(name, None) for name in ("problem_found", "suggestion", "interested_in")}
    columns = {
        "assignment_id": f"M{subscriber}",
        "attempt_no": 1,
        "contact_month": f"{moment[:7]}-01",
        "contacted_at": moment,
        "subscriber_id": subscriber,
        "outcome": "reached_retained",
    } | changes
    marks = ", ".join("?" for _ in columns)
    build.execute(
        f"insert into retention.fct_retention_contacts ({', '.join(columns)}) values ({marks})",
        list(columns.values()),
    )
    build.execute(
        "insert into staging.stg_retention__retention_contacts values (?, ?, ?, ?, ?, ?)",
        [columns["assignment_id"], columns["attempt_no"], columns["contact_month"], *said.values()],
    )


def test_messages_go_to_the_blue_and_the_newly_warned_who_may_be_written_to(
    build: duckdb.DuckDBPyConnection,
) -> None:
    # Red from before (S2), held out (S4), suppressed (S5), control group unknown (S7), another week (S8).
    assert read_sms_list(build, WEEK).to_numpy().tolist() == [
        ["S1", "13800000001", "red", True],
        ["S3", "13800000003", "blue", False],
        ["S6", "13800000006", "blue", False],
    ]


@pytest.mark.parametrize("number", [None, "", "  "])
def test_messages_need_a_number(build: duckdb.DuckDBPyConnection, number: str | None) -> None:
    build.execute(
        "update staging.stg_customer__subscribers set msisdn = ? where subscriber_id = 'S3'", [number]
    )
    assert list(read_sms_list(build, WEEK)["subscriber_id"]) == ["S1", "S6"]


@pytest.mark.parametrize("disposition", ["suppressed", "held_out"])
def test_whom_the_tasks_leave_out_gets_no_message(build: duckdb.DuckDBPyConnection, disposition: str) -> None:
    build.execute(
        "update retention.contact_tasks set disposition = ? where assignment_id = 'W15S1'", [disposition]
    )
    assert list(read_sms_list(build, WEEK)["subscriber_id"]) == ["S3", "S6"]


def test_the_newsletter_goes_to_active_customers_of_value_who_are_not_suppressed(
    build: duckdb.DuckDBPyConnection,
) -> None:
    build.execute(
        """
        update marts.dim_subscribers set value_tier = 'mass' where subscriber_id = 'S3';
        update marts.dim_subscribers set status = 'stopped' where subscriber_id = 'S5';
        update marts.dim_subscribers set value_tier = 'mid' where subscriber_id = 'S6';
        delete from retention.would_be_owners where subscriber_id = 'S9';
        """
    )
    # S2 is suppressed in June; whoever is held out (S4) gets what everybody gets.
    listed = read_newsletter_list(build, date(2026, 6, 1))
    assert list(listed["subscriber_id"]) == ["S1", "S4", "S6", "S7", "S8"]
    assert read_newsletter_list(build, date(2026, 5, 1)).empty


def test_overdue_is_what_was_due_before_the_wednesday_and_not_contacted_since_it_was_handed_out(
    build: duckdb.DuckDBPyConnection,
) -> None:
    list_line(build, "S1", "2026-07-14")
    list_line(build, "S2", "2026-07-15")  # Due on the day itself.
    list_line(build, "S3", "2026-07-02", colour=None)
    contact(build, "S3", "2026-06-30 18:00:00")  # Before the list was handed out.
    list_line(build, "S4", "2026-07-02")
    contact(build, "S4", "2026-07-01 00:00:00")
    list_line(build, "S5", "2026-07-02", disposition="held_out")
    list_line(build, "S6", "2026-07-02", supervising_unit_id=None)
    list_line(build, "S7", "2026-07-03", list_kind="lost", primary_unit_id="B02")
    contact(build, "S7", "2026-07-15 00:00:00")  # Not known yet on the Wednesday.
    list_line(build, "S8", "2026-06-02", snapshot_month="2026-05-01")

    rows = read_overdue(build, WEEK)

    shown = ["unit_name", "subscriber_id", "sheet", "days_overdue", "staff_name", "group_id"]
    assert rows[shown].to_numpy().tolist() == [
        ["East", "S3", "other", 13, "Chen L.", "G1"],
        ["East", "S1", "red", 1, "Chen L.", "G1"],
        ["West", "S7", "lost", 12, "Chen L.", "G1"],
    ]
    assert set(rows["supervising_unit_name"]) == {"Group centre"}
    assert "msisdn" not in rows.columns


def test_overdue_tasks_of_earlier_weeks_count_and_a_customer_once(build: duckdb.DuckDBPyConnection) -> None:
    build.execute(
        """
        insert into retention.contact_tasks values
            ('2026-07-08', 'S1', 'W08S1', 'red', 'B01', 'P1', 'call', 'call', '2026-07-10', 'assigned', null),
            ('2026-07-01', 'S1', 'W01S1', 'yellow', 'B01', 'P1', 'call', 'call', '2026-07-08', 'assigned',
                null),
            ('2026-07-08', 'S2', 'W08S2', 'red', 'B01', 'P1', 'call', 'call', '2026-07-10', 'suppressed',
                'cooldown'),
            ('2026-06-24', 'S3', 'W24S3', 'red', 'B01', 'P1', 'call', 'call', '2026-06-26', 'assigned', null)
        """
    )
    rows = read_overdue(build, WEEK)
    assert rows[["subscriber_id", "sheet", "days_overdue"]].to_numpy().tolist() == [["S1", "yellow", 7]]

    # The yellow line is answered, the red one was handed out after it.
    contact(build, "S1", "2026-07-07 12:00:00")
    rows = read_overdue(build, WEEK)
    assert rows[["subscriber_id", "sheet", "days_overdue"]].to_numpy().tolist() == [["S1", "red", 5]]


def test_overdue_is_counted_per_unit(tmp_path: Path, build: duckdb.DuckDBPyConnection) -> None:
    list_line(build, "S1", "2026-07-14")
    list_line(build, "S2", "2026-07-02", colour="yellow")
    list_line(build, "S3", "2026-07-02", primary_unit_id="B02")
    rows = read_overdue(build, WEEK)
    file = tmp_path / "overdue.xlsx"
    write_overdue(rows, file, WEEK.warning_week, language="en", currency="CNY", texts=TEXTS)

    book = openpyxl.load_workbook(file)
    heads, *lines = book["By unit"].iter_rows(min_row=HEAD_ROW + 1, values_only=True)
    counted = [dict(zip(heads, line, strict=True)) for line in lines]
    assert [
        (line["Unit"], line["Overdue"], line["Red"], line["Yellow"], line["Lost"]) for line in counted
    ] == [("East", 2, 1, 1, 0), ("West", 1, 1, 0, 0)]
    assert [f"{line['Oldest due date']:%d}" for line in counted] == ["02", "02"]
    assert book["Customers"].max_row == FIRST_ROW + 3
    assert all(sheet.protection.sheet and sheet.freeze_panes == "A5" for sheet in book)
    assert all(cell.protection.locked for sheet in book for line in sheet.iter_rows() for cell in line)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_callbacks_are_those_of_the_week_by_branch(build: duckdb.DuckDBPyConnection) -> None:
    contact(build, "S1", "2026-07-07 23:59:59", outcome="refused")
    contact(build, "S2", "2026-07-08 00:00:00", churn_cause="price", offer_accepted=True)
    contact(build, "S3", "2026-07-14 23:59:59", churn_cause="price", outcome="not_reached")
    contact(build, "S4", "2026-07-15 00:00:00", outcome="refused")
    contact(build, "S5", "2026-07-09 10:00:00", churn_cause="service", competitor="Another operator")
    contact(build, "unknown", "2026-07-09 10:00:00", outcome="refused")
    build.execute("update marts.dim_subscribers set branch_id = 'b9' where subscriber_id = 'S5'")

    rows = read_callbacks(build, WEEK)

    assert len(rows) == 4
    assert "Another operator" not in rows.to_numpy()
    counts = outcome_counts(rows.fillna({"branch_name": "none"})).set_index("branch_name")
    shown = ["contact_count", "reached_retained", "not_reached", "refused", "offer_accepted_count"]
    assert counts[shown].T.to_dict("list") == {
        "East": [2, 1, 1, 0, 1],
        "b9": [1, 1, 0, 0, 0],
        "none": [1, 0, 0, 1, 0],
    }
    assert cause_counts(rows).to_numpy().tolist() == [["East", "price", 2], ["b9", "service", 1]]


def test_what_customers_said_is_counted_without_long_numbers(build: duckdb.DuckDBPyConnection) -> None:
    contact(build, "S1", "2026-07-08 10:00:00", problem_found="no signal", suggestion=" ")
    contact(build, "S2", "2026-07-08 11:00:00", problem_found="no  signal ", interested_in="5G pack")
    contact(build, "S3", "2026-07-08 12:00:00", suggestion="call 138-0000 0001 after 18:30")

    assert said_counts(read_callbacks(build, WEEK)).to_numpy().tolist() == [
        ["East", "interested_in", "5G pack", 1],
        ["East", "problem_found", "no signal", 2],
        ["East", "suggestion", "call *** after 18:30", 1],
    ]


@pytest.mark.parametrize(("language", "head"), [("en", "Reached, stays"), ("zh", "已联系，愿意留下")])
def test_the_callback_summary_speaks_the_operators_language(
    tmp_path: Path, build: duckdb.DuckDBPyConnection, language: str, head: str
) -> None:
    contact(build, "S1", "2026-07-08 10:00:00", outcome="reached_retained", problem_found="no signal")
    contact(build, "unknown", "2026-07-08 10:00:00", outcome="refused")
    rows, file = read_callbacks(build, WEEK), tmp_path / "callback_summary.xlsx"
    write_callback_summary(rows, file, WEEK, language=language, currency="CNY", texts=TEXTS)

    book = openpyxl.load_workbook(file)
    assert book.sheetnames == [
        TEXTS.text(f"sheet.callback_{name}", language) for name in ("outcomes", "causes", "said")
    ]
    heads, *lines = book.worksheets[0].iter_rows(min_row=HEAD_ROW + 1, values_only=True)
    assert {line[0]: line[heads.index(head)] for line in lines} == {
        TEXTS.text("callbacks.no_branch", language): 0,
        "East": 1,
    }
    said = list(book.worksheets[2].iter_rows(min_row=FIRST_ROW + 1, values_only=True))
    assert said == [("East", TEXTS.text("column.problem_found", language), "no signal", 1)]
    assert all(cell.protection.locked for sheet in book for line in sheet.iter_rows() for cell in line)


def test_a_task_tells_what_is_known_of_the_base_month_and_of_the_week(
    build: duckdb.DuckDBPyConnection,
) -> None:
    build.execute(
        """
        insert into retention.warning_evidence values
            ('2026-07-15', 'S1', 'C1', 'C1_severe', 1, 1, 3),
            ('2026-07-15', 'S1', 'C5', 'C5_hotline', 2, 2, 2),
            ('2026-07-08', 'S1', 'C3', 'C3_contract', 9, 60, 5),
            ('2026-07-15', 'S8', 'C1', 'C1_severe', 1, 1, 3);
        insert into reference.cause_map values
            ('warning_condition', 'C1', 'service', 'complaints', 'Complaint', '投诉'),
            ('warning_condition', 'C5', 'competition', 'calls', 'Calls to others', '拨打他网'),
            ('warning_condition', 'C3', 'contract_end', 'days', 'Contract', '合约');
        insert into retention.responsibilities by name
            select date '2026-06-01' as snapshot_month, 'S2' as subscriber_id, 'held_out' as disposition,
                'price' as main_cause, 'price' as model_cause, 'O1' as offer_id, 3 as priority_rank,
                7.5 as expected_benefit
        """
    )
    rows = read_task_rows(build, WEEK, language="en", currency="CNY", texts=TEXTS)

    assert set(rows.columns) >= NEEDED
    assert list(rows["assignment_id"]) == ["W15S1", "W15S2"]
    first, second = (line for _, line in rows.iterrows())
    assert (first["main_cause"], first["rule_cause"], first["strategy"]) == ("service", "service", "Care")
    assert (first["churn_probability"], first["score"], first["sentence"]) == (0.5, 11, "Bill is falling")
    assert first["facts"] == "Severe complaints in the week: 1 (≥ 1); Calls to others: 2 ( 2)"
    assert (first["msisdn"], first["unit_name"], first["staff_name"]) == ("13800000001", "East", "Chen L.")
    assert first[["offer_name", "expected_benefit"]].isna().all()
    # Who was on June's list keeps its offer and cause; the measures follow from today's colour.
    assert (second["main_cause"], second["offer_name"], second["strategy"]) == ("price", "Credit", "Advice")
    assert second[["churn_probability", "facts", "rule_cause"]].isna().all()


def test_a_weeks_folder_holds_tasks_and_lists_for_one_reader_each(
    tmp_path: Path, build: duckdb.DuckDBPyConnection
) -> None:
    folder = tmp_path / "2026-07-15"
    write_week_folder(build, folder, WEEK, {}, settings=OperatorSettings(), texts=TEXTS)

    files = {"B01.xlsx", "sms_list.csv", "overdue.xlsx", "callback_summary.xlsx"}
    assert {path.name for path in folder.iterdir()} == {*files, "manifest.json"}
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in files} == {0o600}
    assert set(json.loads((folder / "manifest.json").read_text())["files"]) == files
    with (folder / "sms_list.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert list(csv.reader(lines))[:2] == [
            ["subscriber_id", "msisdn", "colour", "is_new"],
            ["S1", "13800000001", "red", "true"],
        ]
    book = openpyxl.load_workbook(folder / "B01.xlsx")
    assert book.sheetnames == ["Summary", "Red", "Yellow", "codes"]
    assert book["Summary"]["B1"].value == "Retention tasks of the week"
    assert book["Red"].data_validations.dataValidation[0].formula1 == "46218"  # 15 July 2026.
    told = {cell for sheet in book for line in sheet.iter_rows(values_only=True) for cell in line}
    assert {"S1", "S2"} <= told
    assert not {"S5", "S8", "W15S5", "W15S8"} & told
    (nothing,) = [line[0] for line in openpyxl.load_workbook(folder / "overdue.xlsx")["By unit"]["A5:A5"]]
    assert nothing.value == "Nothing to report."


def test_the_same_week_gives_the_same_bytes(tmp_path: Path, build: duckdb.DuckDBPyConnection) -> None:
    list_line(build, "S3", "2026-07-02")
    contact(build, "S6", "2026-07-09 10:00:00", suggestion="more data")
    for name in ("first", "second"):
        write_week_folder(build, tmp_path / name, WEEK, {}, settings=OperatorSettings(), texts=TEXTS)
        for table in ("responsibilities", "contact_tasks", "fct_retention_contacts", "weekly_owners"):
            build.execute(
                f"create or replace table retention.{table} as from retention.{table} order by all desc"
            )

    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "second")
    )
    assert first == second


@pytest.mark.parametrize("text", ["=1+1", "@x", "+1-x", "-x", '=HYPERLINK("http://x")'])
def test_no_list_lets_a_formula_out_of_data(
    tmp_path: Path, build: duckdb.DuckDBPyConnection, text: str
) -> None:
    write_private_csv(tmp_path / "list.csv", pandas.DataFrame({"subscriber_id": [text], "is_new": [True]}))
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert list(csv.reader(lines))[1] == [f"'{text}", "true"]

    list_line(build, text, "2026-07-02", primary_unit_id=text)
    contact(build, "S1", "2026-07-08 10:00:00", problem_found=text)
    write_overdue(
        read_overdue(build, WEEK),
        tmp_path / "a.xlsx",
        WEEK.warning_week,
        language="zh",
        currency="CNY",
        texts=TEXTS,
    )
    write_callback_summary(
        read_callbacks(build, WEEK), tmp_path / "b.xlsx", WEEK, language="zh", currency="CNY", texts=TEXTS
    )
    for name in ("a.xlsx", "b.xlsx"):
        book = openpyxl.load_workbook(tmp_path / name)
        cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value]
        assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
        assert {cell.data_type for cell in cells if cell.value == text} == {"s"}
        assert not any(cell.hyperlink for cell in cells)
