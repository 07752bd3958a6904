"""Tables at a terminal: they fit it, or say what they leave out; what is no terminal gets everything."""

from collections.abc import Iterator
from io import StringIO

import duckdb
import pandas
import pytest
from rich.console import Console

from orchestration.publishing.query import Answer
from orchestration.terminal import print_frame, print_overview, print_rows

MONTHS = pandas.DataFrame(
    {
        "month": ["2026-05", "2026-06"],
        "state": ["published", "failed"],
        "beyond_capacity": [1234567, None],
        "files": [18, 1],
    },
    dtype=object,
)


def terminal(width: int, *, colour: bool = False) -> Console:
    return Console(
        file=StringIO(),
        width=width,
        force_terminal=True,
        color_system="standard" if colour else None,
        highlight=False,
    )


def printed(out: Console) -> list[str]:
    assert isinstance(out.file, StringIO)
    return [line.rstrip() for line in out.file.getvalue().splitlines() if line.strip()]


@pytest.fixture
def hundred() -> Iterator[Answer]:
    with duckdb.connect() as connection:
        yield Answer(connection.execute("select range as place from range(100)"))


def test_an_overview_has_heads_on_two_lines_and_separators() -> None:
    out = terminal(80)
    print_overview(out, MONTHS)

    lines = printed(out)
    assert lines[0].split() == ["beyond"]
    assert lines[1].split() == ["month", "state", "capacity", "files"]
    assert lines[3].split() == ["2026-05", "published", "1,234,567", "18"]
    assert lines[4].split() == ["2026-06", "failed", "1"]


def test_an_overview_names_the_columns_that_do_not_fit() -> None:
    out = terminal(30)
    print_overview(out, MONTHS, drop=[["files"], ["beyond_capacity"]])

    assert printed(out)[0].split() == ["month", "state"]
    assert " ".join(printed(out)).endswith("Not shown in 30 columns: files, beyond capacity.")
    assert max(len(line) for line in printed(out)) <= 30


def test_off_a_terminal_nothing_is_left_out_nor_coloured() -> None:
    out = Console(file=StringIO(), width=20, force_terminal=False, highlight=False)
    print_overview(out, MONTHS, drop=[["files"], ["beyond_capacity"]])

    assert printed(out)[1].split() == ["month", "state", "capacity", "files"]
    assert "\x1b" not in "".join(printed(out))


def test_states_are_coloured_on_a_terminal_only() -> None:
    out = terminal(80, colour=True)
    print_overview(out, MONTHS)

    assert "\x1b[32mpublished" in "".join(printed(out))
    assert "\x1b[1;31mfailed" in "".join(printed(out))


def test_rows_that_do_not_fit_are_folded_and_then_told_one_by_one() -> None:
    frame = pandas.DataFrame({"rule_id": ["A1"], "sentence": ["four words of it " * 4]}, dtype=object)
    folded, single = terminal(40), terminal(16)
    print_frame(folded, frame)
    print_frame(single, frame)

    assert printed(folded)[0].split() == ["rule_"]
    assert printed(folded)[1].split() == ["id", "sentence"]
    assert "".join(" ".join(printed(folded)[3:]).split()) == "A1" + "fourwordsofit" * 4
    assert printed(single)[0].startswith("── row 1")
    assert printed(single)[1].split() == ["rule_id", "A1"]
    assert "".join(printed(single)[2:]).replace(" ", "") == "sentence" + "fourwordsofit" * 4


def test_values_that_would_steer_a_terminal_do_not() -> None:
    out = terminal(40)
    print_frame(out, pandas.DataFrame({"note": ["\x1b[31mred", "[bold]"]}, dtype=object))

    assert [line.strip() for line in printed(out)[2:]] == ["\N{REPLACEMENT CHARACTER}[31mred", "[bold]"]


def test_a_terminal_is_given_forty_rows_and_told_of_the_rest(hundred: Answer) -> None:
    out = terminal(80)
    print_rows(out, hundred, None)

    assert len(printed(out)) == 2 + 40 + 1
    assert printed(out)[-1] == "40 of 100 rows; --limit 0 shows all, --format csv writes all."


def test_a_limit_of_none_shows_all(hundred: Answer) -> None:
    out = terminal(80)
    print_rows(out, hundred, 0)

    assert printed(out)[-1] == "100 rows"
    assert printed(out)[-2].strip() == "99"


def test_off_a_terminal_all_rows_are_printed(hundred: Answer) -> None:
    out = Console(file=StringIO(), width=20, force_terminal=False)
    print_rows(out, hundred, None)

    assert len(printed(out)) == 2 + 100
