"""Reading a stranger's table: kinds, targets in words, months in any dress; errors name column and row."""

import numpy as np
import pandas as pd
import pytest

from ml.columns import FeatureColumns
from ml.tables import churn_value, entities, infer_columns, months, outcomes, readable, require_columns


def kinds(frame: pd.DataFrame) -> FeatureColumns:
    return infer_columns(frame, list(frame), named=False).features


@pytest.mark.parametrize(
    ("values", "churner"),
    [
        ([True, False, None], True),
        ([0, 1, 1], 1),
        ([-1.0, 1.0], 1.0),
        (["no", "YES"], "YES"),
        (["False.", "True."], "True."),
        (["stayed", "churned"], "churned"),
        (["1", "0"], "1"),
    ],
)
def test_churn_value_knows_the_usual_pairs(values: list, churner: object) -> None:
    assert churn_value(pd.Series(values), "target") == churner


def test_churn_value_asks_where_nobody_can_say() -> None:
    values = pd.Series(["left", "here"])

    with pytest.raises(ValueError, match="say which of them is churn"):
        churn_value(values, "status")
    with pytest.raises(ValueError, match="never holds 'gone'"):
        churn_value(values, "status", "gone")
    assert churn_value(values, "status", "left") == "left"


def test_churn_value_refuses_more_or_fewer_than_two_values() -> None:
    with pytest.raises(ValueError, match=r"holds 3 different values \('a', 'b', 'c'\)"):
        churn_value(pd.Series(["a", "b", "c"]), "status")
    with pytest.raises(ValueError, match="holds 1 different values"):
        churn_value(pd.Series([1, 1]), "status")


def test_outcomes_are_null_where_the_target_is() -> None:
    found = outcomes(pd.Series(["Yes", None, "No"]), "churn", "Yes")

    assert found[[0, 2]].tolist() == [1.0, 0.0]
    assert np.isnan(found[1])


def test_outcomes_name_the_row_of_a_third_value() -> None:
    with pytest.raises(ValueError, match="'maybe' in row r3"):
        outcomes(pd.Series(["Yes", "No", "maybe"], index=["r1", "r2", "r3"]), "churn", "Yes")


def test_numbers_in_texts_are_numbers_once_they_are_too_many_for_levels() -> None:
    amounts = [f"{number}.5" for number in range(51)]

    assert kinds(pd.DataFrame({"total": [*amounts, " ", "0.5"]})).numeric == ("total",)
    assert kinds(pd.DataFrame({"total": [*amounts[:50], " ", "0.5"]})).categorical == ("total",)
    read = readable(pd.DataFrame({"total": ["1.5", " ", None]}), FeatureColumns(("total",)))["total"]
    assert read[0] == 1.5
    assert read[1:].isna().all()


def test_whole_numbers_that_all_differ_are_ids_and_others_are_not() -> None:
    rows = range(30)
    frame = pd.DataFrame(
        {
            "account": list(rows),
            "account_text": [str(9000 + row) for row in rows],
            "once_twice": [0, 0, *range(2, 30)],
            "amount": [row + 0.5 for row in rows],
            "gap": [None, *range(1, 30)],
        }
    )

    found = infer_columns(frame, list(frame), named=False)

    assert set(found.left_out) == {"account", "account_text"}
    assert found.features.numeric == ("once_twice", "amount", "gap")


def test_a_column_of_several_kinds_is_refused_by_name_and_row() -> None:
    with pytest.raises(ValueError, match=r"Column bill .* row 1"):
        kinds(pd.DataFrame({"bill": pd.Series([1, "a", 2], dtype=object)}))


def test_levels_that_are_whole_numbers_stay_the_same_when_a_gap_makes_them_decimals() -> None:
    columns = FeatureColumns((), (), ("area",))

    whole = readable(pd.DataFrame({"area": [10, 20]}), columns)["area"]
    with_gap = readable(pd.DataFrame({"area": [10.0, None]}), columns)["area"]

    assert whole[0] == with_gap[0] == "10"
    assert with_gap.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "values",
    [
        ["2025-01", "2025-02"],
        [202501, 202502],
        pd.to_datetime(["2025-01-31", "2025-02-28"]),
        pd.PeriodIndex(["2025-01", "2025-02"], freq="M"),
    ],
)
def test_months_are_first_days_whatever_they_came_as(values: object) -> None:
    found = months(pd.DataFrame({"month": values}), "month")

    assert found.astype("datetime64[D]").astype(str).tolist() == ["2025-01-01", "2025-02-01"]


def test_months_and_entities_name_the_row_that_has_none() -> None:
    frame = pd.DataFrame({"month": ["2025-01", "soon"], "customer": ["a", None]}, index=[8, 9])

    with pytest.raises(ValueError, match="month holds no month in row 9: 'soon'"):
        months(frame, "month")
    with pytest.raises(ValueError, match="customer is null in row 9"):
        entities(frame, "customer")


def test_columns_that_stand_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="stand twice: bill"):
        require_columns(pd.DataFrame([[1, 2]], columns=["bill", "bill"]), ["bill"])
