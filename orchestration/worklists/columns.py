"""What a worklist shows, from left to right, and which answers it takes.

Belongs here: the columns of a list and the codes that an answer may have. Not here: their looks
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
    ListColumn("priority_rank", "task", 6, "whole"),
    ListColumn("due_date", "task", 11, "date"),
    ListColumn("stage", "task", 9, "code", "stage"),
    ListColumn("colour", "task", 9, "code", "colour"),
    ListColumn("staff_name", "task", 11),
    ListColumn("msisdn", "task", 14),
    ListColumn("subscriber_id", "customer", 13),
    ListColumn("customer", "customer", 11),
    ListColumn("value_tier", "customer", 8, "code", "value_tier"),
    ListColumn("landing_unit_id", "customer", 10),
    ListColumn("churn_probability", "why", 11, "percent"),
    ListColumn("score", "why", 8, "whole"),
    ListColumn("causes", "why", 18),
    ListColumn("seen", "why", 56),
    ListColumn("strategy", "offer", 30),
    ListColumn("offer_name", "offer", 21),
    ListColumn("script_hint", "offer", 34),
    ListColumn("expected_benefit", "offer", 11, "money"),
)
"""Locked columns: those of the rows that `write_worklists` takes, and the three that `list_sheet` joins from
several of them: `customer` (kind and group), `causes` (the main one, and whoever sees another) and `seen`
(the model's reasons and the facts behind fired rules)."""

FROZEN_COLUMNS = 6
"""Up to the phone number: what a caller must see while typing an answer."""

ANSWERS = (
    ListColumn("contacted_on", "answer", 12, "date"),
    ListColumn("contact_channel", "answer", 10, "code", "channel"),
    ListColumn("outcome", "answer", 19, "code", "outcome"),
    ListColumn("churn_cause", "answer", 15, "code", "cause"),
    ListColumn("offer_accepted", "answer", 10, "code", "boolean"),
    ListColumn("note", "answer", 28),
)
"""Unlocked columns, empty when the unit gets the workbook."""

LINE_ID = ListColumn("assignment_id", "line", 18)
"""Last: what an answer comes back by."""

COLUMNS = (*SHOWN, *ANSWERS, LINE_ID)

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
