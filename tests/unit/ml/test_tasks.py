"""Owner and disposition of a week's tasks, worked out by hand."""

import pandas as pd

from ml.tasks import assign_tasks

STAFF = pd.DataFrame(
    {
        "staff_id": ["p1", "p2", "k1"],
        "owner_unit_id": ["centre", "centre", "branch"],
        "monthly_capacity": [1.0, 3.0, 1.0],
    }
)


def warned(**columns: list[object]) -> pd.DataFrame:
    """Warnings of customers of the centre, on no list, unless told otherwise."""
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[object]] = {
        "subscriber_id": [f"s{number}" for number in range(count)],
        "listed_unit_id": [None] * count,
        "listed_staff_id": [None] * count,
        "primary_unit_id": ["centre"] * count,
        "named_staff_id": [None] * count,
        "suppression_reason": [None] * count,
        "is_held_out": [False] * count,
    }
    return pd.DataFrame(defaults | columns)


def owners(rows: pd.DataFrame) -> list[tuple[object, ...]]:
    """Return subscriber, unit, person and disposition of the tasks, nothing as None."""
    tasks = assign_tasks(rows, STAFF)[["subscriber_id", "unit_id", "staff_id", "disposition"]]
    return list(tasks.astype(object).where(tasks.notna(), None).itertuples(index=False, name=None))


def test_the_newest_list_names_the_owner_before_the_rules_do() -> None:
    rows = warned(listed_unit_id=["branch"], listed_staff_id=["k1"], named_staff_id=["p1"])
    assert owners(rows) == [("s0", "branch", "k1", "assigned")]


def test_without_a_list_the_named_person_then_whoever_has_most_room() -> None:
    rows = warned(subscriber_id=["c", "b", "a"], named_staff_id=["p1", None, None])
    # By id: p2 has three places, then two; then p1 is named, though a task needs no place.
    assert owners(rows) == [
        ("a", "centre", "p2", "assigned"),
        ("b", "centre", "p2", "assigned"),
        ("c", "centre", "p1", "assigned"),
    ]


def test_who_left_the_unit_is_followed_by_somebody_there() -> None:
    rows = warned(listed_unit_id=["centre"], listed_staff_id=["gone"])
    assert owners(rows) == [("s0", "centre", "p2", "assigned")]


def test_suppressed_before_held_out_and_both_keep_who_would_own_them() -> None:
    rows = warned(suppression_reason=["cooldown", None], is_held_out=[True, True])
    assert owners(rows) == [("s0", "centre", "p2", "suppressed"), ("s1", "centre", "p2", "held_out")]


def test_where_nobody_works_the_task_has_no_owner() -> None:
    rows = warned(primary_unit_id=["empty", None])
    assert owners(rows) == [("s0", "empty", None, "beyond_capacity"), ("s1", None, None, "beyond_capacity")]


def test_no_warning_no_task() -> None:
    assert owners(warned(subscriber_id=["a"]).iloc[:0]) == []
