"""What a line has agreed to: contracts, services, its plan.

Belongs here: `contracts`, `service_subscriptions`, `plan_changes`. Not here: what they cost on a bill.
"""

from dataclasses import dataclass

import numpy as np

from seeds.simulator import catalogue
from seeds.simulator.assumptions import Assumptions, BehaviourAssumptions, ServiceAssumptions
from seeds.simulator.behaviour import SETTLED
from seeds.simulator.columns import coded, identifiers
from seeds.simulator.months import Array, Month, at_time
from seeds.simulator.population import ACTIVE, NEVER, Lines
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.tariffs import best_fit, plan_prices, rated_amount
from seeds.simulator.usage import subscriber_ids
from seeds.simulator.writing import Extracts

CONTRACT_TYPES = ("fee_rebate", "handset_rental", "business")
FEE_REBATE, HANDSET_RENTAL, BUSINESS = range(3)
NEW_DEVICES_FROM = 500_000_000
"""Handsets that came with a contract are numbered from here."""


@dataclass
class ContractNumbers:
    """The next contract number."""

    following: int = 1

    def take(self, count: int) -> Array:
        """Return new numbers."""
        first, self.following = self.following, self.following + count
        return first + np.arange(count)


def found_agreements(
    lines: Lines,
    month: Month,
    seed: int,
    numbers: ContractNumbers,
    assumptions: Assumptions,
    *,
    are_entrants: bool,
) -> None:
    """Give new lines contracts and services; founders have held theirs for a while."""
    service = assumptions.service
    rng = stream(seed, month.index, Purpose.CONTRACTS, 1)
    count = len(lines)
    is_worth = lines.spend > service.contract_spend_cny
    contract_factor = service.entrant_contract_factor if are_entrants else 1.0
    service_factor = service.entrant_service_factor if are_entrants else 1.0
    for kind, share in ((FEE_REBATE, service.rebate_share), (HANDSET_RENTAL, service.handset_share)):
        takes = np.flatnonzero(is_worth & (rng.random(count) < share * contract_factor))
        months = rng.choice([12, 24], len(takes))
        back = np.zeros(len(takes)) if are_entrants else rng.random(len(takes)) * months * 30.4
        start = np.maximum(month.start - back.astype(int).astype("timedelta64[D]"), lines.activated[takes])
        _sign(lines, takes, kind, start, months, rng, numbers, service)
    popularity = catalogue.numbers("services", "popularity")
    has = rng.random((count, len(popularity))) < popularity * service_factor
    age = (
        (rng.random(has.shape) * (lines.tenure_months(month) * 30)[:, None])
        .astype(int)
        .astype("timedelta64[D]")
    )
    since = np.maximum(month.start - age, lines.activated[:, None])
    lines.services = np.where(has, since, NEVER)


def _sign(
    lines: Lines,
    takes: Array,
    kind: int,
    start: Array,
    months: Array,
    rng: np.random.Generator,
    numbers: ContractNumbers,
    assumptions: ServiceAssumptions,
) -> None:
    end = (start.astype("datetime64[M]") + months).astype("datetime64[D]") - np.timedelta64(1, "D")
    name = "rebate" if kind == FEE_REBATE else "handset"
    getattr(lines, f"{name}_number")[takes] = numbers.take(len(takes))
    getattr(lines, f"{name}_start")[takes] = start
    getattr(lines, f"{name}_end")[takes] = end
    spend = lines.spend[takes]
    amount = (
        np.maximum(5.0, np.round(spend * assumptions.rebate_share_of_spend / 5) * 5)
        if kind == FEE_REBATE
        else np.round(rng.uniform(30, 110, len(takes)))
    )
    getattr(lines, f"{name}_amount")[takes] = amount
    if kind == HANDSET_RENTAL:
        lines.device[takes] = NEW_DEVICES_FROM + lines.handset_number[takes]


def step_contracts(
    lines: Lines,
    month: Month,
    seed: int,
    numbers: ContractNumbers,
    assumptions: Assumptions,
    extracts: Extracts,
) -> None:
    """Renew, sign and cancel contracts; write `contracts`: first all, then new or changed ones."""
    service = assumptions.service
    rng = stream(seed, month.index, Purpose.CONTRACTS)
    changed: list[tuple[Array, int]] = []
    eager = np.where(lines.stage == SETTLED, 1.0, service.drifting_eagerness)
    free = lines.is_present()
    for kind, name in ((FEE_REBATE, "rebate"), (HANDSET_RENTAL, "handset")):
        end = getattr(lines, f"{name}_end")
        ends_soon = (end >= month.plus(-2).start) & (end <= month.end)
        none = np.isnat(end) | (end < month.plus(-2).start)
        rate = np.where(
            ends_soon,
            service.renewal_rate,
            np.where(none & (lines.spend > service.contract_spend_cny), service.contract_uptake, 0.0),
        )
        rate = rate * (1.0 if kind == FEE_REBATE else service.handset_factor) * eager
        takes = np.flatnonzero(free & (rng.random(len(lines)) < rate))
        start = month.day(rng.integers(1, month.days + 1, len(takes)))
        running = end[takes] >= start
        start = np.where(running, end[takes] + np.timedelta64(1, "D"), start)
        _sign(lines, takes, kind, start, rng.choice([12, 24], len(takes)), rng, numbers, service)
        changed.append((takes, kind))
    everything = np.arange(len(lines))
    stopped = month.holds(lines.official_stop) & (lines.status != ACTIVE)
    tables = []
    for (takes, kind), name in zip(changed, ("rebate", "handset"), strict=True):
        has = (getattr(lines, f"{name}_number") >= 0) & (getattr(lines, f"{name}_end") >= month.start)
        entered = month.holds(lines.activated)
        chosen = has if month.index == 0 else has & (np.isin(everything, takes) | stopped | entered)
        tables.append(_contract_rows(lines, np.flatnonzero(chosen), kind, name, month))
    columns = [np.concatenate([table[place] for table in tables]) for place in range(7)]
    order = np.argsort(columns[0], kind="stable")
    number, line, kinds, starts, ends, amounts, cancelled = (column[order] for column in columns)
    extracts.write(
        "contracts",
        month,
        {
            "contract_id": identifiers("N", number, 9),
            "subscriber_id": subscriber_ids(line),
            "contract_type": coded(kinds, CONTRACT_TYPES),
            "starts_on": starts,
            "ends_on": ends,
            "monthly_rebate_cny": amounts,
            "cancelled_on": cancelled,
        },
    )


