"""Accounts: what they pay, what they owe, what debt does to their lines.

Belongs here: `payments`, `arrears`, stops for debt. Not here: what is billed (`bills.py`).
"""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from seeds.simulator.assumptions import BillingAssumptions
from seeds.simulator.columns import coded, identifiers
from seeds.simulator.lifecycle import ARREARS, FOR_ARREARS, ONE_DAY, RESUMED, SYSTEM, StatusLog
from seeds.simulator.months import Array, Month, at_time
from seeds.simulator.population import (
    ACTIVE,
    GROUP_NUMBERS_FROM,
    PRE_TERMINATED,
    SUSPENDED_ARREARS,
    Lines,
)
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.writing import Extracts

METHODS = ("auto_debit", "cash", "card", "wallet", "recharge_card")
PAYMENT_CHANNELS = ("hall", "online", "bank", "agent", "hotline")
RECHARGE_STEP_CNY = 50.0


@dataclass
class Accounts:
    """Billing accounts with a line in the books, sorted by number. Money in CNY."""

    number: Array
    is_postpaid: Array
    discipline: Array
    """Chance to pay what is due in a month."""
    overdue: Array
    months_overdue: Array
    current: Array
    """The newest bill, not due yet."""
    credit: Array
    """Prepaid balance."""

    def chosen(self, which: Array) -> "Accounts":
        """Return the accounts that a mask or an index chooses."""
        return Accounts(**{column.name: getattr(self, column.name)[which] for column in fields(self)})

    def place(self, numbers: Array) -> Array:
        """Return the index of each account number."""
        return np.asarray(np.searchsorted(self.number, numbers))


def open_accounts(
    accounts: Accounts | None, lines: Lines, month: Month, seed: int, assumptions: BillingAssumptions
) -> Accounts:
    """Return the accounts with those added that new lines opened."""
    numbers, first_line = np.unique(lines.account, return_index=True)
    if accounts is not None:
        is_new = ~np.isin(numbers, accounts.number)
        numbers, first_line = numbers[is_new], first_line[is_new]
    rng = stream(seed, month.index, Purpose.BILLING, 1)
    shares = np.array([share for share, _ in assumptions.discipline_shares])
    chances = np.array([chance for _, chance in assumptions.discipline_shares])
    discipline = chances[rng.choice(len(shares), len(numbers), p=shares / shares.sum())]
    zeros = np.zeros(len(numbers))
    opened = Accounts(
        number=numbers,
        is_postpaid=lines.is_postpaid[first_line],
        discipline=np.where(numbers >= GROUP_NUMBERS_FROM, 1.0, discipline),
        overdue=zeros.copy(),
        months_overdue=np.zeros(len(numbers), dtype=int),
        current=zeros.copy(),
        credit=zeros.copy(),
    )
    if accounts is None:
        return opened
    both = Accounts(
        **{
            f.name: np.concatenate([getattr(accounts, f.name), getattr(opened, f.name)])
            for f in fields(Accounts)
        }
    )
    return both.chosen(np.argsort(both.number, kind="stable"))


def pay(
    accounts: Accounts,
    lines: Lines,
    month: Month,
    seed: int,
    assumptions: BillingAssumptions,
    extracts: Extracts,
) -> Array:
    """Pay the bills of the month before; write `payments`; return the day each account paid (0: not)."""
    rng = stream(seed, month.index, Purpose.BILLING)
    count = len(accounts.number)
    place = accounts.place(lines.account)
    has_suspended = np.bincount(place, lines.status == SUSPENDED_ARREARS, count) > 0
    has_live = np.bincount(place, lines.status == ACTIVE, count) > 0
    due = accounts.overdue + accounts.current
    chance = np.where(has_suspended, assumptions.pay_when_suspended, accounts.discipline)
    chance = np.where(~has_live & ~has_suspended, assumptions.pay_when_stopped, chance)
    drawn = rng.random(count)
    in_full = accounts.is_postpaid & (due > 0) & (drawn < chance)
    in_part = (
        accounts.is_postpaid & (due > 20) & (drawn >= chance) & (drawn < chance + assumptions.partial_share)
    )
    paid = np.where(in_full, due, np.where(in_part, np.round(due * 0.6), 0.0))
    left = np.where(accounts.is_postpaid, np.round(due - paid, 2), 0.0)
    grown = np.where(accounts.current > 0, accounts.months_overdue + 1, accounts.months_overdue)
    accounts.months_overdue = np.where(left > 0, np.where(in_part, 1, np.maximum(grown, 1)), 0)
    accounts.overdue = left
    credit = accounts.credit - np.where(accounts.is_postpaid, 0.0, accounts.current)
    short = np.maximum(-credit, 0.0)
    recharge = (
        np.ceil((short + (short > 0) * rng.random(count) * RECHARGE_STEP_CNY) / RECHARGE_STEP_CNY)
        * RECHARGE_STEP_CNY
    )
    accounts.credit = np.round(credit + recharge, 2)
    amount = np.where(accounts.is_postpaid, paid, recharge)
    accounts.current = np.zeros(count)
    day = np.where(amount > 0, rng.integers(1, 21, count), 0)
    _write_payments(accounts, amount, day, rng, month, assumptions, extracts)
    return day


