"""The run: months one after the other, from founding to the last extract.

Belongs here: the order of steps within a month, and the summary. Not here: what a step does.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seeds.simulator import catalogue, snapshot
from seeds.simulator.agreements import (
    ContractNumbers,
    found_agreements,
    step_contracts,
    step_plans,
    step_services,
    update_saving,
)
from seeds.simulator.assumptions import Assumptions, BehaviourAssumptions
from seeds.simulator.behaviour import (
    WINDOW,
    Drivers,
    are_traceless,
    draw_causes,
    intensities,
    step_behaviour,
    true_hazards,
)
from seeds.simulator.bills import write_bills
from seeds.simulator.complaints import Complaints, step_complaints
from seeds.simulator.contacts import write_campaigns, write_contacts
from seeds.simulator.entry import Place, create_lines, share_customers, swap_numbers
from seeds.simulator.lifecycle import (
    NUMBER_SWAP,
    StatusLog,
    delete_lines,
    draw_stops,
    end_silences,
    make_official,
    pause_and_resume,
    write_port_outs,
)
from seeds.simulator.market import Market, write_external_metrics, write_market_events
from seeds.simulator.months import Array, Month
from seeds.simulator.network import Network, found_network, step_network
from seeds.simulator.organisation import (
    Organisation,
    found_organisation,
    write_groups,
    write_organisation,
)
from seeds.simulator.payments import Accounts, open_accounts, owe, pay, stop_for_debt, write_arrears
from seeds.simulator.population import Lines
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.usage import Totals, daily_rates, expected_totals, joined_totals, usage_parts
from seeds.simulator.writing import Extracts

WARM_UP_MONTHS = 8
"""Months lived through before the first one written, so that moods, debts and contracts are in full swing."""


@dataclass(frozen=True)
class SimulationSummary:
    """What a simulation wrote."""

    months: tuple[str, ...]
    rows: dict[str, int]
    """Per table, planted rows included."""
    planted: dict[str, dict[str, int]]
    """Per table and kind of dirt; empty without dirt."""
    truth: Path
    """Folder of the hidden truth, a Parquet file a month."""


@dataclass
class World:
    """Everything that lives on from month to month."""

    seed: int
    assumptions: Assumptions
    organisation: Organisation
    network: Network
    market: Market
    lines: Lines
    accounts: Accounts
    contracts: ContractNumbers
    complaints: Complaints | None
    group_leaves_until: Array
    next_number: int
    subscribers: int
    withheld: snapshot.Withheld


def simulate(
    *,
    subscribers: int,
    months: int,
    last_month: datetime.date,
    seed: int,
    out: Path,
    dirt: float = 0.0,
    price_war: datetime.date | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> SimulationSummary:
    """Write the extracts of a made-up operator under `out` and the hidden truth under `out.parent/truth`.

    `subscribers`: lines in the books before the first month. `dirt`: share of planted bad rows, 0 to 0.5.
    `price_war`: month, among those written, from which competitors undercut every plan; the months before it
    are as without, but for the hazards of the last ones, which know what is to come.
    Same arguments, same bytes; a longer run with the same first month begins with the same months.
    Raises `ValueError` for counts below 1 (subscribers below 100), `dirt` outside 0 to 0.5, or a price war
    in a month that is not written.
    """
    if subscribers < 100 or months < 1 or not 0.0 <= dirt <= 0.5:
        raise ValueError(
            f"subscribers={subscribers}, months={months}, dirt={dirt}: "
            "give at least 100 subscribers, at least 1 month, dirt between 0 and 0.5"
        )
    last = Month.of(f"{last_month:%Y-%m}", months - 1)
    first = last.plus(1 - months)
    written = [first.plus(ahead).label for ahead in range(months)]
    if price_war is not None and f"{price_war:%Y-%m}" not in written:
        raise ValueError(f"price_war={price_war:%Y-%m}: give a month from {first.label} to {last.label}")
    price_war_from = None if price_war is None else written.index(f"{price_war:%Y-%m}")
    extracts = Extracts(out, seed, dirt)
    world = _found(subscribers, first, seed, Assumptions(), price_war_from)
    truth = out.parent / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    for ahead in range(-WARM_UP_MONTHS, months):
        month = first.plus(ahead)
        _live(world, month, extracts, truth)
        if month.index >= 0:
            progress(f"{month.label}: {len(world.lines)} lines")
    catalogue.write_catalogues(extracts)
    write_organisation(extracts, world.organisation, subscribers, world.assumptions.organisation)
    write_market_events(world.market, first, last, extracts)
    snapshot.write_withheld(world.withheld, extracts)
    return SimulationSummary(
        months=tuple(written),
        rows=dict(sorted(extracts.rows.items())),
        planted={name: dict(kinds) for name, kinds in sorted(extracts.planted.items())},
        truth=truth,
    )


def _found(
    subscribers: int, first: Month, seed: int, assumptions: Assumptions, price_war_from: int | None
) -> World:
    group_lines = subscribers * assumptions.population.group_share
    organisation = found_organisation(subscribers, group_lines, first, seed, assumptions.organisation)
    network = found_network(subscribers, organisation.branch_share, seed, assumptions.network)
    founding = first.plus(-WARM_UP_MONTHS - 1)
    place = Place(organisation, network, assumptions, seed)
    lines = create_lines(subscribers, 1, founding, place, are_entrants=False)
    share_customers(lines, place, founding)
    contracts = ContractNumbers()
    found_agreements(lines, founding, seed, contracts, assumptions, are_entrants=False)
    return World(
        seed=seed,
        assumptions=assumptions,
        organisation=organisation,
        network=network,
        market=Market(seed, len(organisation.branch_share), assumptions.market, price_war_from),
        lines=lines,
        accounts=open_accounts(None, lines, founding, seed, assumptions.billing),
        contracts=contracts,
        complaints=None,
        group_leaves_until=np.full(len(organisation.group_branch), -10_000),
        next_number=subscribers + 1,
        subscribers=subscribers,
        withheld=snapshot.Withheld(),
    )


def _live(world: World, month: Month, extracts: Extracts, truth: Path) -> None:
    """Live through one month and write it."""
    seed, assumptions = world.seed, world.assumptions
    step_network(world.network, month, seed, extracts)
    write_external_metrics(world.market, month, extracts)
    write_groups(extracts, world.organisation, month, seed, assumptions.organisation)
    end_silences(world.lines, month)
    _enter(world, month)
    _leave_as_groups(world, month)
    lines = world.lines
    log = StatusLog()
    behaviour = assumptions.behaviour
    drivers = _drivers(world, month)
    intensity = intensities(lines, drivers, 0, behaviour)
    cause = draw_causes(intensity, month, seed)
    leaves = draw_stops(lines, cause, month, seed, assumptions.lifecycle)
    lines.is_traceless |= leaves & are_traceless(lines.cause, behaviour)
    step_behaviour(lines, drivers, intensity, cause, seed, behaviour)
    pause_and_resume(lines, month, seed, log, assumptions.lifecycle)
    paid_day = pay(world.accounts, lines, month, seed, assumptions.billing, extracts)
    stop_for_debt(world.accounts, paid_day, lines, month, seed, log, assumptions.billing)
    make_official(lines, month, seed, log)
    step_plans(lines, month, seed, assumptions, extracts)
    world.complaints = step_complaints(
        world.complaints, lines, world.network.badness[lines.cell], month, seed, assumptions.service, extracts
    )
    totals = _use(world, month, extracts)
    step_contracts(lines, month, seed, world.contracts, assumptions, extracts)
    bills = write_bills(lines, totals, month, extracts)
    owe(world.accounts, lines, bills)
    step_services(lines, month, seed, assumptions, extracts)
    write_arrears(world.accounts, month, extracts)
    write_contacts(lines, totals.own_hotline, world.organisation, month, seed, assumptions.service, extracts)
    write_campaigns(lines, month, seed, assumptions.service, extracts)
    write_port_outs(lines, month, seed, assumptions.lifecycle, extracts)
    _remember(lines, bills, totals, behaviour)
    gone = delete_lines(lines, month, log)
    log.write(month, seed, extracts)
    next_month, window, main_cause = true_hazards(lines, _drivers(world, month), behaviour)
    # Who is silent into the next month does not stop in it.
    next_month = np.where(lines.silent_to > month.end, 0.0, next_month)
    lines.hazard = next_month
    snapshot.write_subscribers(lines.chosen(~gone), world.organisation, month, seed, extracts)
    if month.index >= 0:
        snapshot.write_truth(lines, next_month, window, main_cause, month, truth)
    world.withheld.note(lines, month, seed, assumptions.population)
    world.lines = lines.chosen(~gone)
    if world.complaints is not None:
        world.complaints = world.complaints.chosen(np.isin(world.complaints.line, world.lines.number))
    world.accounts = world.accounts.chosen(np.isin(world.accounts.number, world.lines.account))


def _enter(world: World, month: Month) -> None:
    season = catalogue.numbers("seasons", "entrant_factor")[month.number - 1]
    rng = stream(world.seed, month.index, Purpose.POPULATION, 1)
    rate = world.assumptions.population.entrant_rate * season
    free = int(world.lines.is_free().sum())
    # While the world warms up entrants only fill the gaps: the first month starts with the size asked for.
    count = max(world.subscribers - free, 0) if month.index < 0 else int(rng.poisson(rate * free))
    place = Place(world.organisation, world.network, world.assumptions, world.seed)
    added = create_lines(count, world.next_number, month, place, are_entrants=True)
    share_customers(added, place, month)
    swapped = (world.lines.stop_kind == NUMBER_SWAP) & month.plus(-1).holds(world.lines.effective_stop)
    swap_numbers(added, world.lines.chosen(swapped))
    found_agreements(added, month, world.seed, world.contracts, world.assumptions, are_entrants=True)
    world.next_number += count
    world.lines = world.lines.with_added(added)
    world.accounts = open_accounts(world.accounts, world.lines, month, world.seed, world.assumptions.billing)


def _leave_as_groups(world: World, month: Month) -> None:
    behaviour = world.assumptions.behaviour
    rng = stream(world.seed, month.index, Purpose.GROUPS, 1)
    starts = rng.random(len(world.group_leaves_until)) < behaviour.group_leaving_onset
    until = month.index + behaviour.group_leaving_months - 1
    world.group_leaves_until = np.where(starts, until, world.group_leaves_until)


def _drivers(world: World, month: Month) -> Drivers:
    lines = world.lines
    overdue = world.accounts.months_overdue[world.accounts.place(lines.account)] > 0
    ahead = range(WINDOW[1] + 1)
    season = catalogue.numbers("seasons", "leaving_factor")
    until = np.where(lines.group >= 0, world.group_leaves_until[lines.group], -10_000)
    return Drivers(
        month=month,
        badness=world.network.badness[lines.cell],
        is_overdue=overdue,
        offensive=[world.market.offensive_level(month.index + months)[lines.branch] for months in ahead],
        group_leaves=[until >= month.index + months for months in ahead],
        leaving_season=[float(season[month.plus(months).number - 1]) for months in ahead],
    )


def _use(world: World, month: Month, extracts: Extracts) -> Totals:
    offensive = world.market.offensive_level(month.index)[world.lines.branch]
    rates = daily_rates(world.lines, month, offensive, world.seed, world.assumptions.usage)
    if month.index < 0:
        return expected_totals(world.lines, rates, month, world.assumptions.usage)
    parts: list[Totals] = []
    extracts.write_parts(
        "usage_daily",
        month,
        usage_parts(world.lines, rates, month, world.seed, world.assumptions.usage, parts),
    )
    return joined_totals(parts)


def _remember(lines: Lines, bills: Array, totals: Totals, assumptions: BehaviourAssumptions) -> None:
    """Keep of the month what the next ones react to."""
    before = lines.mean_bill()
    known = ~np.isnan(lines.bill_history).all(axis=1)
    jump = np.where(known & (before > 10), bills / np.maximum(before, 1.0) - 1.0, 0.0)
    lines.bill_jump = np.nan_to_num(np.maximum(jump, 0.5 * lines.bill_jump))
    lines.bill_history = np.column_stack([bills, lines.bill_history[:, :2]])
    update_saving(lines, totals.minutes, totals.data_mb, assumptions)
