"""Which model is in force when, the decision in words, and putting an earlier model back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import get_args

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner

from ml.evaluation import Evaluation, Figure
from ml.release import InForce, Reason, decide
from orchestration import model_cards
from orchestration.cli import commands
from orchestration.releases import (
    RollbackError,
    Verdict,
    load_in_force,
    model_if_kept,
    model_in_force,
    model_in_force_before,
    models_of_months,
    record,
    release_rules,
    roll_back,
)
from orchestration.settings import REFERENCE, Home
from orchestration.tables import create_tables
from orchestration.warehouse import Warehouse
from orchestration.worklists.texts import LANGUAGES, Texts

TEXTS = Texts.load(REFERENCE / "texts.csv")
PARAMETERS = pd.read_csv(REFERENCE / "parameters.csv", dtype=str).set_index("parameter")["value"].to_dict()
LIMITS = release_rules(PARAMETERS)
TARGET = "quantity_churn"
JANUARY, FEBRUARY, MARCH, APRIL, MAY = (date(2026, month, 1) for month in range(1, 6))
CARD = {
    "target": "is_quantity_churn",
    "trained_for_month": "2026-01-01",
    "months": {"train": ["2025-05-01"], "test": ["2025-09-01"]},
    "counts": {"train": {"rows": 900, "churners": 40}, "test": {"rows": 300, "churners": 12}},
    "features": {"numeric": ["tenure_months"], "boolean": [], "categorical": ["brand"]},
    "plan": {"minimum_churners": 30},
    "trees": 9,
    "evaluations": {},
    "versions": {"xgboost": "3"},
    "sha256": "a",
    "data_sha256": "b",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def connection(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with Warehouse(home).writing() as connection:
        create_tables(connection)
        yield connection


def judged(lift: float | None, slope: float | None = None) -> Evaluation:
    return Evaluation(
        rows=1000,
        churners=40,
        base_rate=Figure(0.04),
        auc=Figure(0.7),
        average_precision=Figure(0.1),
        top_decile_lift=Figure(lift),
        expected_churners=None,
        calibration_slope=slope,
    )


def verdict(month: date, lift: float, gain: Figure | None = None) -> Verdict:
    """What the gate says of the month's model; the scorecard reaches a lift of 2."""
    in_force = InForce(age_months=1, lift_gain=gain) if gain else None
    decision = decide(judged(lift, 1.0), {"scorecard": judged(2.0)}, in_force, [], LIMITS)
    return Verdict(TARGET, f"{TARGET}-{month:%Y-%m}", decision)


def names_in(template: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(template)} - {None}


def train(connection: duckdb.DuckDBPyConnection, home: Home, *months: date) -> None:
    for month in months:
        connection.execute(
            "insert into ml.models (model_id, target, trained_for_month) values (?, ?, ?)",
            [f"{TARGET}-{month:%Y-%m}", TARGET, month],
        ).fetchall()
        (home.models / f"{TARGET}-{month:%Y-%m}").mkdir(parents=True)


