"""The gate: each reason by hand where it fires and just does not, and what holds for any figures."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.evaluation import Evaluation, Figure, compare
from ml.release import Decision, InForce, ReleaseRules, decide

LIMITS = ReleaseRules(
    minimum_lift_over_rules=0.25,
    minimum_gain=0.125,
    maximum_age_months=6,
    misjudged_months=2,
    observed_over_expected_low=0.8,
    observed_over_expected_high=1.25,
    calibration_slope_low=0.5,
    calibration_slope_high=2.0,
)


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


CHALLENGER = judged(3.0, 1.0)
RULES = {"bill_ratio": judged(1.5), "scorecard": judged(2.0), "tenure": judged(1.0)}
# As good as the challenger, young, and right about how many leave.
EQUAL = InForce(age_months=1, lift_gain=Figure(0.0, -0.5, 0.5), observed_over_expected=(1.0, 1.0))


def against(in_force: InForce | None, challenger: Evaluation = CHALLENGER) -> Decision:
    return decide(challenger, RULES, in_force, [], LIMITS)


def outcome(decision: Decision) -> tuple[str, bool]:
    return decision.reason, decision.is_released


def test_a_first_model_that_beats_every_rule_is_released() -> None:
    decision = against(None)

    assert outcome(decision) == ("first", True)
    assert decision.decided_by == "first"
    assert decision.strongest_rule == "scorecard"
    assert decision.figures["top_decile_lift"] == 3.0
    assert decision.figures["rules_top_decile_lift"] == 2.0
    assert decision.figures["lift_gain"] is None


@pytest.mark.parametrize(("lift", "expected"), [(2.25, ("first", True)), (2.24, ("below_rules", False))])
def test_the_margin_over_the_strongest_rule(lift: float, expected: tuple[str, bool]) -> None:
    decision = against(None, judged(lift, 1.0))

    assert outcome(decision) == expected
    assert decision.decided_by == ("first" if expected[1] else "kept")


def test_a_margin_of_zero_asks_for_more_than_the_rules_reach() -> None:
    limits = replace(LIMITS, minimum_lift_over_rules=0.0, minimum_gain=0.0)

    assert decide(judged(2.0), RULES, None, [], limits).reason == "below_rules"
    assert decide(judged(2.01), RULES, None, [], limits).reason == "first"
    assert decide(CHALLENGER, RULES, EQUAL, [], limits).reason == "not_better"


def test_a_month_without_churners_shows_nothing_and_releases_nothing() -> None:
    unmeasured_rule = RULES | {"tenure": judged(None)}

    assert outcome(against(None, judged(None))) == ("not_measured", False)
    assert outcome(decide(CHALLENGER, unmeasured_rule, None, [], LIMITS)) == ("not_measured", False)
    assert outcome(against(replace(EQUAL, lift_gain=Figure()))) == ("not_measured", False)


def test_a_leak_outweighs_everything_else() -> None:
    aged = replace(EQUAL, age_months=99, lift_gain=Figure(1.0, 0.9, 1.1))
    decision = decide(CHALLENGER, RULES, aged, ["stopped_days says already gone"], LIMITS)

    assert outcome(decision) == ("leak", False)
    assert decision.findings == ("stopped_days says already gone",)
    assert decision.decided_by == "kept"


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        (Figure(0.0, -0.5, 0.5), ("not_better", False)),
        (Figure(0.124, -0.5, 0.7), ("not_better", False)),
        (Figure(0.125, -0.5, 0.7), ("better_by_margin", True)),
        (Figure(0.05, 0.0, 0.1), ("not_better", False)),
        (Figure(0.05, 0.01, 0.1), ("better_beyond_chance", True)),
        (Figure(-0.3, -0.6, 0.0), ("not_better", False)),
        (Figure(-0.3, -0.6, -0.01), ("worse", False)),
        (Figure(0.2), ("better_by_margin", True)),
    ],
)
def test_the_difference_to_the_model_in_force(gain: Figure, expected: tuple[str, bool]) -> None:
    decision = against(replace(EQUAL, lift_gain=gain))

    assert outcome(decision) == expected
    assert decision.decided_by == ("gate" if expected[1] else "kept")
    assert decision.figures["lift_gain_low"] == gain.low


def test_profit_speaks_beyond_chance_only() -> None:
    assert outcome(against(replace(EQUAL, profit_gain=Figure(0.3, 0.1, 0.5)))) == (
        "better_beyond_chance",
        True,
    )
    assert outcome(against(replace(EQUAL, profit_gain=Figure(0.3, -0.1, 0.7)))) == ("not_better", False)
    # A better lift that costs money beyond chance is not better.
    costly = replace(EQUAL, lift_gain=Figure(0.5, 0.1, 0.9), profit_gain=Figure(-0.3, -0.5, -0.1))
    assert outcome(against(costly)) == ("worse", False)


@pytest.mark.parametrize(("age", "expected"), [(6, ("not_better", False)), (7, ("too_old", True))])
def test_an_old_model_gives_way_to_an_equal_one(age: int, expected: tuple[str, bool]) -> None:
    assert outcome(against(replace(EQUAL, age_months=age))) == expected


def test_an_old_model_does_not_give_way_to_a_worse_one() -> None:
    worse = Figure(-0.3, -0.6, -0.01)

    assert outcome(against(replace(EQUAL, age_months=99, lift_gain=worse))) == ("worse", False)


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ((1.0, 1.26, 1.26), ("misjudging", True)),
        ((1.26, 0.79), ("misjudging", True)),
        ((1.26, 1.25), ("not_better", False)),
        ((0.79, 0.80), ("not_better", False)),
        ((1.26, 1.26, 1.0), ("not_better", False)),
        ((1.26, None), ("not_better", False)),
        ((1.26,), ("not_better", False)),
        ((), ("not_better", False)),
    ],
)
def test_a_model_that_misjudges_months_running_gives_way(
    ratios: tuple[float | None, ...], expected: tuple[str, bool]
) -> None:
    assert outcome(against(replace(EQUAL, observed_over_expected=ratios))) == expected


@pytest.mark.parametrize(
    ("slope", "is_released"), [(0.49, False), (0.5, True), (2.0, True), (2.01, False), (None, True)]
)
def test_a_badly_calibrated_challenger_is_not_released(slope: float | None, is_released: bool) -> None:
    challenger = judged(3.0, slope)
    better = replace(EQUAL, lift_gain=Figure(0.5, 0.1, 0.9))

    assert against(None, challenger).is_released is is_released
    assert against(better, challenger).is_released is is_released
    # After a shift all fits from before it are badly calibrated, the one in force the longest.
    assert against(replace(better, observed_over_expected=(1.5, 1.5)), challenger).is_released


def test_without_rules_to_beat_the_model_in_force_is_the_only_rival() -> None:
    decision = decide(CHALLENGER, {}, None, [], LIMITS)

    assert outcome(decision) == ("first", True)
    assert decision.strongest_rule is None
    assert decision.figures["rules_top_decile_lift"] is None


def test_a_comparison_of_two_scores_is_what_the_gate_takes() -> None:
    # Two of twenty leave; the challenger puts them first, the model in force last.
    churned = np.repeat([1, 0], [2, 18])
    rank = np.arange(20)
    compared = compare(churned, -rank, rank, rank, draws=20)

    decision = against(InForce(1, compared.top_decile_lift, compared.expected_maximum_profit))

    assert decision.is_released
    # A tenth is two rows: both churners against none, a tenth being the churn rate.
    assert decision.figures["lift_gain"] == 10.0
    assert decision.figures["profit_gain"] == compared.expected_maximum_profit.value


values = st.floats(-2, 6)
figures = st.tuples(values, st.floats(0, 2), st.floats(0, 2)).map(
    lambda parts: Figure(parts[0], parts[0] - parts[1], parts[0] + parts[2])
)
in_forces = st.builds(
    InForce,
    age_months=st.integers(0, 24),
    lift_gain=figures | st.just(Figure()),
    profit_gain=figures | st.just(Figure()),
    observed_over_expected=st.lists(st.none() | st.floats(0, 3), max_size=4),
)
evaluations = st.builds(judged, st.none() | st.floats(0, 10), st.none() | st.floats(-1, 4))


@given(
    challenger=evaluations,
    rules=st.dictionaries(st.sampled_from(["bill_ratio", "scorecard", "tenure"]), evaluations),
    in_force=st.none() | in_forces,
    findings=st.lists(st.just("a leak"), max_size=1),
)
def test_whatever_is_released_has_earned_it(
    challenger: Evaluation, rules: dict[str, Evaluation], in_force: InForce | None, findings: list[str]
) -> None:
    decision = decide(challenger, rules, in_force, findings, LIMITS)

    assert decision.is_released == (decision.decided_by != "kept")
    if decision.is_released:
        lift = challenger.top_decile_lift.value
        assert not findings
        assert lift is not None
        for rule in rules.values():
            assert rule.top_decile_lift.value is not None
            assert lift - rule.top_decile_lift.value >= LIMITS.minimum_lift_over_rules
        assert (decision.decided_by == "first") == (in_force is None)
        for gain in (in_force.lift_gain, in_force.profit_gain) if in_force else ():
            assert gain.high is None or gain.high >= 0


@given(challenger=evaluations, in_force=in_forces, more=st.floats(0, 3))
def test_a_better_difference_never_costs_the_release(
    challenger: Evaluation, in_force: InForce, more: float
) -> None:
    gain = in_force.lift_gain
    if gain.value is None:
        return
    raised = Figure(gain.value + more, (gain.low or 0) + more, (gain.high or 0) + more)
    before = decide(challenger, RULES, in_force, [], LIMITS).is_released
    after = decide(challenger, RULES, replace(in_force, lift_gain=raised), [], LIMITS).is_released

    assert after >= before
