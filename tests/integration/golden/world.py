"""The golden world: some 140 lines over seven months, each with a reason to exist, written as raw extracts.

Belongs here: turning the compact tables beside this module into a landing folder. `lines.csv` holds a row a
line; `weekly_use.csv` what some of them used on the Wednesdays of seven weeks, a row a line and measure;
`extracts/` holds the other raw tables, with the month folder of each row in front; `as_delivered/` holds
files that are copied as they are. Not here: what should come of it (`expected/`, worked out by hand).

In `lines.csv` empty means the default below, one value all months, seven values January to July; `-` is no
row, `?` a row without its amount, `e` the month's last day, `4:x` means x from April on; a rebate contract
that ends on `-` is none.

Unless said otherwise a line is a personal one of the northern branch's city, pays 120 for plan GOLD_128
without value-added services, speaks 50 minutes in 20 calls on the last day of each month, is complete in its
contact data, and has a fee-rebate contract for years to come. Lines made for the weeks of July are in the
books from June, and most pay so little in July that they are of the mass tier: warned in July's weeks (their
base month is June), but no candidates of July and not on its list.
"""

import calendar
import csv
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

GOLDEN = Path(__file__).parent
MONTHS = tuple(f"2026-{number:02d}" for number in range(1, 8))

_DEFAULTS = {
    "bills": "120",
    "vas_fees": "0",
    "minutes": "50",
    "calls": "20",
    "used_on": "e e e e e e e",
    "in_books": "1-7",
    "activated_on": "2020-01-15",
    "status": "",
    "plan": "1:GOLD_128",
    "star_level": "0",
    "customer_type": "personal",
    "group_id": "",
    "branch_id": "B_NORTH",
    "area_type": "urban",
    "service_area_id": "",
    "rebate_ends_on": "2027-12-31",
}
_NO_USE = {
    "offnet_out_minutes": "0",
    "missed_calls": "0",
    "forwarded_calls": "0",
    "forwarded_to_competitor": "0",
    "own_hotline_calls": "0",
    "competitor_hotline_calls": "0",
    "sms_count": "0",
    "data_mb": "0",
    "roaming_minutes": "0",
    "charged_cny": "",
}
_AS_THEY_ARE = (
    "activated_on",
    "star_level",
    "customer_type",
    "group_id",
    "branch_id",
    "area_type",
    "service_area_id",
)
# Of the minutes and calls of a day these are received, the rest is made.
_RECEIVED_MINUTES = 10
_RECEIVED_CALLS = 5

Row = dict[str, str]


def write_world(landing: Path, *, tables: Collection[str] | None = None) -> None:
    """Write the world's extracts under `landing`; only some of its raw tables where `tables` names them."""
    folders: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for line in read_table(GOLDEN / "lines.csv"):
        for table, folder, row in _rows_of(_DEFAULTS | {name: text for name, text in line.items() if text}):
            folders[table, folder].append(row)
    for row in _weekly_use():
        folders["usage_daily", row["usage_date"][:7]].append(row)
    for file in sorted((GOLDEN / "extracts").glob("*.csv")):
        for row in read_table(file):
            folder = row.pop("folder")
            folders[file.stem, folder].append((_NO_USE | row) if file.stem == "usage_daily" else row)
    for (table, folder), rows in folders.items():
        if tables is None or table in tables:
            _write(landing / table / folder / "a.csv", rows)
    for file in sorted((GOLDEN / "as_delivered").rglob("*.csv")):
        place = file.relative_to(GOLDEN / "as_delivered")
        if tables is None or place.parts[0] in tables:
            shutil.copyfile(file, landing / place)


