"""What a worklist shows, sheet by sheet and from left to right, and which answers it takes.

Belongs here: the sheets and columns of a list and the codes that an answer may have. Not here: their looks
(`list_sheet`), their words (`texts.csv`), the rule for an answer's codes (`raw_columns.csv`).
"""

import csv
from dataclasses import dataclass
from functools import cache

from orchestration.settings import REFERENCE


@dataclass(frozen=True)
class ListColumn:
    """One column of a list.

    `kind` is text, code, date, whole, percent or money; `vocabulary` is the prefix of a code's word in
    `texts.csv`; width is in characters.
    """

    name: str
    band: str
    width: int
    kind: str = "text"
    vocabulary: str = ""


SHOWN = (
    ListColumn("line_number", "task", 5, "whole"),
    ListColumn("due_date", "task", 11, "date"),
    ListColumn("stage", "task", 9, "code", "stage"),
    ListColumn("staff_name", "task", 11),
    ListColumn("msisdn", "task", 14),
    ListColumn("subscriber_id", "customer", 13),
    ListColumn("customer", "customer", 10),
    ListColumn("value_tier", "customer", 8, "code", "value_tier"),
    ListColumn("landing_unit_id", "customer", 9),
    ListColumn("churn_probability", "why", 11, "percent"),
    ListColumn("score", "why", 7, "whole"),
    ListColumn("causes", "why", 16),
    ListColumn("seen", "why", 48),
    ListColumn("what_if", "offer", 22),
    ListColumn("strategy", "offer", 24),
    ListColumn("offer_name", "offer", 18),
    ListColumn("script_hint", "offer", 28),
    ListColumn("expected_benefit", "offer", 12, "money"),
)
"""Locked columns: those of the rows that `write_worklists` takes, and the four that it makes of them:
`line_number` (counted in the unit: ranks of the whole list would show how many are held out), and those that
`list_sheet` joins: `customer` (kind and group), `causes` (the main one, and whoever sees another) and `seen`
(the facts behind fired rules, then the model's reasons)."""

COMPACT = tuple(
    column
    for column in SHOWN
    if column.name not in {"landing_unit_id", "churn_probability", "score", "seen", "what_if", "strategy"}
)
"""For customers who are worked by message first: many, and each in a line or two."""

ANSWERS = (
    ListColumn("contacted_on", "answer", 12, "date"),
    ListColumn("contact_channel", "answer", 10, "code", "channel"),
    ListColumn("outcome", "answer", 17, "code", "outcome"),
    ListColumn("churn_cause", "answer", 14, "code", "cause"),
    ListColumn("offer_accepted", "answer", 9, "code", "boolean"),
    ListColumn("problem_found", "answer", 16),
    ListColumn("suggestion", "answer", 16),
    ListColumn("interested_in", "answer", 16),
    ListColumn("note", "answer", 20),
)
"""Unlocked columns, empty when the unit gets the workbook."""

LINE_ID = ListColumn("assignment_id", "line", 16)
"""Last: what an answer comes back by."""


@dataclass(frozen=True)
class ListSheet:
    """One sheet of a worklist: `sheet.<name>` is its title in `texts.csv`, `tint` its colour."""

    name: str
    tint: str
    shown: tuple[ListColumn, ...] = SHOWN

    @property
    def columns(self) -> tuple[ListColumn, ...]:
        """All columns from left to right."""
        return (*self.shown, *ANSWERS, LINE_ID)

    @property
    def frozen_columns(self) -> int:
        """Up to the phone number: what a caller must see while typing an answer."""
        return [column.name for column in self.shown].index("msisdn") + 1


SHEETS = (
    ListSheet("red", "#F6CFCB"),
    ListSheet("yellow", "#FDEBB3"),
    ListSheet("other", "#E6E9EB"),
    ListSheet("blue", "#D3E3F6", COMPACT),
    ListSheet("lost", "#E3DCEF"),
)
"""In the order of urgency. `other` is at risk without a colour, by points or expected benefit."""

_CONTRACT_COLUMN = {"contact_channel": "channel"}


@cache
def answer_codes(name: str) -> tuple[str, ...]:
    """Return the codes that an answer column may take, in the raw contract's order.

    Raises LookupError where the contract holds no list for the column.
    """
    if name == "offer_accepted":
        return ("true", "false")
    contract_column = _CONTRACT_COLUMN.get(name, name)
    with (REFERENCE / "raw_columns.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if (row["table_name"], row["column_name"]) == ("retention_contacts", contract_column):
                return tuple(row["accepted_values"].split("|"))
    raise LookupError(
        f"raw_columns.csv: retention_contacts.{contract_column} has no accepted_values; add them"
    )