def stop_for_debt(
    accounts: Accounts,
    paid_day: Array,
    lines: Lines,
    month: Month,
    seed: int,
    log: StatusLog,
    assumptions: BillingAssumptions,
) -> None:
    """Resume who paid, give up the hopeless, suspend those long overdue, stop the chronic for days."""
    rng = stream(seed, month.index, Purpose.BILLING, 2)
    place = accounts.place(lines.account)
    months_overdue = accounts.months_overdue[place]
    is_suspended = lines.status == SUSPENDED_ARREARS
    back = np.flatnonzero(is_suspended & (months_overdue == 0) & (paid_day[place] > 0))
    resumed = month.day(paid_day[place[back]] + 1)
    log.change(lines, back, resumed, ACTIVE, RESUMED, SYSTEM)
    lines.silent_to[back] = resumed - ONE_DAY
    long_ago = month.plus(-assumptions.give_up_after_months).start
    given_up = np.flatnonzero(is_suspended & (months_overdue > 0) & (lines.status_since < long_ago))
    lines.effective_stop[given_up] = lines.status_since[given_up]
    lines.official_stop[given_up] = month.day(np.full(len(given_up), 25))
    lines.delete_on[given_up] = month.plus(1).day(rng.integers(5, 28, len(given_up)))
    lines.stop_kind[given_up] = ARREARS
    log.change(lines, given_up, lines.official_stop[given_up], PRE_TERMINATED, FOR_ARREARS, SYSTEM)
    free = lines.is_present() & (lines.status_since < month.start)
    debtors = np.flatnonzero(free & (months_overdue >= assumptions.suspend_after_months))
    start = month.day(rng.integers(15, 27, len(debtors)))
    log.change(lines, debtors, start, SUSPENDED_ARREARS, FOR_ARREARS, SYSTEM)
    lines.silent_from[debtors] = start
    lines.silent_to[debtors] = np.datetime64("2199-12-31", "D")
    runs_out = rng.random(len(lines)) < assumptions.chronic_stop_rate
    brief = np.flatnonzero(lines.is_chronic & runs_out & free & (lines.status == ACTIVE))
    start_day = rng.integers(2, 22, len(brief))
    length = rng.integers(1, 5, len(brief))
    log.change(lines, brief, month.day(start_day), SUSPENDED_ARREARS, FOR_ARREARS, SYSTEM)
    log.change(lines, brief, month.day(start_day + length), ACTIVE, RESUMED, SYSTEM)
    lines.silent_from[brief] = month.day(start_day)
    lines.silent_to[brief] = month.day(start_day + length - 1)


def owe(accounts: Accounts, lines: Lines, bills: Array) -> None:
    """Note the bills of the month, by line, as what the accounts have to pay in the next one."""
    amounts = np.bincount(accounts.place(lines.account), np.nan_to_num(bills), len(accounts.number))
    accounts.current = np.round(amounts, 2)


def write_arrears(accounts: Accounts, month: Month, extracts: Extracts) -> None:
    """Write `arrears`: what is overdue at the month's end, without the bill just issued."""
    some = accounts.chosen(accounts.overdue > 0)
    extracts.write(
        "arrears",
        month,
        {
            "snapshot_month": np.full(len(some.number), month.start),
            "account_id": account_ids(some.number),
            "amount_due_cny": some.overdue,
            "months_overdue": some.months_overdue,
        },
    )


def account_ids(numbers: Array) -> pa.Array:
    """Return account ids."""
    return identifiers("AC", numbers, 9)


def _write_payments(
    accounts: Accounts,
    amount: Array,
    day: Array,
    rng: np.random.Generator,
    month: Month,
    assumptions: BillingAssumptions,
    extracts: Extracts,
) -> None:
    payers = np.flatnonzero(amount > 0)
    number, sums, days = accounts.number[payers], amount[payers], day[payers]
    method = np.where(
        accounts.is_postpaid[payers],
        rng.choice(5, len(payers), p=[0.40, 0.10, 0.15, 0.35, 0.0]),
        rng.choice(5, len(payers), p=[0.0, 0.15, 0.05, 0.55, 0.25]),
    )
    channel = np.array([2, 0, 2, 1, 3])[method]
    # A reversal: paid twice by mistake, the second payment taken back the same day.
    twice = np.flatnonzero(rng.random(len(payers)) < assumptions.reversal_share)
    order = np.concatenate([np.arange(len(payers)), twice, twice])
    sign = np.repeat([1.0, 1.0, -1.0], [len(payers), len(twice), len(twice)])
    extracts.write(
        "payments",
        month,
        {
            "payment_id": identifiers("Y", (month.index + 1000) * 10_000_000 + np.arange(len(order)), 12),
            "account_id": account_ids(number[order]),
            "paid_at": at_time(month.day(days[order]), rng),
            "amount_cny": sums[order] * sign,
            "payment_method": coded(method[order], METHODS),
            "payment_channel": coded(channel[order], PAYMENT_CHANNELS),
        },
    )
