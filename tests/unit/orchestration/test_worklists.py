"""Worklists: what a unit finds in its workbook, in both languages and safely."""

import csv
import stat
from datetime import date
from pathlib import Path

import openpyxl
import pandas
import pytest

from orchestration.settings import REFERENCE
from orchestration.worklists import Period, Texts, TextsError, WorklistError, workbook, write_worklists
from orchestration.worklists.columns import ANSWERS, SHEETS, SHOWN, answer_codes
from orchestration.worklists.list_sheet import lines_needed

TEXTS = Texts.load(REFERENCE / "texts.csv")
JUNE = date(2026, 6, 1)

ROW = {
    "assignment_id": "2026-06-S1",
    "subscriber_id": "S1",
    "msisdn": "138****0001",
    "customer_type": "group",
    "group_id": "G1",
    "value_tier": "high",
    "list_kind": "at_risk",
    "colour": "red",
    "score": 11,
    "churn_probability": 0.5,
    "main_cause": "price",
    "model_causes": "price",
    "what_if": "Complaint answered: churn probability 50.0% → 35.0%",
    "rule_cause": "service",
    "sentence": "Bill is falling",
    "facts": "Complaints 2 (≥ 2); X99 1 (> 0)",
    "strategy": "Care; bill advice",
    "offer_id": "O1",
    "offer_name": "Credit",
    "script_hint": "Say it",
    "expected_benefit": 12.5,
    "priority_rank": 1,
    "primary_unit_id": "B01",
    "unit_name": "East branch",
    "staff_id": "P1",
    "staff_name": "Chen L.",
    "landing_unit_id": "B01",
    "supervising_unit_id": None,
    "stage": "visit",
    "channel": "visit",
    "due_date": date(2026, 7, 2),
    "disposition": "assigned",
}


def frame(*changes: dict[str, object]) -> pandas.DataFrame:
    return pandas.DataFrame([ROW | change for change in changes])


def written(rows: pandas.DataFrame, folder: Path, language: str = "en") -> list[Path]:
    period = Period.of_month(JUNE)
    return write_worklists(rows, folder, period=period, language=language, currency="CNY", texts=TEXTS)


def listed(file: Path, sheet: str = "red") -> pandas.DataFrame:
    """Read a workbook back as a machine would: by the hidden row of names."""
    name = TEXTS.text(f"sheet.{sheet}", "en")
    return pandas.read_excel(file, sheet_name=name, skiprows=[1, 2], dtype=object)


def test_workbooks_are_one_per_primary_unit_for_their_one_reader(tmp_path: Path) -> None:
    files = written(frame({"primary_unit_id": "B02"}, {}), tmp_path / "worklists")

    assert [file.name for file in files] == ["B01.xlsx", "B02.xlsx"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "worklists").iterdir()) == ["B01.xlsx", "B02.xlsx"]


def test_workbook_name_cannot_leave_its_folder(tmp_path: Path) -> None:
    files = written(frame({"primary_unit_id": "../../B/1"}), tmp_path)

    assert files == [tmp_path / "..%2F..%2FB%2F1.xlsx"]


def test_list_holds_only_the_assigned_by_due_date_then_priority(tmp_path: Path) -> None:
    late = {"due_date": date(2026, 7, 9), "priority_rank": 1, "assignment_id": "late"}
    rows = frame(
        late,
        {"priority_rank": 3, "assignment_id": "third"},
        {"disposition": "held_out", "assignment_id": "held out"},
        {"disposition": "suppressed", "assignment_id": "suppressed"},
        {"disposition": "beyond_capacity", "assignment_id": "beyond", "primary_unit_id": None},
        {"priority_rank": 2, "assignment_id": "second"},
    )
    (file,) = written(rows, tmp_path)

    lines = listed(file)
    assert list(lines["assignment_id"]) == ["second", "third", "late"]
    assert list(lines["line_number"]) == [1, 2, 3]
    everything = {
        cell
        for sheet in openpyxl.load_workbook(file)
        for line in sheet.iter_rows(values_only=True)
        for cell in line
    }
    assert not {"held out", "suppressed", "beyond"} & everything


