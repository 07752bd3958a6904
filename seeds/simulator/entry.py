"""How lines come about: founders with a past, entrants of a month, lines that swap their number.

Belongs here: who a new line is and how it will be used. Not here: contracts and services
(`agreements.py`), accounts (`payments.py`).
"""

from dataclasses import dataclass

import numpy as np

from seeds.simulator import catalogue
from seeds.simulator.assumptions import Assumptions, PopulationAssumptions
from seeds.simulator.months import Array, Month
from seeds.simulator.network import Network
from seeds.simulator.organisation import Organisation
from seeds.simulator.population import GROUP_NUMBERS_FROM, NEVER, Lines
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.tariffs import best_fit, plan_prices

KEPT_ON_SWAP = (
    "customer", "account", "device", "branch", "area", "cell", "is_postpaid", "gender", "birth_year",
    "is_local", "occupation", "education", "income", "credit", "spend", "minutes", "data_mb", "group",
)  # fmt: skip
"""What a line that replaces another takes over: the same person, the same handset, a new number."""


@dataclass(frozen=True)
class Place:
    """Where lines live and what they may choose."""

    organisation: Organisation
    network: Network
    assumptions: Assumptions
    seed: int


def create_lines(count: int, first_number: int, month: Month, place: Place, *, are_entrants: bool) -> Lines:
    """Return new lines: founders with a past, or entrants who enter within the month."""
    people = place.assumptions.population
    rng = stream(place.seed, month.index, Purpose.POPULATION)
    if are_entrants:
        activated = month.day(1 + rng.integers(0, month.days, count))
    else:
        tenure = np.minimum(rng.exponential(people.mean_tenure_months, count), people.longest_tenure_months)
        activated = month.start - (1 + tenure * 30.44).astype(int).astype("timedelta64[D]")
    return Lines(
        number=first_number + np.arange(count),
        activated=activated,
        status_since=activated.copy(),
        **_who_and_where(first_number + np.arange(count), place, rng),
        **_traits(count, place.assumptions, rng, are_entrants=are_entrants),
        **_fresh_state(count),
    )


def swap_numbers(added: Lines, swapped: Lines) -> None:
    """Let the first of the added lines be the new numbers of lines that swapped theirs."""
    count = min(len(added), len(swapped))
    for column in KEPT_ON_SWAP:
        getattr(added, column)[:count] = getattr(swapped, column)[:count]
    added.plan[:count] = swapped.plan[:count]
    added.entry_plan[:count] = swapped.plan[:count]


def share_customers(lines: Lines, place: Place, month: Month) -> None:
    """Let some personal lines belong to the customer of the line before them, a few in the same handset."""
    people = place.assumptions.population
    rng = stream(place.seed, month.index, Purpose.POPULATION, 3)
    is_personal = lines.customer == lines.number
    wanted = (rng.random(len(lines)) < people.second_line_share) & is_personal
    wanted[:1] = False
    wanted[1:] &= is_personal[:-1] & ~wanted[:-1]
    second = np.flatnonzero(wanted)
    for column in ("customer", "account", "is_postpaid", "branch", "area", "cell"):
        values = getattr(lines, column)
        values[second] = values[second - 1]
    same_device = second[rng.random(len(second)) < people.shared_device_share]
    lines.device[same_device] = lines.device[same_device - 1]


def _who_and_where(number: Array, place: Place, rng: np.random.Generator) -> dict[str, Array]:
    people, organisation = place.assumptions.population, place.organisation
    count = len(number)
    is_group = rng.random(count) < people.group_share
    groups = rng.choice(len(organisation.group_branch), count, p=organisation.group_size_share)
    group_pays = is_group & (rng.random(count) < people.group_pays_share)
    group = np.where(is_group, groups, -1)
    branch = rng.choice(len(organisation.branch_share), count, p=organisation.branch_share)
    branch = np.where(is_group, organisation.group_branch[group], branch)
    areas = np.diff(organisation.first_area)[branch]
    at_office = is_group & (rng.random(count) < people.group_one_cell_share)
    spot = np.where(at_office, group % 7 / 7.0, rng.random(count))
    customer = np.where(is_group, GROUP_NUMBERS_FROM + group, number)
    birth_year = rng.integers(1945, 2008, count).astype(float)
    return {
        "customer": customer,
        "account": np.where(is_group & ~group_pays, number, customer),
        "device": number.copy(),
        "group": group,
        "branch": branch,
        "area": organisation.first_area[branch] + (rng.random(count) * areas).astype(int),
        "cell": place.network.cell_in_branch(branch, spot),
        "gender": np.where(rng.random(count) < people.unknown_share, -1, rng.integers(0, 2, count)),
        "birth_year": np.where(rng.random(count) < people.unknown_share, np.nan, birth_year),
        "is_local": rng.random(count) < people.local_share,
        "is_contact_complete": rng.choice([1, 0, -1], count, p=people.contact_shares),
        "occupation": rng.integers(-1, 8, count),
        "education": rng.integers(-1, 5, count),
    }


