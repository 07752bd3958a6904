"""The market: a competitor's offensives, other events, outside figures.

Belongs here: `market_events`, `external_metrics`, and when an offensive runs. Not here: who reacts to it.
"""

from dataclasses import dataclass, field

import numpy as np

from seeds.simulator import catalogue
from seeds.simulator.assumptions import MarketAssumptions
from seeds.simulator.columns import coded, identifiers
from seeds.simulator.months import Array, Month
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.writing import Extracts

OTHER_EVENTS = ("own_tariff", "regulation", "technology", "operating_mode")
METRICS = (
    ("market_share", 0.58),
    ("penetration", 1.12),
    ("social_mentions", 900.0),
    ("social_sentiment", 0.20),
)


@dataclass(frozen=True)
class Offensive:
    """A competitor's offensive; `branch` is -1 where it runs everywhere."""

    branch: int
    first_index: int
    months: int
    announced_before: int
    """Days between the announcement and the start."""


@dataclass
class Market:
    """Offensives by the month they start in: it depends on the seed and that month alone.

    `price_war_from` is the index of the month in which a price war breaks out, which then goes on.
    """

    seed: int
    branches: int
    assumptions: MarketAssumptions
    price_war_from: int | None = None
    planned: dict[int, list[Offensive]] = field(default_factory=dict)

    def starting(self, index: int) -> list[Offensive]:
        """Return the offensives that start in the month of an index."""
        if index not in self.planned:
            rng = stream(self.seed, index, Purpose.MARKET)
            chances = [self.assumptions.offensive_everywhere_rate] + [
                self.assumptions.offensive_rate
            ] * self.branches
            shortest, longest = self.assumptions.offensive_months
            before = self.assumptions.announced_days_before
            drawn = rng.random(len(chances))
            lengths = rng.integers(shortest, longest + 1, len(chances))
            days = rng.integers(*before, len(chances))
            self.planned[index] = [
                Offensive(place - 1, index, int(lengths[place]), int(days[place]))
                for place in range(len(chances))
                if drawn[place] < chances[place]
            ]
        return self.planned[index]

    def offensive_level(self, index: int) -> Array:
        """Return per branch 1 where an offensive runs in the month, more in a price war, else 0."""
        if self.price_war_from is not None and index >= self.price_war_from:
            return np.full(self.branches, self.assumptions.price_war_level)
        level = np.zeros(self.branches)
        for start in range(index - self.assumptions.offensive_months[1], index + 1):
            for offensive in self.starting(start):
                if start + offensive.months > index:
                    level[offensive.branch if offensive.branch >= 0 else slice(None)] = 1.0
        return level


def write_market_events(market: Market, first: Month, last: Month, extracts: Extracts) -> None:
    """Write the static table `market_events`: what had been announced by the end of the last month."""
    rows: list[tuple[str, np.datetime64, np.datetime64, np.datetime64, int]] = []
    for index in range(first.index - market.assumptions.offensive_months[1], last.index + 3):
        start = first.plus(index - first.index)
        for offensive in market.starting(index):
            announced = start.start - np.timedelta64(offensive.announced_before, "D")
            ends = start.plus(offensive.months - 1).end
            rows.append(("competitor_tariff", announced, start.start, ends, offensive.branch))
        if index % 7 == 3:
            announced = start.start - np.timedelta64(20, "D")
            kind = OTHER_EVENTS[(index // 7) % len(OTHER_EVENTS)]
            rows.append((kind, announced, start.start, np.datetime64("NaT", "D"), -1))
    if market.price_war_from is not None:
        breaks_out = first.plus(market.price_war_from - first.index).start
        rows.append(("competitor_tariff", breaks_out, breaks_out, np.datetime64("NaT", "D"), -1))
    rows = [row for row in rows if row[1] <= last.end]
    kinds = ("competitor_tariff", *OTHER_EVENTS)
    extracts.write(
        "market_events",
        None,
        {
            "event_id": identifiers("E", np.arange(len(rows)), 4),
            "event_type": coded(np.array([kinds.index(row[0]) for row in rows]), kinds),
            "announced_on": np.array([row[1] for row in rows], dtype="datetime64[D]"),
            "starts_on": np.array([row[2] for row in rows], dtype="datetime64[D]"),
            "ends_on": np.array([row[3] for row in rows], dtype="datetime64[D]"),
            "branch_id": coded(np.array([row[4] for row in rows]), catalogue.texts("branches", "branch_id")),
        },
    )


def write_external_metrics(market: Market, month: Month, extracts: Extracts) -> None:
    """Write the month's market figures."""
    rng = stream(market.seed, month.index, Purpose.METRICS)
    pressure = market.offensive_level(month.index).mean()
    slope = {"market_share": -0.02, "penetration": 0.0, "social_mentions": 400.0, "social_sentiment": -0.15}
    values = [level * (1 + 0.01 * rng.standard_normal()) + slope[name] * pressure for name, level in METRICS]
    extracts.write(
        "external_metrics",
        month,
        {
            "metric_month": np.full(len(METRICS), month.start),
            "metric": coded(np.arange(len(METRICS)), [name for name, _ in METRICS]),
            "segment": coded(np.zeros(len(METRICS)), ["all"]),
            "value": np.array(values).round(4),
        },
    )