def read_table(file: Path) -> list[Row]:
    """Read a CSV file, every value as text."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _rows_of(line: Row) -> Iterator[tuple[str, str, Row]]:
    """Yield table, month folder and row of everything that `lines.csv` says of a line."""
    subscriber = line["subscriber_id"]
    monthly = zip(
        MONTHS,
        *(_seven(line[name]) for name in ("bills", "vas_fees", "minutes", "calls", "used_on")),
        strict=True,
    )
    for number, (month, bill, vas_fee, minutes, calls, used_on) in enumerate(monthly, start=1):
        if number not in _months_in_books(line["in_books"]):
            continue
        yield "subscribers", month, _subscriber(line, number)
        if bill != "-":
            voice = "" if bill == "?" else f"{float(bill) - float(vas_fee.replace('?', '0')):.2f}"
            yield "bills", month, _bill(subscriber, month, "voice", voice)
            if vas_fee != "0":
                yield "bills", month, _bill(subscriber, month, "vas", vas_fee.replace("?", ""))
        if used_on != "-":
            day = calendar.monthrange(2026, number)[1] if used_on == "e" else int(used_on)
            yield "usage_daily", month, _use(subscriber, f"{month}-{day:02d}", float(minutes), int(calls))
    if line["rebate_ends_on"] != "-":
        yield "contracts", MONTHS[0], _rebate_contract(subscriber, line["rebate_ends_on"])


def _subscriber(line: Row, number: int) -> Row:
    subscriber, plan = line["subscriber_id"], _value_at(line["plan"], number)
    status, _, since = _value_at(f"1:active:{line['activated_on']} {line['status']}", number).partition(":")
    return {
        "snapshot_month": f"{MONTHS[number - 1]}-01",
        "subscriber_id": subscriber,
        "customer_id": f"customer_{subscriber}",
        "account_id": f"account_{subscriber}",
        "msisdn": "13800000000",
        "status": status,
        "status_since": since,
        "brand": plan.partition("_")[0].title(),
        "plan_id": plan,
        "contact_complete": "true",
    } | {name: line[name] for name in _AS_THEY_ARE}


def _rebate_contract(subscriber: str, ends_on: str) -> Row:
    return {
        "contract_id": f"contract_{subscriber}",
        "subscriber_id": subscriber,
        "contract_type": "fee_rebate",
        "starts_on": "2025-01-01",
        "ends_on": ends_on,
        "cancelled_on": "",
    }


def _bill(subscriber: str, month: str, fee_item: str, amount: str) -> Row:
    return {
        "billing_month": f"{month}-01",
        "subscriber_id": subscriber,
        "fee_item": fee_item,
        "amount_cny": amount,
    }


def _use(subscriber: str, day: str, minutes: float, calls: int) -> Row:
    return {
        "usage_date": day,
        "subscriber_id": subscriber,
        "out_calls": str(calls - _RECEIVED_CALLS),
        "out_minutes": f"{minutes - _RECEIVED_MINUTES:.2f}",
        "in_calls": str(_RECEIVED_CALLS),
        "in_minutes": str(_RECEIVED_MINUTES),
    } | _NO_USE


def _weekly_use() -> Iterator[Row]:
    """Yield a row a line and day of `weekly_use.csv`: a call, and what its measures say."""
    days: defaultdict[tuple[str, str], Row] = defaultdict(dict)
    for line in read_table(GOLDEN / "weekly_use.csv"):
        subscriber, measure = line.pop("subscriber_id"), line.pop("measure")
        for day, amount in line.items():
            if amount:
                days[subscriber, day][measure] = amount.replace("?", "")
    no_minutes = {"out_calls": "1", "out_minutes": "0", "in_calls": "0", "in_minutes": "0"}
    for (subscriber, day), amounts in days.items():
        yield {"usage_date": day, "subscriber_id": subscriber} | no_minutes | _NO_USE | amounts


def _seven(text: str) -> list[str]:
    values = text.split()
    return values * len(MONTHS) if len(values) == 1 else values


def _months_in_books(text: str) -> set[int]:
    """Return the month numbers of `1-3 5-7`."""
    spans = (span.split("-") for span in text.split())
    return {number for first, last in spans for number in range(int(first), int(last) + 1)}


def _value_at(text: str, number: int) -> str:
    """Return what `1:OLD 6:NEW` says of a month: the last value that began by then."""
    steps = (step.partition(":") for step in text.split())
    return [value for from_month, _, value in steps if int(from_month) <= number][-1]


def _write(file: Path, rows: list[Row]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
