"""The card as a page: it says what the card holds, in the language asked for, and lets no markup through."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ml.card import Surroundings, page
from ml.model import CARD_FILE, ChurnModel, save
from orchestration.settings import REFERENCE
from orchestration.worklists.texts import Texts

TEXTS = Texts.load(REFERENCE / "texts.csv")
GAINS = {"complaint_count": 30.0, "brand": 10.0}


def around(language: str = "en", **changes: Any) -> Surroundings:
    words = {key: entry[language] for key, entry in TEXTS.entries.items()}
    return Surroundings(
        model_id="quantity_churn-2025-12",
        language=language,
        words=words,
        target="quantity_churn",
        gap_months=1,
        outcome_months=3,
        **changes,
    )


@pytest.fixture(scope="module")
def card(model: ChurnModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("model")
    save(model, folder)
    read: dict[str, Any] = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    return read


class Seen(HTMLParser):
    """Collects the text and the tags of a page, and whether each tag was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def test_the_page_says_what_the_card_holds(card: dict[str, Any]) -> None:
    card = card | {
        "counts": {"train": {"rows": 2500, "churners": 200}, "calibrate": {"rows": 500, "churners": 29}},
        "trees": 17,
    }
    card["evaluations"]["model"]["top_decile_lift"] = {"value": 3.456, "low": 3.0, "high": 4.0}
    card["evaluations"]["model"] |= {"expected_churners": 80.0, "churners": 100, "calibration_slope": None}
    features = {"complaint_count": ("Complaints", "Service")}

    seen = Seen(page(card, GAINS, around(features=features, is_released=True, decision="It is better.")))
    text = "\n".join(seen.words)

    assert seen.open == []
    assert "script" not in seen.tags
    for said in (
        "quantity_churn-2025-12",
        "Voluntary loss of the line",
        "Released",
        "It is better.",
        "3.46 \n3.00 – 4.00",
        "2025-01 – 2025-05 (5)",
        "8.00%",  # 200 churners among 2,500 rows
        "1.25",  # 100 churners met, 80 foretold
        "6 features: 3 numeric, 1 yes or no, 2 categories; 2 of them are used by the 17 trees.",
        "Complaints",
        "75.0%",  # 30 of 40
        "25.0%",
        "Only 29 churners to calibrate on",
        "It learnt from snapshot months up to 2025-05",
        card["sha256"],
        card["data_sha256"],
    ):
        assert said in text
    # No word is left to be filled in.
    assert "{" not in text


def test_the_page_speaks_chinese(card: dict[str, Any]) -> None:
    found = page(card, GAINS, around("zh", is_released=False, decision="未优于现用模型"))

    assert '<html lang="zh">' in found
    for said in ("客户主动离网", "未发布", "未优于现用模型", "预留 1 个月用于行动", "模型说明卡"):
        assert said in found
    assert "Top-decile lift" not in found


def test_no_markup_gets_through(card: dict[str, Any]) -> None:
    planted = '<script>alert("1")</script>&'
    evil = card | {
        "versions": {planted: planted},
        "plan": card["plan"] | {planted: planted},
        "evaluations": card["evaluations"] | {planted: card["evaluations"]["tenure"]},
        "sha256": planted,
        "trained_for_month": planted,
        "months": card["months"] | {planted: [planted]},
    }
    surroundings = replace(
        around(features={planted: (planted, planted)}, is_released=True, decision=planted),
        model_id=planted,
        target=planted,
        language=f'en"{planted}',
    )

    found = page(evil, {planted: 1.0}, surroundings)

    assert "<script" not in found
    assert 'alert("1")' not in found
    assert Seen(found).open == []


def test_what_was_not_measured_is_a_dash_and_no_column_of_its_own(card: dict[str, Any]) -> None:
    unmeasured = {"value": None, "low": None, "high": None}
    evaluations = {
        name: figures | {"auc": unmeasured, "top_decile_lift": unmeasured}
        for name, figures in card["evaluations"].items()
    }
    evaluations["model"] |= {"expected_churners": None, "calibration_slope": None}

    found = page(card | {"evaluations": evaluations}, {}, around())

    assert "AUC" not in found
    assert "<svg" not in found
    assert "–" in found
    assert "No decision was recorded" in found


def test_a_refit_names_the_months_that_its_figures_come_from(card: dict[str, Any]) -> None:
    judged_on = {"train": ["2025-01-01", "2025-02-01"], "test": ["2025-06-01"]}

    found = page(card | {"judged_on": judged_on}, GAINS, around())

    assert "Judged on 2025-06; the judged fit learnt from 2025-01 – 2025-02 (2)." in found


def test_the_same_card_gives_the_same_page(card: dict[str, Any]) -> None:
    turned = dict(reversed(GAINS.items()))

    assert page(card, GAINS, around()) == page(card, turned, around())
