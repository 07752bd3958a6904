"""Why lines think of leaving, and the true chance that they do.

Belongs here: intensities of the causes, the stages settled, considering and leaving, the drift of
behaviour, the true hazards. Not here: what a stop looks like in the books (`lifecycle.py`).
"""

from dataclasses import dataclass

import numpy as np

from seeds.simulator import catalogue
from seeds.simulator.assumptions import BehaviourAssumptions
from seeds.simulator.months import Array, Month
from seeds.simulator.population import Lines
from seeds.simulator.randomness import Purpose, stream

CAUSES = (
    "price",
    "billing",
    "quality",
    "service",
    "competition",
    "technology",
    "contract_end",
    "arrears",
    "social",
    "convenience",
    "relocation",
    "regulation",
    "unknown",
)
SETTLED, CONSIDERING, LEAVING = range(3)
STAGES = ("settled", "considering", "leaving")
WINDOW = (2, 4)
"""The outcome window whose hazard is told: months after the snapshot month."""


@dataclass(frozen=True)
class Drivers:
    """What the world does to every line, from a month on; arrays by line, lists by months ahead."""

    month: Month
    badness: Array
    is_overdue: Array
    offensive: list[Array]
    """Level at the line's branch, this month and the months after it."""
    group_leaves: list[Array]
    """Whether the line's group leaves together, likewise."""
    leaving_season: list[float]


def months_of_contract_left(lines: Lines, month: Month) -> Array:
    """Return months from the end of the month to the end of the last contract; NaN without one."""
    latest = np.fmax(lines.rebate_end, lines.handset_end)
    return np.asarray((latest - month.end).astype(float) / 30.44, dtype=float) * np.where(
        np.isnat(latest), np.nan, 1.0
    )


def intensities(lines: Lines, drivers: Drivers, ahead: int, assumptions: BehaviourAssumptions) -> Array:
    """Return the intensity of each cause (lines x causes) in the month that lies `ahead` months on.

    What is not known ahead (complaints, bills, cells) is held or fades.
    """
    faded = assumptions.fading**ahead
    left = months_of_contract_left(lines, drivers.month) - ahead
    earliest, latest = assumptions.contract_end_months
    ends_now = (left >= earliest) & (left <= latest)
    pull = catalogue.numbers("branches", "competitor_strength")[lines.branch] * sensitivity(
        lines, assumptions
    )
    offensive = drivers.offensive[ahead]
    result = np.zeros((len(lines), len(CAUSES)))

    def add(cause: str, intensity: Array | float) -> None:
        result[:, CAUSES.index(cause)] += intensity

    excess_saving = np.maximum(lines.saving - assumptions.price_tolerance, 0.0)
    add("price", assumptions.price_intensity * excess_saving * (1.0 + offensive))
    add("billing", assumptions.billing_intensity * faded * np.clip(lines.bill_jump - 0.25, 0.0, 1.5))
    add("quality", assumptions.quality_intensity * drivers.badness**1.5)
    add("service", assumptions.service_intensity * faded * lines.complaint_stress)
    add(
        "competition",
        pull * (assumptions.competition_intensity + assumptions.offensive_intensity * offensive),
    )
    add("competition", assumptions.second_sim_intensity * lines.second_sim_level)
    add("contract_end", assumptions.contract_end_intensity * ends_now)
    add("arrears", assumptions.arrears_intensity * drivers.is_overdue)
    add("social", assumptions.social_intensity * np.maximum(lines.offnet_share - 0.5, 0.0) * 2.0)
    with_reason = result * np.where(left > assumptions.lock_months, assumptions.contract_lock, 1.0)[:, None]
    with_reason[:, CAUSES.index("social")] += (
        assumptions.group_leaving_intensity * drivers.group_leaves[ahead]
    )
    for cause, share in assumptions.traceless_causes:
        with_reason[:, CAUSES.index(cause)] += assumptions.traceless_intensity * share
    tenure = lines.tenure_months(drivers.month)
    newcomer = 1.0 + (assumptions.newcomer_factor - 1.0) * np.exp(-tenure / assumptions.newcomer_months)
    mass = np.where(lines.mean_bill() < 100.0, assumptions.mass_factor, 1.0)
    factor = lines.frailty * newcomer * mass * drivers.leaving_season[ahead]
    return np.asarray(with_reason * factor[:, None])


