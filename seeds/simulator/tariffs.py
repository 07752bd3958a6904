"""What a month of usage costs on a plan.

Belongs here: rating by the plan catalogue, and the cheapest plan. Not here: discounts, fees, bills.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seeds.simulator import catalogue
from seeds.simulator.months import Array


@dataclass(frozen=True)
class PlanPrices:
    """The plan catalogue as arrays, by plan number."""

    fee: Array
    minutes: Array
    data_mb: Array
    minute_price: Array
    data_price: Array
    sms: Array
    sms_price: Array
    roaming_price: Array
    brand_rank: Array
    is_on_sale: Array


@cache
def plan_prices() -> PlanPrices:
    """Return the prices of the catalogue."""
    return PlanPrices(
        fee=catalogue.numbers("plans", "monthly_fee_cny"),
        minutes=catalogue.numbers("plans", "included_minutes"),
        data_mb=catalogue.numbers("plans", "included_data_mb"),
        minute_price=catalogue.numbers("plans", "minute_price_cny"),
        data_price=catalogue.numbers("plans", "data_mb_price_cny"),
        sms=catalogue.numbers("plans", "included_sms"),
        sms_price=catalogue.numbers("plans", "sms_price_cny"),
        roaming_price=catalogue.numbers("plans", "roaming_price_cny"),
        brand_rank=catalogue.numbers("plans", "brand_rank").astype(int),
        is_on_sale=catalogue.flags("plans", "is_on_sale"),
    )


def voice_and_data_charges(plan: Array, minutes: Array, data_mb: Array) -> tuple[Array, Array]:
    """Return the charges beyond the included minutes and data, CNY."""
    prices = plan_prices()
    voice = np.maximum(minutes - prices.minutes[plan], 0.0) * prices.minute_price[plan]
    data = np.maximum(data_mb - prices.data_mb[plan], 0.0) * prices.data_price[plan]
    return voice, data


def rated_amount(plan: Array, minutes: Array, data_mb: Array) -> Array:
    """Return rent plus voice and data charges, CNY."""
    voice, data = voice_and_data_charges(plan, minutes, data_mb)
    return np.asarray(plan_prices().fee[plan] + voice + data)


def best_fit(minutes: Array, data_mb: Array) -> tuple[Array, Array]:
    """Return the lowest amount (CNY) on any plan on sale, and that plan."""
    lowest = np.full(len(minutes), np.inf)
    plan = np.zeros(len(minutes), dtype=np.int64)
    for candidate in np.flatnonzero(plan_prices().is_on_sale):
        amount = rated_amount(np.full(len(minutes), candidate), minutes, data_mb)
        is_lower = amount < lowest
        lowest = np.where(is_lower, amount, lowest)
        plan = np.where(is_lower, candidate, plan)
    return lowest, plan
