"""Model cards for people: the page `card.html` beside a model's `card.json`.

Belongs here: which words, causes and decision go onto a page, and writing it. Not here: how the page looks
(`ml.card`), the words themselves (`texts.csv`, `cause_map.csv`).
"""

import json
from pathlib import Path

import duckdb
import pandas as pd

from ml.card import PAGE_FILE, Surroundings, page
from ml.model import CARD_FILE, load
from orchestration.settings import Home
from orchestration.worklists.texts import Texts


def write_card(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    texts: Texts,
    causes: pd.DataFrame,
    model_id: str,
    language: str,
    windows: tuple[int, int],
) -> Path:
    """Write the page of a model whose month's decision has been recorded; return its file.

    `causes` are the features of the rule book (feature, cause, label_en, label_zh); `windows` are the months
    of gap and outcome of the model's target.
    """
    folder = home.models / model_id
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    gains = load(folder).booster.get_score(importance_type="total_gain")
    found = connection.execute(
        f"select target, model_id is not distinct from challenger_model_id, reason_{language} "
        "from ml.releases where challenger_model_id = ?",
        [model_id],
    ).fetchall()
    target, is_released, decision = found[0] if found else (card["target"], None, "")
    around = Surroundings(
        model_id=model_id,
        language=language,
        words={key: entry[language] for key, entry in texts.entries.items()},
        target=target,
        gap_months=windows[0],
        outcome_months=windows[1],
        features={
            str(row.feature): (
                str(getattr(row, f"label_{language}")),
                texts.label("cause", str(row.cause), language),
            )
            for row in causes.itertuples()
        },
        is_released=is_released,
        decision=decision,
    )
    gained = {name: float(gain) for name, gain in gains.items() if not isinstance(gain, list)}
    file = folder / PAGE_FILE
    file.write_text(page(card, gained, around), encoding="utf-8")
    return file
