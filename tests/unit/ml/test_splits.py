"""Splits: which months train, stop, calibrate and test, worked out by hand and as properties."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.splits import MonthSplit, NoSplit, refit_split, split_by_month


def month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


def later(start: date, count: int) -> date:
    return (pd.Timestamp(start) + pd.DateOffset(months=count)).date()


def labels(first: str, closings: list[list[int | None]]) -> pd.DataFrame:
    """Consecutive snapshot months from `first`; each entry lists after how many months its rows close."""
    rows = [
        (later(month(first), number), None if after is None else later(month(first), number + after))
        for number, afters in enumerate(closings)
        for after in afters
    ]
    return pd.DataFrame(rows, columns=["snapshot_month", "closed_in_month"])


def split(frame: pd.DataFrame, known_in: str, **options: int) -> MonthSplit:
    found = split_by_month(frame, month(known_in), **options)
    assert isinstance(found, MonthSplit)
    return found


def no_split(frame: pd.DataFrame, known_in: str, **options: int) -> NoSplit:
    found = split_by_month(frame, month(known_in), **options)
    assert isinstance(found, NoSplit)
    return found


# Gap 1, outcome 3, silence 3: a row without a silence closes with its window, 4 months on; a silence that
# began in the window's last month has lasted 3 whole months 7 months on.
DEFAULT_WINDOWS: list[int | None] = [4, 5, 7, 4]


def test_split_of_three_months_trains_on_june_and_tests_on_august() -> None:
    found = split(labels("2025-06", [[1], [1], [1], [None]]), "2025-09")

    assert found.parts == {
        "train": (month("2025-06"),),
        "stop": (month("2025-07"),),
        "calibrate": (month("2025-07"),),
        "test": (month("2025-08"),),
    }


def test_split_with_default_windows_leaves_seven_months_on_either_side() -> None:
    found = split(labels("2024-01", [DEFAULT_WINDOWS] * 30), "2026-06")

    # Known in 2026-06: closed up to 2025-11. Known in 2025-11: closed up to 2025-04, sixteen months.
    assert found.test == (month("2025-11"),)
    assert found.calibrate == (month("2025-03"), month("2025-04"))
    assert found.stop == (month("2025-02"),)
    assert found.train == tuple(later(month("2024-01"), count) for count in range(13))
    assert len(found.months) == 17


def test_split_with_four_months_before_the_test_separates_stopping_and_calibration() -> None:
    found = split(labels("2025-01", [[1]] * 5), "2025-06")

    assert found.train == (month("2025-01"), month("2025-02"))
    assert found.stop == (month("2025-03"),)
    assert found.calibrate == (month("2025-04"),)
    assert found.test == (month("2025-05"),)


def test_split_with_three_months_before_the_test_shares_the_last_one() -> None:
    found = split(labels("2025-01", [[1]] * 4), "2025-05")

    assert found.train == (month("2025-01"), month("2025-02"))
    assert found.stop == found.calibrate == (month("2025-03"),)


def test_split_trains_on_the_newest_months_up_to_the_limit() -> None:
    found = split(labels("2023-01", [[1]] * 30), "2025-07", maximum_training_months=6)

    assert found.train == tuple(later(month("2024-09"), count) for count in range(6))
    assert found.stop == (month("2025-03"),)


def test_split_with_two_test_months_keeps_training_closed_in_the_first() -> None:
    found = split(labels("2025-01", [[2]] * 10), "2025-12", test_months=2)

    assert found.test == (month("2025-09"), month("2025-10"))
    # Closed in 2025-09 or before: snapshots up to 2025-07.
    assert found.calibrate == (month("2025-07"),)


@pytest.mark.parametrize("straggler", [None, 4])
def test_split_leaves_out_a_month_with_one_row_still_open(straggler: int | None) -> None:
    found = split(labels("2025-06", [[1], [1], [1], [1, straggler]]), "2025-10")

    assert found.test == (month("2025-08"),)


def test_split_is_blind_to_what_closed_later() -> None:
    then = labels("2024-01", [[7]] * 24)
    today = split(then, "2025-06")
    then.loc[then["closed_in_month"] > month("2025-06"), "closed_in_month"] = None

    assert split(then, "2025-06") == today


def test_split_takes_one_row_per_month_and_timestamps_alike() -> None:
    rows = labels("2024-01", [DEFAULT_WINDOWS] * 24)
    months = rows.groupby("snapshot_month", as_index=False)["closed_in_month"].max()
    months = months.apply(pd.to_datetime)

    assert split(months, "2026-01") == split(rows, "2026-01")


def test_no_split_says_which_month_could_be_the_first() -> None:
    history = labels("2024-01", [DEFAULT_WINDOWS] * 30)

    # 2024-02 closes in 2024-09, the first that can be tested, which closes in 2025-04.
    found = no_split(history, "2025-03")

    assert found.possible_from == month("2025-04")
    assert "labels of 1 snapshot months were closed in the test month 2024-08" in found.reason
    assert "from 2025-04 on" in found.reason
    assert split(history, "2025-04").test == (month("2024-09"),)


def test_no_split_of_a_young_operator_knows_the_month_from_the_windows() -> None:
    found = no_split(labels("2025-06", [[None], [None]]), "2025-07", closing_months=1)

    assert found.possible_from == month("2025-09")
    assert "labels of 0 snapshot months are closed in 2025-07" in found.reason


def test_no_split_without_any_closing_names_no_month() -> None:
    found = no_split(labels("2025-06", [[None]]), "2025-06")

    assert found.possible_from is None
    assert found.reason.startswith("Too little history")


def test_no_split_never_promises_a_month_that_has_passed() -> None:
    found = no_split(labels("2025-01", [[1], [None], [None], [None]]), "2025-12")

    assert found.possible_from == month("2026-01")


def test_split_refuses_a_part_of_no_months() -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        split_by_month(labels("2025-06", [[1]]), month("2025-09"), test_months=0)


def test_split_keeps_an_outcome_window_between_the_months_that_train_and_the_one_that_stops() -> None:
    # Nine months that each close at once: the ninth tests, the seventh and eighth calibrate, the sixth stops.
    frame = labels("2025-01", [[0]] * 9)
    found = split_by_month(frame, month("2025-09"), outcome_months=3)
    assert isinstance(found, MonthSplit)
    assert found.test == (month("2025-09"),)
    assert found.calibrate == (month("2025-07"), month("2025-08"))
    assert found.stop == (month("2025-06"),)
    # March's window, April to June, ends before that of June begins.
    assert found.train == (month("2025-01"), month("2025-02"), month("2025-03"))


def test_split_shares_stop_and_calibrate_before_it_gives_up_the_window_between() -> None:
    # Usable in May: January to April. With April to calibrate, March would stop, too near to February.
    found = split_by_month(labels("2025-01", [[0]] * 5), month("2025-05"), outcome_months=3)
    assert isinstance(found, MonthSplit)
    assert (found.train, found.stop, found.calibrate) == (
        (month("2025-01"),),
        (month("2025-04"),),
        (month("2025-04"),),
    )


def test_split_waits_for_a_month_a_whole_window_before_the_one_that_stops() -> None:
    found = split_by_month(labels("2025-01", [[0]] * 4), month("2025-04"), outcome_months=3)
    assert isinstance(found, NoSplit)
    assert found.possible_from == month("2025-05")
    assert "4 are needed" in found.reason


def test_refit_trains_up_to_a_window_before_the_two_months_that_calibrate() -> None:
    history = labels("2024-01", [DEFAULT_WINDOWS] * 30)
    judged = split(history, "2026-06", outcome_months=3)

    found = refit_split(history, judged, outcome_months=3)

    # Known in 2026-06: closed up to 2025-11. With a gap of 1 the window of 2025-10 begins in December, that
    # of 2025-07 ends in November; that of 2025-08 would share December.
    assert judged.test == (month("2025-11"),)
    assert found.calibrate == (month("2025-10"), month("2025-11"))
    assert found.train == tuple(later(month("2024-02"), count) for count in range(18))
    assert found.train[-1] == month("2025-07")
    assert (found.stop, found.test, found.known_in) == ((), (), month("2026-06"))
    assert judged.train[-1] == month("2024-11")


def test_refit_of_three_months_trains_on_the_first_and_calibrates_on_the_others() -> None:
    history = labels("2025-06", [[1], [1], [1], [None]])

    found = refit_split(history, split(history, "2025-09"))

    assert found.train == (month("2025-06"),)
    assert found.calibrate == (month("2025-07"), month("2025-08"))


def test_refit_keeps_the_newest_months_up_to_the_limit() -> None:
    history = labels("2023-01", [[1]] * 30)
    judged = split(history, "2025-07", maximum_training_months=6)

    found = refit_split(history, judged, maximum_training_months=6)

    # Usable up to 2025-06; May and June calibrate.
    assert found.train == tuple(later(month("2024-11"), count) for count in range(6))


@settings(deadline=None, max_examples=80)
@given(
    closings=st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 7)), min_size=1, max_size=3), min_size=1, max_size=24
    ),
    known_after=st.integers(0, 30),
    test_months=st.integers(1, 3),
)
def test_split_keeps_every_month_on_one_side_and_closed_in_time(
    closings: list[list[int | None]], known_after: int, test_months: int
) -> None:
    frame = labels("2024-01", closings)
    known_in = later(month("2024-01"), known_after)

    found = split_by_month(frame, known_in, test_months=test_months)

    if isinstance(found, NoSplit):
        assert found.reason
        return
    before = {*found.train, *found.stop, *found.calibrate}
    assert not before & set(found.test)
    assert not set(found.train) & {*found.stop, *found.calibrate}
    assert max(found.train) < min(found.stop) <= min(found.calibrate)
    assert max(before) < min(found.test)
    for months, moment in ((before, found.test[0]), (set(found.test), known_in)):
        closed = frame.loc[frame["snapshot_month"].isin(months), "closed_in_month"]
        assert all(isinstance(value, date) and value <= moment for value in closed)


@settings(deadline=None, max_examples=80)
@given(
    closings=st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 7)), min_size=1, max_size=3), min_size=1, max_size=24
    ),
    known_after=st.integers(0, 30),
    outcome_months=st.integers(1, 4),
)
def test_refit_is_closed_in_time_and_keeps_a_window_before_the_calibration(
    closings: list[list[int | None]], known_after: int, outcome_months: int
) -> None:
    frame = labels("2024-01", closings)
    known_in = later(month("2024-01"), known_after)
    judged = split_by_month(frame, known_in, outcome_months=outcome_months)
    if isinstance(judged, NoSplit):
        return

    found = refit_split(frame, judged, outcome_months=outcome_months)

    assert found.train
    assert max(found.train) >= max(judged.train)
    assert found.calibrate[-1] == judged.test[-1]
    assert later(found.train[-1], outcome_months) <= found.calibrate[0]
    closed = frame.loc[frame["snapshot_month"].isin(found.months), "closed_in_month"]
    assert all(isinstance(value, date) and value <= known_in for value in closed)
