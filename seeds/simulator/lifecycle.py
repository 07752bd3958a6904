"""Stops, pauses, returns and deletions, and how the books show them.

Belongs here: `status_changes`, `port_out_requests`, deletion. Not here: why somebody leaves
(`behaviour.py`) or does not pay (`payments.py`).
"""

from dataclasses import dataclass, field

import numpy as np

from seeds.simulator.assumptions import LifecycleAssumptions
from seeds.simulator.behaviour import CAUSES, LEAVING
from seeds.simulator.columns import coded
from seeds.simulator.months import Array, Month, at_time
from seeds.simulator.population import (
    ACTIVE,
    NEVER,
    PORTED_OUT,
    PRE_TERMINATED,
    STATUSES,
    SUSPENDED_VOLUNTARY,
    TERMINATED,
    Lines,
)
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.usage import subscriber_ids
from seeds.simulator.writing import Extracts

STOP_KINDS = (
    "hall_request", "reported", "port_out", "termination", "silence",
    "number_swap", "arrears", "fraud", "administrative",
)  # fmt: skip
HALL_REQUEST, REPORTED, PORT_OUT, TERMINATION, SILENCE, NUMBER_SWAP, ARREARS, FRAUD, ADMINISTRATIVE = range(9)
REASONS = ("voluntary_request", "arrears", "port_out", "fraud", "administrative", "resumed")
VOLUNTARY_REQUEST, FOR_ARREARS, FOR_PORT_OUT, FOR_FRAUD, BY_RULE, RESUMED = range(6)
CHANNELS = ("hall", "hotline", "online", "system")
HALL, HOTLINE, ONLINE, SYSTEM = range(4)
_STATUS_OF_KIND = np.array(
    [
        PRE_TERMINATED,  # asked for at a hall
        SUSPENDED_VOLUNTARY,  # reported
        PORTED_OUT,
        TERMINATED,
        ACTIVE,  # silence: the books notice nothing
        PRE_TERMINATED,  # number swap, at a hall
        PRE_TERMINATED,  # arrears
        TERMINATED,  # fraud
        TERMINATED,  # administrative
    ]
)
_REASON_OF_KIND = np.array(
    [
        VOLUNTARY_REQUEST,
        VOLUNTARY_REQUEST,
        FOR_PORT_OUT,
        VOLUNTARY_REQUEST,
        -1,
        VOLUNTARY_REQUEST,
        FOR_ARREARS,
        FOR_FRAUD,
        BY_RULE,
    ]
)
OPERATORS = ("operator_b", "operator_c", "operator_d")
ONE_DAY = np.timedelta64(1, "D")


@dataclass
class StatusLog:
    """The status changes of a month, in the order they are found."""

    rows: list[tuple[Array, Array, Array, Array, Array, Array]] = field(default_factory=list)

    def change(
        self,
        lines: Lines,
        which: Array,
        dates: Array,
        to: Array | int,
        reason: Array | int,
        channel: Array | int,
    ) -> None:
        """Change the status of some lines (by index) on the given dates and note it."""
        count = len(which)
        to_status = np.broadcast_to(np.asarray(to), count)
        self.rows.append(
            (
                lines.number[which],
                dates,
                lines.status[which].copy(),
                to_status,
                np.broadcast_to(np.asarray(reason), count),
                np.broadcast_to(np.asarray(channel), count),
            )
        )
        lines.status[which] = to_status
        lines.status_since[which] = dates

    def write(self, month: Month, seed: int, extracts: Extracts) -> None:
        """Write `status_changes`."""
        if not self.rows:
            return
        number, dates, before, after, reason, channel = (
            np.concatenate(column) for column in zip(*self.rows, strict=True)
        )
        order = np.lexsort((np.arange(len(number)), dates, number))
        number, dates, before, after, reason, channel = (
            column[order] for column in (number, dates, before, after, reason, channel)
        )
        changed_at = at_time(dates, stream(seed, month.index, Purpose.LIFECYCLE, 1))
        extracts.write(
            "status_changes",
            month,
            {
                "subscriber_id": subscriber_ids(number),
                "changed_at": changed_at,
                "from_status": coded(before, STATUSES),
                "to_status": coded(after, STATUSES),
                "reason": coded(reason, REASONS),
                "channel": coded(channel, CHANNELS),
            },
        )


