"""Made-up answers are such as units write: taken by feedback's own checks, but for the slips put in."""

import stat
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas
import pytest

from orchestration.feedback.checking import Checked, Known, Line, Taken, check
from orchestration.feedback.reading import FilledFile, read_filled
from orchestration.settings import REFERENCE
from orchestration.worklists import Period, Texts, write_worklists
from seeds.simulator.answers import AnswerAssumptions, answer_worklists

TEXTS = Texts.load(REFERENCE / "texts.csv")
JUNE = date(2026, 6, 1)
FIRST_DAY, LAST_DAY = date(2026, 7, 1), date(2026, 7, 31)
LINES = 300
ROW: dict[str, Any] = {
    "msisdn": "138****0001",
    "customer_type": "personal",
    "group_id": None,
    "value_tier": "high",
    "list_kind": "at_risk",
    "colour": "red",
    "score": 11,
    "churn_probability": 0.5,
    "main_cause": "price",
    "model_causes": "price",
    "what_if": None,
    "rule_cause": "service",
    "sentence": None,
    "facts": None,
    "strategy": None,
    "offer_id": "price_high",
    "offer_name": "Bill credit",
    "script_hint": None,
    "expected_benefit": 12.5,
    "primary_unit_id": "B01",
    "unit_name": "East branch",
    "staff_id": "P1",
    "staff_name": "Chen L.",
    "landing_unit_id": "B01",
    "supervising_unit_id": None,
    "stage": "visit",
    "channel": "visit",
    "due_date": date(2026, 7, 3),
    "disposition": "assigned",
}
CAREFUL = AnswerAssumptions(answered=(1, 1), slip=0)
SURE = replace(CAREFUL, reached=dict.fromkeys(("visit", "call", "hall", "sms", "online"), 1), other_channel=0)


def worklists(folder: Path, *, language: str = "en", lines: int = LINES, **changes: object) -> Path:
    rows = [
        ROW
        | changes
        | {"assignment_id": f"M{number}", "subscriber_id": f"S{number}", "priority_rank": number}
        for number in range(lines)
    ]
    write_worklists(
        pandas.DataFrame(rows),
        folder / "worklists",
        period=Period.of_month(JUNE),
        language=language,
        currency="CNY",
        texts=TEXTS,
    )
    return folder / "worklists"


def answered(
    folder: Path, assumptions: AnswerAssumptions, *, language: str = "en", seed: int = 1, **changes: object
) -> FilledFile:
    lists = worklists(folder, language=language, **changes)
    answer_worklists(lists, folder / "out", month=JUNE, seed=seed, assumptions=assumptions)
    return read_filled(folder / "out" / "2026-06-B01.xlsx", folder)


def checked(filled: FilledFile) -> list[Checked]:
    lines = {f"M{number}": Line(f"S{number}", FIRST_DAY, "P1", "price_high") for number in range(LINES)}
    return check(
        filled.answers,
        Known(lines, frozenset({"P1"}), frozenset({"price_high"})),
        Taken(),
        words=filled.words,
        texts=TEXTS,
        last_day=LAST_DAY,
    )


def outcomes(filled: FilledFile) -> Counter[str]:
    return Counter(result.contact["outcome"] for result in checked(filled) if result.contact)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_careful_units_get_no_row_back(tmp_path: Path, language: str) -> None:
    results = checked(answered(tmp_path, CAREFUL, language=language))

    assert [result.verdict for result in results] == ["accepted"] * LINES
    contacts = [result.contact for result in results if result.contact]
    days = [contact["contacted_at"][:10] for contact in contacts]
    assert min(days) == "2026-07-01"
    assert max(days) <= "2026-07-12"
    assert Counter(contact["channel"] for contact in contacts)["visit"] > 0.9 * LINES
    # Nobody accepts what was not offered, nor while he could not be spoken to.
    assert not any(
        contact["offer_accepted"] for contact in contacts if contact["outcome"] in ("not_reached", "refused")
    )


def test_every_kind_of_slip_comes_back(tmp_path: Path) -> None:
    results = checked(answered(tmp_path, replace(CAREFUL, slip=1)))

    assert {result.verdict for result in results} == {"returned"}
    assert {result.reasons[0].key for result in results} == {
        "feedback.too_early",
        "feedback.too_late",
        "feedback.missing",
        "feedback.unknown_value",
    }


def test_units_do_as_is_assumed(tmp_path: Path) -> None:
    # Of 300 lines 240 are answered, give or take three standard deviations (7) of the draw.
    lazy = replace(CAREFUL, answered=(0.8, 0.8))
    assert len(answered(tmp_path / "lazy", lazy).answers) == pytest.approx(240, abs=21)

    # Of 300 customers 27 refuse (deviation 5); of the others 25.5 % leave: 0.08 + 0.35 x 0.5 -> 70 (8);
    # of the 203 left 60 % stay -> 122 (9).
    found = outcomes(answered(tmp_path / "sure", SURE))
    assert found.total() == LINES
    assert found["refused"] == pytest.approx(27, abs=15)
    assert found["reached_leaving"] == pytest.approx(70, abs=24)
    assert found["reached_retained"] == pytest.approx(122, abs=27)


def test_customers_who_have_left_are_seldom_won_back(tmp_path: Path) -> None:
    lost = answered(tmp_path, SURE, list_kind="lost", colour=None, score=None, churn_probability=None)

    # Of 300 8 % leave and 9 % refuse; 8 % of the rest are 20 (deviation 4).
    assert outcomes(lost)["reached_retained"] == pytest.approx(20, abs=12)


def test_the_same_lists_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    lists = worklists(tmp_path, lines=30)
    for name, seed in (("one", 1), ("two", 1), ("other", 2)):
        answer_worklists(lists, tmp_path / name, month=JUNE, seed=seed)
    one, two, other = (tmp_path / name / "2026-06-B01.xlsx" for name in ("one", "two", "other"))

    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes() != other.read_bytes()
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert datetime.fromtimestamp(one.stat().st_mtime, UTC).date() == LAST_DAY


def test_other_lines_do_not_move_an_answer(tmp_path: Path) -> None:
    long, short = (
        {
            answer.told["assignment_id"]: answer.told
            for answer in answered(tmp_path / str(lines), CAREFUL, lines=lines).answers
        }
        for lines in (30, 10)
    )

    assert len(short) == 10
    assert short == {line: long[line] for line in short}
