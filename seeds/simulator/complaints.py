"""Complaints: who complains, how it is handled, what that leaves behind.

Belongs here: `complaints` and the stress they cause. Not here: other contacts (`contacts.py`).
"""

from dataclasses import dataclass, fields

import numpy as np

from seeds.simulator import catalogue
from seeds.simulator.assumptions import ServiceAssumptions
from seeds.simulator.columns import coded, identifiers
from seeds.simulator.months import Array, Month, at_time
from seeds.simulator.population import Lines
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.usage import subscriber_ids
from seeds.simulator.writing import Extracts

CATEGORIES = ("billing", "network", "service", "product", "other")
BILLING, NETWORK, SERVICE, PRODUCT, OTHER = range(5)
FAULT_KINDS = ("coverage", "drop", "setup", "data_speed", "roaming", "other")


@dataclass
class Complaints:
    """Complaints that are not closed yet, or were closed this month."""

    number: Array
    line: Array
    """Number of the line."""
    opened: Array
    category: Array
    fault_level: Array
    is_severe: Array
    due: Array
    responded: Array
    closed: Array
    satisfaction: Array
    fault_kind: Array

    def chosen(self, which: Array) -> "Complaints":
        """Return the complaints that a mask or an index chooses."""
        return Complaints(**{column.name: getattr(self, column.name)[which] for column in fields(self)})


def step_complaints(
    pending: Complaints | None,
    lines: Lines,
    badness: Array,
    month: Month,
    seed: int,
    assumptions: ServiceAssumptions,
    extracts: Extracts,
) -> Complaints:
    """Open complaints, answer old ones, write what is new or changed; return those that stay open.

    Leaves in `lines.complaint_stress` what badly handled complaints do to each line.
    """
    opened = _open(lines, badness, month, seed, assumptions)
    everything = opened if pending is None else _joined(pending, opened)
    start, end = (moment.astype("datetime64[us]") for moment in (month.start, month.plus(1).start))
    is_new = everything.opened >= start
    is_changed = _within(everything.responded, start, end) | _within(everything.closed, start, end)
    # The first folder of a register holds its whole state.
    _write_complaints(everything.chosen(is_new | is_changed | (month.index == 0)), month, end, extracts)
    unanswered = (everything.due < end) & ~(everything.responded < end)
    late = is_changed & (everything.responded > everything.due)
    unhappy = _within(everything.closed, start, end) & (everything.satisfaction <= 2)
    troubles = np.stack([unanswered, late, unhappy, is_new & everything.is_severe], axis=1)
    stress = troubles @ np.array(assumptions.stress_of_troubles)
    place = np.searchsorted(lines.number, everything.line)
    faded = assumptions.stress_fading * lines.complaint_stress
    lines.complaint_stress = np.minimum(
        faded + np.bincount(place, stress, len(lines)), assumptions.most_stress
    )
    return everything.chosen(~(everything.closed < end))


def _open(
    lines: Lines, badness: Array, month: Month, seed: int, assumptions: ServiceAssumptions
) -> Complaints:
    rng = stream(seed, month.index, Purpose.COMPLAINTS)
    count = len(lines)
    rates = assumptions.complaint_rate * np.tile(assumptions.complaint_shares, (count, 1))
    rates[:, BILLING] += assumptions.billing_complaint_rate * np.clip(lines.bill_jump - 0.3, 0.0, 1.0)
    rates[:, NETWORK] += assumptions.network_complaint_rate * badness**2
    rates[:, SERVICE] += assumptions.drifting_complaint_rate * lines.drift
    # Who spends more complains more.
    rates *= np.clip(0.4 + lines.spend / 150.0, 0.4, 2.0)[:, None]
    engaged = lines.is_present() & (lines.activated < month.start)
    line, category = np.nonzero((rng.random(rates.shape) < rates) & engaged[:, None])
    rows = len(line)
    opened = at_time(month.day(rng.integers(1, month.days + 1, rows)), rng)
    due = opened + np.timedelta64(int(assumptions.hours_to_answer * 3600), "s")
    is_late = rng.random(rows) < catalogue.numbers("branches", "complaint_late_share")[lines.branch[line]]
    hours = np.where(
        is_late,
        assumptions.hours_to_answer + rng.exponential(assumptions.late_answer_days * 24, rows),
        rng.uniform(1, assumptions.hours_to_answer, rows),
    )
    responded = opened + (hours * 3600).astype("timedelta64[s]")
    closed = responded + (rng.exponential(assumptions.hours_to_close, rows) * 3600).astype("timedelta64[s]")
    never = is_late & (rng.random(rows) < assumptions.never_answered_share)
    level = np.clip(rng.poisson(1.0, rows) + (category == NETWORK), 0, 4)
    satisfaction = np.clip(np.rint(rng.normal(np.where(is_late, 2.0, 3.8), 0.9)), 1, 5)
    return Complaints(
        number=(month.index + 1000) * 1_000_000 + np.arange(rows),
        line=lines.number[line],
        opened=opened,
        category=category,
        fault_level=level,
        is_severe=(level >= 3) | (rng.random(rows) < assumptions.severe_share),
        due=due,
        responded=np.where(never, np.datetime64("NaT", "us"), responded),
        closed=np.where(never, np.datetime64("NaT", "us"), closed),
        satisfaction=np.where(rng.random(rows) < assumptions.rated_share, satisfaction, np.nan),
        fault_kind=np.where(category == NETWORK, rng.integers(0, len(FAULT_KINDS), rows), -1),
    )


def _joined(first: Complaints, second: Complaints) -> Complaints:
    return Complaints(
        **{
            column.name: np.concatenate([getattr(first, column.name), getattr(second, column.name)])
            for column in fields(Complaints)
        }
    )


def _within(moments: Array, start: np.datetime64, end: np.datetime64) -> Array:
    return np.asarray((moments >= start) & (moments < end))


def _write_complaints(rows: Complaints, month: Month, end: np.datetime64, extracts: Extracts) -> None:
    nothing = np.datetime64("NaT", "us")
    is_closed = rows.closed < end
    extracts.write(
        "complaints",
        month,
        {
            "ticket_id": identifiers("Q", rows.number, 10),
            "subscriber_id": subscriber_ids(rows.line),
            "opened_at": rows.opened,
            "category": coded(rows.category, CATEGORIES),
            "fault_level": rows.fault_level,
            "is_severe": rows.is_severe,
            "due_at": rows.due,
            "responded_at": np.where(rows.responded < end, rows.responded, nothing),
            "closed_at": np.where(is_closed, rows.closed, nothing),
            "satisfaction": np.where(is_closed, rows.satisfaction, np.nan),
            "network_fault_type": coded(rows.fault_kind, FAULT_KINDS),
        },
    )
