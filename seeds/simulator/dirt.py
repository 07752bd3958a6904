"""Dirt: rows that a landing must count as duplicates or put into quarantine.

Belongs here: which tables get spoiled, how, and the count of each kind. Every planted row is an extra copy
of a good row, so that what is left after a correct landing equals the clean run. Not here: file formats.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seeds.simulator.contract import RawTable
from seeds.simulator.months import Month
from seeds.simulator.randomness import Purpose, stream

DIRTY_TABLES: dict[str, tuple[str, str]] = {
    "bills": ("amount_cny", "fee_item"),
    "usage_daily": ("out_calls", ""),
    "payments": ("amount_cny", "payment_method"),
    "complaints": ("fault_level", "category"),
    "subscribers": ("activated_on", "status"),
}
"""Table → the column that gets a wrong type, the column that gets an unknown code (none: empty)."""

UNKNOWN_CODES = {"fee_item": "misc", "status": "zombie"}
KINDS = ("duplicate", "wrong_type", "wrong_month", "unknown_code")


def spoil(
    rows: pa.Table, table: RawTable, month: Month, rate: float, seed: int, part: int
) -> tuple[pa.Table, Counter[str]]:
    """Return the rows as text with planted rows at random places, and how many of each kind.

    `rate` is the share of planted rows; the kinds that fit the table share it evenly. Every planted row
    copies another good row. Tables whose rows need not lie in the month (registers) get no `wrong_month`.
    """
    text = pa.table({name: pc.cast(rows[name], pa.string()) for name in rows.column_names})
    wrong_type, unknown_code = DIRTY_TABLES[table.name]
    spoilers: dict[str, Callable[[pa.Table], pa.Table]] = {"duplicate": lambda chosen: chosen}
    spoilers["wrong_type"] = lambda chosen: _replaced(chosen, wrong_type, "abc")
    if table.kind in ("event", "snapshot"):
        earlier = str(month.plus(-2).start)
        spoilers["wrong_month"] = lambda chosen: _replaced(chosen, table.month_column, earlier)
    if unknown_code:
        code = UNKNOWN_CODES.get(unknown_code, "mystery")
        spoilers["unknown_code"] = lambda chosen: _replaced(chosen, unknown_code, code)
    rng = stream(seed, month.index, Purpose.DIRT, part * 100 + sorted(DIRTY_TABLES).index(table.name))
    wanted = max(1, rng.poisson(rate * text.num_rows / len(spoilers)))
    each = min(wanted, text.num_rows // len(spoilers))
    originals = rng.choice(text.num_rows, size=(len(spoilers), each), replace=False)
    planted = [
        spoiler(text.take(chosen)) for spoiler, chosen in zip(spoilers.values(), originals, strict=True)
    ]
    everything = pa.concat_tables([text, *planted])
    places = np.concatenate([np.arange(text.num_rows), rng.integers(0, text.num_rows, originals.size)])
    order = np.argsort(places, kind="stable")
    return everything.take(order).combine_chunks(), Counter(dict.fromkeys(spoilers, int(each)))


def _replaced(rows: pa.Table, column: str, value: str) -> pa.Table:
    position = rows.column_names.index(column)
    return rows.set_column(position, column, pa.array([value] * rows.num_rows, pa.string()))