def test_each_colour_has_a_sheet_of_its_own_and_the_lost_too(tmp_path: Path) -> None:
    rows = frame(
        {"assignment_id": "gone", "list_kind": "lost", "colour": None, "priority_rank": 9},
        {"assignment_id": "gone red", "list_kind": "lost", "priority_rank": 10},
        {"assignment_id": "message", "colour": "blue", "stage": "call"},
        {"assignment_id": "points", "colour": None},
        {"assignment_id": "warned", "colour": "yellow"},
        {"assignment_id": "urgent"},
    )
    (file,) = written(rows, tmp_path)

    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Summary", "Red", "Yellow", "At risk", "Blue", "Lost", "codes"]
    lines = {kind.name: listed(file, kind.name) for kind in SHEETS}
    assert {name: list(own["assignment_id"]) for name, own in lines.items()} == {
        "red": ["urgent"],
        "yellow": ["warned"],
        "other": ["points"],
        "blue": ["message"],
        "lost": ["gone", "gone red"],
    }
    # Numbered through the unit, so that people can name a line by its number.
    assert [number for own in lines.values() for number in own["line_number"]] == [1, 2, 3, 4, 5, 6]
    assert "seen" in lines["red"].columns
    assert not {"seen", "score", "strategy"} & set(lines["blue"].columns)
    assert list(lines["blue"].columns[-10:]) == list(lines["red"].columns[-10:])


def test_a_colour_without_a_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorklistError, match="unit B01 has rows of colour green; no sheet is for it"):
        written(frame({"colour": "green"}), tmp_path)


def test_no_assigned_row_gives_no_workbook(tmp_path: Path) -> None:
    assert written(frame({"disposition": "held_out"}), tmp_path) == []


def test_list_shows_words_for_codes_and_codes_that_an_operator_added(tmp_path: Path) -> None:
    (file,) = written(frame({}), tmp_path)

    line = listed(file).iloc[0]
    assert line["stage"] == "Visit"
    assert line["customer"] == "Group G1"
    assert line["seen"] == "Facts: Complaints 2 (≥ 2); X99 1 (> 0)\nBill is falling"
    assert line["what_if"] == "Complaint answered: churn probability 50.0% → 35.0%"
    assert line["causes"] == "Price\nRules: Service"
    assert line["strategy"] == "Care; bill advice"
    assert line["due_date"] == pandas.Timestamp("2026-07-02")
    assert (line["churn_probability"], line["expected_benefit"]) == (0.5, 12.5)
    assert line[[column.name for column in ANSWERS]].isna().all()


def test_a_wrapped_text_gets_the_lines_it_needs() -> None:
    assert lines_needed("one\ntwo", 10) == 2
    assert lines_needed("挽留客户挽留客户", 10) == 2
    assert lines_needed("x" * 21, 10) == 3
    assert lines_needed(None, 10) == 1


def test_list_of_a_month_without_model_or_rules_has_empty_cells(tmp_path: Path) -> None:
    nothing = dict.fromkeys(
        [
            "churn_probability",
            "expected_benefit",
            "sentence",
            "facts",
            "strategy",
            "main_cause",
            "model_causes",
            "what_if",
            "rule_cause",
            "offer_name",
            "script_hint",
            "colour",
        ]
    )
    (file,) = written(frame(nothing | {"staff_id": None, "staff_name": None, "group_id": None}), tmp_path)

    line = listed(file, "other").iloc[0]
    assert line[["churn_probability", "causes", "seen", "what_if", "strategy", "staff_name"]].isna().all()
    assert line["customer"] == "Group"


