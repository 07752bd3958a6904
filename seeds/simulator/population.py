"""Subscribers: the state of every line.

Belongs here: the columns of the state and what can be read off them. Not here: how lines come about
(`entry.py`), what happens to them (`behaviour.py`, `lifecycle.py`, …).
"""

from dataclasses import dataclass, fields

import numpy as np

from seeds.simulator.months import Array, Month

STATUSES = (
    "active",
    "suspended_voluntary",
    "suspended_arrears",
    "pre_terminated",
    "terminated",
    "ported_out",
)
ACTIVE, SUSPENDED_VOLUNTARY, SUSPENDED_ARREARS, PRE_TERMINATED, TERMINATED, PORTED_OUT = range(6)
GROUP_NUMBERS_FROM = 900_000_000
"""Customers and accounts that are groups are numbered from here."""
NEVER = np.datetime64("NaT", "D")


@dataclass
class Lines:
    """The state of every line in the books, one array per column, sorted by `number`."""

    number: Array
    customer: Array
    account: Array
    device: Array
    activated: Array
    status: Array
    status_since: Array
    plan: Array
    entry_plan: Array
    group: Array
    branch: Array
    area: Array
    cell: Array
    is_postpaid: Array
    gender: Array
    birth_year: Array
    is_local: Array
    is_contact_complete: Array
    occupation: Array
    education: Array
    income: Array
    credit: Array
    key_account: Array
    points: Array
    spend: Array
    """Lasting monthly spend that the line is worth, CNY."""
    minutes: Array
    data_mb: Array
    sms: Array
    received_ratio: Array
    offnet_share: Array
    night_share: Array
    long_distance_share: Array
    activity: Array
    """Chance of a day with use."""
    is_forwarder: Array
    roams: Array
    is_fraud: Array
    is_chronic: Array
    frailty: Array
    sensitivity: Array
    """To a competitor's offers; mean 1."""
    appetite: Array
    """Log factor on usage that wanders."""
    episode_left: Array
    episode_aim: Array
    episode_factor: Array
    drift: Array
    stage: Array
    cause: Array
    is_traceless: Array
    has_second_sim: Array
    second_sim_level: Array
    complaint_stress: Array
    bill_jump: Array
    saving: Array
    """Share of the bill that the best-fit plan would save; smoothed."""
    bill_history: Array
    """(lines, 3): bills of the last three months, newest first; NaN where there was none."""
    rebate_number: Array
    rebate_start: Array
    rebate_end: Array
    rebate_amount: Array
    handset_number: Array
    handset_start: Array
    handset_end: Array
    handset_amount: Array
    services: Array
    """(lines, services): since when; NaT where the service does not run."""
    hazard: Array
    """Chance of a voluntary stop in the coming month."""
    silent_from: Array
    silent_to: Array
    stop_kind: Array
    effective_stop: Array
    official_stop: Array
    resume_on: Array
    delete_on: Array

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.number)

    def chosen(self, which: Array | slice) -> "Lines":
        """Return the lines that a mask or an index chooses."""
        return Lines(**{column.name: getattr(self, column.name)[which] for column in fields(self)})

    def with_added(self, added: "Lines") -> "Lines":
        """Return these lines followed by others."""
        return Lines(
            **{
                column.name: np.concatenate([getattr(self, column.name), getattr(added, column.name)])
                for column in fields(self)
            }
        )

    def tenure_months(self, month: Month) -> Array:
        """Months on net at the end of the month."""
        return np.asarray((month.end - self.activated).astype(float) / 30.44)

    def mean_bill(self) -> Array:
        """Mean of the bills of the last three months there are, CNY; the worth where there is none."""
        known = ~np.isnan(self.bill_history)
        total = np.where(known, self.bill_history, 0.0).sum(axis=1)
        return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), self.spend)

    def is_present(self) -> Array:
        """Active lines whose stop has not been drawn and that are not silent for a while."""
        return np.asarray(self.is_free() & np.isnat(self.silent_from))

    def is_free(self) -> Array:
        """Active lines whose stop has not been drawn."""
        return np.asarray((self.status == ACTIVE) & (self.stop_kind < 0))
