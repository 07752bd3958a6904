"""A second reading of the rules: the business's words evaluated line by line, in plain Python.

Belongs here: what tiers, candidates, flags, stops, points, colours and owners are, as slowly and as plainly
as can be said. Not here: SQL, anything that the warehouse's own models say; the rule book's numbers are
written out again on purpose, so that a rule changed by accident shows.

Where the words leave room, this is how they are read:

- R1  A monthly fact is known for a line in the month's snapshot only; a window of bills is judged when all
      its months are. Calls are summed over the months there are. Rows of an optional table are counted by
      their own dates: before it first landed there were none.
- R2  A sum with an unknown part is unknown; a rate over nothing is unknown.
- R3  Use is a call, a minute, a message or a megabyte; missed and forwarded calls are not.
- R4  Months on net are whole months from the day of activation to the first moment after the month.
- R5  The average bill of a tier is over those of the last three months whose bill is known; a star that is
      unknown makes no tier.
- R6  Bundles are counted on the month's last day, as the register then knew them.
- R7  A move is from the plan left first in the month to the plan entered last; without moves nothing changed.
- R8  A day is off when its line was stopped at the day's end or not used on it. A run of off days is a stop
      when the line is terminated or ported out in it, leaves the books in it, or is in the books for three
      whole calendar months of it; what comes after does not undo it. Its kind is a port-out's if there is one
      in it, else that of the first status change, up to the month in which it is known; else the status says.
      A line never used is off since it came or, if earlier, was stopped.
- R9  A stop for debt is a change to the status suspended_arrears.
- R10 Taken up means begun in the window, however often before.
- R11 Care of a group customer is care of each of his lines.
- R12 Days known to have a forwarded call are counted, whatever the others had. The usage of a week is
      complete when its months are closed (their snapshot has landed).
- R13 On the lost list are lines of high or middle value in their last active month, and active ones that fell
  to mass (V8): whoever falls does not drop out of the base that counts him as lost.
- R14 People and keepers hold on the first day after the month, when its list is worked.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from tests.integration.oracle.world import Row, World, add_months, days, last_day, month_of

Known = Decimal | None
USE = ("out_calls", "in_calls", "out_minutes", "in_minutes", "sms_count", "data_mb")
IN_LABEL = ("v1_bill", "v6_plan", "v7_two_month", "v8_tier")
KIND_OF_STATUS = {
    "active": "silence",
    "suspended_voluntary": "reported",
    "suspended_arrears": "arrears",
    "pre_terminated": "termination",
    "terminated": "termination",
    "ported_out": "port_out",
}
RANKS = {"red": 1, "yellow": 2, "blue": 3}


def total(values: list[Any]) -> Known:
    """Return the sum, unknown where a part is."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def fell_by(old: Known, new: Known, share: Decimal) -> bool | None:
    """Return whether old fell to new by the share or more; unknown over nothing."""
    if old is None or new is None or old == 0:
        return None
    return old - new >= share * old


@dataclass(frozen=True)
class Stop:
    """An effective stop."""

    day: date
    kind: str