def sensitivity(lines: Lines, assumptions: BehaviourAssumptions) -> Array:
    """Return how strongly each line reacts to what competitors do; about 1 on average."""
    is_young = lines.birth_year > assumptions.young_since
    return np.asarray(
        lines.sensitivity * np.where(is_young, assumptions.young_sensitivity, assumptions.old_sensitivity)
    )


def chance_of_considering(intensity: Array, assumptions: BehaviourAssumptions) -> Array:
    """Return the chance that a settled line starts to consider leaving."""
    return np.asarray(1.0 - np.exp(-np.minimum(intensity.sum(axis=1), assumptions.highest_monthly_intensity)))


def true_hazards(
    lines: Lines, drivers: Drivers, assumptions: BehaviourAssumptions
) -> tuple[Array, Array, Array]:
    """Return the chance of a voluntary stop next month, that of one in the outcome window, the main cause.

    Contract ends and the competitor's plans are known ahead; complaints, bills, cells are held as they are.
    """
    presence = np.eye(len(STAGES))[lines.stage]
    window = np.zeros(len(lines))
    next_month = np.zeros(len(lines))
    main = intensities(lines, drivers, 0, assumptions).argmax(axis=1)
    for ahead in range(1, WINDOW[1] + 1):
        starts = chance_of_considering(intensities(lines, drivers, ahead, assumptions), assumptions)
        stops = presence * _stop_chances(lines, drivers, starts, ahead, assumptions)
        if ahead == 1:
            next_month = stops.sum(axis=1)
        if ahead >= WINDOW[0]:
            window += stops.sum(axis=1)
        presence = _moved(presence - stops, starts, assumptions)
    return next_month, window, np.where(lines.stage > SETTLED, lines.cause, main)


def _stop_chances(
    lines: Lines, drivers: Drivers, starts: Array, ahead: int, assumptions: BehaviourAssumptions
) -> Array:
    """Return the chance of a voluntary stop per stage (lines x stages) in the month `ahead` months on."""
    locked = months_of_contract_left(lines, drivers.month) - ahead > assumptions.lock_months
    factor = np.where(locked, assumptions.lock_on_stop, 1.0)
    factor = factor * np.where(drivers.offensive[ahead] > 0, assumptions.offensive_on_stop, 1.0)
    considering = factor * assumptions.stop_when_considering
    leaving = factor * assumptions.stop_when_leaving
    return np.stack([assumptions.sudden_share * starts, considering, leaving], axis=1)


def _moved(presence: Array, starts: Array, assumptions: BehaviourAssumptions) -> Array:
    """Return the chances of the stages a month later, given those of the lines that did not stop."""
    settled, considering, leaving = presence.T
    to_leaving, back = assumptions.considering_to_leaving, assumptions.considering_to_settled
    calmed = assumptions.leaving_to_settled
    return np.stack(
        [
            settled * (1.0 - starts) + considering * back + leaving * calmed,
            settled * starts + considering * (1.0 - to_leaving - back),
            considering * to_leaving + leaving * (1.0 - calmed),
        ],
        axis=1,
    )


def draw_causes(intensity: Array, month: Month, seed: int) -> Array:
    """Return for each line the cause it would start to consider leaving for, drawn by intensity."""
    rng = stream(seed, month.index, Purpose.BEHAVIOUR, 1)
    cumulated = np.cumsum(intensity, axis=1)
    return np.asarray((cumulated < (rng.random(len(intensity)) * cumulated[:, -1])[:, None]).sum(axis=1))


