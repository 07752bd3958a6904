"""The round trip: a published workbook, filled in with errors planted, dropped, landed and replied to."""

import csv
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas
import pytest

from orchestration.feedback import FeedbackSummary, dropped_files, take_feedback, taking
from orchestration.landing import land, prepare
from orchestration.settings import REFERENCE, Home
from orchestration.worklists import Period, Texts, write_worklists
from orchestration.worklists.workbook import NEEDED

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)
TEXTS = Texts.load(REFERENCE / "texts.csv")
CUSTOMERS = range(1, 9)
# Noon of 5 August where the operator is.
SAVED = datetime.fromisoformat("2026-08-05T12:00:00+08:00").timestamp()

BUILD = """
    create schema retention;
    create table retention.responsibilities as
        select date '2026-06-01' as snapshot_month, 'M' || number as assignment_id,
            'S' || number as subscriber_id, 'P1' as staff_id, if(number = 3, null, 'price_mid') as offer_id
        from range(1, 9) as numbers (number);
    create table retention.churn_warnings as
        select date '2026-07-08' as warning_week, 'S1' as subscriber_id, date '2026-06-01' as base_month;
    create table retention.contact_tasks as
        select date '2026-07-08' as warning_week, 'S1' as subscriber_id, 'W1' as assignment_id,
            'P2' as staff_id;
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.feedback.mkdir(parents=True)
    return home


@pytest.fixture
def build(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A build file with a list of June, a task of a week, and two people."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(BUILD)
        prepare(connection)
        connection.execute("insert into raw_organisation.staff (staff_id) values ('P1'), ('P2')")
        yield connection


def workbook_of_june(folder: Path, language: str) -> Path:
    rows = [
        dict.fromkeys(NEEDED)
        | {
            "assignment_id": f"M{number}",
            "subscriber_id": f"S{number}",
            "list_kind": "at_risk",
            "colour": "red" if number < 5 else "blue",
            "primary_unit_id": "B01",
            "disposition": "assigned",
            "due_date": date(2026, 7, 2),
            "priority_rank": number,
        }
        for number in CUSTOMERS
    ]
    (file,) = write_worklists(
        pandas.DataFrame(rows),
        folder,
        period=Period.of_month(JUNE),
        language=language,
        currency="CNY",
        texts=TEXTS,
    )
    return file


def fill(file: Path, answers: dict[str, dict[str, Any]]) -> None:
    """Fill in a workbook as a unit does: by line id, into the cells under the names of the hidden row."""
    book = openpyxl.load_workbook(file)
    for sheet in book:
        names = [cell.value for cell in sheet[1]]
        if "assignment_id" not in names:
            continue
        for line in sheet.iter_rows(min_row=4):
            for name, value in answers.get(line[names.index("assignment_id")].value, {}).items():
                line[names.index(name)].value = value
    book.save(file)


def words(language: str, **changes: Any) -> dict[str, Any]:
    """Return an answer in the words of the drop-downs."""
    told = {
        "contact_channel": "channel.call",
        "outcome": "outcome.reached_retained",
        "churn_cause": "cause.price",
    }
    answer = {name: TEXTS.text(key, language) for name, key in told.items()}
    return answer | {"contacted_on": datetime(2026, 7, 2)} | changes  # noqa: DTZ001  # local time


def planted(language: str) -> dict[str, dict[str, Any]]:
    """Return two right answers, one of them of August, and six wrong ones."""
    return {
        "M1": words(language, offer_accepted=TEXTS.text("boolean.true", language), note="stays"),
        "M2": words(language, assignment_id="M99"),
        "M3": words(language, offer_accepted=TEXTS.text("boolean.true", language)),
        "M4": words(language, subscriber_id="S5"),
        "M5": words(language, contacted_on=datetime(2026, 6, 30)),  # noqa: DTZ001  # local time
        "M6": words(language, outcome="splendid"),
        "M7": words(language, contacted_on=datetime(2026, 8, 3), note="二次联系"),  # noqa: DTZ001
        "M8": words(language, note="=cmd|'/c calc'!A1"),
    }


def drop(home: Home, file: Path, name: str | None = None, saved: float = SAVED) -> Path:
    target = home.feedback / (name or file.name)
    shutil.copy(file, target)
    os.utime(target, (saved, saved))
    return target


def drop_rows(home: Home, name: str, *rows: str) -> Path:
    target = home.feedback / name
    target.write_text("\n".join(rows) + "\n", encoding="utf-8")
    os.utime(target, (SAVED, SAVED))
    return target


def take(build: duckdb.DuckDBPyConnection, home: Home) -> FeedbackSummary:
    return take_feedback(build, home, progress=lambda line: None)


def contacts(home: Home) -> dict[str, list[dict[str, str]]]:
    """Return what waits in landing, by month."""
    found: dict[str, list[dict[str, str]]] = {}
    for file in sorted((home.landing / "retention_contacts").glob("*/*")):
        with file.open(encoding="utf-8", newline="") as rows:
            found.setdefault(file.parent.name, []).extend(csv.DictReader(rows))
    return found


def files(home: Home) -> dict[str, bytes]:
    """Return every file of the home with its bytes."""
    return {
        str(path.relative_to(home.root)): path.read_bytes()
        for path in sorted(home.root.rglob("*"))
        if path.is_file()
    }


def reply(home: Home, name: str) -> list[tuple[Any, ...]]:
    """Return a reply's rows under its heads: sheet, row, line, verdict, reason."""
    file = home.feedback / "replies" / name
    if name.endswith(".csv"):
        with file.open(encoding="utf-8-sig", newline="") as rows:
            return [tuple(row) for row in csv.reader(rows)][1:]
    (sheet,) = openpyxl.load_workbook(file)
    return [tuple(cell or "" for cell in row) for row in sheet.iter_rows(min_row=3, values_only=True)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_round_trip_of_a_workbook_with_errors_planted(
    build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, language: str
) -> None:
    (home.root / "operator.toml").write_text(f'[operator]\nlanguage = "{language}"\n', encoding="utf-8")
    file = workbook_of_june(tmp_path, language)
    fill(file, planted(language))
    drop(home, file)

    assert take(build, home) == FeedbackSummary(files=1, accepted=2, returned=6)

    ((july,), (august,)) = contacts(home).values()
    assert list(contacts(home)) == ["2026-07", "2026-08"]
    assert july == {
        "assignment_id": "M1",
        "attempt_no": "1",
        "contacted_at": "2026-07-02 00:00:00",
        "staff_id": "P1",
        "channel": "call",
        "outcome": "reached_retained",
        "churn_cause": "price",
        "offer_id": "price_mid",
        "offer_accepted": "true",
        "note": "stays",
        "competitor": "",
        "problem_found": "",
        "suggestion": "",
        "interested_in": "",
    }
    assert (august["assignment_id"], august["note"], august["offer_id"]) == ("M7", "二次联系", "")
    red, blue = (TEXTS.text(f"sheet.{name}", language) for name in ("red", "blue"))
    accepted, returned = (TEXTS.text(f"feedback.{name}", language) for name in ("accepted", "returned"))
    replied = reply(home, "B01.reply.xlsx")
    assert [row[:4] for row in replied] == [
        (red, "4", "M1", accepted),
        (red, "5", "M99", returned),
        (red, "6", "M3", returned),
        (red, "7", "M4", returned),
        (blue, "4", "M5", returned),
        (blue, "5", "M6", returned),
        (blue, "6", "M7", accepted),
        (blue, "7", "M8", returned),
    ]
    outcome, note = (TEXTS.text(f"column.{name}", language) for name in ("outcome", "note"))
    assert [row[4] for row in replied] == [
        "",
        TEXTS.text("feedback.unknown_line", language, value="M99"),
        TEXTS.text("feedback.no_offer", language),
        TEXTS.text("feedback.edited_key", language, value="M4", subscriber="S5"),
        TEXTS.text("feedback.too_early", language, value="2026-06-30", first="2026-07-01"),
        TEXTS.text("feedback.unknown_value", language, column=outcome, value="splendid"),
        "",
        TEXTS.text("feedback.formula", language, column=note),
    ]


def test_answers_land_whole_even_a_note_that_looks_like_a_formula(
    build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    file = workbook_of_june(tmp_path, "en")
    fill(file, {"M1": words("en", note='a "quoted", = note\nof two lines')})
    drop(home, file)
    drop_rows(
        home,
        "calls.csv",
        "assignment_id;attempt_no;contacted_at;channel;outcome;note;competitor",
        "M2;1;2026-07-03 09:15;call;not_reached;=1+1;",
        "M2;2;2026-07-03 17:40;call;reached_leaving;;Other operator",
    )

    assert take(build, home).accepted == 3
    land(build, home, [JULY], progress=lambda line: None, open_month=True)

    landed = build.execute(
        "select assignment_id, attempt_no, contacted_at, outcome, note, competitor "
        "from raw_retention.retention_contacts order by all"
    ).fetchall()
    assert landed == [
        ("M1", 1, datetime(2026, 7, 2), "reached_retained", 'a "quoted", = note of two lines', None),  # noqa: DTZ001
        ("M2", 1, datetime(2026, 7, 3, 9, 15), "not_reached", "=1+1", None),  # noqa: DTZ001
        ("M2", 2, datetime(2026, 7, 3, 17, 40), "reached_leaving", None, "Other operator"),  # noqa: DTZ001
    ]
    assert build.execute("select * from ops.quarantine").fetchall() == []


def test_dropped_twice_changes_nothing(build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    file = workbook_of_june(tmp_path, "en")
    fill(file, planted("en"))
    drop(home, file)
    take(build, home)
    once = files(home)
    land(build, home, [JULY, AUGUST], progress=lambda line: None, open_month=True)

    drop(home, file)
    assert take(build, home).accepted == 2
    assert files(home) == once

    # Under another name it is the same file.
    drop(home, file, "copy.xlsx")
    take(build, home)
    assert {name for name in files(home).keys() - once.keys() if name.startswith("landing")} == set()
    assert {name: files(home)[name] for name in once} == once


def test_more_lines_filled_in_later_add_only_these(
    build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    file = workbook_of_june(tmp_path, "en")
    fill(file, {"M1": words("en")})
    drop(home, file)
    take(build, home)
    fill(file, {"M2": words("en"), "M3": words("en", contacted_on="2026/7/4")})
    drop(home, file)

    assert take(build, home) == FeedbackSummary(files=1, accepted=2, repeated=1)
    assert sorted(row["assignment_id"] for row in contacts(home)["2026-07"]) == ["M1", "M2", "M3"]


def test_a_corrected_answer_does_not_overwrite_what_was_taken(
    build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    file = workbook_of_june(tmp_path, "en")
    fill(file, {"M1": words("en")})
    drop(home, file)
    take(build, home)
    before = contacts(home)
    fill(file, {"M1": words("en", outcome=TEXTS.text("outcome.refused", "en"))})
    drop(home, file)

    assert take(build, home) == FeedbackSummary(files=1, returned=1)
    assert contacts(home) == before


@pytest.mark.parametrize("moment", ["2026-08", "replies", "done"])
def test_killed_anywhere_and_begun_again_it_comes_to_the_same(
    build: duckdb.DuckDBPyConnection,
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    file = workbook_of_june(tmp_path, "en")
    fill(file, planted("en"))
    undisturbed = Home(tmp_path / "undisturbed")
    undisturbed.feedback.mkdir(parents=True)
    drop(undisturbed, file)
    take(build, undisturbed)

    drop(home, file)
    put = taking._put

    def killed(source: Path, target: Path) -> None:
        if moment in target.parts:
            raise KeyboardInterrupt
        put(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(taking, "_put", killed)
        with pytest.raises(KeyboardInterrupt):
            take(build, home)
    assert dropped_files(home) != []
    take(build, home)

    assert files(home) == files(undisturbed)


def test_files_are_for_their_one_reader(build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path) -> None:
    file = workbook_of_june(tmp_path, "en")
    fill(file, planted("en"))
    drop(home, file).chmod(0o644)
    take(build, home)

    modes = {
        path.relative_to(home.root).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in home.root.rglob("*")
        if path.is_file()
    }
    assert len(modes) == 4
    assert set(modes.values()) == {0o600}


def test_a_weekly_task_comes_back_with_the_offer_of_its_list(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    drop_rows(
        home,
        "tasks.csv",
        "assignment_id,contacted_at,channel,outcome,offer_accepted",
        "W1,2026-07-09,call,reached_retained,yes",
        "W1,2026-07-07,call,reached_retained,yes",
    )

    assert take(build, home) == FeedbackSummary(files=1, accepted=1, returned=1)
    ((task,),) = contacts(home).values()
    assert (task["staff_id"], task["offer_id"], task["offer_accepted"]) == ("P2", "price_mid", "true")


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("scan.pdf", b"%PDF", "feedback.file_kind"),
        ("B01.xls", b"\xd0\xcf\x11\xe0", "feedback.file_kind"),
        ("B01.xlsx", b"PK\x03\x04 cut off", "feedback.file_unreadable"),
        ("empty.csv", b"", "feedback.file_unreadable"),
        ("nul.csv", b"assignment_id\n\0\n", "feedback.file_unreadable"),
        ("other.csv", b"name,outcome\nx,y\n", "feedback.no_lines"),
    ],
)
def test_a_file_that_holds_no_answers_is_replied_to_and_stops_nobody(
    build: duckdb.DuckDBPyConnection, home: Home, name: str, content: bytes, key: str
) -> None:
    (home.feedback / name).write_bytes(content)
    drop_rows(home, "right.csv", "assignment_id,contacted_at,channel,outcome", "M1,2026-07-02,call,refused")

    assert take(build, home) == FeedbackSummary(files=2, accepted=1, unreadable=1)
    ((*_, why),) = reply(home, taking.reply_name(name))
    assert why == TEXTS.text(key, "en", column=TEXTS.text("column.assignment_id", "en"))
    assert dropped_files(home) == []


def test_a_csv_reply_runs_no_formula(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    drop_rows(home, "calls.csv", "assignment_id,contacted_at,channel,outcome", "=1+1,2026-07-02,call,refused")

    take(build, home)

    assert [row[2] for row in reply(home, "calls.reply.csv")] == ["'=1+1"]


def test_files_wait_for_the_first_list(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    build.execute("delete from retention.responsibilities; delete from retention.contact_tasks;")
    file = drop_rows(
        home, "calls.csv", "assignment_id,contacted_at,channel,outcome", "M1,2026-07-02,call,refused"
    )

    assert take(build, home) == FeedbackSummary()
    assert dropped_files(home) == [file]


def test_what_is_open_or_half_copied_or_only_a_link_is_not_there_yet(home: Home, tmp_path: Path) -> None:
    for name in ("~$B01.xlsx", ".~lock.B01.xlsx#", "B01.xlsx.part", "b.tmp"):
        (home.feedback / name).touch()
    (home.feedback / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    (home.feedback / "done").mkdir()

    assert dropped_files(home) == []
    assert dropped_files(Home(tmp_path / "nowhere")) == []
