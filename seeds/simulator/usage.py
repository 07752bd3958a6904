"""Daily usage: rows for days with any activity, and their sums per line.

Belongs here: what a line does on a day, given its traits and its mood. Not here: rating the month
(`tariffs.py`), why the mood is what it is (`behaviour.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from seeds.simulator import catalogue
from seeds.simulator.assumptions import UsageAssumptions
from seeds.simulator.columns import Column, identifiers
from seeds.simulator.months import Array, Month
from seeds.simulator.population import NEVER, Lines
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.tariffs import plan_prices, voice_and_data_charges

LINES_PER_PART = 16384


@dataclass
class Rates:
    """What a line does on a day of use, on average (arrays by line)."""

    activity: Array
    out_calls: Array
    in_calls: Array
    offnet_share: Array
    forwarded: Array
    competitor_share: Array
    own_hotline: Array
    competitor_hotline: Array
    sms: Array
    data_mb: Array
    night_share: Array
    long_distance_share: Array
    group_share: Array
    trip_start: Array
    """First day of a roaming trip; NaT without one."""
    trip_end: Array

    def part(self, part: slice) -> "Rates":
        """Return the rates of some lines."""
        return Rates(**{rate.name: getattr(self, rate.name)[part] for rate in fields(self)})


@dataclass
class Totals:
    """Sums of a month, by line."""

    minutes: Array
    """Made."""
    data_mb: Array
    sms: Array
    roaming_minutes: Array
    own_hotline: Array
    voice_charge: Array
    data_charge: Array
    sms_charge: Array
    roaming_charge: Array


def daily_rates(
    lines: Lines, month: Month, offensive: Array, seed: int, assumptions: UsageAssumptions
) -> Rates:
    """Return what each line does on a day of use in this month."""
    rng = stream(seed, month.index, Purpose.RATES)
    count = len(lines)
    voice_season = catalogue.numbers("seasons", "voice_factor")[month.number - 1]
    data_season = catalogue.numbers("seasons", "data_factor")[month.number - 1]
    drift, second = lines.drift, lines.second_sim_level
    made = (1.0 - assumptions.drift_on_made * drift) * (1.0 - assumptions.second_sim_on_made * second)
    received = (1.0 - assumptions.drift_on_received * drift) * (
        1.0 - assumptions.second_sim_on_received * second
    )
    activity = np.clip(lines.activity * (1.0 - assumptions.drift_on_activity * drift), 0.05, 0.995)
    appetite = np.exp(lines.appetite) * lines.episode_factor
    appetite = appetite * np.where(lines.is_fraud, assumptions.fraud_factor, 1.0)
    # Traits are per month of average length; days without use fall to the others.
    per_day = appetite / (30.44 * activity)
    calls = lines.minutes / assumptions.minutes_per_call * per_day * voice_season
    by_drift = drift * assumptions.forwarded_per_day_drifting
    by_second = second * assumptions.second_sim_forwarded_per_day
    by_habit = lines.is_forwarder * assumptions.forwarder_per_day + assumptions.forwarded_per_day
    beyond_ordinary = np.maximum(offensive - 1.0, 0.0)
    by_trial = assumptions.forwarded_per_day_price_war * beyond_ordinary * lines.sensitivity
    to_competitor = (
        by_drift * assumptions.competitor_forward_share_drifting
        + by_trial
        + by_second * assumptions.second_sim_competitor_share
        + by_habit * assumptions.forwarder_competitor_share
    )
    forwarded = by_drift + by_second + by_habit + by_trial
    courted = assumptions.competitor_hotline_per_day_offensive * offensive * lines.sensitivity
    offnet = (
        lines.offnet_share + assumptions.drift_on_offnet * drift + assumptions.second_sim_on_offnet * second
    )
    travels = lines.roams & (rng.random(count) < assumptions.roaming_trip_rate)
    trip_start = np.where(travels, month.day(rng.integers(1, month.days, count)), NEVER)
    trip_days = rng.integers(*assumptions.trip_days, count).astype("timedelta64[D]")
    return Rates(
        activity=activity,
        out_calls=calls * made,
        in_calls=calls * lines.received_ratio * received,
        offnet_share=np.clip(offnet, 0.0, 0.95),
        forwarded=forwarded,
        competitor_share=np.clip(to_competitor / forwarded, 0.0, 1.0),
        own_hotline=assumptions.own_hotline_per_day
        + assumptions.own_hotline_per_day_drifting * drift
        + assumptions.own_hotline_per_day_complaining * lines.complaint_stress,
        competitor_hotline=assumptions.competitor_hotline_per_day
        + courted
        + assumptions.competitor_hotline_per_day_drifting * drift,
        sms=lines.sms * per_day,
        data_mb=lines.data_mb * per_day * data_season * (1.0 - assumptions.drift_on_data * drift),
        night_share=lines.night_share,
        long_distance_share=lines.long_distance_share,
        group_share=np.where(lines.group >= 0, assumptions.in_group_share * (1.0 - 0.5 * drift), 0.0),
        trip_start=trip_start,
        trip_end=trip_start + trip_days,
    )


def expected_totals(lines: Lines, rates: Rates, month: Month, assumptions: UsageAssumptions) -> Totals:
    """Return the month's sums without drawing days: for the months that only warm the world up."""
    days = rates.activity * present_days(lines, month).sum(axis=1)
    minutes, data_mb = rates.out_calls * assumptions.minutes_per_call * days, rates.data_mb * days
    voice_charge, data_charge = voice_and_data_charges(lines.plan, minutes, data_mb)
    nothing = np.zeros(len(lines))
    return Totals(
        minutes=minutes,
        data_mb=data_mb,
        sms=rates.sms * days,
        roaming_minutes=nothing,
        own_hotline=nothing,
        voice_charge=voice_charge,
        data_charge=data_charge,
        sms_charge=nothing,
        roaming_charge=nothing,
    )