def _contract_rows(lines: Lines, chosen: Array, kind: int, name: str, month: Month) -> list[Array]:
    end = getattr(lines, f"{name}_end")[chosen]
    kinds = np.where((kind == HANDSET_RENTAL) & (lines.group[chosen] >= 0), BUSINESS, kind)
    cancelled = np.where(
        month.holds(lines.official_stop[chosen]) & (lines.official_stop[chosen] < end),
        lines.official_stop[chosen],
        NEVER,
    )
    amount = getattr(lines, f"{name}_amount")[chosen]
    return [
        getattr(lines, f"{name}_number")[chosen],
        lines.number[chosen],
        kinds,
        getattr(lines, f"{name}_start")[chosen],
        end,
        amount if kind == FEE_REBATE else np.full(len(chosen), np.nan),
        cancelled,
    ]


def step_services(
    lines: Lines, month: Month, seed: int, assumptions: Assumptions, extracts: Extracts
) -> None:
    """Take up and drop services; write `service_subscriptions` likewise."""
    service = assumptions.service
    rng = stream(seed, month.index, Purpose.SERVICES)
    popularity = catalogue.numbers("services", "popularity")
    runs = ~np.isnat(lines.services)
    free = lines.is_present()[:, None]
    drawn = rng.random(runs.shape)
    day = month.day(rng.integers(1, month.days + 1, runs.shape))
    drop_rate = (service.service_drop + service.service_drop_drifting * lines.drift)[:, None]
    ends = runs & free & (drawn < drop_rate)
    stopped = month.holds(lines.official_stop) & (lines.status != ACTIVE)
    ends_with_line = runs & stopped[:, None]
    takes = ~runs & free & (drawn < service.service_uptake * popularity / popularity.mean())
    takes &= day >= lines.activated[:, None]
    starts = np.where(takes, day, lines.services)
    end = np.where(
        ends_with_line, lines.official_stop[:, None], np.where(ends, np.maximum(day, starts), NEVER)
    )
    entered = month.holds(lines.activated)[:, None]
    written = (runs | takes) if month.index == 0 else takes | ends | ends_with_line | (runs & entered)
    line, code = np.nonzero(written)
    extracts.write(
        "service_subscriptions",
        month,
        {
            "subscriber_id": subscriber_ids(lines.number[line]),
            "service_code": coded(code, catalogue.texts("services", "service_code")),
            "starts_on": starts[line, code],
            "ends_on": end[line, code],
            "is_bundle": catalogue.flags("services", "is_bundle")[code],
            "monthly_fee_cny": catalogue.numbers("services", "monthly_fee_cny")[code],
        },
    )
    lines.services = np.where(ends | ends_with_line, NEVER, starts)


def step_plans(lines: Lines, month: Month, seed: int, assumptions: Assumptions, extracts: Extracts) -> None:
    """Let lines move to a plan that fits better; write `plan_changes`."""
    behaviour = assumptions.behaviour
    rng = stream(seed, month.index, Purpose.PLANS)
    count = len(lines)
    best = _best_plan(lines)
    fee = plan_prices().fee
    cheaper = fee[best] < fee[lines.plan]
    drawn = rng.random(count)
    down = cheaper & (drawn < behaviour.plan_downgrade_rate * np.maximum(lines.saving, 0.0) * 2)
    up = (fee[best] > fee[lines.plan]) & (drawn < behaviour.plan_upgrade_rate)
    moves = np.flatnonzero((down | up) & lines.is_present() & (lines.activated < month.start))
    dates = month.day(rng.integers(1, month.days + 1, len(moves)))
    plan_labels = catalogue.texts("plans", "plan_id")
    extracts.write(
        "plan_changes",
        month,
        {
            "subscriber_id": subscriber_ids(lines.number[moves]),
            "changed_at": at_time(dates, rng),
            "from_plan_id": coded(lines.plan[moves], plan_labels),
            "to_plan_id": coded(best[moves], plan_labels),
        },
    )
    lines.plan[moves] = best[moves]
    lines.saving[moves] = 0.0


def _best_plan(lines: Lines) -> Array:
    factor = np.exp(lines.appetite) * lines.episode_factor
    _, plan = best_fit(lines.minutes * factor, lines.data_mb * factor)
    return plan


def update_saving(lines: Lines, minutes: Array, data_mb: Array, assumptions: BehaviourAssumptions) -> None:
    """Note what share of the bill the best-fit plan would save, smoothed over months."""
    own = rated_amount(lines.plan, minutes, data_mb)
    lowest, _ = best_fit(minutes, data_mb)
    share = np.where(own > 0, 1.0 - lowest / np.maximum(own, 1.0), 0.0)
    moved = lines.saving + assumptions.saving_speed * (share - lines.saving)
    lines.saving = np.where(lines.is_free(), moved, lines.saving)
