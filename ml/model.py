"""The fitted model: what it is made of, what it says of a matrix, and the folder it is kept in.

Here belong `ChurnModel` and its two files, `model.ubj` and `card.json`, the only input and output of this
package. How it is fitted belongs to `training`; what is made of its log-odds, to `scoring` and `reasons`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

from ml.calibration import AnyCalibration, calibrated_contributions, calibration_from_plain
from ml.columns import CategoryLevels, FeatureColumns
from ml.drift import DriftReference
from ml.evaluation import Evaluation, as_plain, from_plain
from ml.splits import MonthSplit

MODEL_FILE = "model.ubj"
CARD_FILE = "card.json"

_CARD_FORMAT = 1


@dataclass(frozen=True)
class TrainingPlan:
    """Everything a fit can be told; all of it is written on the model's card.

    `monotone` maps a numeric or boolean feature to +1 (risk may only rise with it) or -1 (only fall). The
    columns named last are those of the rules to beat; the scorecard contends where its column is at hand.
    """

    rounds: int = 1500
    early_stopping_rounds: int = 50
    learning_rate: float = 0.08
    maximum_depth: int = 4
    maximum_child_weight: float = 20.0
    row_share: float = 0.8
    column_share: float = 0.6
    l2_penalty: float = 2.0
    maximum_bins: int = 128
    threads: int = 2
    seed: int = 20
    minimum_churners: int = 30
    minimum_level_rows: int = 50
    interval_draws: int = 200
    monotone: Mapping[str, int] = field(default_factory=dict)
    bill_ratio_column: str = "billed_amount_ratio_6m"
    tenure_column: str = "tenure_months"
    scorecard_column: str = "scorecard_points"


@dataclass(frozen=True)
class PartCount:
    """Rows and churners of one part of a split."""

    rows: int
    churners: int


@dataclass(frozen=True)
class ChurnModel:
    """A fitted model with all that scoring needs and all that a reader of its card is told.

    `evaluations` holds the test months' figures of the contenders: `model`, `bill_ratio`, `tenure`,
    `scorecard` where its points were at hand, and `logistic` where a regression contended. Those of a refit
    were measured on its judged fit, whose months `judged_on` holds; a judged fit itself has none.
    """

    target: str
    split: MonthSplit
    columns: FeatureColumns
    levels: Mapping[str, CategoryLevels]
    calibration: AnyCalibration
    booster: xgb.Booster
    plan: TrainingPlan
    counts: Mapping[str, PartCount]
    evaluations: Mapping[str, Evaluation]
    limits: tuple[str, ...]
    data_sha256: str
    versions: Mapping[str, str]
    judged_on: MonthSplit | None = None
    reference: DriftReference | None = None
    """What later months are compared with; None on cards from before there was one."""

    @property
    def tested(self) -> tuple[date, ...]:
        """The months that `evaluations` speak of, newest last."""
        return (self.judged_on or self.split).test

    @property
    def trained_for_month(self) -> date:
        """The month at whose end everything the fit used was known."""
        return self.split.known_in

    def shifted(self, shift: float) -> "ChurnModel":
        """The same model with so much added to every calibrated log-odds: the ranking stays."""
        calibration = replace(self.calibration, intercept=self.calibration.intercept + shift)
        return replace(self, calibration=calibration)

    def margin(self, matrix: np.ndarray) -> np.ndarray:
        """Raw log-odds of a matrix of `columns.to_matrix`, before calibration; one value per row."""
        return raw_log_odds(self.booster, self.columns, matrix, self.plan.threads)

    def contributions(self, matrix: np.ndarray) -> np.ndarray:
        """Exact contributions to the calibrated log-odds: (rows, features + 1), the last one a constant.

        A row adds up to the log-odds of its probability (Shapley values along the paths of the trees).
        """
        shares = raw_contributions(self.booster, self.columns, matrix, self.plan.threads)
        return calibrated_contributions(self.calibration, shares)


def raw_log_odds(
    booster: xgb.Booster, columns: FeatureColumns, matrix: np.ndarray, threads: int
) -> np.ndarray:
    """Log-odds that the trees give each row of a matrix of `columns.to_matrix`, before calibration."""
    if not len(matrix):
        return np.empty(0, dtype=np.float32)  # XGBoost warns of an empty matrix
    return booster.predict(_as_data(columns, matrix, threads), output_margin=True)


def raw_contributions(
    booster: xgb.Booster, columns: FeatureColumns, matrix: np.ndarray, threads: int
) -> np.ndarray:
    """Exact contributions to the raw log-odds: (rows, features + 1), the last one a constant."""
    if not len(matrix):
        return np.empty((0, len(columns.names) + 1))
    return booster.predict(_as_data(columns, matrix, threads), pred_contribs=True).astype(np.float64)


def _as_data(columns: FeatureColumns, matrix: np.ndarray, threads: int) -> xgb.DMatrix:
    return xgb.DMatrix(
        matrix.astype(np.float32, copy=False),
        feature_names=list(columns.names),
        feature_types=columns.types,
        enable_categorical=True,
        nthread=threads,
    )


def save(model: ChurnModel, folder: Path) -> str:
    """Write the model's two files into `folder` (made if missing); returns the SHA-256 of `model.ubj`."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = bytes(model.booster.save_raw("ubj"))
    checksum = hashlib.sha256(raw).hexdigest()
    (folder / MODEL_FILE).write_bytes(raw)
    card = json.dumps(_card(model, checksum), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    (folder / CARD_FILE).write_text(card + "\n", encoding="utf-8")
    return checksum


def load(folder: Path) -> ChurnModel:
    """Read what `save` wrote; ValueError when `model.ubj` is not the file its card speaks of."""
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    if card["format"] != _CARD_FORMAT:
        raise ValueError(
            f"{CARD_FILE} of {folder.name} has format {card['format']}, not {_CARD_FORMAT}. Train anew."
        )
    raw = (folder / MODEL_FILE).read_bytes()
    if hashlib.sha256(raw).hexdigest() != card["sha256"]:
        raise ValueError(
            f"{MODEL_FILE} of {folder.name} has not the checksum on its card: it was changed or cut short. "
            "Bring the folder back from a copy, or train the month again."
        )
    booster = xgb.Booster(model_file=bytearray(raw))
    booster.set_param({"nthread": card["plan"]["threads"]})
    return _from_card(card, booster)


def _card(model: ChurnModel, checksum: str) -> dict[str, Any]:
    return {
        "format": _CARD_FORMAT,
        "target": model.target,
        "trained_for_month": model.trained_for_month.isoformat(),
        "months": _plain_months(model.split),
        "judged_on": _plain_months(model.judged_on) if model.judged_on else None,
        "counts": {part: asdict(count) for part, count in model.counts.items()},
        "features": asdict(model.columns),
        "levels": {name: asdict(levels) for name, levels in model.levels.items()},
        "plan": asdict(model.plan),
        "trees": model.booster.num_boosted_rounds(),
        "calibration": asdict(model.calibration),
        "evaluations": {contender: as_plain(figures) for contender, figures in model.evaluations.items()},
        "limits": list(model.limits),
        "data_sha256": model.data_sha256,
        "versions": dict(model.versions),
        "reference": model.reference.as_plain() if model.reference else None,
        "sha256": checksum,
    }


def _plain_months(split: MonthSplit) -> dict[str, list[str]]:
    return {part: [month.isoformat() for month in months] for part, months in split.parts.items()}


def _split(plain: Mapping[str, list[str]], known_in: str) -> MonthSplit:
    months = {part: tuple(date.fromisoformat(month) for month in plain[part]) for part in plain}
    return MonthSplit(known_in=date.fromisoformat(known_in), **months)


def _from_card(card: dict[str, Any], booster: xgb.Booster) -> ChurnModel:
    known_in = card["trained_for_month"]
    return ChurnModel(
        target=card["target"],
        split=_split(card["months"], known_in),
        judged_on=_split(card["judged_on"], known_in) if card["judged_on"] else None,
        columns=FeatureColumns(**card["features"]),
        levels={
            name: CategoryLevels(tuple(found["kept"]), tuple(found["pooled"]))
            for name, found in card["levels"].items()
        },
        calibration=calibration_from_plain(card["calibration"]),
        booster=booster,
        plan=TrainingPlan(**card["plan"]),
        counts={part: PartCount(**count) for part, count in card["counts"].items()},
        evaluations={contender: from_plain(plain) for contender, plain in card["evaluations"].items()},
        limits=tuple(card["limits"]),
        data_sha256=card["data_sha256"],
        versions=card["versions"],
        reference=DriftReference.from_plain(card["reference"]) if card.get("reference") else None,
    )