def closed_months(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """January releases the first model, February a better one, March keeps it, April releases another."""
    train(connection, home, JANUARY, FEBRUARY, MARCH, APRIL)
    better, equal = Figure(0.5, 0.1, 0.9), Figure(0.0, -0.4, 0.4)
    record(connection, TEXTS, JANUARY, [verdict(JANUARY, 3.0)])
    record(connection, TEXTS, FEBRUARY, [verdict(FEBRUARY, 3.0, better)])
    record(connection, TEXTS, MARCH, [verdict(MARCH, 3.0, equal)])
    record(connection, TEXTS, APRIL, [verdict(APRIL, 3.0, better)])


def test_each_month_goes_on_with_what_it_found_unless_something_better_came(
    connection: duckdb.DuckDBPyConnection, home: Home
) -> None:
    closed_months(connection, home)

    assert model_in_force(connection, TARGET, date(2025, 12, 1)) is None
    assert [
        model_in_force(connection, TARGET, month) for month in (JANUARY, FEBRUARY, MARCH, APRIL, MAY)
    ] == [
        "quantity_churn-2026-01",
        "quantity_churn-2026-02",
        "quantity_churn-2026-02",
        "quantity_churn-2026-04",
        "quantity_churn-2026-04",
    ]
    assert model_in_force_before(connection, TARGET, APRIL) == "quantity_churn-2026-02"
    assert model_in_force_before(connection, TARGET, JANUARY) is None
    assert model_in_force(connection, "value_churn", APRIL) is None
    assert models_of_months(connection, TARGET)[MARCH] == "quantity_churn-2026-02"
    assert connection.execute(
        "select decided_by, reason_code from ml.releases order by snapshot_month"
    ).fetchall() == [
        ("first", "first"),
        ("gate", "better_beyond_chance"),
        ("kept", "not_better"),
        ("gate", "better_beyond_chance"),
    ]


def test_a_month_run_again_is_compared_with_what_it_found_not_with_itself(
    connection: duckdb.DuckDBPyConnection, home: Home
) -> None:
    closed_months(connection, home)
    before = connection.execute("select * from ml.releases order by all").fetchall()

    record(connection, TEXTS, MARCH, [verdict(MARCH, 3.0, Figure(0.0, -0.4, 0.4))])

    assert connection.execute("select * from ml.releases order by all").fetchall() == before


def test_the_figures_stand_beside_the_decision_and_the_reason_in_both_languages(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    in_force = record(connection, TEXTS, JANUARY, [verdict(JANUARY, 2.05)])

    assert in_force == {TARGET: None}
    assert connection.execute(
        "select model_id, challenger_model_id, decided_by, reason_code, reason_en, reason_zh, "
        "top_decile_lift, strongest_rule, rules_top_decile_lift, lift_gain, calibration_slope "
        "from ml.releases"
    ).fetchall() == [
        (
            None,
            "quantity_churn-2026-01",
            "kept",
            "below_rules",
            "quantity_churn-2026-01 was not released: its top-decile lift 2.05 does not beat the strongest "
            "rule (Scorecard: 2.00) by the margin asked for. The list by rules goes on",
            "quantity_churn-2026-01 未发布：前十分位提升度 2.05 未按规定幅度优于最强规则"
            "（预警评分卡：2.00）。继续使用规则名单",
            2.05,
            "scorecard",
            2.0,
            None,
            1.0,
        )
    ]


def test_without_a_challenger_the_model_in_force_goes_on(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    record(connection, TEXTS, JANUARY, [verdict(JANUARY, 3.0)])

    in_force = record(connection, TEXTS, FEBRUARY, [Verdict(TARGET, note="Too few churners.")])

    assert in_force == {TARGET: "quantity_churn-2026-01"}
    assert connection.execute(
        "select decided_by, reason_code, reason_en, challenger_model_id from ml.releases "
        "where snapshot_month = '2026-02-01'"
    ).fetchall() == [
        (
            "kept",
            "no_challenger",
            "No model was trained: Too few churners. quantity_churn-2026-01 goes on",
            None,
        )
    ]


def test_a_shift_goes_with_the_model_that_goes_on_and_not_with_a_new_one(
    connection: duckdb.DuckDBPyConnection, home: Home
) -> None:
    closed_months(connection, home)
    better, equal = Figure(0.5, 0.1, 0.9), Figure(0.0, -0.4, 0.4)
    june = date(2026, 6, 1)

    def shift(month: date, found: Verdict) -> float:
        record(connection, TEXTS, month, [replace(found, intercept_shift=0.25)])
        return connection.execute(
            "select intercept_shift from ml.releases where snapshot_month = ?", [month]
        ).fetchall()[0][0]

    assert model_if_kept(connection, TARGET, MAY) == "quantity_churn-2026-04"
    assert shift(MAY, verdict(MAY, 3.0, better)) == 0.0
    assert shift(MAY, verdict(MAY, 3.0, equal)) == 0.25
    assert shift(june, Verdict(TARGET, note="Too few churners.")) == 0.25
    # The shift is for the model put back, though the gate would have released the new one.
    roll_back(connection, home, TARGET, MAY, "quantity_churn-2026-02")
    assert model_if_kept(connection, TARGET, MAY) == "quantity_churn-2026-02"
    assert shift(MAY, verdict(MAY, 3.0, better)) == 0.25


def test_where_the_rules_decide_there_is_no_model_to_load(
    connection: duckdb.DuckDBPyConnection, home: Home
) -> None:
    assert load_in_force(connection, home, TARGET, JANUARY) is None
    assert record(connection, TEXTS, JANUARY, [Verdict(TARGET, note="Too few churners.")]) == {TARGET: None}
    assert load_in_force(connection, home, TARGET, JANUARY) is None


def test_every_reason_of_the_gate_has_words() -> None:
    codes = {*get_args(Reason), "no_challenger", "roll_back"}

    assert {key.removeprefix("release.") for key in TEXTS.entries if key.startswith("release.")} == codes | {
        "rules",
        "no_note",
    }
    for code in codes:
        english, chinese = (TEXTS.text(f"release.{code}", language) for language in LANGUAGES)
        assert names_in(english) == names_in(chinese)


def test_the_words_of_the_card_name_the_same_values_in_both_languages() -> None:
    for key in (key for key in TEXTS.entries if key.startswith("card.")):
        assert names_in(TEXTS.text(key, "en")) == names_in(TEXTS.text(key, "zh"))


def test_a_roll_back_goes_to_the_model_before_and_holds_when_the_month_is_run_again(
    connection: duckdb.DuckDBPyConnection, home: Home
) -> None:
    closed_months(connection, home)

    done = roll_back(connection, home, TARGET, APRIL, reason="the list was useless")
    # Nothing changes before the month is run.
    assert model_in_force(connection, TARGET, APRIL) == "quantity_churn-2026-04"
    record(connection, TEXTS, APRIL, [verdict(APRIL, 3.0, Figure(0.5, 0.1, 0.9))])

    assert done.model_id == "quantity_churn-2026-02"
    assert connection.execute(
        "select model_id, decided_by, challenger_model_id, reason_code, reason_en, lift_gain "
        "from ml.releases where snapshot_month = '2026-04-01'"
    ).fetchall() == [
        (
            "quantity_churn-2026-02",
            "roll_back",
            "quantity_churn-2026-04",
            "roll_back",
            "quantity_churn-2026-02 was put back by command: the list was useless",
            0.5,
        )
    ]
    # May's gate starts from the model put back, and a further roll-back goes on to the one before it.
    assert model_in_force_before(connection, TARGET, MAY) == "quantity_churn-2026-02"
    assert roll_back(connection, home, TARGET, MAY).model_id == "quantity_churn-2026-01"


def test_a_second_roll_back_of_a_month_takes_the_place_of_the_first(
    connection: duckdb.DuckDBPyConnection, home: Home
) -> None:
    closed_months(connection, home)
    roll_back(connection, home, TARGET, APRIL)

    roll_back(connection, home, TARGET, APRIL, f"{TARGET}-2026-03", "tried by hand")

    assert connection.execute("select * from ops.rollbacks").fetchall() == [
        (TARGET, APRIL, "quantity_churn-2026-03", "tried by hand")
    ]


@pytest.mark.parametrize(
    ("target", "month", "model_id", "message"),
    [
        (
            TARGET,
            APRIL,
            "quantity_churn-2020-01",
            "is no model of quantity_churn; there are: quantity_churn-2026-01",
        ),
        (TARGET, MARCH, "quantity_churn-2026-04", "was trained for 2026-04: 2026-03 cannot know it"),
        (TARGET, APRIL, "quantity_churn-2026-03", "is gone"),
        (TARGET, JANUARY, None, "No older model of quantity_churn was in force before 2026-01"),
        ("money", APRIL, None, "No model of 'money' was ever trained; there are models of: quantity_churn"),
    ],
)
def test_what_cannot_be_put_back_is_refused(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    target: str,
    month: date,
    model_id: str | None,
    message: str,
) -> None:
    closed_months(connection, home)
    (home.models / "quantity_churn-2026-03").rmdir()

    with pytest.raises(RollbackError, match=message):
        roll_back(connection, home, target, month, model_id)

    assert connection.execute("select count(*) from ops.rollbacks").fetchall() == [(0,)]


def test_the_command_says_what_to_run_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_HOME", str(home.root))
    nothing = CliRunner().invoke(commands, ["rollback", TARGET, "--from-month", "2026-03"])
    with Warehouse(home).writing() as connection:
        create_tables(connection)
        closed_months(connection, home)
        connection.execute("insert into ops.month_closes values ('2026-04-01', 'x')").fetchall()

    done = CliRunner().invoke(commands, ["rollback", TARGET, "--from-month", "2026-03"])
    ahead = CliRunner().invoke(commands, ["rollback", TARGET, "--from-month", "2026-05"])
    refused = CliRunner().invoke(commands, ["rollback", "money", "--from-month", "2026-03"])

    assert nothing.exit_code == 1
    assert "Nothing was run yet" in nothing.output
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "quantity_churn-2026-01 is in force from 2026-03 on.",
        "Score anew: retention run --from-month 2026-03 --month 2026-04",
    ]
    assert ahead.output.splitlines() == [
        "quantity_churn-2026-02 is in force from 2026-05 on.",
        "It scores 2026-05 once that month is run.",
    ]
    assert refused.exit_code == 2
    assert "No model of 'money' was ever trained" in refused.output


def test_the_margins_are_those_of_the_rule_book() -> None:
    assert LIMITS.maximum_age_months == 6
    assert (LIMITS.observed_over_expected_low, LIMITS.observed_over_expected_high) == (0.8, 1.25)
    assert release_rules(PARAMETERS | {"release_minimum_gain": "0.3"}).minimum_gain == 0.3


def test_the_card_says_what_the_gate_decided(
    connection: duckdb.DuckDBPyConnection, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page lies beside the card, with the decision of the model's own month in the language asked for."""
    name = "quantity_churn-2026-01"
    train(connection, home, JANUARY)
    (home.models / name / "card.json").write_text(json.dumps(CARD), encoding="utf-8")
    booster = SimpleNamespace(get_score=lambda importance_type: {"tenure_months": 3.0, "brand": 1.0})
    monkeypatch.setattr(model_cards, "load", lambda folder: SimpleNamespace(booster=booster))
    causes = pd.DataFrame(
        [("tenure_months", "unknown", "Months on net", "在网月数")],
        columns=["feature", "cause", "label_en", "label_zh"],
    )

    before = model_cards.write_card(connection, home, TEXTS, causes, name, "en", (1, 3)).read_text("utf-8")
    record(connection, TEXTS, JANUARY, [verdict(JANUARY, 2.05)])
    page = model_cards.write_card(connection, home, TEXTS, causes, name, "zh", (1, 3))

    assert "No decision was recorded" in before
    assert page == home.models / name / "card.html"
    for said in ("未发布", "未按规定幅度优于最强规则", "客户主动离网", "在网月数", "75.0%"):
        assert said in page.read_text("utf-8")
