"""Columns: the checks of a modelling frame and the numbers a model sees."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from ml.columns import FeatureColumns, check_columns, key_order, learn_levels, to_matrix, truth

COLUMNS = FeatureColumns(numeric=("bill",), boolean=("on_contract",), categorical=("brand",))


def frame(**replaced: object) -> pd.DataFrame:
    values: dict[str, object] = {
        "snapshot_month": pd.to_datetime(["2025-02-01", "2025-01-01", "2025-01-01"]),
        "subscriber_id": ["A", "B", "A"],
        "bill": [10.0, None, 30.0],
        "on_contract": pd.array([True, None, False], dtype="boolean"),
        "brand": ["gold", None, "silver"],
    }
    return pd.DataFrame(values | replaced)


def test_columns_name_a_feature_that_stands_twice() -> None:
    with pytest.raises(ValueError, match="more than once: bill"):
        FeatureColumns(numeric=("bill", "bill"))


def test_columns_refuse_a_key_as_feature() -> None:
    with pytest.raises(ValueError, match="Key columns among the features: subscriber_id"):
        FeatureColumns(numeric=(), categorical=("subscriber_id",))


def test_columns_take_lists_and_give_types_in_order() -> None:
    columns = FeatureColumns(numeric=["bill"], boolean=["on_contract"], categorical=["brand"])  # type: ignore[arg-type]  # as read from a card

    assert columns == COLUMNS
    assert columns.types == ["q", "i", "c"]


def test_check_columns_names_what_is_missing() -> None:
    with pytest.raises(ValueError, match=r"Missing columns: bill, brand\."):
        check_columns(frame().drop(columns=["bill", "brand"]), COLUMNS)


def test_check_columns_names_what_is_extra_unless_carried() -> None:
    wide = frame(tier="mid")

    with pytest.raises(ValueError, match=r"Extra columns: tier\."):
        check_columns(wide, COLUMNS)
    check_columns(wide, COLUMNS, carried=("tier",))


def test_key_order_sorts_by_month_then_subscriber() -> None:
    assert key_order(frame()).tolist() == [2, 1, 0]


def test_key_order_takes_plain_dates_as_well() -> None:
    given = frame()
    given["snapshot_month"] = given["snapshot_month"].dt.date

    assert key_order(given).tolist() == [2, 1, 0]


def test_key_order_names_a_key_that_stands_twice() -> None:
    with pytest.raises(ValueError, match="Subscriber B stands twice in 2025-01"):
        key_order(frame(subscriber_id=["A", "B", "B"]))


def test_key_order_names_the_row_of_a_null_key() -> None:
    with pytest.raises(ValueError, match="Column subscriber_id is null in row 1"):
        key_order(frame(subscriber_id=["A", None, "A"]))


def test_matrix_keeps_missing_as_nan_and_flags_as_one_and_zero() -> None:
    given = frame()
    levels = learn_levels(given, COLUMNS, minimum_rows=1)

    matrix = to_matrix(given, COLUMNS, levels, np.array([2, 0, 1]))

    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, [[30, 0, 1], [10, 1, 0], [np.nan, np.nan, np.nan]])


def test_matrix_reads_flags_and_decimals_that_came_as_objects() -> None:
    given = frame(
        bill=pd.Series([Decimal("1.50"), None, Decimal(3)], dtype=object),
        on_contract=pd.Series([True, None, False], dtype=object),
    )

    matrix = to_matrix(given, COLUMNS, learn_levels(given, COLUMNS, 1), np.arange(3))

    np.testing.assert_array_equal(matrix[:, :2], [[1.5, 1], [np.nan, np.nan], [3, 0]])


def test_levels_pool_the_rare_and_leave_the_unseen_missing() -> None:
    seen = frame(brand=["gold", "gold", "silver"])
    levels = learn_levels(seen, COLUMNS, minimum_rows=2)

    codes = to_matrix(frame(brand=["gold", "silver", "platinum"]), COLUMNS, levels, np.arange(3))[:, 2]

    np.testing.assert_array_equal(codes, [0, 1, np.nan])


def test_matrix_names_a_text_column_declared_numeric() -> None:
    given = frame(bill=["10", "20", "30"])

    with pytest.raises(ValueError, match="Column bill holds"):
        to_matrix(given, COLUMNS, learn_levels(given, COLUMNS, 1), np.arange(3))


def test_matrix_names_an_infinite_value() -> None:
    given = frame(bill=[1.0, np.inf, 2.0])

    with pytest.raises(ValueError, match="Column bill is infinite in row 1"):
        to_matrix(given, COLUMNS, learn_levels(given, COLUMNS, 1), np.array([2, 0, 1]))


def test_truth_refuses_what_is_no_flag() -> None:
    with pytest.raises(ValueError, match="Target lost holds values other than"):
        truth(pd.DataFrame({"lost": [0, 1, 2]}), "lost")
