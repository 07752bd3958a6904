"""Bills: the fee items of a month.

Belongs here: `bills`. Not here: what usage costs (`tariffs.py`), who pays (`payments.py`).
"""

import numpy as np

from seeds.simulator import catalogue
from seeds.simulator.columns import coded
from seeds.simulator.months import Array, Month
from seeds.simulator.population import ACTIVE, Lines
from seeds.simulator.tariffs import plan_prices
from seeds.simulator.usage import Totals, subscriber_ids
from seeds.simulator.writing import Extracts

FEE_ITEMS = ("monthly_rent", "voice", "data", "sms", "roaming", "vas", "handset", "other", "discount")


def write_bills(lines: Lines, totals: Totals, month: Month, extracts: Extracts) -> Array:
    """Bill the month; write `bills` (items that are not 0); return the amount of each line, NaN: no bill.

    Rent and service fees are billed for the days from entry to stop; a bundle's fee is the item `other`.
    """
    days = _billed_days(lines, month)
    share = days / month.days
    rent = plan_prices().fee[lines.plan] * share
    fees = np.where(np.isnat(lines.services), 0.0, catalogue.numbers("services", "monthly_fee_cny"))
    is_bundle = catalogue.flags("services", "is_bundle")
    has_handset = (lines.handset_end >= month.start) & (days > 0)
    has_rebate = lines.rebate_end >= month.start
    items = np.column_stack(
        [
            rent,
            totals.voice_charge,
            totals.data_charge,
            totals.sms_charge,
            totals.roaming_charge,
            fees[:, ~is_bundle].sum(axis=1) * share,
            np.where(has_handset, lines.handset_amount, 0.0),
            fees[:, is_bundle].sum(axis=1) * share,
            np.where(has_rebate, -np.minimum(lines.rebate_amount, rent), 0.0),
        ]
    ).round(2)
    row, item = np.nonzero(items)
    extracts.write(
        "bills",
        month,
        {
            "billing_month": np.full(len(row), month.start),
            "subscriber_id": subscriber_ids(lines.number[row]),
            "fee_item": coded(item, FEE_ITEMS),
            "amount_cny": items[row, item],
        },
    )
    total = items.sum(axis=1).round(2)
    return np.where((days > 0) | (total > 0), total, np.nan)


def _billed_days(lines: Lines, month: Month) -> Array:
    """Return days of the month from entry to the official stop, or to the pause that lasts at its end.

    A line that leaves the books in the month gets no bill.
    """
    days = month.start + np.arange(month.days).astype("timedelta64[D]")
    paused_from = np.where(lines.status == ACTIVE, np.datetime64("NaT", "D"), lines.status_since)
    end = np.where(np.isnat(lines.official_stop), paused_from, lines.official_stop)
    billed = (days >= lines.activated[:, None]) & ~(days >= end[:, None])
    billed &= ~month.holds(lines.delete_on)[:, None]
    return np.asarray(billed.sum(axis=1))
