"""Taking what was dropped: each file is checked, its answers land, its reply is written, and it is put away.

Belongs here: files and their order. Not here: checks of a row (`checking`).

A file is put away last, and what it led to is named by its checksum: killed anywhere and begun again, or
dropped twice, it comes to the same.
"""

import csv
import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.feedback.checking import Checked, Contact, Known, Line, Reason, Taken, check
from orchestration.feedback.reading import CONTACTS_TABLE, LINE, FeedbackError, contact_columns, read_filled
from orchestration.feedback.replies import reply_name, write_reply
from orchestration.publishing.places import flush
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.warehouse import has_table
from orchestration.worklists import Texts

_CHECKSUM_LETTERS = 16
_IN_TRANSIT = (".tmp", ".part", ".crdownload")
_RAW = f"raw_retention.{CONTACTS_TABLE}"
_LISTS = ("retention.responsibilities", "retention.contact_tasks")


@dataclass(frozen=True)
class FeedbackSummary:
    """What became of the dropped files: how many there were, and how many rows met each verdict."""

    files: int = 0
    accepted: int = 0
    repeated: int = 0
    returned: int = 0
    unreadable: int = 0


def dropped_files(home: Home) -> list[Path]:
    """Return the files that wait in `feedback/`, by name; hidden and half-copied ones are not there yet."""
    if not home.feedback.is_dir():
        return []
    return sorted(
        path
        for path in home.feedback.iterdir()
        if path.is_file()
        and not path.is_symlink()
        # `~$B01.xlsx` stands beside a workbook that somebody has open.
        and not path.name.startswith((".", "~"))
        and not path.name.lower().endswith(_IN_TRANSIT)
    )


def take_feedback(
    connection: duckdb.DuckDBPyConnection, home: Home, *, progress: Callable[[str], None]
) -> FeedbackSummary:
    """Take every dropped file; only for the holder of the lock.

    Accepted answers go to `landing/retention_contacts/<month>/feedback-<checksum>.csv`, the reply to
    `feedback/replies/`, the file itself to `feedback/done/`. While the build file holds no list, files wait.
    """
    files = dropped_files(home)
    if not files:
        return FeedbackSummary()
    if not any(_has_rows(connection, table) for table in _LISTS):
        progress(f"feedback: {len(files)} file(s) wait for the first list")
        return FeedbackSummary()
    settings = OperatorSettings.load(home.operator_file)
    texts = Texts.load(REFERENCE / "texts.csv")
    results: list[Checked] = []
    unreadable = 0
    for file in files:
        checked, problem = _take(connection, home, file, settings, texts, progress)
        results += checked
        unreadable += problem is not None
    verdicts = [result.verdict for result in results]
    summary = FeedbackSummary(
        files=len(files),
        accepted=verdicts.count("accepted"),
        repeated=verdicts.count("repeated"),
        returned=verdicts.count("returned"),
        unreadable=unreadable,
    )
    progress(
        f"feedback: {summary.files} file(s), {summary.accepted} rows accepted, {summary.repeated} known "
        f"before, {summary.returned} returned, {summary.unreadable} file(s) not readable"
    )
    return summary


def _take(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    file: Path,
    settings: OperatorSettings,
    texts: Texts,
    progress: Callable[[str], None],
) -> tuple[list[Checked], Reason | None]:
    content = file.read_bytes()
    checksum = hashlib.sha256(content).hexdigest()[:_CHECKSUM_LETTERS]
    landing_name = f"feedback-{checksum}.csv"
    # When it was saved: nobody writes down a contact of a later day. The file's moment, not the clock's.
    last_day = datetime.fromtimestamp(file.stat().st_mtime, ZoneInfo(settings.time_zone)).date()
    checked: list[Checked] = []
    problem = None
    try:
        with _scratch(home) as scratch:
            filled = read_filled(file, scratch)
    except FeedbackError as error:
        problem = Reason(error.key, error.values)
    else:
        lines = sorted({answer.told.get(LINE, "") for answer in filled.answers})
        own = _contacts_of_files(home, lines, lambda name: name == landing_name)
        others = _contacts_of_files(home, lines, lambda name: name != landing_name)
        checked = check(
            filled.answers,
            _known(connection, lines),
            Taken([*_landed_contacts(connection, lines), *others], own),
            words=filled.words,
            texts=texts,
            last_day=last_day,
        )
        accepted = [result.contact for result in checked if result.contact is not None]
        _write_contacts(home, landing_name, accepted, progress)
    replies = _private_folder(home.feedback / "replies")
    half_written = replies / f".{landing_name}.tmp"
    # A run that was killed may have left one.
    half_written.unlink(missing_ok=True)
    is_workbook = file.suffix.lower() == ".xlsx"
    write_reply(
        half_written,
        checked,
        problem=problem,
        is_workbook=is_workbook,
        texts=texts,
        language=settings.language,
    )
    _put(half_written, replies / reply_name(file.name))
    done = _private_folder(home.feedback / "done") / f"{file.stem}-{checksum}{file.suffix}"
    file.chmod(0o600)
    _put(file, done)
    return checked, problem


