"""Contacts that are no retention: hotline, halls, care, surveys, campaigns.

Belongs here: `service_contacts`, `satisfaction_surveys`, `campaign_contacts`. Not here: complaints
(`complaints.py`); retention contacts, which answer the pipeline's own lists.
"""

from dataclasses import dataclass

import numpy as np

from seeds.simulator.assumptions import ServiceAssumptions
from seeds.simulator.columns import coded, identifiers
from seeds.simulator.months import Array, Month, at_time
from seeds.simulator.organisation import Organisation, group_ids, staff_ids
from seeds.simulator.population import Lines
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.usage import subscriber_ids
from seeds.simulator.writing import Extracts

CHANNELS = ("hotline", "hall", "visit", "outbound_call", "online")
HOTLINE, HALL, VISIT, OUTBOUND_CALL, ONLINE = range(5)
PURPOSES = (
    "enquiry",
    "bill_detail_enquiry",
    "transaction",
    "key_account_care",
    "satisfaction_follow_up",
    "other",
)
ENQUIRY, BILL_DETAIL, TRANSACTION, CARE, FOLLOW_UP, OTHER = range(6)
SURVEY_ITEMS = ("overall", "network", "billing", "staff", "price")
FOLLOW_UP_ITEMS = (0, 3)
"""What is asked after a contact; the agency asks everything."""


@dataclass(frozen=True)
class Contacts:
    """Service contacts of a month: `line` is an index into the lines (-1: a group was contacted)."""

    line: Array
    group: Array
    channel: Array
    purpose: Array
    staff: Array


def write_contacts(
    lines: Lines,
    own_hotline: Array,
    organisation: Organisation,
    month: Month,
    seed: int,
    assumptions: ServiceAssumptions,
    extracts: Extracts,
) -> None:
    """Write `service_contacts` and `satisfaction_surveys`; `own_hotline`: calls to it, by line."""
    rng = stream(seed, month.index, Purpose.CONTACTS)
    kinds = [
        _hotline_calls(lines, own_hotline, organisation, rng, assumptions),
        _hall_visits(lines, organisation, rng, assumptions),
        _care(lines, organisation, rng, assumptions),
        _group_visits(organisation, rng, assumptions),
    ]
    contacts = Contacts(
        *(np.concatenate(column) for column in zip(*(vars(kind).values() for kind in kinds), strict=True))
    )
    rows = len(contacts.line)
    is_line = contacts.line >= 0
    number = (month.index + 1000) * 10_000_000 + np.arange(rows)
    contacted = at_time(month.day(rng.integers(1, month.days + 1, rows)), rng)
    mood = np.where(is_line, lines.drift[contacts.line], 0.0)
    rating = np.clip(np.rint(rng.normal(4.1 - 1.5 * mood, 0.8)), 1, 5)
    extracts.write(
        "service_contacts",
        month,
        {
            "contact_id": identifiers("X", number, 11),
            "subscriber_id": subscriber_ids(np.where(is_line, lines.number[contacts.line], -1)),
            "contacted_at": contacted,
            "channel": coded(contacts.channel, CHANNELS),
            "purpose": coded(contacts.purpose, PURPOSES),
            "staff_id": staff_ids(contacts.staff),
            "satisfaction": np.where(rng.random(rows) < assumptions.rated_share, rating, np.nan),
            "group_id": group_ids(contacts.group),
        },
    )
    asked = np.flatnonzero(is_line & (rng.random(rows) < assumptions.follow_up_share))
    hours = rng.uniform(3, 70, len(asked))
    surveyed = contacted[asked] + (hours * 3600).astype("timedelta64[s]")
    inside = surveyed < month.plus(1).start.astype("datetime64[us]")
    asked, surveyed = asked[inside], surveyed[inside]
    _write_surveys(lines, number[asked], contacts.line[asked], surveyed, month, rng, assumptions, extracts)


def write_campaigns(
    lines: Lines, month: Month, seed: int, assumptions: ServiceAssumptions, extracts: Extracts
) -> None:
    """Write `campaign_contacts`: two campaigns a month to a sample of the lines."""
    rng = stream(seed, month.index, Purpose.CAMPAIGNS)
    chosen = np.flatnonzero(lines.is_free() & (rng.random(len(lines)) < assumptions.campaign_share))
    count = len(chosen)
    channel = np.sort(rng.integers(0, 2, count))
    responded = rng.random(count) < assumptions.campaign_response_share
    extracts.write(
        "campaign_contacts",
        month,
        {
            "campaign_id": identifiers("M", (month.index + 1000) * 10 + channel, 6),
            "subscriber_id": subscriber_ids(lines.number[chosen]),
            "sent_at": at_time(month.day(rng.integers(1, month.days + 1, count)), rng),
            "channel": coded(channel, ["sms", "outbound_call"]),
            "responded": responded,
            "accepted": responded & (rng.random(count) < assumptions.campaign_acceptance_share),
        },
    )


