"""Random streams: every draw belongs to a seed, a month, a purpose and a part.

Belongs here: how streams are keyed, so that neither the number of months that follow nor the order of
themes moves a byte. Not here: distributions and their parameters.
"""

from enum import IntEnum

import numpy as np

_BEFORE_FIRST_MONTH = 1000
"""Keeps the keys of the months that only warm the world up above zero."""


class Purpose(IntEnum):
    """What a stream is drawn for; a number is never used again for something else."""

    ORGANISATION = 1
    POPULATION = 2
    NETWORK = 3
    MARKET = 4
    LIFECYCLE = 5
    BEHAVIOUR = 6
    USAGE = 7
    RATES = 8
    BILLING = 9
    COMPLAINTS = 10
    CONTACTS = 11
    CONTRACTS = 12
    SERVICES = 13
    PLANS = 14
    CAMPAIGNS = 15
    DIRT = 16
    GROUPS = 17
    METRICS = 18
    ANSWERS = 19


def stream(seed: int, month_index: int, purpose: Purpose, part: int = 0) -> np.random.Generator:
    """Return the generator of one seed, month, purpose and part."""
    return np.random.default_rng([seed, month_index + _BEFORE_FIRST_MONTH, int(purpose), part])