@pytest.mark.parametrize("text", ["=1+1", "@x", "+1", "-1", '=HYPERLINK("http://x")', "http://x", "00123"])
def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path, text: str) -> None:
    texts = ["msisdn", "subscriber_id", "group_id", "sentence", "strategy", "offer_name", "script_hint"]
    names = {"staff_name": text, "unit_name": text, "assignment_id": text}
    (file,) = written(frame(dict.fromkeys(texts, text) | names), tmp_path)

    book = openpyxl.load_workbook(file)
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)
    assert {cell.data_type for cell in cells if cell.value == text} == {"s"}
    assert listed(file).iloc[0]["subscriber_id"] == text


def test_same_rows_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    rows = frame(
        {},
        {"assignment_id": "2026-06-S2", "priority_rank": 2, "staff_id": "P2"},
        {"assignment_id": "2026-06-S3", "priority_rank": 2, "value_tier": "mid"},
    )
    (first,) = written(rows, tmp_path / "first")
    (second,) = written(rows.iloc[::-1], tmp_path / "second")

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_answers_are_picked_from_lists_that_lead_back_to_the_contracts_codes(
    tmp_path: Path, language: str
) -> None:
    (file,) = written(frame({}), tmp_path, language)

    book = openpyxl.load_workbook(file)
    sheet = book[TEXTS.text("sheet.red", language)]
    names = {cell.value: cell.column_letter for cell in sheet[1]}
    lists = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    for column in ANSWERS:
        place = f"{names[column.name]}4"
        assert not sheet[place].protection.locked
        if column.kind != "code":
            continue
        _, _, area = lists[place].formula1.partition("!")
        words = [cell.value for (cell,) in book["codes"][area]]
        codes = {
            word: code
            for name, code, word in book["codes"].iter_rows(values_only=True)
            if name == column.name
        }
        assert [codes[word] for word in words] == list(answer_codes(column.name))
        assert len(set(words)) == len(words)
    day = lists[f"{names['contacted_on']}4"]
    # The first of July: the list of June is worked from then on.
    assert (day.type, day.operator, day.formula1) == ("date", "greaterThanOrEqual", "46204")
    assert book["codes"].sheet_state == "veryHidden"


def test_everything_but_the_answers_is_locked(tmp_path: Path) -> None:
    (file,) = written(frame({}), tmp_path)

    sheet = openpyxl.load_workbook(file)["Red"]
    unlocked = {sheet[1][cell.column - 1].value for cell in sheet[4] if not cell.protection.locked}
    assert sheet.protection.sheet
    assert unlocked == {column.name for column in ANSWERS}


def test_list_is_set_up_for_screen_and_paper(tmp_path: Path) -> None:
    (file,) = written(frame({}, {"assignment_id": "2026-06-S2"}), tmp_path)

    sheet = openpyxl.load_workbook(file)["Red"]
    last = openpyxl.utils.get_column_letter(len(SHOWN) + len(ANSWERS) + 1)
    assert sheet.freeze_panes == "F4"
    assert sheet.auto_filter.ref == f"A3:{last}5"
    assert sheet.row_dimensions[1].hidden
    assert sheet.page_setup.orientation == "landscape"
    # One page wide is the format's default, any number of pages high is said.
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == "$2:$3"


def test_summary_counts_the_list_and_names_no_customer(tmp_path: Path) -> None:
    rows = frame(
        {},
        {"assignment_id": "2", "subscriber_id": "S2", "stage": "call", "value_tier": "mid", "colour": "blue"},
        {"assignment_id": "3", "subscriber_id": "S3", "staff_id": "P2", "due_date": date(2026, 7, 1)},
    )
    (file,) = written(rows, tmp_path)

    values = list(openpyxl.load_workbook(file)["Summary"].iter_rows(values_only=True))
    left = {line[1]: line[2:4] for line in values if line[1] is not None}
    right = {line[5]: line[6] for line in values if line[5] is not None}
    assert left["East branch (B01)   ·   2026-06"] == (None, None)
    assert left["Customers to contact"] == (None, 3)
    assert left["Expected benefit (CNY)"] == (None, 37.5)
    assert [line[2:4] for line in values if line[1] == "Chen L."] == [
        (2, pandas.Timestamp("2026-07-02")),
        (1, pandas.Timestamp("2026-07-01")),
    ]
    assert right == {
        "By due date": "Customers",
        "2026-07-01": 1,
        "2026-07-02": 2,
        "By sheet": "Customers",
        "Red": 2,
        "Blue": 1,
        "By next step": "Customers",
        "Visit": 2,
        "Call": 1,
        "By customer value": "Customers",
        "High": 2,
        "Mid": 1,
    }
    assert not {"S1", "138****0001"} & {value for line in values for value in line}


