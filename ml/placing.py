"""Which person of its unit takes whom.

Belongs here: places of people for those who are given an option. Not here: who is given one
(`ml/assignment.py`), how many places a person has (`ml/people.py`).
"""

from collections.abc import Mapping

import pandas as pd

from ml.options import Option, Room
from ml.people import People


def place(
    members: pd.DataFrame,
    options: Mapping[int, list[Option]],
    selected: dict[int, Option],
    people: People,
    room: Room,
) -> dict[int, str]:
    """Return the person of each block selected; who finds nobody leaves `selected`, and others come in.

    The named person first, then who had the customer last month, then whoever has most room, the largest
    groups before the others. Messages take nobody's place and come last.
    """
    wishes = _wishes(members)
    staff_of: dict[int, str] = {}
    placing = sorted(block for block, option in selected.items() if option.places)
    for wish in (0, 1):
        for block in placing:
            option = selected[block]
            person = wishes[block, option.is_handed_over][wish]
            if block not in staff_of and people.is_free(person, option.unit_id, option.places):
                staff_of[block] = people.take(person, option.places)
    left = [block for block in placing if block not in staff_of]
    for block in sorted(left, key=lambda block: (-selected[block].places, block)):
        found = people.place(selected[block].unit_id, selected[block].places, [])
        if found is None:
            room.leave(selected.pop(block))
        else:
            staff_of[block] = found
    for block in sorted(options.keys() - selected.keys()):
        for option in options[block]:
            if not option.places or not room.fits(option):
                continue
            found = people.place(option.unit_id, option.places, wishes[block, option.is_handed_over])
            if found is not None:
                room.take(option)
                selected[block], staff_of[block] = option, found
                break
    for block in sorted(selected.keys() - staff_of.keys()):
        option = selected[block]
        found = people.place(option.unit_id, 0, wishes[block, option.is_handed_over])
        if found is not None:
            staff_of[block] = found
    return staff_of


def _wishes(members: pd.DataFrame) -> dict[tuple[int, bool], list[str]]:
    """Return, by block and whether it is handed over, the named person, then whoever had it last month."""
    wishes: dict[tuple[int, bool], list[str]] = {}
    first = members.groupby("block")[["named_staff_id", "overflow_staff_id", "last_staff_id"]].first()
    for block, named, overflow_named, last in first.itertuples():
        for is_handed_over, person in ((False, named), (True, overflow_named)):
            wishes[block, is_handed_over] = [
                staff_id if isinstance(staff_id, str) else "" for staff_id in (person, last)
            ]
    return wishes
