"""Checks of answers: what is taken, what goes back and why, and what a second look changes."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.feedback.checking import Checked, Contact, Known, Line, Taken, check
from orchestration.feedback.reading import Answer, contact_columns
from orchestration.settings import REFERENCE
from orchestration.worklists import Texts

TEXTS = Texts.load(REFERENCE / "texts.csv")
KNOWN = Known(
    {
        "M1": Line("S1", date(2026, 7, 1), "P1", "price_mid"),
        "M2": Line("S2", date(2026, 7, 1), "P1", None),
        "W3": Line("S3", date(2026, 7, 8), None, None),
    },
    frozenset({"P1", "P2"}),
    frozenset({"price_mid", "price_high"}),
)
SAVED = date(2026, 7, 20)
RIGHT = {
    "assignment_id": "M1",
    "subscriber_id": "S1",
    "contacted_at": "2026-07-02",
    "channel": "call",
    "outcome": "reached_retained",
    "churn_cause": "price",
    "offer_accepted": "true",
    "note": "stays",
}


def checked(
    *rows: dict[str, str], taken: Taken | None = None, known: Known = KNOWN, last_day: date = SAVED
) -> list[Checked]:
    answers = [Answer("Red", number, row) for number, row in enumerate(rows, start=4)]
    return check(answers, known, taken or Taken(), words={}, texts=TEXTS, last_day=last_day)


def verdicts(results: list[Checked]) -> list[str]:
    """Return each verdict, with the reasons of what went back."""
    return [
        " ".join([result.verdict, *(reason.key.removeprefix("feedback.") for reason in result.reasons)])
        for result in results
    ]


def contact(**changes: str) -> Contact:
    """Return what `RIGHT` comes to in landing."""
    empty = dict.fromkeys((column.name for column in contact_columns()), "")
    told = {name: value for name, value in RIGHT.items() if name != "subscriber_id"}
    moment = {
        "contacted_at": "2026-07-02 00:00:00",
        "attempt_no": "1",
        "staff_id": "P1",
        "offer_id": "price_mid",
    }
    return empty | told | moment | changes


def test_a_right_answer_becomes_a_contact_of_the_lists_person_and_offer() -> None:
    (result,) = checked(RIGHT)

    assert result.contact == contact()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"assignment_id": "M9"}, "unknown_line"),
        ({"assignment_id": ""}, "missing"),
        ({"subscriber_id": "S2"}, "edited_key"),
        ({"assignment_id": "M2"}, "edited_key no_offer"),
        ({"contacted_at": ""}, "missing"),
        ({"contacted_at": "02/07/2026"}, "unreadable_date"),
        ({"contacted_at": "2026-02-30"}, "unreadable_date"),
        ({"contacted_at": "2026-06-30"}, "too_early"),
        ({"contacted_at": "2026-07-21"}, "too_late"),
        ({"outcome": "happy"}, "unknown_value"),
        ({"outcome": ""}, "missing"),
        ({"channel": ""}, "missing"),
        ({"channel": "fax"}, "unknown_value"),
        ({"churn_cause": "weather"}, "unknown_value"),
        ({"offer_accepted": "perhaps"}, "unknown_value"),
        ({"staff_id": "P9"}, "unknown_value"),
        ({"offer_id": "gift"}, "unknown_value"),
        ({"offer_id": ""}, "no_offer"),
        ({"attempt_no": "2"}, "attempt_gap"),
        ({"attempt_no": "0"}, "unknown_value"),
        ({"attempt_no": "1.5"}, "unknown_value"),
        ({"note": "1.5E+11"}, "unfit_text"),
        ({"note": "x" * 4_001}, "unfit_text"),
    ],
)
def test_a_wrong_answer_goes_back_with_its_reason(changes: dict[str, str], reason: str) -> None:
    assert verdicts(checked(RIGHT | changes)) == [f"returned {reason}"]


@pytest.mark.parametrize(
    ("changes", "stored"),
    [
        # The first day that a list of June can be worked, and the day on which the file was saved.
        ({"contacted_at": "2026-07-01"}, {"contacted_at": "2026-07-01 00:00:00"}),
        ({"contacted_at": "2026-07-20 23:59"}, {"contacted_at": "2026-07-20 23:59:00"}),
        ({"outcome": "Reached, stays"}, {}),
        ({"outcome": "已联系，愿意留下", "channel": "电话", "offer_accepted": "是"}, {}),
        ({"outcome": "REACHED_RETAINED", "offer_accepted": "Yes"}, {}),
        ({"offer_accepted": ""}, {"offer_accepted": "", "offer_id": ""}),
        ({"offer_accepted": "no"}, {"offer_accepted": "false"}),
        ({"offer_id": "price_high"}, {"offer_id": "price_high"}),
        ({"staff_id": "P2"}, {"staff_id": "P2"}),
        ({"churn_cause": "", "note": ""}, {"churn_cause": "", "note": ""}),
        ({"note": "x" * 4_000}, {"note": "x" * 4_000}),
        ({"note": "=1+1"}, {"note": "=1+1"}),
        ({"attempt_no": "01"}, {}),
        ({"subscriber_id": ""}, {}),
    ],
)
def test_what_can_be_read_is_taken(changes: dict[str, str], stored: dict[str, str]) -> None:
    (result,) = checked(RIGHT | changes)

    assert result.contact == contact(**stored)


def test_a_weekly_task_is_answered_from_its_wednesday_on() -> None:
    task = RIGHT | {"assignment_id": "W3", "subscriber_id": "S3", "offer_accepted": ""}

    assert verdicts(
        checked(task | {"contacted_at": "2026-07-07"}, task | {"contacted_at": "2026-07-08"})
    ) == [
        "returned too_early",
        "accepted",
    ]


def test_a_file_s_own_words_stand_before_todays() -> None:
    words = {"outcome": {"Will stay": "reached_retained", "Forged": "no_such_code"}}
    answers = [Answer("Red", 4, RIGHT | {"outcome": word}) for word in ("will stay", "Forged")]

    results = check(answers, KNOWN, Taken(), words=words, texts=TEXTS, last_day=SAVED)

    assert verdicts(results) == ["accepted", "returned unknown_value"]


def test_a_formula_goes_back() -> None:
    answer = Answer("Red", 4, RIGHT, frozenset({"note"}))

    results = check([answer], KNOWN, Taken(), words={}, texts=TEXTS, last_day=SAVED)

    assert verdicts(results) == ["returned formula"]


def test_people_are_not_checked_where_none_are_known() -> None:
    unstaffed = Known(KNOWN.lines, frozenset(), KNOWN.offers)

    assert verdicts(checked(RIGHT | {"staff_id": "P9"}, known=unstaffed)) == ["accepted"]


def test_every_reason_is_told_at_once() -> None:
    wrong = RIGHT | {"outcome": "", "contacted_at": "2026-06-30", "churn_cause": "weather"}

    assert verdicts(checked(wrong)) == ["returned missing unknown_value too_early"]


def test_the_same_answer_twice_counts_once_and_another_for_the_day_goes_back() -> None:
    other = RIGHT | {"outcome": "reached_leaving"}

    results = checked(RIGHT, RIGHT, other)

    assert verdicts(results) == ["accepted", "repeated", "returned contradicts"]
    assert results[2].reasons[0].details == {"day": "2026-07-02", "column": "outcome"}


def test_another_day_is_the_next_attempt_wherever_it_stands() -> None:
    later = RIGHT | {"contacted_at": "2026-07-05"}

    results = checked(later, RIGHT)

    assert [result.contact and result.contact["attempt_no"] for result in results] == ["2", "1"]


def test_a_day_alone_tells_of_the_contact_at_an_hour_of_it_and_two_hours_of_two_contacts() -> None:
    at_nine, at_ten = (RIGHT | {"contacted_at": f"2026-07-02 {hour}:00"} for hour in ("09", "10"))

    assert verdicts(checked(at_nine, RIGHT)) == ["repeated", "accepted"]
    results = checked(at_ten, at_nine)
    assert [result.contact and result.contact["attempt_no"] for result in results] == ["2", "1"]


def test_told_attempts_come_in_order_and_name_their_contact() -> None:
    first, second = (RIGHT | {"attempt_no": number, "contacted_at": f"2026-07-0{number}"} for number in "12")

    assert verdicts(checked(second, first)) == ["accepted", "accepted"]
    assert verdicts(checked(first, second | {"attempt_no": "1"})) == ["accepted", "returned contradicts"]


def test_what_another_delivery_told_is_known_before() -> None:
    delivered = Taken([contact(contacted_at="2026-07-02 14:05:00", note="stays")])

    assert verdicts(checked(RIGHT, RIGHT | {"note": "goes"}, taken=delivered)) == [
        "repeated",
        "returned contradicts",
    ]


def test_what_was_taken_from_the_same_file_is_accepted_again_even_with_an_older_date_of_saving() -> None:
    taken = Taken(own=[contact(contacted_at="2026-07-25 00:00:00")])

    results = checked(RIGHT | {"contacted_at": "2026-07-25"}, taken=taken)

    assert verdicts(results) == ["accepted"]


def test_the_lists_new_person_or_offer_does_not_contradict_what_was_taken() -> None:
    taken = Taken([contact(staff_id="P7", offer_id="price_high")])

    assert verdicts(checked(RIGHT, taken=taken)) == ["repeated"]


VALUES = {
    "assignment_id": ["M1", "M2", "W3", "M9", ""],
    "subscriber_id": ["", "", "", "", "S1"],
    "attempt_no": ["", "", "1", "2", "3", "x"],
    "contacted_at": [
        "2026-07-02",
        "2026-07-09",
        "2026-07-09 10:30",
        "2026-06-30",
        "2026-08-01",
        "2026-09-01",
        "soon",
    ],
    "channel": ["call", "Visit", ""],
    "outcome": ["not_reached", "Reached, stays", "?"],
    "churn_cause": ["", "price", "?"],
    "offer_accepted": ["", "Yes", "false"],
    "offer_id": ["", "price_mid", "gift"],
    "staff_id": ["", "P2", "P9"],
    "note": ["", "n", "=1+1"],
}
LATE = date(2026, 8, 20)
ROWS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(told) for name, told in VALUES.items()}), max_size=12
)


def taken_of(results: list[Checked]) -> dict[tuple[str, str], Contact]:
    return {
        (result.contact["assignment_id"], result.contact["attempt_no"]): result.contact
        for result in results
        if result.contact
    }


@settings(deadline=None)
@given(rows=ROWS)
def test_every_row_meets_one_verdict_and_what_is_taken_can_land(rows: list[dict[str, str]]) -> None:
    results = checked(*rows, last_day=LATE)

    assert [result.answer.row for result in results] == list(range(4, 4 + len(rows)))
    for result in results:
        assert (result.verdict == "returned") == bool(result.reasons)
        assert (result.verdict == "accepted") == (result.contact is not None)
    contacts = taken_of(results)
    assert len(contacts) == [result.verdict for result in results].count("accepted")
    for (line, _), made in contacts.items():
        day = date.fromisoformat(made["contacted_at"][:10])
        assert KNOWN.lines[line].first_day <= day <= LATE
        for column in contact_columns():
            assert not column.accepted_values or made[column.name] in ("", *column.accepted_values)
        assert re.fullmatch(r"true|false|", made["offer_accepted"])
        assert made["offer_accepted"] != "true" or made["offer_id"] in KNOWN.offers
    for line in {line for line, _ in contacts}:
        numbers = sorted(int(number) for made, number in contacts if made == line)
        assert numbers == list(range(1, len(numbers) + 1))


@settings(deadline=None)
@given(rows=ROWS, months=st.integers(0, 1))
def test_read_again_after_any_part_was_taken_it_comes_to_the_same(
    rows: list[dict[str, str]], months: int
) -> None:
    whole = checked(*rows, last_day=LATE)
    contacts = taken_of(whole)
    # A run that is killed has written the months that come first, each whole.
    kept = sorted({made["contacted_at"][:7] for made in contacts.values()})[:months]
    part = [made for made in contacts.values() if made["contacted_at"][:7] in kept]

    assert checked(*rows, last_day=LATE, taken=Taken(own=part)) == whole
    assert checked(*rows, last_day=LATE, taken=Taken(own=contacts.values())) == whole


@settings(deadline=None)
@given(rows=ROWS)
def test_handed_back_under_another_name_it_adds_nothing(rows: list[dict[str, str]]) -> None:
    first = checked(*rows, last_day=LATE)

    second = checked(*rows, last_day=LATE, taken=Taken(others=taken_of(first).values()))

    assert taken_of(second) == {}
    again = ["repeated" if result.verdict == "accepted" else result.verdict for result in first]
    assert [result.verdict for result in second] == again
