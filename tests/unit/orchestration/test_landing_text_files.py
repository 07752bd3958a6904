import csv
from pathlib import Path

import pytest

from orchestration.landing.extracts import Extract
from orchestration.landing.text_files import TextFile, open_text, repair


def repaired(tmp_path: Path, text: str, *, is_withheld: bool = False) -> list[list[str]]:
    """Repair two columns `a` and `b` and return the copy's rows: a, b, problem, raw row."""
    source, target = tmp_path / "a.csv", tmp_path / "repaired.csv"
    source.write_bytes(f"a,b\n{text}".encode())
    repair(TextFile(source, ",", ("a", "b")), target, is_withheld=is_withheld)
    with target.open(encoding="utf-8", newline="") as copy:
        return list(csv.reader(copy))[1:]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2\n", [["1", "2"]]),
        ('1,"2"\n', [["1", "2"]]),
        ('1,"he said ""2"""\n', [["1", 'he said "2"']]),
        ('1, "2" \n', [["1", "2"]]),
        ('1,5" screen\n', [["1", '5" screen']]),
        ('"1\n1",2\n3,4\n', [["1\n1", "2"], ["3", "4"]]),
        ('"1\r\n\r\n1",2\r\n3,4', [["1\n\n1", "2"], ["3", "4"]]),
        ("1,2,\n3,4,,,\n", [["1", "2"], ["3", "4"]]),
        ("\n1,2\n\n\n,\n", [["1", "2"], ["", ""]]),
        ('"a,b",2\n', [["a,b", "2"]]),
    ],
)
def test_repair_keeps_every_sound_record(tmp_path: Path, text: str, values: list[list[str]]) -> None:
    assert repaired(tmp_path, text) == [[*value, "", ""] for value in values]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1", "1 fields, the header has 2"),
        ("1,2,3", "3 fields, the header has 2"),
        ('1,"2', "a quoted value is not closed"),
        ('1,"2"x', "misplaced quotes"),
        ('"1,2,3"', "1 fields, the header has 2"),
    ],
)
def test_repair_says_what_a_broken_line_was_and_goes_on_behind_it(
    tmp_path: Path, line: str, problem: str
) -> None:
    quoted_line = line.replace('"', '\\"')
    assert repaired(tmp_path, f"1,2\n{line}\n3,4\n") == [
        ["1", "2", "", ""],
        ["", "", f"broken line: {problem}", f'{{"line": "{quoted_line}"}}'],
        ["3", "4", "", ""],
    ]


def test_repair_looks_for_a_closing_quote_only_nearby(tmp_path: Path) -> None:
    rows = repaired(tmp_path, '1,"2\n' + "3,4\n" * 60 + '5,6"\n')
    assert rows[0][2] == "broken line: a quoted value is not closed"
    assert rows[1:61] == [["3", "4", "", ""]] * 60
    assert rows[61] == ["5", '6"', "", ""]


def test_repair_never_joins_lines_into_a_record_that_is_broken_too(tmp_path: Path) -> None:
    rows = repaired(tmp_path, '1,"2\n3,4\n5,6"\n7",8,9\n')
    assert [row[:2] for row in rows if not row[2]] == [["1", "2\n3,4\n5,6"]]

    rows = repaired(tmp_path, '1,"2\n3,4\n5,6",7\n')
    assert [row[:2] for row in rows if not row[2]] == [["3", "4"]]


def test_repair_withholds_the_text_of_personal_tables(tmp_path: Path) -> None:
    assert "secret" not in str(repaired(tmp_path, "secret\n", is_withheld=True))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_names_known_columns(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(delimiter.join(["\ufeffa", '"B "', '"x,y;z"']) + "\n", encoding="utf-8")

    opened = open_text(Extract(file, "t/a.csv"), tmp_path, frozenset({"a", "b"}))

    assert (opened.delimiter, opened.header) == (delimiter, ("a", "b", "x,y;z"))


def test_a_plain_file_is_read_where_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,张\n", encoding="utf-8")
    assert open_text(Extract(file, "t/a.csv"), tmp_path / "scratch", frozenset("ab")).path == file
