"""Charts of a model as it was judged: whom it ranks first, and whether its probabilities hold.

Belongs here: curves over the rows of the test months, while they are at hand, and their charts. Not here:
single figures with intervals (`ml.model_evaluations`), what lists found later (`month_figures.py`).
"""

from typing import Any

import numpy as np
import pandas as pd

from ml.columns import SUBSCRIBER
from ml.curves import calibration_curve, gains_curve
from ml.model import ChurnModel
from ml.naive_rules import scorecard_risk
from orchestration.charts import COLOURS, Series, lines
from orchestration.defs.month_figures import picture

_STEPS = 20
_DRAWN_SHARE = 0.5
"""Beyond, all curves meet."""
_TENTHS = 10


def judged_charts(
    judged: ChurnModel, tested: pd.DataFrame, churned: np.ndarray, probability: np.ndarray
) -> dict[str, Any]:
    """Return the lift curve of a judged fit beside the scorecard's, and its calibration, as metadata.

    `tested` are the judged rows of its test months, `churned` and `probability` what came of them and what it
    foretold, in the same order. Nothing without a churner.
    """
    if not churned.any():
        return {}
    month = f"{judged.tested[-1]:%Y-%m}"
    return {
        f"{judged.target}_lift": _lift(judged, tested, churned, probability, month),
        f"{judged.target}_calibration": _calibration(tested, churned, probability, month),
    }


def _lift(
    judged: ChurnModel, tested: pd.DataFrame, churned: np.ndarray, probability: np.ndarray, month: str
) -> Any:
    risks = {"model": probability}
    column = judged.plan.scorecard_column
    if column in tested.columns and tested[column].notna().any():
        risks["scorecard"] = scorecard_risk(tested, column)
    curves = {
        name: gains_curve(churned, risk, tested[SUBSCRIBER], steps=_STEPS).query("share <= @_DRAWN_SHARE")
        for name, risk in risks.items()
    }
    shares = curves["model"]["share"].to_numpy()
    place = int(np.abs(shares - 0.1).argmin())
    tenth = {name: curve["lift"].to_numpy()[place] for name, curve in curves.items()}
    told = ", ".join(f"{name} {lift:.1f}" for name, lift in tenth.items())
    title = f"Judged on {month}: the tenth ranked first holds so many times the average churners: {told}"
    chart = lines(
        [f"{share:.0%}" for share in shares],
        [
            *(
                Series(name, curve["lift"].tolist(), COLOURS["main" if name == "model" else "second"])
                for name, curve in curves.items()
            ),
            Series("anybody", [1.0] * len(shares), COLOURS["rest"]),
        ],
        lambda lift: f"{lift:.1f}",
        title=title,
        from_zero=True,
    )
    return picture(chart, title)


def _calibration(tested: pd.DataFrame, churned: np.ndarray, probability: np.ndarray, month: str) -> Any:
    curve = calibration_curve(churned, probability, tested[SUBSCRIBER], bins=_TENTHS)
    expected, observed = float(curve["expected_churners"].sum()), int(curve["churners"].sum())
    title = f"Judged on {month}: {expected:,.0f} churners foretold, {observed:,} came"
    chart = lines(
        [str(tenth) for tenth in curve["bin"]],
        [
            Series("foretold", curve["expected_rate"].tolist(), COLOURS["main"]),
            Series(
                "came",
                curve["observed_rate"].tolist(),
                COLOURS["second"],
                curve["observed_rate_low"].tolist(),
                curve["observed_rate_high"].tolist(),
            ),
        ],
        lambda rate: f"{rate:.1%}",
        title=f"{title}; churn rate by tenth, highest probability first",
        from_zero=True,
    )
    return picture(chart, f"{title}; churn rate by tenth, highest probability first")