def usage_parts(
    lines: Lines, rates: Rates, month: Month, seed: int, assumptions: UsageAssumptions, totals: list[Totals]
) -> Iterator[dict[str, Column]]:
    """Yield the rows of `usage_daily` part by part; append each part's sums to `totals`."""
    for part, first in enumerate(range(0, len(lines), LINES_PER_PART)):
        chosen = slice(first, first + LINES_PER_PART)
        rng = stream(seed, month.index, Purpose.USAGE, part)
        yield _part(lines.chosen(chosen), rates.part(chosen), month, rng, assumptions, totals)


def joined_totals(parts: list[Totals]) -> Totals:
    """Return the sums of all parts as one."""
    return Totals(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Totals)}
    )


def present_days(lines: Lines, month: Month) -> Array:
    """Return (lines x days) whether the line could be used that day: entered, not stopped, not silent."""
    days = month.start + np.arange(month.days).astype("timedelta64[D]")
    far = np.datetime64("2200-01-01", "D")
    stop = np.where(np.isnat(lines.effective_stop), far, lines.effective_stop)
    silent_from = np.where(np.isnat(lines.silent_from), far, lines.silent_from)
    silent_to = np.where(np.isnat(lines.silent_to), far, lines.silent_to)
    present = (days >= lines.activated[:, None]) & (days < stop[:, None])
    return np.asarray(present & ~((days >= silent_from[:, None]) & (days <= silent_to[:, None])))


def _part(
    lines: Lines,
    rates: Rates,
    month: Month,
    rng: np.random.Generator,
    assumptions: UsageAssumptions,
    totals: list[Totals],
) -> dict[str, Column]:
    days = _draw_days(lines, rates, month, rng, assumptions)
    line, out_minutes, out_calls = days.pop("line"), days["out_minutes"], days["out_calls"]
    date = days.pop("day").astype("timedelta64[D]") + month.start
    on_trip = (date >= rates.trip_start[line]) & (date <= rates.trip_end[line])
    roaming_minutes = np.where(on_trip, _rounded(out_minutes * assumptions.roaming_share), 0.0)
    wobble = rng.random(len(line), dtype=np.float32) + 0.5

    def part_of_made(share: Array) -> Array:
        return _rounded(out_minutes * np.minimum(share[line] * wobble, 1.0))

    sums = _summed(lines, line, {**days, "roaming_minutes": roaming_minutes})
    totals.append(sums)
    names = pa.DictionaryArray.from_arrays(pa.array(line.astype(np.int32)), subscriber_ids(lines.number))
    return {
        "usage_date": date,
        "subscriber_id": names,
        **days,
        "offnet_out_minutes": part_of_made(rates.offnet_share),
        "missed_calls": rng.poisson(assumptions.missed_share * rates.in_calls[line]),
        "forwarded_to_competitor": _binomial(rng, days["forwarded_calls"], rates.competitor_share[line]),
        "roaming_minutes": roaming_minutes,
        "distinct_contacts": np.ceil((out_calls + days["in_calls"]) * assumptions.contacts_per_call),
        "charged_cny": _charged(sums, line, {**days, "roaming_minutes": roaming_minutes}),
        "night_minutes": part_of_made(rates.night_share),
        "long_distance_minutes": part_of_made(rates.long_distance_share),
        "info_service_calls": rng.poisson(assumptions.info_calls_per_day, len(line)),
        "roaming_calls": np.where(on_trip, out_calls, 0),
        "in_group_minutes": part_of_made(rates.group_share),
    }


