"""Which person of a unit has a customer: the named one, the one of last month, or whoever has most room.

Belongs here: the places of the people in office, one after the other. Not here: which unit a customer goes
to (`ml/assignment.py`), who is in office (`dbt_project/models/retention/staff_available.sql`).
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd


class People:
    """The people in office, and how many customers each of them holds.

    Args:
        staff: staff_id, owner_unit_id, monthly_capacity (customers; null: unlimited).

    >>> people = People(pd.DataFrame({"staff_id": ["p1", "p2"], "owner_unit_id": ["u", "u"],
    ...                               "monthly_capacity": [1, 2]}))
    >>> [people.place("u", 1, []) for _ in range(4)]
    ['p2', 'p1', 'p2', None]
    """

    def __init__(self, staff: pd.DataFrame) -> None:
        """Start with nobody held."""
        capacities = staff["monthly_capacity"].astype(float).fillna(np.inf)
        self.unit = dict(zip(staff["staff_id"], staff["owner_unit_id"], strict=True))
        self.capacity = dict(zip(staff["staff_id"], capacities, strict=True))
        self._taken: dict[str, int] = defaultdict(int)
        self._held: dict[str, int] = defaultdict(int)
        self._waiting: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
        for staff_id, unit_id in self.unit.items():
            if self.capacity[staff_id] > 0:
                heapq.heappush(self._waiting[unit_id], self._room(staff_id))

    def places(self) -> dict[str, float]:
        """Return how many customers the people of each unit can hold together."""
        places: dict[str, float] = defaultdict(float)
        for staff_id, unit_id in self.unit.items():
            places[unit_id] += self.capacity[staff_id]
        return dict(places)

    def most_places(self) -> dict[str, float]:
        """Return how many customers one person of each unit can hold at most."""
        most: dict[str, float] = defaultdict(float)
        for staff_id, unit_id in self.unit.items():
            most[unit_id] = max(most[unit_id], self.capacity[staff_id])
        return dict(most)

    def place(self, unit_id: str, places: int, wishes: Iterable[str]) -> str | None:
        """Give `places` customers of a unit to one person, the first of the wishes who can; None: nobody can.

        Without `places` (a message, or an owner who would be) nobody need be free.
        """
        for staff_id in wishes:
            if self.is_free(staff_id, unit_id, places):
                return self.take(staff_id, places)
        waiting = self._waiting[unit_id]
        while waiting and waiting[0] != self._room(waiting[0][2]):
            heapq.heapreplace(waiting, self._room(waiting[0][2]))
        # Who has most room comes first: who has too little means that all have.
        if waiting and self.is_free(waiting[0][2], unit_id, places):
            return self.take(waiting[0][2], places)
        return None

    def is_free(self, staff_id: str, unit_id: str, places: int) -> bool:
        """Tell whether a person works in the unit and has so many places left."""
        return (
            self.unit.get(staff_id) == unit_id and self._taken[staff_id] + places <= self.capacity[staff_id]
        )

    def take(self, staff_id: str, places: int) -> str:
        """Give `places` customers to a person, and return the person."""
        self._taken[staff_id] += places
        self._held[staff_id] += max(places, 1)
        return staff_id

    def _room(self, staff_id: str) -> tuple[float, int, str]:
        """Return the order of the people: most room left, of equals fewer held, then by id."""
        held = self._held[staff_id]
        return held - self.capacity[staff_id], held, staff_id
