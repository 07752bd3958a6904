"""The model's folder: what is read back is what was written, byte for byte, or an error."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.model import CARD_FILE, MODEL_FILE, ChurnModel, load, save
from ml.scoring import score


def test_model_read_back_gives_identical_predictions_and_files(
    model: ChurnModel, candidates: pd.DataFrame, tmp_path: Path
) -> None:
    save(model, tmp_path / "first")

    again = load(tmp_path / "first")
    save(again, tmp_path / "second")

    pd.testing.assert_frame_equal(score(again, candidates), score(model, candidates), check_exact=True)
    for name in (MODEL_FILE, CARD_FILE):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()
    assert again.evaluations == model.evaluations
    assert again.split == model.split
    assert again.levels == model.levels
    assert again.plan == model.plan


def test_card_tells_what_the_model_was_made_of(model: ChurnModel, tmp_path: Path) -> None:
    checksum = save(model, tmp_path)

    card = json.loads((tmp_path / CARD_FILE).read_text(encoding="utf-8"))

    assert card["sha256"] == checksum
    assert card["target"] == "is_quantity_churn"
    assert card["trained_for_month"] == "2025-12-01"
    assert card["months"]["test"] == ["2025-08-01"]
    assert card["features"]["categorical"] == ["brand", "value_tier"]
    assert card["counts"]["train"]["rows"] == 2500
    assert set(card["evaluations"]) == {"model", "bill_ratio", "tenure"}
    assert set(card["evaluations"]["model"]["auc"]) == {"value", "low", "high"}
    assert set(card["versions"]) == {"numpy", "pandas", "python", "xgboost"}
    assert card["limits"][0].startswith("Learnt from snapshot months up to 2025-05 and judged on 2025-08")


def test_load_refuses_a_model_that_is_not_its_cards(model: ChurnModel, tmp_path: Path) -> None:
    save(model, tmp_path)
    file = tmp_path / MODEL_FILE
    file.write_bytes(file.read_bytes() + b"\0")

    with pytest.raises(ValueError, match="has not the checksum on its card"):
        load(tmp_path)


def test_load_refuses_a_card_of_another_format(model: ChurnModel, tmp_path: Path) -> None:
    save(model, tmp_path)
    file = tmp_path / CARD_FILE
    file.write_text(file.read_text(encoding="utf-8").replace('"format": 1', '"format": 0'), encoding="utf-8")

    with pytest.raises(ValueError, match="has format 0, not 1"):
        load(tmp_path)


def test_a_shift_moves_every_log_odds_alike(model: ChurnModel, candidates: pd.DataFrame) -> None:
    before, after = (score(each, candidates)["probability"] for each in (model, model.shifted(0.5)))

    moved = np.log(after / (1 - after)) - np.log(before / (1 - before))

    np.testing.assert_allclose(moved, 0.5, rtol=0, atol=1e-9)
    pd.testing.assert_series_equal(score(model.shifted(0.0), candidates)["probability"], before)
