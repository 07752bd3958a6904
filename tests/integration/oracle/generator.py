"""Small made-up worlds whose values sit on the edges of the rules.

Belongs here: drawing lines and their rows from a seed, writing them as extracts. Not here: what the rules
make of them.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

from tests.integration.oracle.world import Row, add_months, days, last_day, month_of

MONTHS = [date(2026, month, 1) for month in range(1, 8)]
FIRST, LAST = MONTHS[0], last_day(MONTHS[-1])
STATIC = {"plans", "org_units", "staff", "keepers"}
OPTIONAL = (
    "arrears",
    "status_changes",
    "plan_changes",
    "contracts",
    "service_subscriptions",
    "complaints",
    "service_contacts",
    "group_customers",
    "plans",
    "org_units",
    "staff",
    "keepers",
    "port_out_requests",
)
MONEY = [
    "120 120 120 120 120 119 107.70",
    "120 120 120 120 120 119 107.85",
    "120 120 120 120 119 118 107.55",
    "120 120 120 120 119 118 107.54",
    "120 120 120 120 119 118 107.56",
    "120 120 120 120 119 119 100",
    "200 200 200 200 220 60 192",
    "200 200 200 200 220 60 191.99",
    "200 200 200 200 220 60 192.01",
    "100 100 100 100 100 100 100",
    "300 300 300 300 100 100 100",
    "300 300 300 300 100 100 99.99",
    "250 250 250 250 200 200 200",
    "250 250 250 250 200 200 199.99",
    "0 0 0 0 300 0 0",
    "150 140 130 120 110 100 90",
    "100 100 100 99.99 100 100 100",
    "150 150 150 150 99 99 99",
    "100 100 100 100 100 100 99.99",
    "200 200 200 200 90 90 119.99",
    "0 0 0 0 0 0 0",
    "180 180 180 180 180 180 181",
]
COUNTS = [
    "100 100 100 100 99 98 89.55",
    "100 100 100 100 99 98 89.54",
    "60 60 60 60 59 55 47.20",
    "60 60 60 60 59 55 47.19",
    "50 50 50 50 50 50 50",
    "0 0 0 0 0 0 40",
    "40 0 40 0 0 40 0",
    "90 80 70 60 50 40 30",
]
CALLS = [
    "20 20 20 20 19 21 15",
    "20 20 20 20 20 15 14",
    "30 30 30 30 30 30 24",
    "30 30 30 31 30 29 24",
    "30 30 30 31 30 29 23",
    "5 5 5 5 5 5 5",
    "60 60 60 62 59 59 48",
    "60 60 60 62 60 58 47",
]
VAS = [
    "10 10 10 10 10 10 8",
    "10 10 10 10 10 10 8.01",
    "10 10 10 10 10 10 7.99",
    "10 10 10 10 10 8 8",
    "10 10 10 10 10 8 8.01",
    "0 0 0 0 0 0 0",
    "0 0 0 5 0 0 0",
    "3 3 3 3 3 3 3",
    "4 6 5 5 5 5 3.98",
]


def midnight(day: date, seconds: int = 0) -> datetime:
    """Return the first moment of a day, or some seconds around it."""
    return datetime.combine(day, time()) + timedelta(seconds=seconds)


def half(amount: Decimal) -> Decimal:
    """Return half an amount, to the hundredth."""
    return (amount / 2).quantize(Decimal("0.01"), ROUND_DOWN)


class Generator:
    """One world from one seed."""

    def __init__(self, seed: int, lines: int = 100) -> None:
        """Draw everything at once."""
        self.draw = random.Random(seed)
        self.rows: dict[str, dict[date | None, list[Row]]] = defaultdict(lambda: defaultdict(list))
        self.serial = 0
        self.organisation()
        for number in range(lines):
            self.line(f"L{number:03d}")
        if self.chance(0.5):
            late = self.draw.choice(
                ["complaints", "service_subscriptions", "contracts", "arrears", "service_contacts"]
            )
            for month in MONTHS[:3]:
                self.rows[late].pop(month, None)

    def add(self, table: str, month: date | None, **row: Any) -> None:
        """Add a row to a table's folder."""
        if month is None or FIRST <= month <= MONTHS[-1]:
            self.rows[table][month].append(row)

    def next_id(self, prefix: str) -> str:
        """Return an id nobody has."""
        self.serial += 1
        return f"{prefix}{self.serial:05d}"

    def chance(self, share: float) -> bool:
        """Return true for a share of the draws."""
        return self.draw.random() < share

    def organisation(self) -> None:
        """Draw units, people, keepers, groups and plans."""
        for plan, rank, fee in (("P1", 1, "199"), ("P2", 2, "99"), ("P3", 2, "99"), ("P4", 3, "58.00")):
            self.add(
                "plans",
                None,
                plan_id=plan,
                plan_name=plan,
                brand=f"brand{rank}",
                brand_rank=rank,
                monthly_fee_cny=fee,
                is_on_sale="true",
            )
        for unit, kind, branch in (
            ("U_GROUP", "group_customer_centre", ""),
            ("U_SERVICE", "customer_service_centre", ""),
            ("U_B1", "branch", "B1"),
            ("U_B2", "branch", "B2"),
            ("U_H1", "hall", "B1"),
            ("U_H2", "hall", "B2"),
            ("U_MARKET", "market_department", ""),
        ):
            self.add(
                "org_units",
                None,
                unit_id=unit,
                unit_name=unit,
                unit_type=kind,
                branch_id=branch,
                monthly_visit_capacity="",
                monthly_call_capacity="",
            )
        for person, unit, role, since, until in (
            ("AM1", "U_GROUP", "account_manager", "", ""),
            ("AM2", "U_GROUP", "account_manager", "", "2026-05-31"),
            ("AM3", "U_B1", "account_manager", "2026-06-01", ""),
            ("CA1", "U_SERVICE", "call_agent", "", ""),
            ("CA2", "U_SERVICE", "call_agent", "2026-03-31", "2026-06-30"),
            ("HS1", "U_H1", "hall_staff", "", ""),
            ("HS2", "U_H2", "hall_staff", "", "2026-06-29"),
            ("HS3", "U_H2", "hall_staff", "", ""),
            ("BS1", "U_B1", "hall_staff", "", ""),
            ("BS2", "U_B2", "call_agent", "", ""),
        ):
            self.add(
                "staff",
                None,
                staff_id=person,
                unit_id=unit,
                staff_name=person,
                role=role,
                monthly_capacity="",
                valid_from=since,
                valid_to=until,
            )
        for area, since, until, person in (
            ("A1", "2020-01-01", "", "HS1"),
            ("A2", "2020-01-01", "2026-05-31", "HS2"),
            ("A2", "2026-06-01", "", "HS3"),
            ("A3", "2026-08-01", "", "HS1"),
            ("A4", "2020-01-01", "2026-06-29", "HS3"),
        ):
            self.add("keepers", None, service_area_id=area, valid_from=since, valid_to=until, staff_id=person)
        for group, branch, manager in (
            ("G1", "B1", "AM1"),
            ("G2", "B1", "AM2"),
            ("G3", "B1", "AM3"),
            ("G4", "B2", ""),
        ):
            self.add(
                "group_customers",
                FIRST,
                group_id=group,
                group_name=group,
                branch_id=branch,
                account_manager_id=manager,
                group_tier="A",
            )
        self.add(
            "group_customers",
            date(2026, 5, 1),
            group_id="G4",
            group_name="G4",
            branch_id="B2",
            account_manager_id="AM1",
            group_tier="A",
        )

    # One line

    def line(self, name: str) -> None:
        """Draw one line and all its rows."""
        draw = self.draw
        activated = draw.choice(
            [date(2020, 5, 17)] * 24
            + [
                date(2026, 5, 1),
                date(2026, 4, 30),
                date(2026, 1, 31),
                date(2026, 3, 2),
                date(2025, 10, 1),
                date(2026, 5, 2),
            ]
        )
        life = self.life(name, activated)
        present = [month for month in MONTHS if last_day(month) >= activated]
        if self.chance(0.05) and len(present) > 4:
            present.remove(draw.choice(present[1:-1]))
        ended = next((day for day, status, _ in life if status in {"terminated", "ported_out"}), None)
        if ended and self.chance(0.6):
            gone = add_months(month_of(ended), draw.choice([1, 2, 3]))
            present = [month for month in present if month < gone]
        if not present:
            return
        plans = self.plans(name, present)
        customer_type = draw.choice(["personal", "personal", "group"])
        self.snapshots(name, present, life, activated, plans, customer_type)
        self.billing(name, present)
        used_until = self.usage(name, present, life, activated)
        self.registers(name, used_until)

    def life(self, name: str, activated: date) -> list[tuple[date, str, str]]:
        """Draw the status changes of a line."""
        draw = self.draw
        day = date(2026, draw.randint(2, 7), draw.choice([1, 2, 10, 14, 15, 22, 28]))
        kind = draw.choice(
            ["active"] * 12
            + [
                "reported",
                "hall",
                "port",
                "reported_end",
                "resumed",
                "debts",
                "debts_end",
                "fraud",
                "admin",
                "pre",
                "reported_port",
                "quick_port",
            ]
        )
        stop, end = "suspended_voluntary", "terminated"
        wish = "voluntary_request"
        later = day + timedelta(draw.choice([20, 45, 70]))
        plan: dict[str, list[tuple[date, str, str, str]]] = {
            "active": [],
            "reported": [(day, stop, wish, "hotline")],
            "hall": [(day, stop, wish, "hall")],
            "port": [(day, "ported_out", "port_out", "system")],
            "reported_port": [(day, stop, wish, "hotline"), (later, "ported_out", "port_out", "")],
            "quick_port": [
                (day, "suspended_arrears", "arrears", ""),
                (day + timedelta(1), "ported_out", "port_out", ""),
            ],
            "reported_end": [(day, stop, wish, "online"), (later, end, wish, "system")],
            "resumed": [(day, stop, wish, "hall"), (later, "active", "resumed", "hall")],
            "debts": [
                change
                for n in range(draw.choice([3, 4, 5]))
                for change in (
                    (date(2026, 2 + n, 5), "suspended_arrears", "arrears", "system"),
                    (date(2026, 2 + n, 9), "active", "resumed", "system"),
                )
            ],
            "debts_end": [(day, "suspended_arrears", "arrears", "system"), (later, end, "arrears", "system")],
            "fraud": [(day, end, "fraud", "system")],
            "admin": [(day, end, "administrative", "")],
            "pre": [(day, "pre_terminated", wish, "hall"), (later, end, wish, "system")],
        }
        life, before = [], "active"
        for moment, status, reason, channel in plan[kind]:
            if activated < moment <= LAST:
                self.add(
                    "status_changes",
                    month_of(moment),
                    subscriber_id=name,
                    changed_at=midnight(moment, draw.choice([0, 1, 43200, 86399])),
                    from_status=before,
                    to_status=status,
                    reason=reason,
                    channel=channel,
                )
                life.append((moment, status, reason))
                before = status
        if kind == "port" and self.chance(0.5):
            self.application(name, day - timedelta(3))
        if kind == "active" and self.chance(0.05):
            self.application(name, day)
        return life

    def application(self, name: str, day: date) -> None:
        """Add a port-out application."""
        self.add(
            "port_out_requests",
            month_of(day),
            subscriber_id=name,
            requested_at=midnight(day, 3600),
            kind="application",
            target_operator="",
        )

    def plans(self, name: str, present: list[date]) -> dict[date, str]:
        """Draw the plan of every month."""
        draw, plan = self.draw, self.draw.choice(["P1", "P2", "P3", "P4"])
        found = {}
        for month in present:
            if month != present[0] and self.chance(0.07):
                new = draw.choice([p for p in ("P1", "P2", "P3", "P4") if p != plan])
                self.add(
                    "plan_changes",
                    month,
                    subscriber_id=name,
                    changed_at=midnight(month, draw.choice([0, 90000])),
                    from_plan_id=plan,
                    to_plan_id=new,
                )
                plan = new
            found[month] = plan
        return found

    def snapshots(
        self,
        name: str,
        present: list[date],
        life: list[tuple[date, str, str]],
        activated: date,
        plans: dict[date, str],
        customer_type: str,
    ) -> None:
        """Write the line's month-end snapshots and its account's arrears."""
        draw = self.draw
        star = draw.choice(["", "0", "3", "4", "4", "4", "4", "5"])
        area, branch = draw.choice(["urban", "rural"]), draw.choice(["B1", "B2"])
        group = draw.choice(["G1", "G2", "G3", "G4", "G9"]) if customer_type == "group" else ""
        service_area = draw.choice(["", "A1", "A2", "A3", "A4"])
        owing = draw.choice(["", "0", "0.01", "50"])
        for month in present:
            until = [(day, status) for day, status, _ in life if day <= last_day(month)]
            since, status = until[-1] if until else (activated, "active")
            self.add(
                "subscribers",
                month,
                snapshot_month=month,
                subscriber_id=name,
                customer_id=f"C{name}",
                account_id=f"A{name}",
                activated_on=activated,
                status=status,
                status_since=since,
                brand=f"brand{plans[month][1]}",
                plan_id=plans[month],
                customer_type=customer_type,
                group_id=group,
                branch_id=branch,
                area_type=area,
                contact_complete="true",
                star_level=star,
                service_area_id=service_area,
                msisdn="13800000000",
            )
            if owing:
                self.add(
                    "arrears",
                    month,
                    snapshot_month=month,
                    account_id=f"A{name}",
                    amount_due_cny=owing if self.chance(0.95) else "",
                    months_overdue=draw.choice([0, 1, 1, 2]),
                )

    def series(self, patterns: list[str]) -> list[Decimal]:
        """Draw a row of seven values, now and then in another order or moved by a little."""
        values = [Decimal(value) for value in self.draw.choice(patterns).split()]
        if self.chance(0.2):
            self.draw.shuffle(values)
        return values

    def billing(self, name: str, present: list[date]) -> None:
        """Write the line's bills: a total on an edge, in parts."""
        bill, vas = self.series(MONEY), self.series(VAS)
        for month in present:
            amount, service = bill[month.month - 1], vas[month.month - 1]
            if amount == 0 and self.chance(0.5):
                continue
            rest = amount - service
            parts = {"vas": service, "monthly_rent": rest}
            if self.chance(0.3):
                parts = {"vas": service, "voice": rest + 5, "discount": Decimal(-5)}
            if service == 0:
                del parts["vas"]
            for item, value in parts.items():
                unknown = item != "vas" and self.chance(0.004)
                self.add(
                    "bills",
                    month,
                    billing_month=month,
                    subscriber_id=name,
                    fee_item=item,
                    amount_cny="" if unknown else value,
                )

    def usage(
        self, name: str, present: list[date], life: list[tuple[date, str, str]], activated: date
    ) -> date:
        """Write the line's days; return the last day that it may have been used."""
        draw = self.draw
        status = dict.fromkeys(days(FIRST, LAST), "active")
        for moment, to_status, _ in life:
            for day in days(moment, LAST):
                status[day] = to_status
        silent = self.silence()
        of_day = draw.choice([self.by_month, self.by_month, self.by_week, self.by_week, self.steady])(name)
        charged = draw.choice(["full", "full", "none", "gaps"])
        forwards, rivals = draw.choice([0, 0, 1, 3]), draw.choice([0, 0, 1])
        for day in days(max(FIRST, activated), LAST):
            in_month = [moment for moment, _, _ in life if month_of(moment) == month_of(day)]
            on_stop_day = in_month == [day] and self.chance(0.3)
            if (status[day] != "active" and not on_stop_day) or silent(day):
                continue
            if month_of(day) not in present:
                continue
            row = of_day(day)
            if row is None and not (forwards == 3 and self.chance(0.5)):
                continue
            row = row or {}
            forwarded = draw.choice([0, 0, 0, 1, 2]) if forwards and self.chance(0.15 + 0.2 * forwards) else 0
            row |= {
                "forwarded_calls": forwarded,
                "forwarded_to_competitor": min(forwarded, draw.choice([0, 1])),
                "own_hotline_calls": int(self.chance(0.03)),
                "competitor_hotline_calls": draw.choice([1, 1, 2]) if rivals and self.chance(0.06) else 0,
            }
            if self.chance(0.004):
                row[
                    draw.choice(
                        ["forwarded_to_competitor", "competitor_hotline_calls", "data_mb", "out_minutes"]
                    )
                ] = ""
            charge = row.pop("charge", Decimal(1))
            row["charged_cny"] = (
                "" if charged == "none" or (charged == "gaps" and self.chance(0.02)) else charge
            )
            self.day(name, day, row)
        return LAST

    def day(self, name: str, day: date, values: Row) -> None:
        """Write one day of usage."""
        zero = dict.fromkeys(
            (
                "out_calls",
                "out_minutes",
                "in_calls",
                "in_minutes",
                "offnet_out_minutes",
                "missed_calls",
                "sms_count",
                "data_mb",
                "roaming_minutes",
            ),
            0,
        )
        self.add("usage_daily", month_of(day), usage_date=day, subscriber_id=name, **(zero | values))

    def silence(self) -> Callable[[date], bool]:
        """Draw the days on which the line is not used though it could be."""
        kind = self.draw.choice(["none"] * 8 + ["month", "three", "three_off", "end", "two"])
        first = add_months(FIRST, self.draw.randint(1, 4))
        spans = {
            "none": (LAST + timedelta(1), LAST),
            "month": (first, last_day(first)),
            "three": (first, last_day(add_months(first, 2))),
            "three_off": (first + timedelta(1), last_day(add_months(first, 2))),
            "two": (first, last_day(add_months(first, 1))),
            "end": (first - timedelta(self.draw.choice([0, 1, 12])), LAST),
        }
        since, until = spans[kind]
        return lambda day: since <= day <= until

    def by_month(self, name: str) -> Callable[[date], Row | None]:
        """Usage on two days of a month, whose sums are on the edges of the monthly rules."""
        minutes, calls = self.series(COUNTS), self.series(CALLS)
        made, received = self.draw.sample(range(1, 29), 2)

        def of_day(day: date) -> Row | None:
            n = day.month - 1
            if day.day == made:
                return {"out_calls": int(calls[n]) - 2, "out_minutes": half(minutes[n]), "data_mb": 1}
            if day.day == received:
                return {"in_calls": 2, "in_minutes": minutes[n] - half(minutes[n])}
            return None

        return of_day

    def by_week(self, name: str) -> Callable[[date], Row | None]:
        """Usage on one day of a warning week, whose sums are on the edges of the weekly rules."""
        draw, factors = self.draw, {}
        base = {
            "minutes": Decimal(draw.choice(["30", "30", "29.99", "60", "200"])),
            "data": Decimal(draw.choice(["100", "99.99", "1000", "0"])),
            "charge": Decimal(draw.choice(["20", "19.99", "50", "0"])),
        }
        weekday = draw.choice([2, 2, 1, 1, 5])

        def of_day(day: date) -> Row | None:
            if day.weekday() != weekday:
                return None
            week = (day - date(2025, 12, 31)).days // 7
            factor = factors.setdefault(week, self.draw.choice(["1"] * 9 + ["half", "below", "0"]))
            amount = {
                key: value
                if factor == "1"
                else Decimal(0)
                if factor == "0"
                else (value / 2).quantize(Decimal("0.01")) - (Decimal("0.01") if factor == "below" else 0)
                for key, value in base.items()
            }
            minutes, data = max(amount["minutes"], Decimal(0)), max(amount["data"], Decimal(0))
            return {
                "out_calls": 3,
                "out_minutes": half(minutes),
                "in_calls": 2,
                "in_minutes": minutes - half(minutes),
                "data_mb": data,
                "charge": max(amount["charge"], Decimal(0)),
            }

        return of_day

    def steady(self, name: str) -> Callable[[date], Row | None]:
        """Usage on most days."""

        def of_day(day: date) -> Row | None:
            if self.chance(0.15):
                return None
            use = self.draw.choice(["out_calls", "in_calls", "sms_count", "data_mb", "missed_calls", "both"])
            if use == "both":
                return {"out_calls": 2, "in_calls": 1, "out_minutes": 6, "in_minutes": 4, "data_mb": 30}
            return {use: 1}

        return of_day

    # Registers and events around a line

    def registers(self, name: str, until: date) -> None:
        """Write contracts, services, complaints and contacts."""
        draw = self.draw
        edges = [
            *(last_day(add_months(FIRST, n)) for n in range(4, 11)),
            *(last_day(add_months(FIRST, n)) + timedelta(1) for n in range(4, 11)),
            *(date(2026, 7, 14) + timedelta(n) for n in (0, 1, 59, 60, 61)),
            *(date(2026, 6, 30) + timedelta(n) for n in (0, 1, 60, 61)),
        ]
        for kind in draw.choices(
            ["fee_rebate", "fee_rebate", "fee_rebate", "handset_rental", "business"], k=draw.randint(0, 2)
        ):
            landed = draw.choice(MONTHS[:1] * 3 + MONTHS[1:5])
            row = {
                "contract_id": self.next_id("K"),
                "subscriber_id": name,
                "contract_type": kind,
                "starts_on": landed - timedelta(draw.choice([0, 300])),
                "ends_on": draw.choice(edges),
                "monthly_rebate_cny": 10,
                "cancelled_on": "",
            }
            self.add("contracts", landed, **row)
            if self.chance(0.2):
                cancelled = draw.choice(
                    [date(2026, 6, 9), date(2026, 6, 10), date(2026, 7, 14), date(2026, 7, 21)]
                )
                self.add("contracts", month_of(cancelled), **(row | {"cancelled_on": cancelled}))
            elif self.chance(0.2):
                later = draw.choice(MONTHS[5:])
                self.add("contracts", later, **(row | {"ends_on": draw.choice(edges)}))
        for _ in range(draw.choice([0, 1, 3, 7])):
            starts = draw.choice(
                [date(2024, 1, 1), *(add_months(FIRST, n) for n in range(7)), date(2026, 1, 31)]
            )
            row = {
                "subscriber_id": name,
                "service_code": self.next_id("V") if self.chance(0.8) else "V_SAME",
                "starts_on": starts,
                "ends_on": "",
                "is_bundle": draw.choice(["true", "true", "false"]),
                "monthly_fee_cny": 5,
            }
            if row["service_code"] == "V_SAME" and any(
                other["subscriber_id"] == name and other["service_code"] == "V_SAME"
                for rows in self.rows["service_subscriptions"].values()
                for other in rows
            ):
                continue
            self.add("service_subscriptions", max(FIRST, month_of(starts)), **row)
            ends = draw.choice(
                [date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 30), date(2026, 7, 31)]
            )
            if self.chance(0.4) and month_of(ends) > max(FIRST, month_of(starts)):
                self.add("service_subscriptions", month_of(ends), **(row | {"ends_on": ends}))
        for _ in range(draw.choice([0, 0, 1, 2, 4, 6])):
            self.complaint(name)
        for _ in range(draw.choice([0, 0, 1, 2, 3, 4])):
            group = draw.choice(["", "", "G1", "G3"])
            day = draw.choice(
                [FIRST, date(2026, 1, 31), date(2026, 2, 1), date(2026, 5, 5), date(2026, 7, 31)]
            )
            self.add(
                "service_contacts",
                month_of(day),
                contact_id=self.next_id("S"),
                subscriber_id="" if group else name,
                group_id=group,
                contacted_at=midnight(day, draw.choice([0, 86399])),
                channel="hotline",
                purpose="enquiry"
                if group and self.chance(0.97)
                else draw.choice(["key_account_care", "key_account_care", "enquiry"]),
            )

    def complaint(self, name: str) -> None:
        """Write a complaint, around a week's or a month's midnight, answered in time, late or not at all."""
        draw = self.draw
        wednesday = date(2026, 1, 7) + timedelta(7 * draw.randint(5, 29))
        edge = draw.choice(
            [wednesday, add_months(FIRST, draw.randint(3, 6)), date(2026, 7, 8), date(2026, 7, 15)]
        )
        opened = midnight(edge, draw.choice([-1, 0, 3600, -3600 * 26]))
        if not FIRST <= opened.date() <= LAST:
            return
        due = draw.choice(
            [
                opened + timedelta(2),
                opened + timedelta(1),
                midnight(edge + timedelta(7)),
                midnight(edge + timedelta(7), -1),
            ]
        )
        answered = draw.choice(
            [
                None,
                opened + timedelta(1),
                due + timedelta(5),
                midnight(edge + timedelta(7)),
                midnight(edge + timedelta(14), -1),
            ]
        )
        row = {
            "ticket_id": self.next_id("T"),
            "subscriber_id": name,
            "opened_at": opened,
            "category": "network",
            "fault_level": draw.choice([0, 1, 2, 4]),
            "is_severe": draw.choice(["true", "false", "false", "false"]),
            "due_at": due,
            "responded_at": "",
            "closed_at": "",
        }
        landed = month_of(opened.date())
        if answered and month_of(answered.date()) == landed:
            row["responded_at"] = answered
        self.add("complaints", landed, **row)
        if answered and month_of(answered.date()) > landed:
            self.add("complaints", month_of(answered.date()), **(row | {"responded_at": answered}))

    # Writing

    def write(self, landing: Path, *, without: tuple[str, ...] = ()) -> None:
        """Write the world's extracts, less the tables that this operator does not have."""
        for table, months in self.rows.items():
            if table in without:
                continue
            for month, rows in months.items():
                folder = landing / table / (f"{month:%Y-%m}" if month else "")
                folder.mkdir(parents=True, exist_ok=True)
                with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
                    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
                    writer.writeheader()
                    for row in rows:
                        writer.writerow(
                            {k: v.isoformat(" ") if isinstance(v, datetime) else v for k, v in row.items()}
                        )
