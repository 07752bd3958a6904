"""Whether an answer can be taken: every check of a row, against the lists and what was taken before.

Belongs here: the checks and the reasons for which a row goes back. Not here: reading files (`reading`),
words for people (`texts.csv`), files written (`taking`, `replies`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from orchestration.feedback.reading import LINE, SUBSCRIBER, Answer, contact_columns
from orchestration.worklists.columns import ANSWERS, answer_codes
from orchestration.worklists.texts import Texts

Contact = Mapping[str, str]
"""A contact as it stands in landing: the raw contract's columns as text, '' for null."""

Verdict = Literal["accepted", "repeated", "returned"]

_DATE = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T](\d{1,2}):(\d\d)(?::(\d\d)(?:\.0+)?)?)?"
)
_MIDNIGHT = "00:00:00"
_BOOLEANS = {"t": "true", "1": "true", "yes": "true", "f": "false", "0": "false", "no": "false"}
_CODED = {
    "channel": "contact_channel",
    "outcome": "outcome",
    "churn_cause": "churn_cause",
    "offer_accepted": "offer_accepted",
}
"""Columns of a contact that take codes, by what a workbook calls them."""

_DEMANDED = frozenset({"channel", "outcome"})
_LONGEST_TEXT = 4_000
# Landing takes such a text for a number that a spreadsheet cut short.
_SHORTENED_NUMBER = re.compile(r"\d(\.\d+)?E\+\d+")


@dataclass(frozen=True)
class Line:
    """A line that was handed out: whose it is, from which day it can be answered, who and what it names."""

    subscriber_id: str
    first_day: date
    staff_id: str | None = None
    offer_id: str | None = None


@dataclass(frozen=True)
class Known:
    """What answers are checked against; without any `staff` the people are not known, nor checked."""

    lines: Mapping[str, Line]
    staff: frozenset[str]
    offers: frozenset[str]


@dataclass(frozen=True)
class Reason:
    """Why a row goes back: a key of `texts.csv` and what it is filled with; `column` is a column's name."""

    key: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """What became of an answer; `contact` is there where it was accepted."""

    answer: Answer
    verdict: Verdict
    contact: Contact | None = None
    reasons: tuple[Reason, ...] = ()


class Taken:
    """The contacts taken so far, by line and attempt; `own` are those taken from this very file before."""

    def __init__(self, others: Iterable[Contact] = (), own: Iterable[Contact] = ()) -> None:
        """Start from what other files and deliveries hold, and from what this file has led to before."""
        self._attempts: dict[str, dict[int, Contact]] = {}
        self._own: set[tuple[str, int]] = set()
        for contact in others:
            self._add(contact)
        for contact in own:
            self._own.add(self._add(contact))

    def attempts(self, line: str) -> Mapping[int, Contact]:
        """Return the contacts of a line by attempt."""
        return self._attempts.get(line, {})

    def claim(self, line: str, attempt: int) -> bool:
        """Tell whether this contact came from this file, and from no other row of it before."""
        if (line, attempt) not in self._own:
            return False
        self._own.remove((line, attempt))
        return True

    def add(self, contact: Contact) -> None:
        """Remember a contact that has just been accepted."""
        self._add(contact)

    def _add(self, contact: Contact) -> tuple[str, int]:
        key = contact[LINE], int(contact["attempt_no"])
        self._attempts.setdefault(key[0], {})[key[1]] = contact
        return key


def check(
    answers: Iterable[Answer],
    known: Known,
    taken: Taken,
    *,
    words: Mapping[str, Mapping[str, str]],
    texts: Texts,
    last_day: date,
) -> list[Checked]:
    """Return what becomes of each answer, in the given order; `taken` then holds the accepted ones, too.

    `words` are the file's own words for codes; `last_day` is the day on which the file was saved.
    """
    codes = {name: _codes(name, words.get(name, {}), texts) for name in _CODED}
    drafts = [_Draft(answer, known, codes) for answer in answers]
    # Attempts come by number, then by day, wherever they stand in the file.
    order = sorted(range(len(drafts)), key=lambda index: (*drafts[index].order, index))
    results = {index: drafts[index].judged(taken, last_day) for index in order}
    return [results[index] for index in range(len(drafts))]