def _draw_days(
    lines: Lines, rates: Rates, month: Month, rng: np.random.Generator, assumptions: UsageAssumptions
) -> dict[str, Array]:
    """Return the basic columns of days with any activity: line (index), day (from 0), calls, minutes, …"""
    tries = rng.random((len(lines), month.days), dtype=np.float32)
    line, day = np.nonzero(present_days(lines, month) & (tries < rates.activity[:, None]))
    rows = len(line)
    # Day 0 of NumPy's calendar was a Thursday.
    is_weekend = (month.start.astype(int) + 3 + day) % 7 >= 5
    spread = assumptions.mood_spread
    mood = 1.0 - spread + spread * rng.standard_exponential(rows, dtype=np.float32)
    mood *= np.where(is_weekend, assumptions.weekend_voice, assumptions.weekday_voice)
    data_mood = 0.25 + 0.75 * rng.standard_exponential(rows, dtype=np.float32)
    data_mood *= np.where(is_weekend, assumptions.weekend_data, assumptions.weekday_data)
    out_calls, in_calls = rng.poisson(rates.out_calls[line] * mood), rng.poisson(rates.in_calls[line] * mood)
    length = assumptions.minutes_per_call * (0.5 + rng.random((2, rows), dtype=np.float32))
    columns = {
        "line": line,
        "day": day,
        "out_calls": out_calls,
        "out_minutes": _rounded(out_calls * length[0]),
        "in_calls": in_calls,
        "in_minutes": _rounded(in_calls * length[1]),
        "data_mb": _rounded(rates.data_mb[line] * data_mood),
        "sms_count": rng.poisson(rates.sms[line]),
        "forwarded_calls": rng.poisson(rates.forwarded[line]),
        "own_hotline_calls": rng.poisson(rates.own_hotline[line]),
        "competitor_hotline_calls": rng.poisson(rates.competitor_hotline[line]),
    }
    signs = [columns[name] > 0 for name in columns if name not in ("line", "day")]
    active = np.flatnonzero(np.logical_or.reduce(signs))
    return {name: column[active] for name, column in columns.items()}


def _summed(lines: Lines, line: Array, days: dict[str, Array]) -> Totals:
    """Return the sums of the month, rated."""
    count, prices = len(lines), plan_prices()

    def total(column: str) -> Array:
        return np.bincount(line, weights=days[column], minlength=count)

    minutes, data_mb, sms, roaming = (
        total(name) for name in ("out_minutes", "data_mb", "sms_count", "roaming_minutes")
    )
    voice_charge, data_charge = voice_and_data_charges(lines.plan, minutes, data_mb)
    return Totals(
        minutes=minutes,
        data_mb=data_mb,
        sms=sms,
        roaming_minutes=roaming,
        own_hotline=total("own_hotline_calls"),
        voice_charge=voice_charge,
        data_charge=data_charge,
        sms_charge=np.maximum(sms - prices.sms[lines.plan], 0.0) * prices.sms_price[lines.plan],
        roaming_charge=roaming * prices.roaming_price[lines.plan],
    )


def _charged(sums: Totals, line: Array, days: dict[str, Array]) -> Array:
    """Return the charge of each row: each charge of the month spread over its days by use."""
    shares = (
        (sums.voice_charge, sums.minutes, "out_minutes"),
        (sums.data_charge, sums.data_mb, "data_mb"),
        (sums.sms_charge, sums.sms, "sms_count"),
        (sums.roaming_charge, sums.roaming_minutes, "roaming_minutes"),
    )
    return sum(
        ((charge / np.maximum(total, 1e-9))[line] * days[use] for charge, total, use in shares),
        start=np.zeros(len(line)),
    )


def subscriber_ids(numbers: Array) -> pa.Array:
    """Return subscriber ids."""
    return identifiers("S", numbers, 9)


def _rounded(values: Array) -> Array:
    return np.asarray(np.rint(np.asarray(values, dtype=np.float64) * 100.0) / 100.0)


def _binomial(rng: np.random.Generator, trials: Array, chance: Array) -> Array:
    result = np.zeros(len(trials), dtype=np.int64)
    some = np.flatnonzero(trials)
    result[some] = rng.binomial(trials[some], chance[some])
    return result