def _known(connection: duckdb.DuckDBPyConnection, lines: list[str]) -> Known:
    """Return what the build file and the rule book know of these lines, of people and offers.

    Lines of any disposition count: a list that was run again may assign others than it did.
    """
    found: dict[str, Line] = {}
    if has_table(connection, "retention.contact_tasks"):
        for line, *told in connection.execute(
            # A task offers what the list offered from which the week takes its customers.
            """
            select
                tasks.assignment_id, tasks.subscriber_id, tasks.warning_week, tasks.staff_id, lists.offer_id
            from retention.contact_tasks as tasks
            left join retention.churn_warnings as warnings using (warning_week, subscriber_id)
            left join retention.responsibilities as lists
                on lists.subscriber_id = tasks.subscriber_id and lists.snapshot_month = warnings.base_month
            where tasks.assignment_id in (select unnest($lines::varchar[]))
            """,
            {"lines": lines},
        ).fetchall():
            found[line] = Line(*told)
    for line, *told in connection.execute(
        "select assignment_id, subscriber_id, cast(snapshot_month + interval 1 month as date), "
        "staff_id, offer_id from retention.responsibilities "
        "where assignment_id in (select unnest($lines::varchar[]))",
        {"lines": lines},
    ).fetchall():
        found[line] = Line(*told)
    staff: Iterable[tuple[str]] = ()
    if has_table(connection, "raw_organisation.staff"):
        staff = connection.execute("select distinct staff_id from raw_organisation.staff").fetchall()
    with (REFERENCE / "offers.csv").open(encoding="utf-8", newline="") as rows:
        offers = frozenset(row["offer_id"] for row in csv.DictReader(rows))
    return Known(found, frozenset(person for (person,) in staff), offers)


def _landed_contacts(connection: duckdb.DuckDBPyConnection, lines: list[str]) -> list[Contact]:
    """Return contacts of these lines that have landed, from whichever system; null as ''."""
    if not has_table(connection, _RAW):
        return []
    names = [column.name for column in contact_columns()]
    chosen = ", ".join(
        f"coalesce(strftime({name}, '%Y-%m-%d %H:%M:%S'), '')"
        if name == "contacted_at"
        else f"coalesce(cast({name} as varchar), '')"
        for name in names
    )
    rows = connection.execute(
        f"select {chosen} from {_RAW} where assignment_id in (select unnest($lines::varchar[]))",
        {"lines": lines},
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def _contacts_of_files(home: Home, lines: list[str], is_wanted: Callable[[str], bool]) -> list[Contact]:
    """Return contacts of these lines that feedback has led to, landed or not, from the wanted files."""
    wanted = set(lines)
    return [
        contact
        for file in sorted((home.landing / CONTACTS_TABLE).glob("*/feedback-*.csv"))
        if is_wanted(file.name)
        for contact in _read_contacts(file)
        if contact[LINE] in wanted
    ]


def _read_contacts(file: Path) -> list[Contact]:
    with file.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def _write_contacts(
    home: Home, name: str, accepted: Iterable[Contact], progress: Callable[[str], None]
) -> None:
    """Write the accepted contacts into the folders of their months, beside what the file led to before."""
    by_month: dict[str, list[Contact]] = {}
    for contact in accepted:
        by_month.setdefault(contact["contacted_at"][: len("2026-07")], []).append(contact)
    for month, contacts in sorted(by_month.items()):
        folder = home.landing / CONTACTS_TABLE / month
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / name
        known = {_key(contact): contact for contact in (_read_contacts(file) if file.exists() else [])}
        known |= {_key(contact): contact for contact in contacts}
        text = io.StringIO()
        writer = csv.DictWriter(
            text, [column.name for column in contact_columns()], lineterminator="\n", extrasaction="raise"
        )
        writer.writeheader()
        writer.writerows(known[key] for key in sorted(known))
        content = text.getvalue().encode()
        if file.exists() and file.read_bytes() == content:
            continue
        half_written = folder / f".{name}.tmp"
        half_written.touch(mode=0o600)
        half_written.chmod(0o600)
        half_written.write_bytes(content)
        _put(half_written, file)
        progress(f"feedback: new answers of {month}; if it is closed, they count once it is run again")


def _key(contact: Mapping[str, str]) -> tuple[str, int]:
    return contact[LINE], int(contact["attempt_no"])


def _put(source: Path, target: Path) -> None:
    """Put a finished file in its place, on disk."""
    flush(source)
    source.replace(target)
    flush(target.parent)


def _private_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return has_table(connection, table) and bool(
        connection.execute(f"select 1 from {table} limit 1").fetchall()
    )


@contextmanager
def _scratch(home: Home) -> Iterator[Path]:
    """Give an empty folder for copies of one file."""
    folder = home.scratch / "feedback"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