def _hotline_calls(
    lines: Lines,
    own_hotline: Array,
    organisation: Organisation,
    rng: np.random.Generator,
    assumptions: ServiceAssumptions,
) -> Contacts:
    line = np.repeat(np.arange(len(lines)), own_hotline.astype(int))
    # Who thinks of leaving a plan that is too dear asks for the details of the bill.
    doubts = (lines.saving[line] > 0.2) & (lines.drift[line] > 0.2)
    share = np.where(doubts, assumptions.bill_detail_share_doubting, assumptions.bill_detail_share)
    asks = rng.random(len(line)) < share
    purpose = np.where(asks, BILL_DETAIL, rng.choice([ENQUIRY, OTHER], len(line), p=[0.8, 0.2]))
    return Contacts(
        line, _none(line), _all(line, HOTLINE), purpose, rng.choice(organisation.agents, len(line))
    )


def _hall_visits(
    lines: Lines, organisation: Organisation, rng: np.random.Generator, assumptions: ServiceAssumptions
) -> Contacts:
    line = np.flatnonzero(lines.is_present() & (rng.random(len(lines)) < assumptions.hall_rate))
    purpose = rng.choice([ENQUIRY, BILL_DETAIL, TRANSACTION], len(line), p=[0.25, 0.15, 0.60])
    return Contacts(line, _none(line), _all(line, HALL), purpose, organisation.keeper_staff[lines.area[line]])


def _care(
    lines: Lines, organisation: Organisation, rng: np.random.Generator, assumptions: ServiceAssumptions
) -> Contacts:
    rate = assumptions.care_rate * (lines.key_account >= 0)
    line = np.flatnonzero(lines.is_present() & (rng.random(len(lines)) < rate))
    channel = rng.choice([VISIT, OUTBOUND_CALL], len(line), p=[0.4, 0.6])
    return Contacts(
        line, _none(line), channel, _all(line, CARE), rng.choice(organisation.managers, len(line))
    )


def _group_visits(
    organisation: Organisation, rng: np.random.Generator, assumptions: ServiceAssumptions
) -> Contacts:
    chance = rng.random(len(organisation.group_branch))
    group = np.flatnonzero(chance < assumptions.group_visit_rate)
    return Contacts(
        _none(group), group, _all(group, VISIT), _all(group, CARE), organisation.group_manager[group]
    )


def _all(like: Array, code: int) -> Array:
    return np.full(len(like), code)


def _none(like: Array) -> Array:
    return _all(like, -1)


def _write_surveys(
    lines: Lines,
    contact: Array,
    line: Array,
    surveyed: Array,
    month: Month,
    rng: np.random.Generator,
    assumptions: ServiceAssumptions,
    extracts: Extracts,
) -> None:
    """Write the follow-ups of contacts and, in the last month of a quarter, the agency's survey."""
    outside = np.flatnonzero(
        lines.is_free() & (rng.random(len(lines)) < assumptions.agency_share) & (month.number % 3 == 0)
    )
    who = np.concatenate([line, outside])
    moments = np.concatenate([surveyed, at_time(month.day(rng.integers(5, 26, len(outside))), rng)])
    contacts = np.concatenate([contact, np.full(len(outside), -1)])
    survey, item = (grid.ravel() for grid in np.indices((len(who), len(SURVEY_ITEMS))))
    asked = (contacts[survey] < 0) | np.isin(item, FOLLOW_UP_ITEMS)
    survey, item = survey[asked], item[asked]
    level = 8.0 - 3.0 * lines.drift[who] - np.minimum(lines.complaint_stress[who], 2.0)
    extracts.write(
        "satisfaction_surveys",
        month,
        {
            "survey_id": identifiers("V", (month.index + 1000) * 1_000_000 + survey, 10),
            "item": coded(item, SURVEY_ITEMS),
            "kind": coded(contacts[survey] < 0, ["internal", "external"]),
            "contact_id": identifiers("X", contacts[survey], 11),
            "subscriber_id": subscriber_ids(lines.number[who[survey]]),
            "surveyed_at": moments[survey],
            "score": np.clip(np.rint(rng.normal(level[survey], 1.3)), 1, 10),
        },
    )
