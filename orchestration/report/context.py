"""What every section gets: the reader, the words, the rule book's numbers.

Belongs here: shared questions of sections, such as stops as they were known. Not here: a section's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.report.page import Section, Table
from orchestration.report.reading import Reader, Row, change, months_back, only
from orchestration.report.words import UNKNOWN, Words

MID_HIGH = ("high", "mid")
MONTHS_SHOWN = 24

STOPPED_LINES = """
        marts.fct_churn_flags as flags
    inner join marts.dim_subscribers as subscribers
        on flags.snapshot_month = subscribers.snapshot_month
        and flags.subscriber_id = subscribers.subscriber_id
"""
"""Flags with the line as it was in that month."""

_STOPS = f"""
    select
        flags.snapshot_month,
        subscribers.value_tier in ('high', 'mid') as is_mid_high,
        flags.is_voluntary_stop,
        cast(count(*) filter (flags.stop_known_in_month <= flags.snapshot_month) as bigint) as known_at_once,
        cast(count(*) as bigint) as known_by_now
    from {STOPPED_LINES}
    where
        flags.is_effective_stop
        and flags.stop_known_in_month <= $month
        and flags.snapshot_month between $first and $month
    group by all
    order by all
"""

_TIERS = """
    select
        snapshot_month,
        value_tier,
        cast(sum(subscriber_count) as bigint) as subscriber_count,
        cast(sum(billed_amount) as double) as billed_amount,
        cast(sum(value_churn_count) as bigint) as value_churn_count,
        cast(sum(warned_count) as bigint) as warned_count,
        cast(sum(red_count) as bigint) as red_count,
        cast(sum(yellow_count) as bigint) as yellow_count,
        cast(sum(blue_count) as bigint) as blue_count
    from marts.kpi_monthly
    where snapshot_month between $first and $month
    group by all
    order by all
"""
_UNIT_NAMES = "select unit_id, unit_name from marts.dim_org_units order by unit_id"


@dataclass(frozen=True)
class Context:
    """The month, where to ask, how to speak, and parameters that the operator has set himself.

    `stale` are earlier months whose files changed after they were closed.
    """

    reader: Reader
    words: Words
    settings: dict[str, str]
    stale: Sequence[date] = ()

    @property
    def month(self) -> date:
        """The first day of the report's month."""
        return self.reader.month

    @property
    def before(self) -> date:
        """The month before."""
        return months_back(self.month, 1)

    @property
    def compared(self) -> tuple[date, date, date]:
        """The month, the month before, and the month a year before."""
        return self.month, self.before, months_back(self.month, 12)

    @property
    def first(self) -> date:
        """The oldest month shown in a row of months."""
        return months_back(self.month, MONTHS_SHOWN - 1)

    @property
    def silence_months(self) -> int:
        """Whole silent months after which a silence counts as a stop."""
        return int(self.reader.parameter("silence_months", self.settings) or 0)

    def parameter(self, name: str) -> float | None:
        """Return a number of the rule book."""
        return self.reader.parameter(name, self.settings)

    def section(self, key: str, message: str, **parts: Sequence) -> Section:
        """Return a section of its topic's name with a message."""
        return Section(key, self.words.say(f"topic.{key}"), message, **parts)

    def missing(self, key: str, *tables: str) -> Section:
        """Return the section of a topic whose data are not there, in one line."""
        return self.section(key, self.words.say("missing", tables=", ".join(tables)))

    def changes(self, figures: Sequence[float | None]) -> list[str]:
        """Return how the first of figures of the compared months changed on each of the others."""
        now, *earlier = figures
        return [self.words.change(change(now, one)) for one in earlier]

    def noted_change(self, now: float | None, before: float | None) -> str:
        """Return a change in brackets, to stand behind a value; nothing where it is not known."""
        moved = change(now, before)
        return "" if moved is None else f"({self.words.change(moved)})"

    def comparison(
        self,
        caption: str,
        heads: tuple[str, str],
        rows: Sequence[tuple[str, Callable[[date], float | None]]],
        written: Callable[[float | None], str],
        *,
        is_last_strong: bool = False,
    ) -> Table:
        """Return a table of figures of the month with their change on the month and on the year before.

        A row is a name and its figure of a month; `heads` stand above the two.
        """
        cells = []
        for name, figure in rows:
            figures = [figure(month) for month in self.compared]
            cells.append([name, written(figures[0]), *self.changes(figures)])
        return Table(
            caption,
            [*heads, self.words.say("head.on_month"), self.words.say("head.on_year")],
            cells,
            strong=frozenset({len(cells) - 1} if is_last_strong else ()),
        )

    def tiers(self) -> list[Row]:
        """Return counts and amounts per month and tier, oldest month first; none without the mart."""
        return self.reader.rows(_TIERS, first=self.first) if self.reader.has("marts.kpi_monthly") else []

    def stops(self) -> list[Row]:
        """Return stops per month, tier and kind: known at their month's end, and known by now."""
        needed = self.reader.has("marts.fct_churn_flags") and self.reader.has("marts.dim_subscribers")
        return self.reader.rows(_STOPS, first=self.first) if needed else []

    def unit_name(self, unit_id: object) -> str:
        """Return the name of a unit or branch, its id where it has none."""
        found = (
            only(self.reader.rows(_UNIT_NAMES), unit_id=unit_id)
            if self.reader.has("marts.dim_org_units", "unit_name")
            else None
        )
        return str(found["unit_name"] if found and found["unit_name"] else unit_id or UNKNOWN)


def tier_sum(rows: Sequence[Row], column: str, month: date, *, mid_high: bool) -> float | None:
    """Return a figure of a month over tiers; None where the month has no rows or knows it of nobody."""
    known = [
        row[column]
        for row in rows
        if row["snapshot_month"] == month
        and (not mid_high or row["value_tier"] in MID_HIGH)
        and row[column] is not None
    ]
    return float(sum(known)) if known else None


def stop_sum(rows: Sequence[Row], column: str, month: date, *, mid_high: bool, voluntary: bool) -> int:
    """Return the stops of a month and kind."""
    return int(
        sum(
            row[column]
            for row in rows
            if row["snapshot_month"] == month
            and row["is_voluntary_stop"] == voluntary
            and (row["is_mid_high"] or not mid_high)
        )
    )


def landed_months(rows: Sequence[Row]) -> list[date]:
    """Return the months of rows, oldest first."""
    return sorted({row["snapshot_month"] for row in rows})
