"""The week's tasks: who contacts a customer newly warned of, or who would.

Belongs here: owner and disposition of the red and yellow warnings of one week. Not here: the month's list and
its capacities (`ml/assignment.py`), reading and writing (`orchestration/defs/contact_tasks.py`).
"""

import numpy as np
import pandas as pd

from ml.assignment import ASSIGNED, BEYOND_CAPACITY, HELD_OUT, SUPPRESSED
from ml.people import People


def assign_tasks(warned: pd.DataFrame, staff: pd.DataFrame) -> pd.DataFrame:
    """Return the warnings with unit_id, staff_id and disposition; one row each, by subscriber_id.

    The owner is the one whom the newest list named; else the unit by the rules and its named person; else
    whoever of the unit has most room. A warning does not wait for room: only where nobody works in the unit
    it stands beyond capacity.

    Args:
        warned: one row a warning of the week: subscriber_id, listed_unit_id and listed_staff_id (of the
            newest list; null: on none), primary_unit_id and named_staff_id (by the rules),
            suppression_reason, is_held_out.
        staff: people in office: staff_id, owner_unit_id, monthly_capacity (customers; null: unlimited).

    >>> warned = pd.DataFrame({"subscriber_id": ["a"], "listed_unit_id": [None], "listed_staff_id": [None],
    ...                        "primary_unit_id": ["u"], "named_staff_id": ["p"],
    ...                        "suppression_reason": [None], "is_held_out": [False]})
    >>> staff = pd.DataFrame({"staff_id": ["p"], "owner_unit_id": ["u"], "monthly_capacity": [5]})
    >>> assign_tasks(warned, staff)[["unit_id", "staff_id", "disposition"]].iloc[0].tolist()
    ['u', 'p', 'assigned']
    """
    tasks = warned.sort_values("subscriber_id", ignore_index=True)
    tasks["unit_id"] = tasks["listed_unit_id"].fillna(tasks["primary_unit_id"]).astype(object)
    people = People(staff)
    wishes = zip(tasks["unit_id"], tasks["listed_staff_id"], tasks["named_staff_id"], strict=True)
    tasks["staff_id"] = pd.Series(
        [
            people.place(unit, 0, [person for person in persons if isinstance(person, str)])
            if isinstance(unit, str)
            else None
            for unit, *persons in wishes
        ],
        index=tasks.index,
        dtype=object,
    )
    tasks["disposition"] = np.select(
        [
            tasks["suppression_reason"].notna(),
            tasks["is_held_out"].astype(bool),
            tasks["staff_id"].notna(),
        ],
        [SUPPRESSED, HELD_OUT, ASSIGNED],
        BEYOND_CAPACITY,
    )
    return tasks