def draw_stops(
    lines: Lines, sudden_cause: Array, month: Month, seed: int, assumptions: LifecycleAssumptions
) -> Array:
    """Draw who stops in this month, how the books will call it, and from which day the line is silent.

    `sudden_cause`: the cause of those who stop without having considered it before. Returns who leaves by
    own wish.
    """
    rng = stream(seed, month.index, Purpose.LIFECYCLE)
    count = len(lines)
    drawn = rng.random((4, count))
    free = lines.is_present() & (lines.activated < month.start)
    leaves = free & (drawn[0] < lines.hazard)
    kinds = [STOP_KINDS.index(name) for name, _ in assumptions.kind_shares]
    shares = np.array([share for _, share in assumptions.kind_shares])
    kind = np.array(kinds)[
        np.searchsorted(np.cumsum(shares) / shares.sum(), drawn[1], side="right").clip(0, len(kinds) - 1)
    ]
    lines.cause = np.where(leaves & (lines.cause < 0), sudden_cause, lines.cause)
    competitive = np.isin(lines.cause, [CAUSES.index("price"), CAUSES.index("competition")])
    kind = np.where(
        competitive & (rng.random(count) < assumptions.competitive_port_out_share), PORT_OUT, kind
    )
    others = free & ~leaves
    swaps = others & (drawn[2] < assumptions.number_swap_rate) & (lines.group < 0)
    by_rule = others & ~swaps & (drawn[3] < assumptions.administrative_rate)
    frauds = others & ~swaps & ~by_rule & lines.is_fraud & (drawn[1] < assumptions.fraud_found_rate)
    new_kind = np.select([leaves, swaps, by_rule, frauds], [kind, NUMBER_SWAP, ADMINISTRATIVE, FRAUD], -1)
    stops = new_kind >= 0
    day = rng.integers(1, month.days + 1, count)
    gap = 1 + rng.geometric(1.0 / assumptions.silent_days_mean, count).clip(
        0, assumptions.silent_days_most - 1
    )
    gap = np.where((rng.random(count) < assumptions.silent_before_stop_share) & (new_kind < PORT_OUT), gap, 0)
    effective = month.day(day)
    lines.stop_kind = np.where(stops, new_kind, lines.stop_kind).astype(np.int8)
    lines.effective_stop = np.where(stops, effective, lines.effective_stop)
    official = np.where(new_kind == SILENCE, NEVER, effective + gap.astype("timedelta64[D]"))
    lines.official_stop = np.where(stops, official, lines.official_stop)
    wait = rng.integers(*assumptions.deletion_days, count).astype("timedelta64[D]")
    after_silence = month.plus(4).start + rng.integers(0, 20, count).astype("timedelta64[D]")
    deleted = np.where(new_kind == SILENCE, after_silence, official + wait)
    lines.delete_on = np.where(stops, deleted, lines.delete_on)
    return leaves


def make_official(lines: Lines, month: Month, seed: int, log: StatusLog) -> None:
    """Enter the stops whose official day lies in this month into the books."""
    rng = stream(seed, month.index, Purpose.LIFECYCLE, 2)
    due = np.flatnonzero(month.holds(lines.official_stop) & (lines.status == ACTIVE) & (lines.stop_kind >= 0))
    kind = lines.stop_kind[due]
    by_phone = np.where(rng.random(len(due)) < 0.6, HOTLINE, ONLINE)
    channel = np.where(kind == REPORTED, by_phone, np.where(kind < REPORTED, HALL, SYSTEM))
    channel = np.where((kind == TERMINATION) | (kind == NUMBER_SWAP), HALL, channel)
    log.change(lines, due, lines.official_stop[due], _STATUS_OF_KIND[kind], _REASON_OF_KIND[kind], channel)


def end_silences(lines: Lines, month: Month) -> None:
    """Forget silences that ended before the month."""
    over = lines.silent_to < month.start
    lines.silent_from = np.where(over, NEVER, lines.silent_from)
    lines.silent_to = np.where(over, NEVER, lines.silent_to)