def read_moment(text: str) -> datetime | None:
    """Return the moment that a text tells, year first; None for anything else.

    >>> [str(read_moment(text)) for text in ("2026/7/2", "2026年7月2日", "2026-07-02 14:05")]
    ['2026-07-02 00:00:00', '2026-07-02 00:00:00', '2026-07-02 14:05:00']
    >>> read_moment("02/07/2026"), read_moment("2026-02-30")
    (None, None)
    """
    found = _DATE.fullmatch(text)
    if not found:
        return None
    try:
        # The operator's local time, as everywhere in the raw contract; as many parts as the pattern has.
        return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError:
        return None


def _codes(column: str, words: Mapping[str, str], texts: Texts) -> dict[str, str]:
    """Return what may be written for each code: itself, the file's word, today's words in any language."""
    name = _CODED[column]
    accepted = answer_codes(name)
    (vocabulary,) = (shown.vocabulary for shown in ANSWERS if shown.name == name)
    found = dict(_BOOLEANS) if column == "offer_accepted" else {}
    for code in accepted:
        for word in texts.entries.get(f"{vocabulary}.{code}", {}).values():
            found[word.casefold()] = code
    found |= {word.casefold(): code for word, code in words.items() if code in accepted}
    return found | {code: code for code in accepted}