def are_traceless(cause: Array, assumptions: BehaviourAssumptions) -> Array:
    """Return which causes leave no trace in the data."""
    return np.isin(cause, [CAUSES.index(name) for name, _ in assumptions.traceless_causes])


def step_behaviour(
    lines: Lines,
    drivers: Drivers,
    intensity: Array,
    cause: Array,
    seed: int,
    assumptions: BehaviourAssumptions,
) -> None:
    """Move minds on by a month, before the month's usage: stages, drift, second SIM, appetite.

    `intensity` is what `intensities` says of this month, `cause` what each line would start for.
    """
    rng = stream(seed, drivers.month.index, Purpose.BEHAVIOUR)
    _move_stages(lines, chance_of_considering(intensity, assumptions), cause, rng, assumptions)
    _move_second_sims(lines, drivers, rng, assumptions)
    _move_appetites(lines, rng, assumptions)


def _move_stages(
    lines: Lines, chance: Array, cause: Array, rng: np.random.Generator, assumptions: BehaviourAssumptions
) -> None:
    drawn = rng.random(len(lines))
    starts = (lines.stage == SETTLED) & (drawn < chance)
    to_leaving = assumptions.considering_to_leaving
    hardens = (lines.stage == CONSIDERING) & (drawn < to_leaving)
    softens = (lines.stage == CONSIDERING) & (drawn >= to_leaving)
    softens &= drawn < to_leaving + assumptions.considering_to_settled
    softens |= (lines.stage == LEAVING) & (drawn < assumptions.leaving_to_settled)
    lines.cause = np.where(starts, cause, np.where(softens, -1, lines.cause))
    lines.is_traceless = np.where(starts, are_traceless(cause, assumptions), lines.is_traceless & ~softens)
    lines.stage = np.where(
        starts, CONSIDERING, np.where(hardens, LEAVING, np.where(softens, SETTLED, lines.stage))
    )
    target = np.array([0.0, assumptions.drift_considering, assumptions.drift_leaving])[lines.stage]
    target = np.where(lines.is_traceless, 0.0, target)
    noise = rng.normal(0.0, assumptions.drift_deviation, len(lines)) * (target > 0)
    lines.drift = np.clip(lines.drift + assumptions.drift_speed * (target - lines.drift) + noise, 0.0, 1.0)


def _move_second_sims(
    lines: Lines, drivers: Drivers, rng: np.random.Generator, assumptions: BehaviourAssumptions
) -> None:
    onset = assumptions.second_sim_onset * sensitivity(lines, assumptions) * (1.0 + drivers.offensive[0])
    drawn = rng.random(len(lines))
    lines.has_second_sim = np.where(lines.has_second_sim, drawn >= assumptions.second_sim_end, drawn < onset)
    lines.second_sim_level += assumptions.second_sim_speed * (lines.has_second_sim - lines.second_sim_level)


def _move_appetites(lines: Lines, rng: np.random.Generator, assumptions: BehaviourAssumptions) -> None:
    lines.appetite = 0.8 * lines.appetite + rng.normal(0.0, assumptions.appetite_deviation, len(lines))
    drawn = rng.random(len(lines))
    idle = lines.episode_left <= 0
    shrinks = idle & (drawn < assumptions.shrink_rate)
    grows = idle & ~shrinks & (drawn < assumptions.shrink_rate + assumptions.growth_rate)
    lines.episode_left = np.where(
        shrinks | grows, assumptions.episode_months, np.maximum(lines.episode_left - 1, 0)
    )
    aim = np.where(
        shrinks, assumptions.shrink_factor, np.where(grows, assumptions.growth_factor, lines.episode_aim)
    )
    lines.episode_aim = np.where(lines.episode_left > 0, aim, 1.0)
    lines.episode_factor += assumptions.episode_speed * (lines.episode_aim - lines.episode_factor)