def pause_and_resume(
    lines: Lines, month: Month, seed: int, log: StatusLog, assumptions: LifecycleAssumptions
) -> None:
    """Let lines pause for a while (asked for, or just silent) and come back."""
    rng = stream(seed, month.index, Purpose.LIFECYCLE, 3)
    count = len(lines)
    back = np.flatnonzero(month.holds(lines.resume_on) & (lines.status == SUSPENDED_VOLUNTARY))
    log.change(
        lines,
        back,
        lines.resume_on[back],
        ACTIVE,
        RESUMED,
        np.where(rng.random(len(back)) < 0.5, HOTLINE, ONLINE),
    )
    lines.resume_on[back] = NEVER
    drawn = rng.random(count)
    idle = lines.is_present() & (lines.activated < month.start)
    idle &= lines.status_since < month.start
    asks = np.flatnonzero(idle & (drawn < assumptions.temporary_stop_rate))
    start = month.day(rng.integers(1, 24, len(asks)))
    length = rng.integers(*assumptions.temporary_stop_days, len(asks)).astype("timedelta64[D]")
    lines.silent_from[asks], lines.silent_to[asks] = start, start + length - ONE_DAY
    lines.resume_on[asks] = start + length
    log.change(lines, asks, start, SUSPENDED_VOLUNTARY, VOLUNTARY_REQUEST, HOTLINE)
    soon = np.flatnonzero(month.holds(lines.resume_on) & (lines.status == SUSPENDED_VOLUNTARY))
    log.change(lines, soon, lines.resume_on[soon], ACTIVE, RESUMED, ONLINE)
    lines.resume_on[soon] = NEVER
    away_rate = assumptions.temporary_stop_rate + assumptions.away_rate
    away = np.flatnonzero(idle & (drawn >= assumptions.temporary_stop_rate) & (drawn < away_rate))
    start = month.day(rng.integers(1, month.days, len(away)))
    lines.silent_from[away] = start
    lines.silent_to[away] = start + rng.integers(*assumptions.away_days, len(away)).astype("timedelta64[D]")


def write_port_outs(
    lines: Lines, month: Month, seed: int, assumptions: LifecycleAssumptions, extracts: Extracts
) -> None:
    """Write `port_out_requests`: applications some days before the port, and eligibility queries."""
    rng = stream(seed, month.index, Purpose.LIFECYCLE, 4)
    count = len(lines)
    lead = rng.integers(1, 8, count).astype("timedelta64[D]")
    applies = np.flatnonzero((lines.stop_kind == PORT_OUT) & month.holds(lines.official_stop))
    applied = np.maximum(lines.official_stop[applies] - lead[applies], month.start)
    rate = np.where(
        lines.stage == LEAVING,
        assumptions.eligibility_query_rate_leaving,
        assumptions.eligibility_query_rate_others,
    )
    rate = np.where(lines.is_traceless, assumptions.eligibility_query_rate_others, rate)
    asks = np.flatnonzero(lines.is_free() & (rng.random(count) < rate) & (lines.activated < month.start))
    asked = month.day(rng.integers(1, month.days + 1, len(asks)))
    number = lines.number[np.concatenate([applies, asks])]
    is_query = np.repeat([0, 1], [len(applies), len(asks)])
    dates = at_time(np.concatenate([applied, asked]), rng)
    operator = rng.choice(len(OPERATORS), len(number), p=[0.55, 0.35, 0.10])
    operator = np.where((is_query == 1) & (rng.random(len(number)) < 0.5), -1, operator)
    order = np.lexsort((dates, number))
    extracts.write(
        "port_out_requests",
        month,
        {
            "subscriber_id": subscriber_ids(number[order]),
            "requested_at": dates[order],
            "kind": coded(is_query[order], ["application", "eligibility_query"]),
            "target_operator": coded(operator[order], OPERATORS),
        },
    )


def delete_lines(lines: Lines, month: Month, log: StatusLog) -> Array:
    """Enter terminations due in this month into the books and return which lines leave them."""
    gone = month.holds(lines.delete_on)
    ends = np.flatnonzero(gone & np.isin(lines.status, [SUSPENDED_VOLUNTARY, PRE_TERMINATED]))
    log.change(lines, ends, lines.delete_on[ends], TERMINATED, _REASON_OF_KIND[lines.stop_kind[ends]], SYSTEM)
    return gone
