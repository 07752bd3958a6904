"""Feedback through the real commands: what a unit answers on June's list steers July's.

`keeps_agent` stands on the lists of June and July; the unit reaches him on 25 July and fails to on the 28th.
"""

import csv
import os
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestration.settings import Home
from tests.integration.homes import retention

CUSTOMER = "keeps_agent"
# A minute before August where the operator is.
SAVED = datetime.fromisoformat("2026-07-31T23:59:00+08:00").timestamp()


def fill(workbook: Path, dropped: Path, day: str, outcome: str) -> None:
    """Answer the customer's line in a workbook and drop it; a reader finds cells by the hidden row."""
    book = openpyxl.load_workbook(workbook)
    for sheet in book:
        names = [cell.value for cell in sheet[1]]
        for line in sheet.iter_rows(min_row=4) if "assignment_id" in names else ():
            if line[names.index("subscriber_id")].value == CUSTOMER:
                line[names.index("contacted_on")].value = datetime.fromisoformat(day)
                line[names.index("contact_channel")].value = "Call"
                line[names.index("outcome")].value = outcome
    book.save(dropped)
    os.utime(dropped, (SAVED, SAVED))


def files(home: Home) -> dict[str, bytes]:
    """Return what feedback has led to: its own files and those in landing."""
    found = (*home.feedback.rglob("*"), *(home.landing / "retention_contacts").rglob("*"))
    return {str(path.relative_to(home.root)): path.read_bytes() for path in found if path.is_file()}


@pytest.fixture(scope="module")
def answered(golden_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The golden home after two returns of June's workbook and one of a CSV, July closed again."""
    home = Home(tmp_path_factory.mktemp("answered") / "home")
    shutil.copytree(golden_home.root, home.root)
    home.feedback.mkdir()
    workbook = home.published / "2026-06" / "worklists" / "U_SERVICE.xlsx"
    dropped = home.feedback / workbook.name
    fill(workbook, dropped, "2026-07-25", "Reached, undecided")
    assert "1 rows accepted" in retention(home, "feedback")

    fill(workbook, dropped, "2026-07-28", "Not reached")
    (home.feedback / "calls.csv").write_text(
        "assignment_id,contacted_at,channel,outcome\nM0,2026-07-02,call,refused\n", encoding="utf-8"
    )
    retention(home, "run", "--month", "2026-07")
    return home


def test_answers_become_contacts_of_their_line(answered: Home) -> None:
    with duckdb.connect(str(answered.warehouse_file), read_only=True) as build:
        contacts = build.execute(
            "select subscriber_id, attempt_no, cast(contacted_at as varchar), staff_id, channel, outcome "
            "from retention.fct_retention_contacts order by attempt_no"
        ).fetchall()

    assert contacts == [
        (CUSTOMER, 1, "2026-07-25 00:00:00", "agent_one", "call", "reached_undecided"),
        (CUSTOMER, 2, "2026-07-28 00:00:00", "agent_one", "call", "not_reached"),
    ]


def test_answers_steer_cooldown_and_escalation(answered: Home) -> None:
    with duckdb.connect(str(answered.warehouse_file), read_only=True) as build:
        cooldown = build.execute(
            "select reason, cast(happened_on as varchar) from retention.contact_suppressions "
            f"where subscriber_id = '{CUSTOMER}' and warning_week is null"
        ).fetchall()
        stages = build.execute(
            "select strftime(snapshot_month, '%Y-%m'), stage from retention.first_contacts "
            f"where subscriber_id = '{CUSTOMER}' and snapshot_month >= date '2026-06-01' order by all"
        ).fetchall()

    # Reached six days before July ended; the call of the 28th failed, so the hall is next.
    assert cooldown == [("cooldown", "2026-07-25")]
    assert stages == [("2026-06", "call"), ("2026-07", "hall")]


def test_every_file_has_its_reply_and_dropped_twice_changes_nothing(answered: Home) -> None:
    with (answered.feedback / "replies" / "calls.reply.csv").open(encoding="utf-8-sig", newline="") as rows:
        (reply,) = csv.DictReader(rows)
    assert (reply["Line id"], reply["What became of it"]) == ("M0", "Returned")
    assert reply["Why it was returned"] == "The line id M0 is on no list that was handed out"

    before = files(answered)
    (done,) = (answered.feedback / "done").glob("calls-*.csv")
    shutil.copy(done, answered.feedback / "calls.csv")
    retention(answered, "feedback")

    assert files(answered) == before
