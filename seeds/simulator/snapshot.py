"""The month-end picture of every line, and the hidden truth beside it.

Belongs here: `subscribers`, `do_not_contact`, `blacklist`, the truth files. Not here: the state itself.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from seeds.simulator import catalogue
from seeds.simulator.assumptions import PopulationAssumptions
from seeds.simulator.behaviour import CAUSES, STAGES
from seeds.simulator.columns import coded, identifiers, to_table
from seeds.simulator.lifecycle import ARREARS, FRAUD, STOP_KINDS
from seeds.simulator.months import Array, Month
from seeds.simulator.network import cell_ids
from seeds.simulator.organisation import AREA_TYPES, Organisation, area_ids, group_ids
from seeds.simulator.payments import account_ids
from seeds.simulator.population import GROUP_NUMBERS_FROM, STATUSES, Lines
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.usage import subscriber_ids
from seeds.simulator.writing import Extracts, parquet_writer

OCCUPATIONS = (
    "office",
    "trade",
    "farming",
    "student",
    "public_service",
    "self_employed",
    "retired",
    "manual",
)
EDUCATION = ("primary", "secondary", "vocational", "bachelor", "master")
INCOME = ("below_3000", "3000_6000", "6000_10000", "10000_20000", "above_20000")
CREDIT = ("A", "B", "C", "D", "E")
KEY_ACCOUNTS = ("public_office", "celebrity", "executive", "heavy_caller")
BLACKLIST_REASONS = ("fraud", "abuse")
TRUTH = pa.schema(
    [
        ("snapshot_month", pa.date32()),
        ("subscriber_id", pa.string()),
        ("voluntary_hazard", pa.float64()),
        ("outcome_window_hazard", pa.float64()),
        ("cause", pa.string()),
        ("is_traceless", pa.bool_()),
        ("stage", pa.string()),
        ("stop_kind", pa.string()),
        ("effective_stop_date", pa.date32()),
        ("official_stop_date", pa.date32()),
    ]
)


@dataclass
class Withheld:
    """Lines that must not be contacted or offered anything, with the day it began."""

    do_not_contact: list[tuple[Array, Array]] = field(default_factory=list)
    blacklist: list[tuple[Array, Array, Array]] = field(default_factory=list)

    def note(self, lines: Lines, month: Month, seed: int, assumptions: PopulationAssumptions) -> None:
        """Note who asked not to be contacted and who was found out in this month."""
        rng = stream(seed, month.index, Purpose.POPULATION, 2)
        share = assumptions.do_not_contact_rate if self.do_not_contact else assumptions.do_not_contact_share
        asks = np.flatnonzero(lines.is_free() & (rng.random(len(lines)) < share))
        known = [numbers for numbers, _ in self.do_not_contact]
        asks = asks[~np.isin(lines.number[asks], np.concatenate(known))] if known else asks
        since = np.maximum(month.day(rng.integers(1, month.days + 1, len(asks))), lines.activated[asks])
        self.do_not_contact.append((lines.number[asks], since))
        found = np.flatnonzero((lines.stop_kind == FRAUD) & month.holds(lines.official_stop))
        abuses = np.flatnonzero(
            lines.is_free() & (rng.random(len(lines)) < assumptions.do_not_contact_rate / 6)
        )
        listed = [numbers for numbers, _, _ in self.blacklist]
        new = np.concatenate([found, abuses])
        new = new[~np.isin(lines.number[new], np.concatenate(listed))] if listed else new
        reason = (lines.stop_kind[new] != FRAUD).astype(int)
        when = np.where(reason == 0, lines.official_stop[new], month.end)
        self.blacklist.append((lines.number[new], when, reason))


def write_withheld(withheld: Withheld, extracts: Extracts) -> None:
    """Write the static tables `do_not_contact` and `blacklist`."""
    number, since = (np.concatenate(column) for column in zip(*withheld.do_not_contact, strict=True))
    order = np.argsort(number)
    extracts.write(
        "do_not_contact", None, {"subscriber_id": subscriber_ids(number[order]), "since": since[order]}
    )
    number, since, reason = (np.concatenate(column) for column in zip(*withheld.blacklist, strict=True))
    order = np.argsort(number)
    extracts.write(
        "blacklist",
        None,
        {
            "subscriber_id": subscriber_ids(number[order]),
            "since": since[order],
            "reason": coded(reason[order], BLACKLIST_REASONS),
        },
    )


def write_subscribers(
    lines: Lines, organisation: Organisation, month: Month, seed: int, extracts: Extracts
) -> None:
    """Write the snapshot `subscribers`."""
    brands = catalogue.texts("plans", "brand")
    area_type = np.array([AREA_TYPES.index(text) for text in catalogue.texts("branches", "area_type")])
    tenure = lines.tenure_months(month)
    star = np.select(
        [
            (lines.spend > 330) & (tenure > 24),
            (lines.spend > 170) & (tenure > 24),
            tenure > 60,
            tenure > 24,
            tenure > 6,
        ],
        [5, 4, 3, 2, 1],
        0,
    )
    group_pays = lines.account >= GROUP_NUMBERS_FROM
    customer_is_group = lines.customer >= GROUP_NUMBERS_FROM
    extracts.write(
        "subscribers",
        month,
        {
            "snapshot_month": np.full(len(lines), month.start),
            "subscriber_id": subscriber_ids(lines.number),
            "customer_id": identifiers("C", lines.customer, 9),
            "account_id": account_ids(lines.account),
            "msisdn": identifiers(
                "13", np.where(lines.number % 97 == 5, -1, lines.number * 7919 % 999_999_937), 9
            ),
            "activated_on": lines.activated,
            "status": coded(lines.status, STATUSES),
            "status_since": lines.status_since,
            "brand": coded(lines.plan, brands),
            "plan_id": coded(lines.plan, catalogue.texts("plans", "plan_id")),
            "customer_type": coded(customer_is_group, ["personal", "group"]),
            "group_id": group_ids(lines.group),
            "branch_id": coded(lines.branch, organisation.branches),
            "area_type": coded(area_type[lines.branch], AREA_TYPES),
            "gender": coded(lines.gender, ["f", "m"]),
            "birth_year": lines.birth_year,
            "registered_local": lines.is_local,
            "contact_complete": _nullable(lines.is_contact_complete),
            "star_level": star,
            "home_cell_id": cell_ids(lines.cell),
            "service_area_id": area_ids(lines.area),
            "occupation": coded(lines.occupation, OCCUPATIONS),
            "education_level": coded(lines.education, EDUCATION),
            "income_band": coded(lines.income, INCOME),
            "billing_mode": coded(lines.is_postpaid, ["prepaid", "postpaid"]),
            "payer_type": coded(group_pays, ["self", "group"]),
            "credit_class": coded(lines.credit, CREDIT),
            "key_account_class": coded(lines.key_account, KEY_ACCOUNTS),
            "points_balance": (lines.points + lines.spend * tenure * 0.1).astype(int),
            "entry_brand": coded(lines.entry_plan, brands),
            "device_id": identifiers("D", lines.device, 9),
        },
    )


def write_truth(
    lines: Lines,
    next_month: Array,
    window: Array,
    cause: Array,
    month: Month,
    folder: Path,
) -> None:
    """Write the month's truth: hazards of lines that live, and the stops of this month."""
    known_at = np.where(lines.stop_kind == ARREARS, lines.official_stop, lines.effective_stop)
    stops = month.holds(known_at) & (lines.stop_kind >= 0)
    lives = lines.is_free()
    chosen = np.flatnonzero(lives | stops)
    alive, stopped = lives[chosen], stops[chosen]
    table = to_table(
        {
            "snapshot_month": np.full(len(chosen), month.start),
            "subscriber_id": subscriber_ids(lines.number[chosen]),
            "voluntary_hazard": np.where(alive, next_month[chosen], np.nan),
            "outcome_window_hazard": np.where(alive, window[chosen], np.nan),
            "cause": coded(
                np.where(stopped & (lines.cause[chosen] >= 0), lines.cause[chosen], cause[chosen]), CAUSES
            ),
            "is_traceless": lines.is_traceless[chosen],
            "stage": coded(lines.stage[chosen], STAGES),
            "stop_kind": coded(np.where(stopped, lines.stop_kind[chosen], -1), STOP_KINDS),
            "effective_stop_date": np.where(stopped, lines.effective_stop[chosen], np.datetime64("NaT", "D")),
            "official_stop_date": np.where(stopped, lines.official_stop[chosen], np.datetime64("NaT", "D")),
        },
        TRUTH,
    )
    with parquet_writer(folder / f"{month.label}.parquet", table.schema) as writer:
        writer.write_table(table)


def _nullable(codes: Array) -> pa.Array:
    return pa.array(codes == 1, pa.bool_(), mask=codes < 0)
