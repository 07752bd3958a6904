"""Cells: where they stand, how well they work, what fails.

Belongs here: `cell_quality`, `network_faults`. Not here: complaints about them (`service.py`).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from seeds.simulator.assumptions import NetworkAssumptions
from seeds.simulator.columns import coded, identifiers
from seeds.simulator.months import Array, Month, at_time
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.writing import Extracts

FAULT_TYPES = ("coverage", "drop", "setup", "data_speed", "outage", "other")


@dataclass(frozen=True)
class Faults:
    """Faults that have not ended, or ended in the month."""

    number: Array
    cell: Array
    kind: Array
    started: Array
    ended: Array

    def joined(self, others: "Faults") -> "Faults":
        """Return these faults followed by others."""
        return Faults(
            *(np.concatenate(pair) for pair in zip(vars(self).values(), vars(others).values(), strict=True))
        )

    def chosen(self, which: Array) -> "Faults":
        """Return the faults that a mask chooses."""
        return Faults(*(column[which] for column in vars(self).values()))


@dataclass
class Network:
    """Cells by number; those of a branch stand together."""

    first_cell: Array
    """Per branch; one more entry for the end."""
    badness: Array
    """0 good to 1 very bad."""
    is_bad: Array
    assumptions: NetworkAssumptions
    open_faults: Faults | None = None

    def cell_in_branch(self, branch: Array, place: Array) -> Array:
        """Return a cell of each branch; `place` in [0, 1) says which."""
        span = np.diff(self.first_cell)[branch]
        return np.asarray(self.first_cell[branch] + (place * span).astype(int))


def found_network(
    subscribers: int, branch_share: Array, seed: int, assumptions: NetworkAssumptions
) -> Network:
    """Return good cells, enough for a number of subscribers."""
    cells = np.maximum(4, np.rint(branch_share * subscribers / assumptions.lines_per_cell)).astype(int)
    count = int(cells.sum())
    rng = stream(seed, 0, Purpose.NETWORK, 1)
    steady_share = assumptions.bad_onset / (assumptions.bad_onset + assumptions.bad_end)
    is_bad = rng.random(count) < steady_share
    return Network(np.concatenate([[0], np.cumsum(cells)]), np.where(is_bad, 0.6, 0.05), is_bad, assumptions)


def step_network(network: Network, month: Month, seed: int, extracts: Extracts) -> None:
    """Move the cells on by a month and write their quality and faults."""
    rng = stream(seed, month.index, Purpose.NETWORK)
    count = len(network.badness)
    turned = rng.random(count)
    network.is_bad = np.where(
        network.is_bad, turned >= network.assumptions.bad_end, turned < network.assumptions.bad_onset
    )
    target = np.where(network.is_bad, rng.uniform(0.45, 1.0, count), rng.uniform(0.0, 0.12, count))
    network.badness = network.badness + 0.6 * (target - network.badness)
    cells = np.arange(count)
    noise = rng.normal(0.0, 1.0, (2, count))
    extracts.write(
        "cell_quality",
        month,
        {
            "quality_month": np.full(count, month.start),
            "cell_id": cell_ids(cells),
            "call_drop_rate": np.clip(0.004 + 0.030 * network.badness + 0.0025 * noise[0], 0.0003, 1.0).round(
                5
            ),
            "call_setup_success_rate": np.clip(
                0.992 - 0.060 * network.badness + 0.004 * noise[1], 0.5, 0.9999
            ).round(5),
            "coverage_complaints": rng.poisson(0.15 + 5.0 * network.badness),
        },
    )
    _write_faults(network, month, rng, extracts)


def cell_ids(numbers: Array) -> pa.Array:
    """Return cell ids."""
    return identifiers("K", numbers, 6)


def _write_faults(network: Network, month: Month, rng: np.random.Generator, extracts: Extracts) -> None:
    """Write the register `network_faults`: faults that began or ended in the month."""
    assumptions = network.assumptions
    rate = np.where(network.is_bad, assumptions.faults_per_bad_cell, assumptions.faults_per_good_cell)
    cell = np.repeat(np.arange(len(rate)), rng.poisson(rate))
    started = at_time(month.day(1 + rng.integers(0, month.days, len(cell))), rng, 0, 24)
    seconds = (1 + rng.exponential(assumptions.fault_hours, len(cell))) * 3600
    number = (month.index + 1000) * 100_000 + np.arange(len(cell))
    kind = rng.integers(0, len(FAULT_TYPES), len(cell))
    begun = Faults(number, cell, kind, started, started + seconds.astype("timedelta64[s]"))
    faults = begun if network.open_faults is None else network.open_faults.joined(begun)
    end = month.plus(1).start.astype("datetime64[us]")
    is_over = faults.ended < end
    extracts.write(
        "network_faults",
        month,
        {
            "fault_id": identifiers("F", faults.number, 9),
            "cell_id": cell_ids(faults.cell),
            "fault_type": coded(faults.kind, FAULT_TYPES),
            "started_at": faults.started,
            "ended_at": np.where(is_over, faults.ended, np.datetime64("NaT")),
        },
    )
    network.open_faults = faults.chosen(~is_over)
