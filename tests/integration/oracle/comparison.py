"""What the warehouse says of a world beside what the second reading says, row for row.

Belongs here: reading the warehouse's tables as plain rows and pairing them. Not here: rules (`evaluator.py`).
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb

from tests.integration.oracle.evaluator import Evaluator
from tests.integration.oracle.world import Row, month_of

FLAGS = (
    "v1_bill",
    "v2_minutes",
    "v3_calls",
    "v4_bundles",
    "v5_vas_fee",
    "v6_plan",
    "v7_two_month",
    "v8_tier",
)
Rows = dict[tuple[object, ...], tuple[object, ...]]


def near(value: float) -> float:
    """Return an observed value as far as both readings can agree on it."""
    return round(float(value), 9)


class Comparison:
    """The two readings of one world."""

    def __init__(self, evaluator: Evaluator, warehouse: Path) -> None:
        """Open the warehouse's build file for reading."""
        self.evaluator, self.months = evaluator, evaluator.world.months
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            self.tables = {
                f"{schema}.{name}": [
                    dict(zip([column[0] for column in cursor.description or []], row, strict=True))
                    for row in cursor.fetchall()
                ]
                for schema, name in connection.execute(
                    "select table_schema, table_name from information_schema.tables "
                    "where table_schema in ('marts', 'retention') order by all"
                ).fetchall()
                if (cursor := connection.execute(f"from {schema}.{name}"))
            }

    def read(self, table: str, keys: str, values: tuple[str, ...]) -> Rows:
        """Return a table's rows by key."""
        return {
            tuple(row[key] for key in keys.split()): tuple(row[value] for value in values)
            for row in self.tables[table]
        }

    def differences(self) -> Iterator[str]:
        """Return every row that the two readings do not share, in words."""
        for subject in (
            "subscribers",
            "flags",
            "stops",
            "points",
            "scores",
            "warnings",
            "evidence",
            "owners",
        ):
            ours, theirs = getattr(self, subject)()
            for key in sorted(ours.keys() | theirs.keys(), key=str):
                if ours.get(key) != theirs.get(key):
                    named = ", ".join(str(part) for part in key)
                    yield f"{subject} {named}: second reading {ours.get(key)}, warehouse {theirs.get(key)}"

    def subscribers(self) -> tuple[Rows, Rows]:
        """Return tiers and candidates by month and line."""
        ours: Rows = {
            (month, line): (self.evaluator.tier(line, month), self.evaluator.is_candidate(line, month))
            for month in self.months
            for line in self.evaluator.world.snapshots[month]
        }
        return ours, self.read(
            "marts.dim_subscribers", "snapshot_month subscriber_id", ("value_tier", "is_candidate")
        )

    def flags(self) -> tuple[Rows, Rows]:
        """Return V1 to V8 by flag, month and line, so that a difference names the flag."""
        ours: Rows = {
            (flag, month, line): (self.evaluator.flags(line, month)[flag],)
            for month in self.months
            for line in self.evaluator.world.snapshots[month]
            for flag in FLAGS
        }
        theirs: Rows = {
            (flag, row["snapshot_month"], row["subscriber_id"]): (row[flag],)
            for row in self.tables["marts.fct_churn_flags"]
            for flag in FLAGS
        }
        return ours, theirs

    def stops(self) -> tuple[Rows, Rows]:
        """Return effective stops by line and month."""
        ours: Rows = {
            (month_of(stop.day), line): (stop.day, stop.kind)
            for line in self.evaluator.subscribers
            for stop in self.evaluator.stops(line)
        }
        theirs: Rows = {
            (row["snapshot_month"], row["subscriber_id"]): (row["effective_stop_date"], row["stop_kind"])
            for row in self.tables["marts.fct_churn_flags"]
            if row["is_effective_stop"]
        }
        return ours, theirs

    def candidates(self) -> Iterator[tuple[object, str]]:
        """Return months and candidates."""
        for month in self.months:
            for line in self.evaluator.world.snapshots[month]:
                if self.evaluator.is_candidate(line, month):
                    yield month, line

    def points(self) -> tuple[Rows, Rows]:
        """Return fired scorecard rules by rule, month and line."""
        ours: Rows = {
            (rule, month, line): (near(observed), points)
            for month, line in self.candidates()
            for rule, (observed, points) in self.evaluator.points(line, month).items()
        }
        theirs: Rows = {
            (row["rule_id"], row["snapshot_month"], row["subscriber_id"]): (
                near(row["observed_value"]),
                row["points"],
            )
            for row in self.tables["retention.scorecard_points"]
        }
        return ours, theirs

    def scores(self) -> tuple[Rows, Rows]:
        """Return scores by month and line."""
        ours: Rows = {}
        for month, line in self.candidates():
            score = self.evaluator.score(line, month)
            ours[month, line] = (score, score >= 10)
        return ours, self.read(
            "retention.scorecard_scores", "snapshot_month subscriber_id", ("score", "is_potential_churner")
        )

    def warnings(self) -> tuple[Rows, Rows]:
        """Return colours by week and line."""
        if "retention.churn_warnings" not in self.tables:
            return {}, {}
        ours: Rows = {
            (week, line): (
                month_of(week - timedelta(1)),
                self.evaluator.base_month(week),
                *warning,
                self.evaluator.is_new(line, week),
            )
            for week in self.evaluator.weeks()
            for line, warning in self.evaluator.warnings_of_week(week).items()
        }
        return ours, self.read(
            "retention.churn_warnings",
            "warning_week subscriber_id",
            ("week_month", "base_month", "colour", "contract_level", "condition_count", "is_new"),
        )

    def evidence(self) -> tuple[Rows, Rows]:
        """Return fired conditions by week, line and condition."""
        if "retention.warning_evidence" not in self.tables:
            return {}, {}
        ours: Rows = {
            (week, line, condition): (near(observed), near(float(threshold)))
            for week in self.evaluator.weeks()
            for line in self.evaluator.candidates_of_week(week)
            for condition, (observed, threshold) in self.evaluator.evidence(line, week).items()
        }
        theirs: Rows = {
            (row["warning_week"], row["subscriber_id"], row["condition_id"]): (
                near(row["observed_value"]),
                near(row["threshold"]),
            )
            for row in self.tables["retention.warning_evidence"]
        }
        return ours, theirs

    def owners(self) -> tuple[Rows, Rows]:
        """Return who is on which list and whose they are; the person only where the rules name one.

        What the list does not know yet is left out: the lost list, colours.
        """
        kinds = {row["list_kind"] for row in self.tables["retention.responsibilities"]} | {"at_risk"}
        with_colours = any(row["colour"] for row in self.tables["retention.responsibilities"])
        ours: Rows = {}
        theirs: Rows = {}
        for row in self.tables["retention.responsibilities"]:
            key = (row["snapshot_month"], row["subscriber_id"])
            theirs[key] = self.owned(row, row["staff_id"], row["colour"] if with_colours else None)
        for month in self.months:
            for line in self.evaluator.world.snapshots[month]:
                kind = self.evaluator.list_kind(line, month, with_colours=with_colours)
                if kind in kinds:
                    owner = self.evaluator.owner(line, month)
                    staff = owner["named_staff_id"] or next(
                        (
                            row["staff_id"]
                            for row in self.tables["retention.responsibilities"]
                            if (row["snapshot_month"], row["subscriber_id"]) == (month, line)
                        ),
                        None,
                    )
                    colour = self.evaluator.colour_of_month(line, month) if with_colours else None
                    ours[month, line] = self.owned(owner | {"list_kind": kind}, staff, colour)
        return ours, theirs

    @staticmethod
    def owned(row: Row, staff: str | None, colour: str | None) -> tuple[object, ...]:
        """Return what is compared of a list's row."""
        units = ("list_kind", "primary_unit_id", "landing_unit_id", "supervising_unit_id")
        return (*(row[name] for name in units), staff, colour)
