"""The release gate: whether the month's newly trained model takes over from the one in force.

Here belongs the decision alone, as a code and the figures behind it, from figures measured elsewhere
(`evaluation`) and rules given (`ReleaseRules`). Words for people and what is kept of a decision belong to
`orchestration`.

Months with few churners have wide intervals. To ask for a difference beyond chance would then release
nothing for years, and to ask only for a better figure would change models on noise that hurts. So a
challenger has to beat every rule, must not be worse than the model in force beyond chance, and needs one
reason to change: better beyond chance, better by the stated margin, or a model in force that is too old or
foretells too many or too few churners.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ml.evaluation import Evaluation, Figure

_UNMEASURED = Figure()


class Gain(Protocol):
    """A difference with its 95 % interval; None where it cannot be measured."""

    @property
    def value(self) -> float | None:
        """The difference, above 0 where the challenger is better."""

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""


DecidedBy = Literal["first", "gate", "kept"]
"""`first`: released, none was in force; `gate`: released in the other's place; `kept`: not released."""

Reason = Literal[
    "leak",
    "not_measured",
    "below_rules",
    "not_calibrated",
    "first",
    "worse",
    "too_old",
    "misjudging",
    "better_beyond_chance",
    "better_by_margin",
    "not_better",
]
"""Code of the deciding reason."""


@dataclass(frozen=True)
class ReleaseRules:
    """Margins of the gate, each a row `release_…` of the rule book's parameters.

    Differences are of top-decile lifts. Ages are in months; a model in force is too old above
    `maximum_age_months`. It misjudges when observed over expected churners lie outside the limits in each of
    the last `misjudged_months` judged months.
    """

    minimum_lift_over_rules: float
    minimum_gain: float
    maximum_age_months: int
    misjudged_months: int
    observed_over_expected_low: float
    observed_over_expected_high: float
    calibration_slope_low: float
    calibration_slope_high: float


@dataclass(frozen=True)
class InForce:
    """The model in force beside the challenger, both having scored the same rows.

    `lift_gain` and `profit_gain` are challenger less model in force, with the interval of the paired
    difference: top-decile lift, and expected maximum profit per customer. `observed_over_expected` holds the
    closed months that the model in force foretold, oldest first; None where a month could not be judged.
    """

    age_months: int
    lift_gain: Gain
    profit_gain: Gain = _UNMEASURED
    observed_over_expected: Sequence[float | None] = ()


@dataclass(frozen=True)
class Decision:
    """What the gate decided, why, and the figures it looked at; None where a figure was not measured."""

    is_released: bool
    decided_by: DecidedBy
    reason: Reason
    strongest_rule: str | None = None
    findings: tuple[str, ...] = ()
    figures: Mapping[str, float | None] = field(default_factory=dict)


def decide(
    challenger: Evaluation,
    rules: Mapping[str, Evaluation],
    in_force: InForce | None,
    findings: Sequence[str],
    limits: ReleaseRules,
) -> Decision:
    """Whether the challenger is released.

    `challenger` and `rules` (by name) are judged on the same rows of a month that the challenger had not
    seen; `in_force` is None where the list goes by rules so far; `findings` are those of the leak guards.
    A challenger that cannot be measured is not released: nothing shows then that it is better.
    """
    strongest = _strongest(rules)
    reason, is_released = _judged(challenger, rules, strongest, in_force, findings, limits)
    return Decision(
        is_released=is_released,
        decided_by=("first" if in_force is None else "gate") if is_released else "kept",
        reason=reason,
        strongest_rule=strongest,
        findings=tuple(findings),
        figures={
            "top_decile_lift": challenger.top_decile_lift.value,
            "rules_top_decile_lift": rules[strongest].top_decile_lift.value if strongest else None,
            "calibration_slope": challenger.calibration_slope,
        }
        | _gains(in_force),
    )


def _judged(
    challenger: Evaluation,
    rules: Mapping[str, Evaluation],
    strongest: str | None,
    in_force: InForce | None,
    findings: Sequence[str],
    limits: ReleaseRules,
) -> tuple[Reason, bool]:
    """The deciding reason, and whether it releases; the gravest objection comes first."""
    lift = challenger.top_decile_lift.value
    if findings:
        return "leak", False
    if lift is None or any(rule.top_decile_lift.value is None for rule in rules.values()):
        return "not_measured", False
    if strongest and not _reaches(
        lift - (rules[strongest].top_decile_lift.value or 0.0), limits.minimum_lift_over_rules
    ):
        return "below_rules", False
    slope = challenger.calibration_slope
    is_calibrated = slope is None or limits.calibration_slope_low <= slope <= limits.calibration_slope_high
    if in_force is None:
        return ("first", True) if is_calibrated else ("not_calibrated", False)
    return _compared(in_force, is_calibrated, limits)


def _compared(in_force: InForce, is_calibrated: bool, limits: ReleaseRules) -> tuple[Reason, bool]:
    """The reason of a challenger that has beaten the rules, against the model in force."""
    gains = (in_force.lift_gain, in_force.profit_gain)
    if in_force.lift_gain.value is None:
        return "not_measured", False
    if any(gain.high is not None and gain.high < 0 for gain in gains):
        return "worse", False
    # After a shift every fit from before it is badly calibrated: that must not hold the refit back.
    if _misjudges(in_force.observed_over_expected, limits):
        return "misjudging", True
    if in_force.age_months > limits.maximum_age_months:
        return "too_old", True
    if not is_calibrated:
        return "not_calibrated", False
    if any(gain.low is not None and gain.low > 0 for gain in gains):
        return "better_beyond_chance", True
    if _reaches(in_force.lift_gain.value, limits.minimum_gain):
        return "better_by_margin", True
    return "not_better", False


def _misjudges(observed_over_expected: Sequence[float | None], limits: ReleaseRules) -> bool:
    newest = list(observed_over_expected)[-limits.misjudged_months :]
    return len(newest) == limits.misjudged_months and all(
        ratio is not None
        and not limits.observed_over_expected_low <= ratio <= limits.observed_over_expected_high
        for ratio in newest
    )


def _reaches(gain: float, margin: float) -> bool:
    """A margin of zero asks for more than nothing."""
    return gain > 0 and gain >= margin


def _strongest(rules: Mapping[str, Evaluation]) -> str | None:
    """Name of the rule with the highest lift, of equals the first by name; None without a measured one."""
    measured = [
        (-lift, name) for name, rule in rules.items() if (lift := rule.top_decile_lift.value) is not None
    ]
    return min(measured)[1] if measured else None


def _gains(in_force: InForce | None) -> dict[str, float | None]:
    lift: Gain = in_force.lift_gain if in_force else _UNMEASURED
    profit: Gain = in_force.profit_gain if in_force else _UNMEASURED
    judged = list(in_force.observed_over_expected) if in_force else []
    return {
        "lift_gain": lift.value,
        "lift_gain_low": lift.low,
        "lift_gain_high": lift.high,
        "profit_gain": profit.value,
        "profit_gain_low": profit.low,
        "profit_gain_high": profit.high,
        "in_force_age_months": in_force.age_months if in_force else None,
        "in_force_observed_over_expected": judged[-1] if judged else None,
    }
