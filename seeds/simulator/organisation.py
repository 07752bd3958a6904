"""The operator's organisation: units, staff, keepers, group customers.

Belongs here: what changes rarely and everybody refers to. Not here: catalogues (`catalogue.py`), cells,
subscribers.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from seeds.simulator import catalogue
from seeds.simulator.assumptions import OrganisationAssumptions
from seeds.simulator.columns import coded, identifiers
from seeds.simulator.months import Array, Month
from seeds.simulator.randomness import Purpose, stream
from seeds.simulator.writing import Extracts

AREA_TYPES = ("urban", "rural")
GROUP_TIERS = ("A", "B", "C", "D")
GROUP_KINDS = ("Trading", "Logistics", "Hospital", "School", "Machinery", "Foods", "Textiles", "Bureau")
ROLES = ("account_manager", "call_agent", "hall_staff")
ACCOUNT_MANAGER, CALL_AGENT, HALL_STAFF = range(3)
SURNAMES = ("Li", "Wang", "Zhang", "Liu", "Chen", "Yang", "Zhao", "Huang", "Zhou", "Wu", "Xu", "Sun")
GIVEN_NAMES = ("Wei", "Fang", "Na", "Min", "Jing", "Lei", "Qiang", "Jun", "Yan", "Jie", "Ping", "Gang", "Hui")
LONG_AGO = np.datetime64("2015-01-01", "D")


@dataclass(frozen=True)
class Organisation:
    """Branches with their service areas and halls, staff, and group customers (arrays by number)."""

    first_area: Array
    """Per branch the number of its first service area; one more entry for the end."""
    hall_of_area: Array
    branch_of_hall: Array
    keeper_staff: Array
    """Per service area."""
    successor_staff: Array
    """Per service area the keeper who takes over; -1 where none does."""
    successor_from: Array
    agents: Array
    managers: Array
    group_branch: Array
    group_manager: Array
    group_tier: Array
    group_size_share: Array

    @property
    def branch_share(self) -> Array:
        """Share of the population by branch."""
        return catalogue.numbers("branches", "population_share")

    @property
    def branches(self) -> tuple[str, ...]:
        """Branch ids by number."""
        return catalogue.texts("branches", "branch_id")


def found_organisation(
    subscribers: int, group_lines: float, first: Month, seed: int, assumptions: OrganisationAssumptions
) -> Organisation:
    """Return an organisation that fits a number of subscribers, `group_lines` of them in groups."""
    rng = stream(seed, 0, Purpose.ORGANISATION)
    share = catalogue.numbers("branches", "population_share")
    areas = np.maximum(2, np.rint(share * subscribers / assumptions.lines_per_area)).astype(int)
    halls = (areas + 1) // 2
    halls_before = np.cumsum(halls) - halls
    area_count = int(areas.sum())
    has_successor = rng.random(area_count) < assumptions.successor_share
    successor_staff = np.where(has_successor, area_count + np.cumsum(has_successor) - 1, -1)
    first_agent = area_count + int(has_successor.sum())
    agents = first_agent + np.arange(max(4, round(subscribers / assumptions.lines_per_agent)))
    group_count = max(4, round(group_lines / assumptions.lines_per_group))
    managers = agents[-1] + 1 + np.arange(max(2, round(group_count / assumptions.groups_per_manager)))
    size = rng.lognormal(0.0, assumptions.group_size_log_deviation, group_count)
    by_size = np.argsort(np.argsort(-size))
    is_managed = rng.random(group_count) < assumptions.managed_group_share
    return Organisation(
        first_area=np.concatenate([[0], np.cumsum(areas)]),
        hall_of_area=np.concatenate(
            [before + np.arange(count) // 2 for before, count in zip(halls_before, areas, strict=True)]
        ),
        branch_of_hall=np.repeat(np.arange(len(share)), halls),
        keeper_staff=np.arange(area_count),
        successor_staff=successor_staff,
        successor_from=first.start + rng.integers(60, 400, area_count).astype("timedelta64[D]"),
        agents=agents,
        managers=managers,
        group_branch=rng.choice(len(share), group_count, p=share),
        group_manager=np.where(is_managed, managers[np.arange(group_count) % len(managers)], -1),
        group_tier=np.minimum(len(GROUP_TIERS) - 1, by_size * 5 // group_count),
        group_size_share=size / size.sum(),
    )


def staff_ids(numbers: Array) -> pa.Array:
    """Return staff ids; a negative number gives null."""
    return identifiers("T", numbers, 5)


def area_ids(numbers: Array) -> pa.Array:
    """Return service area ids."""
    return identifiers("SA", numbers, 5)


def group_ids(numbers: Array) -> pa.Array:
    """Return group customer ids; a negative number gives null."""
    return identifiers("G", numbers, 6)


def write_organisation(
    extracts: Extracts, organisation: Organisation, subscribers: int, assumptions: OrganisationAssumptions
) -> None:
    """Write the static tables `org_units`, `staff` and `keepers`."""
    _write_units(extracts, organisation, subscribers, assumptions)
    _write_staff(extracts, organisation, assumptions)
    succeeded = np.flatnonzero(organisation.successor_staff >= 0)
    areas = np.arange(len(organisation.keeper_staff))
    until = np.full(len(areas), np.datetime64("NaT", "D"))
    until[succeeded] = organisation.successor_from[succeeded] - np.timedelta64(1, "D")
    successors = organisation.successor_staff[succeeded]
    extracts.write(
        "keepers",
        None,
        {
            "service_area_id": area_ids(np.concatenate([areas, succeeded])),
            "valid_from": np.concatenate(
                [np.full(len(areas), LONG_AGO), organisation.successor_from[succeeded]]
            ),
            "staff_id": staff_ids(np.concatenate([organisation.keeper_staff, successors])),
            "valid_to": np.concatenate([until, np.full(len(succeeded), np.datetime64("NaT", "D"))]),
        },
    )


def write_groups(
    extracts: Extracts,
    organisation: Organisation,
    month: Month,
    seed: int,
    assumptions: OrganisationAssumptions,
) -> None:
    """Write the register `group_customers`: first all, then those whose manager changed."""
    chosen = np.arange(len(organisation.group_branch))
    if month.index > 0:
        rng = stream(seed, month.index, Purpose.GROUPS)
        chosen = chosen[rng.random(len(chosen)) < assumptions.manager_change_rate]
        organisation.group_manager[chosen] = rng.choice(organisation.managers, len(chosen))
    names = [f"{GROUP_KINDS[number % len(GROUP_KINDS)]} {number:04d}" for number in chosen]
    extracts.write(
        "group_customers",
        month,
        {
            "group_id": group_ids(chosen),
            "group_name": pa.array(names, pa.string()),
            "branch_id": coded(organisation.group_branch[chosen], organisation.branches),
            "account_manager_id": staff_ids(organisation.group_manager[chosen]),
            "group_tier": coded(organisation.group_tier[chosen], GROUP_TIERS),
        },
    )


def _hall_ids(organisation: Organisation) -> list[str]:
    return [f"H{hall:04d}" for hall in range(len(organisation.branch_of_hall))]


def _write_units(
    extracts: Extracts, organisation: Organisation, subscribers: int, assumptions: OrganisationAssumptions
) -> None:
    """Centres and departments, then branches, then halls; capacity grows with the subscribers."""
    centres, branches = catalogue.texts("units", "unit_id"), organisation.branches
    halls = _hall_ids(organisation)
    thousands = subscribers / 1000.0
    local = organisation.branch_share * thousands
    unlimited = np.full(len(halls), np.nan)
    visits = (
        catalogue.numbers("units", "visits_per_thousand") * thousands,
        assumptions.branch_visits * local,
    )
    calls = (catalogue.numbers("units", "calls_per_thousand") * thousands, assumptions.branch_calls * local)
    branch = np.concatenate(
        [np.full(len(centres), -1), np.arange(len(branches)), organisation.branch_of_hall]
    )
    kinds = [*catalogue.texts("units", "unit_type"), *["branch"] * len(branches), *["hall"] * len(halls)]
    names = [*catalogue.texts("units", "unit_name"), *catalogue.texts("branches", "branch_name")]
    extracts.write(
        "org_units",
        None,
        {
            "unit_id": pa.array([*centres, *branches, *halls], pa.string()),
            "unit_name": pa.array([*names, *(f"Hall {hall}" for hall in halls)], pa.string()),
            "unit_type": pa.array(kinds, pa.string()),
            "branch_id": coded(branch, branches),
            "monthly_visit_capacity": np.ceil(np.concatenate([*visits, unlimited])),
            "monthly_call_capacity": np.ceil(np.concatenate([*calls, unlimited])),
        },
    )


def _write_staff(
    extracts: Extracts, organisation: Organisation, assumptions: OrganisationAssumptions
) -> None:
    """Keepers at their halls, their successors, call agents, account managers."""
    succeeded = np.flatnonzero(organisation.successor_staff >= 0)
    halls = _hall_ids(organisation)
    agents, managers = len(organisation.agents), len(organisation.managers)
    unit = np.concatenate(
        [
            organisation.hall_of_area,
            organisation.hall_of_area[succeeded],
            np.full(agents, len(halls)),
            np.full(managers, len(halls) + 1),
        ]
    )
    role = np.where(unit < len(halls), HALL_STAFF, np.where(unit == len(halls), CALL_AGENT, ACCOUNT_MANAGER))
    people = np.arange(len(unit))
    names = [
        f"{SURNAMES[number % len(SURNAMES)]} {GIVEN_NAMES[number // len(SURNAMES) % len(GIVEN_NAMES)]}"
        for number in people
    ]
    extracts.write(
        "staff",
        None,
        {
            "staff_id": staff_ids(people),
            "unit_id": coded(unit, [*halls, "U_SERVICE", "U_GROUP"]),
            "staff_name": pa.array(names, pa.string()),
            "role": coded(role, ROLES),
            "monthly_capacity": np.array(assumptions.capacity_of_role)[role],
        },
    )