class _Draft:
    """A contact in the making: what the answer tells, and what is wrong with that."""

    def __init__(self, answer: Answer, known: Known, codes: Mapping[str, Mapping[str, str]]) -> None:
        self.answer = answer
        self.reasons: list[Reason] = []
        self.told = answer.told
        self.line_id = self.told.get(LINE, "")
        self.line = known.lines.get(self.line_id)
        self.moment = read_moment(self.told.get("contacted_at", ""))
        self.attempt: int | None = None
        self.contact: dict[str, str] = {
            column.name: self.told.get(column.name, "") for column in contact_columns()
        }
        for name in sorted(answer.formulas):
            self._refuse("formula", column=name)
        self._read_line()
        self._read_moment()
        self._read_codes(codes)
        self._read_offer(known)
        self._read_people(known)
        self._read_attempt()
        self._read_texts()

    @property
    def order(self) -> tuple[str, int, datetime]:
        """By line, by number where one was told, by moment."""
        # Moments are the operator's local time: the latest there is has no time zone either.
        return self.line_id, self.attempt or 0, self.moment or datetime.max  # noqa: DTZ901

    def judged(self, taken: Taken, last_day: date) -> Checked:
        """Return the verdict, after the answers that go before this one."""
        attempts = taken.attempts(self.line_id)
        same = self._same(attempts)
        if same is not None and not self.reasons:
            different = [name for name in self._compared() if self.contact[name] != attempts[same][name]]
            if not different:
                verdict: Verdict = "accepted" if taken.claim(self.line_id, same) else "repeated"
                contact = attempts[same] if verdict == "accepted" else None
                return Checked(self.answer, verdict, contact)
            self._refuse("contradicts", day=attempts[same]["contacted_at"][:10], column=different[0])
        else:
            self._check_day(last_day)
        free = next(number for number in range(1, len(attempts) + 2) if number not in attempts)
        if same is None and self.attempt is not None and self.attempt > free:
            self._refuse("attempt_gap", value=str(self.attempt), expected=str(free))
        if self.reasons:
            return Checked(self.answer, "returned", reasons=tuple(self.reasons))
        contact = self.contact | {"attempt_no": str(free)}
        taken.add(contact)
        return Checked(self.answer, "accepted", contact)

    def _refuse(self, key: str, **values: str) -> None:
        self.reasons.append(Reason(f"feedback.{key}", values))

    def _read_line(self) -> None:
        if not self.line_id:
            self._refuse("missing", column=LINE)
        elif self.line is None:
            self._refuse("unknown_line", value=self.line_id)
        elif self.told.get(SUBSCRIBER) and self.told[SUBSCRIBER] != self.line.subscriber_id:
            self._refuse("edited_key", value=self.line_id, subscriber=self.told[SUBSCRIBER])

    def _read_moment(self) -> None:
        if not self.told.get("contacted_at"):
            self._refuse("missing", column="contacted_at")
        elif self.moment is None:
            self._refuse("unreadable_date", value=self.told["contacted_at"])
        else:
            self.contact["contacted_at"] = self.moment.isoformat(sep=" ", timespec="seconds")

    def _check_day(self, last_day: date) -> None:
        if self.moment is None:
            return
        day = self.moment.date()
        if self.line and day < self.line.first_day:
            self._refuse("too_early", value=day.isoformat(), first=self.line.first_day.isoformat())
        if day > last_day:
            self._refuse("too_late", value=day.isoformat(), last=last_day.isoformat())

    def _read_codes(self, codes: Mapping[str, Mapping[str, str]]) -> None:
        for name, words in codes.items():
            told = self.told.get(name, "")
            if told and told.casefold() not in words:
                self._refuse("unknown_value", column=name, value=told)
            elif told:
                self.contact[name] = words[told.casefold()]
            elif name in _DEMANDED:
                self._refuse("missing", column=name)

    def _read_offer(self, known: Known) -> None:
        """An offer was made where an answer to one was given; the list's own unless another is named."""
        told, accepted = self.told.get("offer_id", ""), self.contact["offer_accepted"]
        if told and told not in known.offers:
            self._refuse("unknown_value", column="offer_id", value=told)
        if not told and accepted and self.line:
            # A file with a column for it has said that none was made.
            self.contact["offer_id"] = "" if "offer_id" in self.told else self.line.offer_id or ""
        if accepted == "true" and self.line and not self.contact["offer_id"]:
            self._refuse("no_offer")

    def _read_people(self, known: Known) -> None:
        told = self.told.get("staff_id", "")
        if told and known.staff and told not in known.staff:
            self._refuse("unknown_value", column="staff_id", value=told)
        if not told and self.line:
            self.contact["staff_id"] = self.line.staff_id or ""

    def _read_attempt(self) -> None:
        told = self.told.get("attempt_no", "")
        if re.fullmatch(r"0*[1-9]\d{0,3}", told):
            self.attempt = int(told)
        elif told:
            self._refuse("unknown_value", column="attempt_no", value=told)

    def _read_texts(self) -> None:
        for column in contact_columns():
            told = self.told.get(column.name, "")
            if column.family == "varchar" and (
                len(told) > _LONGEST_TEXT or _SHORTENED_NUMBER.fullmatch(told)
            ):
                self._refuse("unfit_text", column=column.name)

    def _same(self, attempts: Mapping[int, Contact]) -> int | None:
        """Return the attempt that this answer tells of: by number, else by moment.

        Where one of the two knows the day alone, the day is enough.
        """
        if self.attempt is not None:
            return self.attempt if self.attempt in attempts else None
        moment = self.contact["contacted_at"]
        for number in sorted(attempts):
            other = attempts[number]["contacted_at"]
            has_day_alone = moment.endswith(_MIDNIGHT) or other.endswith(_MIDNIGHT)
            if other == moment or (has_day_alone and other[:10] == moment[:10]):
                return number
        return None

    def _compared(self) -> list[str]:
        """Return the columns that the answer itself tells of, and not the list."""
        of_the_list = {"staff_id", "offer_id"}
        compared = []
        for column in contact_columns():
            name = column.name
            if name in (LINE, "attempt_no") or name not in self.told:
                continue
            if name in of_the_list and not self.told[name]:
                continue
            # A day alone says nothing against an hour of it.
            if name == "contacted_at" and self.attempt is None:
                continue
            compared.append(name)
        return compared
