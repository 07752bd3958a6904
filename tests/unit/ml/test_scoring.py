"""Scoring: every row once, in the order of its key, and nothing guessed."""

import pandas as pd
import pytest

from ml.model import ChurnModel
from ml.scoring import score


def test_score_gives_every_row_once_in_the_order_of_its_key(
    model: ChurnModel, candidates: pd.DataFrame
) -> None:
    found = score(model, candidates)

    assert found.columns.tolist() == ["snapshot_month", "subscriber_id", "probability"]
    assert found["subscriber_id"].tolist() == sorted(candidates["subscriber_id"])
    assert found["probability"].between(0, 1, inclusive="neither").all()


def test_score_does_not_depend_on_order_or_company(model: ChurnModel, candidates: pd.DataFrame) -> None:
    whole = score(model, candidates)

    pd.testing.assert_frame_equal(score(model, candidates.sample(frac=1, random_state=1)), whole)
    alone = score(model, candidates.iloc[[7]])
    assert alone["probability"].item() == whole["probability"].iloc[7]


def test_score_in_portions_equals_score_at_once(
    model: ChurnModel, candidates: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score(model, candidates)
    monkeypatch.setattr("ml.scoring._ROWS_AT_A_TIME", 64)

    pd.testing.assert_frame_equal(score(model, candidates), whole)


def test_score_takes_an_unseen_category_as_missing(model: ChurnModel, candidates: pd.DataFrame) -> None:
    unseen, missing = candidates.assign(brand="platinum"), candidates.assign(brand=None)

    pd.testing.assert_frame_equal(score(model, unseen), score(model, missing))


def test_score_of_no_rows_is_no_rows(model: ChurnModel, candidates: pd.DataFrame) -> None:
    assert score(model, candidates.head(0)).empty


def test_score_names_missing_and_extra_columns(model: ChurnModel, candidates: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="Missing columns: tenure_months"):
        score(model, candidates.drop(columns="tenure_months"))
    with pytest.raises(ValueError, match="Extra columns: branch_id"):
        score(model, candidates.assign(branch_id="B1"))
    assert len(score(model, candidates.assign(branch_id="B1"), carried=("branch_id",))) == len(candidates)