def test_chinese_workbook_holds_no_english_head(tmp_path: Path) -> None:
    (file,) = written(frame({}), tmp_path, "zh")

    book = openpyxl.load_workbook(file)
    heads = [cell.value for row in (2, 3) for cell in book["红色预警"][row] if cell.value]
    assert book.sheetnames == ["概要", "红色预警", "codes"]
    assert [head for head in heads if head.isascii()] == []


def test_a_unit_with_more_rows_than_a_sheet_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "LONGEST_SHEET", 1)
    with pytest.raises(WorklistError, match="unit B01 has 2 assigned rows, a sheet holds 1; give"):
        written(frame({}, {"assignment_id": "2"}), tmp_path)


def test_rows_without_a_column_or_a_unit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WorklistError, match="lack column\\(s\\) msisdn, score"):
        written(frame({}).drop(columns=["msisdn", "score"]), tmp_path)
    with pytest.raises(WorklistError, match="no primary_unit_id"):
        written(frame({"primary_unit_id": None}), tmp_path)
    with pytest.raises(WorklistError, match="'fr'; it can be one of en, zh"):
        written(frame({}), tmp_path, "fr")


def test_texts_name_every_code_of_the_answers_in_both_languages() -> None:
    for column in ANSWERS:
        if column.kind == "code":
            for code in answer_codes(column.name):
                assert set(TEXTS.entries[f"{column.vocabulary}.{code}"]) == {"en", "zh"}


def test_causes_that_a_unit_can_name_are_the_one_list_in_both_languages() -> None:
    with (REFERENCE / "causes.csv").open(encoding="utf-8", newline="") as lines:
        causes = [row["cause"] for row in csv.DictReader(lines)]
    assert list(answer_codes("churn_cause")) == causes
    assert {f"cause.{cause}" for cause in causes} == {
        key for key in TEXTS.entries if key.startswith("cause.")
    }


def test_causes_are_told_apart_only_where_model_or_rules_see_another(tmp_path: Path) -> None:
    rows = frame(
        {"assignment_id": "1", "main_cause": "service", "model_causes": "price", "rule_cause": "service"},
        {"assignment_id": "2", "main_cause": "price", "model_causes": "price", "rule_cause": "price"},
        {"assignment_id": "3", "main_cause": "price", "model_causes": "price", "rule_cause": None},
        {"assignment_id": "4", "main_cause": "unknown", "model_causes": None, "rule_cause": None},
        {"assignment_id": "5", "main_cause": "price", "model_causes": "price,service", "rule_cause": None},
    )
    (file,) = written(rows, tmp_path)

    told = listed(file).sort_values("assignment_id")["causes"].tolist()
    assert told == ["Service\nModel: Price", "Price", "Price", "Unknown", "Price\nModel: Price, Service"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("key,en\na,b\n", r"texts\.csv: column\(s\) \['zh'\] are missing"),
        ("key,en,zh\na,b,c\na,b,c\n", r"texts\.csv, line 3: key 'a' comes twice"),
        ("key,en,zh\na,b,\n", r"texts\.csv, line 2, column zh: 'a' has no text"),
    ],
)
def test_texts_that_are_incomplete_are_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "texts.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TextsError, match=message):
        Texts.load(file)


def test_text_without_an_entry_names_the_key() -> None:
    with pytest.raises(TextsError, match=r"no text for key 'nothing' in language 'en'"):
        TEXTS.text("nothing", "en")