class Evaluator:
    """The rules over one world."""

    def __init__(self, world: World) -> None:
        """Read the world; months are evaluated when asked for."""
        self.world = world
        self.end = world.months[-1]
        for name in (
            "fact",
            "tier",
            "is_candidate",
            "flags",
            "stops",
            "points",
            "warnings_of_week",
        ):
            setattr(self, name, cache(getattr(self, name)))
        self.usage: dict[str, dict[date, Row]] = defaultdict(dict)
        for row in world.events("usage_daily", self.end):
            self.usage[row["subscriber_id"]][row["usage_date"]] = row
        self.bills: dict[tuple[str, date], list[Row]] = defaultdict(list)
        for row in world.events("bills", self.end):
            self.bills[row["subscriber_id"], row["billing_month"]].append(row)
        self.changes: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(world.events("status_changes", self.end), key=lambda row: row["changed_at"]):
            self.changes[row["subscriber_id"]].append(row)
        self.subscribers = sorted({key for rows in world.snapshots.values() for key in rows})

    # Facts of a month

    def line(self, subscriber: str, month: date) -> Row | None:
        """Return the line's row in the month's snapshot."""
        return self.world.snapshots.get(month, {}).get(subscriber)

    def fact(self, measure: str, subscriber: str, month: date) -> Known:
        """Return a fact of the month; unknown for a line that was not in the snapshot."""
        line = self.line(subscriber, month)
        if line is None:
            return None
        if measure == "bill":
            return total([row["amount_cny"] for row in self.bills[subscriber, month]])
        if measure == "vas":
            return total(
                [row["amount_cny"] for row in self.bills[subscriber, month] if row["fee_item"] == "vas"]
            )
        if measure == "bundles":
            return self.bundles(subscriber, month)
        return self.used(measure, subscriber, month, last_day(month))

    def bundles(self, subscriber: str, month: date) -> Known:
        """Return how many bundled services ran on the month's last day (R6)."""
        if not self.world.exists("service_subscriptions", month):
            return None
        return Decimal(
            len(
                [
                    row
                    for row in self.world.register("service_subscriptions", month)
                    if row["subscriber_id"] == subscriber
                    and row["is_bundle"]
                    and row["starts_on"] <= last_day(month)
                    and (row["ends_on"] is None or row["ends_on"] >= last_day(month))
                ]
            )
        )

    def used(self, measure: str, subscriber: str, first: date, last: date) -> Known:
        """Return a sum of daily usage."""
        columns = {
            "minutes": ("out_minutes", "in_minutes"),
            "calls": ("out_calls", "in_calls"),
        }.get(measure, (measure,))
        return total(
            [
                row.get(column)
                for day, row in self.usage[subscriber].items()
                if first <= day <= last
                for column in columns
            ]
        )

    def is_used(self, subscriber: str, day: date) -> bool:
        """Return whether there is a sign of use on a day (R3); what is unknown is none."""
        row = self.usage[subscriber].get(day)
        return row is not None and any(row.get(column) for column in USE)

    def window(self, measure: str, subscriber: str, first: date, count: int) -> Known:
        """Return the sum of a fact over whole months; unknown where one of them is (R1)."""
        return total([self.fact(measure, subscriber, add_months(first, n)) for n in range(count)])

    # Scope

    def tier(self, subscriber: str, month: date) -> str | None:
        """Return the value tier at the end of a month (R5)."""
        line = self.line(subscriber, month)
        if line is None:
            return None
        known = [
            bill
            for n in range(3)
            if (bill := self.fact("bill", subscriber, add_months(month, -n))) is not None
        ]
        star = line.get("star_level")
        for tier, amount, stars in (("high", 200, 5), ("mid", 100, 4)):
            if (known and sum(known) >= amount * len(known)) or (star is not None and star >= stars):
                return tier
        return "mass"

    def is_candidate(self, subscriber: str, month: date) -> bool:
        """Return whether the line is scored, coloured and listed."""
        line = self.line(subscriber, month)
        if line is None or line["status"] != "active" or self.tier(subscriber, month) == "mass":
            return False
        after, since = add_months(month, 1), line["activated_on"]
        whole = (after.year - since.year) * 12 + after.month - since.month - (since.day > after.day)
        return whole >= 3 and any(self.is_used(subscriber, day) for day in days(month, last_day(month)))

    # Churn

    def flags(self, subscriber: str, month: date) -> dict[str, bool | None]:
        """Return the value-churn flags V1 to V8."""

        def after_two_falls(measure: str, share: str) -> bool | None:
            prior = self.window(measure, subscriber, add_months(month, -6), 6)
            now, before, earlier = (self.fact(measure, subscriber, add_months(month, -n)) for n in range(3))
            if prior is None or now is None or before is None or earlier is None or prior == 0:
                return None
            return now < before < earlier and now * 6 < Decimal(share) * prior

        def down(measure: str, share: str, months: int = 1) -> bool | None:
            prior = self.window(measure, subscriber, add_months(month, -6), 6)
            now = self.window(measure, subscriber, add_months(month, 1 - months), months)
            if prior is None or now is None:
                return None
            return fell_by(prior * months, now * 6, Decimal(share))

        was, is_now = self.tier(subscriber, add_months(month, -6)), self.tier(subscriber, month)
        return {
            "v1_bill": after_two_falls("bill", "0.9"),
            "v2_minutes": after_two_falls("minutes", "0.9"),
            "v3_calls": after_two_falls("calls", "0.8"),
            "v4_bundles": down("bundles", "0.15"),
            "v5_vas_fee": down("vas", "0.20"),
            "v6_plan": self.moved_down(subscriber, month),
            "v7_two_month": down("bill", "0.30", 2),
            "v8_tier": None if was is None or is_now is None else was != "mass" and is_now == "mass",
        }

    def moved_down(self, subscriber: str, month: date) -> bool | None:
        """Return whether the line moved to a cheaper plan in the month (R7)."""
        if not self.world.exists("plan_changes", month):
            return None
        moves = sorted(
            (row for row in self.world.snapshot("plan_changes", month) if row["subscriber_id"] == subscriber),
            key=lambda row: row["changed_at"],
        )
        if not moves:
            return False
        prices = {row["plan_id"]: row["monthly_fee_cny"] for row in self.world.static("plans")}
        old, new = prices.get(moves[0]["from_plan_id"]), prices.get(moves[-1]["to_plan_id"])
        return None if old is None or new is None else new < old

    def status_at_end_of(self, day: date, subscriber: str) -> str | None:
        """Return the status at the end of a day: by the changes, else by the month's snapshot."""
        changed = [row["to_status"] for row in self.changes[subscriber] if row["changed_at"].date() <= day]
        if changed:
            return str(changed[-1])
        if self.changes[subscriber]:
            return str(self.changes[subscriber][0]["from_status"])
        line = self.line(subscriber, month_of(day))
        if line is None or line["status_since"] > day:
            return "active" if line else None
        return str(line["status"])

    def stops(self, subscriber: str) -> list[Stop]:
        """Return the effective stops that the months show (R8)."""
        first = min(month for month in self.world.months if self.line(subscriber, month))
        runs: list[list[date]] = [[]]
        for day in days(max(first, self.line(subscriber, first)["activated_on"]), last_day(self.end)):
            if self.is_used(subscriber, day) and self.status_at_end_of(day, subscriber) in {"active", None}:
                runs.append([])
            else:
                runs[-1].append(day)
        found = []
        for run in filter(None, runs):
            seen = [month for month in self.world.months if self.line(subscriber, month)]
            silent = [month for month in seen if run[0] <= month and last_day(month) <= run[-1]]
            over = [
                month
                for month in seen
                if run[0] <= last_day(month) <= run[-1]
                and self.line(subscriber, month)["status"] in {"terminated", "ported_out"}
            ]
            deleted = [month for month in [add_months(seen[-1], 1)] if run[0] <= month <= run[-1]]
            if not silent[2:3] + over + deleted:
                continue
            known_in = min(silent[2:3] + over + deleted)
            kinds = [
                self.kind(row)
                for row in self.changes[subscriber]
                if run[0] <= row["changed_at"].date() <= min(run[-1], last_day(known_in))
                and row["to_status"] != "active"
            ]
            if not kinds:
                status = [self.line(subscriber, month)["status"] for month in seen if month <= known_in][-1]
                kinds = [KIND_OF_STATUS[status]]
            began = run[0]
            row = self.line(subscriber, first)
            if run is runs[0] and row["status"] != "active":
                began = min(began, row["status_since"])
            kinds = ["port_out"] if "port_out" in kinds else kinds
            found.append(Stop(began, kinds[0]))
        return found

    @staticmethod
    def kind(change: Row) -> str:
        """Return the kind of a stop by its status change."""
        if change["reason"] != "voluntary_request":
            return str(change["reason"])
        if change["to_status"] in {"terminated", "pre_terminated"}:
            return "termination"
        return "hall_request" if change["channel"] == "hall" else "reported"

    # Scorecard

    def points(self, subscriber: str, month: date) -> dict[str, tuple[float, int]]:
        """Return the fired scorecard rules of a candidate: observed value and points."""

        def usage(measure: str, count: int) -> Known:
            months = [add_months(month, -n) for n in range(count)]
            return total([self.fact(measure, subscriber, m) for m in months if self.line(subscriber, m)])

        def events(table: str, column: str, count: int) -> list[Row] | None:
            first = add_months(month, 1 - count)
            if not self.world.exists(table, month):
                return None
            group = self.line(subscriber, month).get("group_id")
            rows = (
                self.world.register(table, month)
                if table in {"complaints", "service_subscriptions"}
                else self.world.events(table, month)
            )
            return [
                row
                for row in rows
                if (
                    row["subscriber_id"] == subscriber
                    or (row["subscriber_id"] is None and group and row.get("group_id") == group)
                )
                and row[column] is not None
                and first <= month_of(row[column]) <= month
            ]

        def count(rows: list[Row] | None) -> Known:
            return None if rows is None else Decimal(len(rows))

        fired: dict[str, tuple[float, int]] = {}

        def rule(rule_id: str, observed: Known, fires: bool, points: int) -> None:
            if observed is not None and fires:
                fired[rule_id] = (float(observed), points)

        three = self.window("bill", subscriber, add_months(month, -2), 3)
        six = self.window("bill", subscriber, add_months(month, -5), 6)
        if three is not None and six:
            rule("S01", three * 2 / six, three * 2 < six, 3)
        forwarded, forwarded_now = usage("forwarded_calls", 3), usage("forwarded_calls", 1)
        rule("S02", forwarded, forwarded is not None and forwarded > 10, 1)
        rule("S03", forwarded_now, forwarded_now is not None and forwarded_now > 5, 1)
        stopped = events("status_changes", "changed_at", 6)
        debts = count(
            None if stopped is None else [row for row in stopped if row["to_status"] == "suspended_arrears"]
        )
        rule("S04", debts, debts is not None and debts > 3, 2)
        if self.world.exists("arrears", month):
            account = self.line(subscriber, month)["account_id"]
            due = [row for row in self.world.snapshot("arrears", month) if row["account_id"] == account]
            amount, overdue = (
                total([r["amount_due_cny"] for r in due]),
                total([r["months_overdue"] for r in due]),
            )
            rule("S05", amount, amount is not None and amount > 0, 1)
            rule("S06", overdue, overdue is not None and overdue > 1, 2)
        complaints = events("complaints", "opened_at", 3)
        if complaints and None not in (levels := [row["fault_level"] for row in complaints]):
            rule("S07", max(levels), max(levels) > 1, 2)
        rule("S08", count(complaints), complaints is not None and len(complaints) > 3, 3)
        own, other = usage("own_hotline_calls", 6), usage("competitor_hotline_calls", 6)
        rule("S09", own, own is not None and own > 5, 3)
        rule("S10", other, other is not None and other > 3, 3)
        contacts = events("service_contacts", "contacted_at", 6)
        if contacts is not None:
            care = [row for row in contacts if row["purpose"] == "key_account_care"]
            rule("S11", count(care), len(care) < 3, 2)
        services = events("service_subscriptions", "starts_on", 6)
        if services is not None:
            taken = [row for row in services if not row["is_bundle"]]
            rule("S12", count(taken), len(taken) < 1, 1)
        new = self.window("vas", subscriber, add_months(month, -1), 2)
        old = self.window("vas", subscriber, add_months(month, -3), 2)
        if old and new is not None:
            rule("S13", (old - new) / old, bool(fell_by(old, new, Decimal("0.20"))), 2)
        return fired

    def score(self, subscriber: str, month: date) -> int:
        """Return the points of a candidate's fired rules."""
        return sum(points for _, points in self.points(subscriber, month).values())

    # Weeks

    def weeks(self) -> list[date]:
        """Return the warning weeks (Wednesdays) that end in the world's months and have a base month."""
        wednesdays = [
            day + timedelta(1) for day in days(self.world.months[0], last_day(self.end)) if day.weekday() == 1
        ]
        return [week for week in wednesdays if self.base_month(week) in self.world.months]

    @staticmethod
    def base_month(week: date) -> date:
        """Return the last month closed before the week began."""
        return add_months(month_of(week - timedelta(7)), -1)

    def candidates_of_week(self, week: date) -> list[str]:
        """Return the candidates of the base month that were not stopped by the week's end."""
        base, known_by = self.base_month(week), month_of(week - timedelta(1))
        found = []
        for subscriber in self.subscribers:
            if not self.is_candidate(subscriber, base):
                continue
            changes = [
                row
                for row in self.changes[subscriber]
                if add_months(base, 1) <= row["changed_at"].date() < week
                and month_of(row["changed_at"]) <= known_by
            ]
            if not changes or changes[-1]["to_status"] == "active":
                found.append(subscriber)
        return found

    def usage_reaches(self, first: date, last: date) -> bool:
        """Return whether the usage of all days from first to last has come (R12)."""
        open_days = [day for day in (first, last) if month_of(day) not in self.world.months]
        return not open_days

    def evidence(self, subscriber: str, week: date) -> dict[str, tuple[float, Decimal]]:
        """Return the fired conditions of a line and week: observed value and threshold."""
        first, last = week - timedelta(7), week - timedelta(1)
        known_by, midnight = month_of(last), datetime.combine(week, time())
        fired: dict[str, tuple[float, Decimal]] = {}

        def condition(name: str, observed: Known, fires: bool, threshold: str) -> None:
            if observed is not None and fires and name not in fired:
                fired[name] = (float(observed), Decimal(threshold))

        if self.world.exists("complaints", known_by):
            mine = [
                row
                for row in self.world.register("complaints", known_by)
                if row["subscriber_id"] == subscriber and row["opened_at"] is not None
            ]
            opened = [row for row in mine if first <= row["opened_at"].date() <= last]
            severe = Decimal(sum(1 for row in opened if row["is_severe"]))
            overdue = Decimal(
                sum(
                    1
                    for row in mine
                    if row["opened_at"] < midnight
                    and row["due_at"] is not None
                    and row["due_at"] < midnight
                    and (row["responded_at"] is None or row["responded_at"] >= midnight)
                )
            )
            condition("C1", severe, severe >= 1, "1")
            condition("C1", overdue, overdue >= 1, "1")
            condition("C1", Decimal(len(opened)), len(opened) >= 2, "2")
        for measures, minimum in ((("minutes",), 30), (("data_mb",), 100), (("charged_cny",), 20)):
            four = self.used(measures[0], subscriber, first - timedelta(28), first - timedelta(1))
            now = self.used(measures[0], subscriber, first, last)
            if not self.usage_reaches(first - timedelta(28), last) or four is None or now is None:
                continue
            if four > 0 and four >= 4 * minimum:
                fall = (four - 4 * now) / four
                condition("C2", fall, (four - 4 * now) * 2 > four, "0.5")
        if self.world.exists("contracts", known_by):
            left = [
                Decimal((row["ends_on"] - last).days)
                for row in self.running(subscriber, last, ("handset_rental", "business"))
                if row["ends_on"] > last
            ]
            if left:
                condition("C3", min(left), min(left) <= 60, "60")
        if self.usage_reaches(first, last):
            rows = [row for day, row in self.usage[subscriber].items() if first <= day <= last]
            count = Decimal(sum(1 for row in rows if (row["forwarded_to_competitor"] or 0) >= 1))
            condition("C4", count, count > 2, "2")
            hotline = total([row["competitor_hotline_calls"] for row in rows])
            condition("C5", hotline, hotline is not None and hotline >= 2, "2")
        return fired

    def running(self, subscriber: str, day: date, types: tuple[str, ...]) -> list[Row]:
        """Return the contracts that run on a day, as known in its month."""
        return [
            row
            for row in self.world.register("contracts", month_of(day))
            if row["subscriber_id"] == subscriber
            and row["contract_type"] in types
            and row["starts_on"] <= day <= row["ends_on"]
            and (row["cancelled_on"] is None or row["cancelled_on"] > day)
        ]

    def contract_level(self, subscriber: str, week: date) -> int | None:
        """Return 2 where a rebate contract runs beyond the third month after the week's, else 1."""
        last = week - timedelta(1)
        if not self.world.exists("contracts", month_of(last)):
            return None
        limit = last_day(add_months(month_of(last), 3))
        rebates = self.running(subscriber, last, ("fee_rebate",))
        return 2 if any(row["ends_on"] > limit for row in rebates) else 1

    def warnings_of_week(self, week: date) -> dict[str, tuple[str, int | None, int]]:
        """Return the colour, contract level and condition count of every warned line."""
        found = {}
        if self.base_month(week) not in self.world.months:
            return {}
        for subscriber in self.candidates_of_week(week):
            level, count = self.contract_level(subscriber, week), len(self.evidence(subscriber, week))
            if count:
                found[subscriber] = ("red" if level == 1 else "yellow", level, count)
            elif level == 1:
                found[subscriber] = ("blue", level, 0)
        return found

    def is_new(self, subscriber: str, week: date) -> bool:
        """Return whether the line was not warned at this colour or a higher one the week before."""
        before = self.warnings_of_week(week - timedelta(7)).get(subscriber)
        return before is None or RANKS[before[0]] > RANKS[self.warnings_of_week(week)[subscriber][0]]

    def colour_of_month(self, subscriber: str, month: date) -> str | None:
        """Return the highest colour of the weeks that end in the month."""
        found = [
            self.warnings_of_week(week)[subscriber][0]
            for week in self.weeks()
            if month_of(week - timedelta(1)) == month and subscriber in self.warnings_of_week(week)
        ]
        return min(found, key=RANKS.__getitem__) if found else None

    # Responsibility

    def list_kind(self, subscriber: str, month: date, *, with_colours: bool = True) -> str | None:
        """Return the list that the line is on in a month, without a model."""
        line = self.line(subscriber, month)
        if line is None:
            return None
        if self.is_candidate(subscriber, month) and (
            self.score(subscriber, month) >= 10
            or (with_colours and self.colour_of_month(subscriber, month) in {"red", "yellow"})
        ):
            return "at_risk"
        active = [
            earlier
            for earlier in self.world.months
            if earlier <= month
            and (row := self.line(subscriber, earlier)) is not None
            and row["status"] == "active"
        ]
        is_of_value = bool(active) and self.tier(subscriber, active[-1]) != "mass"
        if line["status"] == "active":
            flags = self.flags(subscriber, month)
            judged = IN_LABEL if is_of_value else ("v8_tier",)
            return "lost" if any(flags[name] for name in judged) else None
        if not is_of_value:
            return None
        return "lost" if self.stopped_by_wish(subscriber, month) else None

    def stopped_by_wish(self, subscriber: str, month: date) -> bool:
        """Return whether the line stands stopped by its own wish and is not terminated."""
        status = self.line(subscriber, month)["status"]
        if status in {"active", "terminated", "ported_out"}:
            return False
        changes = [
            row
            for row in self.changes[subscriber]
            if month_of(row["changed_at"]) <= month and row["to_status"] != "active"
        ]
        if changes:
            return bool(changes[-1]["reason"] == "voluntary_request")
        return bool(status in {"suspended_voluntary", "pre_terminated"})

    def owner(self, subscriber: str, month: date) -> dict[str, str | None]:
        """Return the units that own the line, and the person where the rules name one."""
        line, work_begins = self.line(subscriber, month), add_months(month, 1)
        assert line is not None
        units = self.world.static("org_units")
        by_type = {row["unit_type"]: row["unit_id"] for row in units}
        branch = next(
            (
                row["unit_id"]
                for row in units
                if row["unit_type"] == "branch" and row["branch_id"] == line["branch_id"]
            ),
            None,
        )
        centre = by_type.get("group_customer_centre")
        if line["customer_type"] == "group":
            urban = line["area_type"] == "urban"
            primary, landing, supervising = (centre, None, None) if urban else (branch, None, centre)
        else:
            primary, landing, supervising = by_type.get("customer_service_centre"), branch, None

        def holds(row: Row) -> bool:
            since, until = row.get("valid_from"), row.get("valid_to")
            return (since is None or since <= work_begins) and (until is None or until >= work_begins)

        halls = {
            row["unit_id"]: next(
                (
                    b["unit_id"]
                    for b in units
                    if b["unit_type"] == "branch" and b["branch_id"] == row["branch_id"]
                ),
                None,
            )
            for row in units
            if row["unit_type"] == "hall"
        }
        unit_of = {
            row["staff_id"]: halls.get(row["unit_id"], row["unit_id"])
            for row in self.world.static("staff")
            if holds(row)
        }
        named = [
            row["account_manager_id"]
            for row in self.world.register("group_customers", month)
            if line["customer_type"] == "group" and row["group_id"] == line.get("group_id")
        ] + [
            row["staff_id"]
            for row in self.world.static("keepers")
            if row["service_area_id"] == line.get("service_area_id") and holds(row)
        ]
        staff = next((person for person in named if primary and unit_of.get(person) == primary), None)
        return {
            "primary_unit_id": primary,
            "landing_unit_id": landing,
            "supervising_unit_id": supervising,
            "named_staff_id": staff,
        }