def _traits(
    count: int, assumptions: Assumptions, rng: np.random.Generator, *, are_entrants: bool
) -> dict[str, Array]:
    people, behaviour, billing = assumptions.population, assumptions.behaviour, assumptions.billing
    standing = rng.standard_normal(count)
    spend = people.spend_median_cny * np.exp(people.spend_log_deviation * standing)
    minutes = spend * people.minutes_per_cny * rng.lognormal(0.0, people.minutes_log_deviation, count)
    data_mb = spend * people.data_mb_per_cny * rng.lognormal(0.0, people.data_log_deviation, count)
    data_mb *= rng.random(count) >= people.without_data_share
    postpaid_share = np.where(spend >= 100, billing.postpaid_share_mid, billing.postpaid_share_mass)
    is_postpaid = rng.random(count) < postpaid_share
    plan = _sold_plan(minutes, data_mb, rng, people, 0.0 if are_entrants else people.closed_plan_share)
    entry_plan = _sold_plan(minutes * 0.8, data_mb * 0.7, rng, people, 0.0)
    income = np.rint(2 + standing + rng.normal(0, 0.8, count))
    credit = np.rint(1.2 - 0.4 * standing + rng.normal(0, 0.9, count))
    is_key = (spend > people.key_account_spend_cny) & (rng.random(count) < people.key_account_share)
    activity = rng.beta(*people.activity_beta, count) + np.minimum(spend, 150.0) / 500.0
    return {
        "plan": plan,
        "entry_plan": plan.copy() if are_entrants else entry_plan,
        "is_postpaid": is_postpaid,
        "income": np.clip(income, -1, 4).astype(int),
        "credit": np.clip(credit, 0, 4).astype(int),
        "key_account": np.where(is_key, rng.integers(0, 4, count), -1),
        "points": (spend * rng.uniform(0, 30, count)).astype(int),
        "spend": spend,
        "minutes": minutes,
        "data_mb": data_mb,
        "sms": rng.gamma(*people.sms_gamma, count),
        "received_ratio": rng.lognormal(*people.received_log, count),
        "offnet_share": rng.beta(*people.offnet_beta, count),
        "night_share": rng.beta(*people.night_beta, count),
        "long_distance_share": rng.beta(*people.long_distance_beta, count),
        "activity": np.clip(activity, 0.15, 0.995),
        "is_forwarder": rng.random(count) < assumptions.usage.forwarder_share,
        "roams": rng.random(count) < people.roamer_share,
        "is_fraud": (rng.random(count) < people.fraud_share_of_entrants) & are_entrants,
        "is_chronic": ~is_postpaid & (rng.random(count) < billing.chronic_share),
        "frailty": rng.gamma(behaviour.frailty_shape, 1.0 / behaviour.frailty_shape, count),
        "sensitivity": rng.gamma(behaviour.sensitivity_shape, 1.0 / behaviour.sensitivity_shape, count),
        "appetite": rng.normal(0.0, behaviour.appetite_deviation, count),
        "has_second_sim": (rng.random(count) < people.second_sim_share) & (not are_entrants),
    }


_ZERO = (
    "drift", "second_sim_level", "complaint_stress", "bill_jump", "saving", "hazard",
    "rebate_amount", "handset_amount",
)  # fmt: skip
_NEVER = (
    "rebate_start", "rebate_end", "handset_start", "handset_end", "silent_from", "silent_to",
    "effective_stop", "official_stop", "resume_on", "delete_on",
)  # fmt: skip
_NONE = ("cause", "stop_kind", "rebate_number", "handset_number")


def _fresh_state(count: int) -> dict[str, Array]:
    """Return the columns that start empty: moods, memories, agreements, stops."""
    services = len(catalogue.texts("services", "service_code"))
    return {
        **{column: np.zeros(count) for column in _ZERO},
        **{column: np.full(count, NEVER) for column in _NEVER},
        **{column: np.full(count, -1) for column in _NONE},
        "status": np.zeros(count, dtype=np.int8),
        "stage": np.zeros(count, dtype=np.int8),
        "episode_left": np.zeros(count, dtype=int),
        "episode_aim": np.ones(count),
        "episode_factor": np.ones(count),
        "is_traceless": np.zeros(count, dtype=bool),
        "bill_history": np.full((count, 3), np.nan),
        "services": np.full((count, services), NEVER),
    }


def _sold_plan(
    minutes: Array,
    data_mb: Array,
    rng: np.random.Generator,
    people: PopulationAssumptions,
    closed_share: float,
) -> Array:
    """Return the plan that each line was sold: near the cheapest, sometimes too dear or an old one."""
    prices = plan_prices()
    count = len(minutes)
    guess = rng.lognormal(0.0, people.plan_guess_log_deviation, (2, count))
    _, plan = best_fit(minutes * guess[0], data_mb * guess[1])
    ladder = np.flatnonzero(prices.is_on_sale)
    ladder = ladder[np.argsort(prices.fee[ladder], kind="stable")]
    rung = np.zeros(len(prices.fee), dtype=int)
    rung[ladder] = np.arange(len(ladder))
    steps = np.where(rng.random(count) < people.too_dear_share, rng.integers(1, 4, count), 0)
    plan = ladder[np.minimum(rung[plan] + steps, len(ladder) - 1)]
    closed = np.flatnonzero(~prices.is_on_sale)
    nearest = closed[np.abs(prices.fee[plan][:, None] - prices.fee[closed]).argmin(axis=1)]
    is_near = np.abs(prices.fee[nearest] - prices.fee[plan]) < 0.5 * prices.fee[plan]
    return np.where(is_near & (rng.random(count) < closed_share), nearest, plan)
