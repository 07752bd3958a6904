"""The rules of the raw contract as SQL: a value's type, why a row is rejected, what of it may be shown.

Belongs here: SQL expressions over one row. Not here: running them (staging.py), rules about other rows.
"""

from datetime import date

from orchestration.landing.contract import Column, Table

_INTEGERS = frozenset(
    f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")
) | {"INTEGER", "UINTEGER"}
_TIMESTAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})

# What a typed value may become without a detour through text; anything else is checked as text is. Not a
# double that becomes a decimal: 1.005 is 1.00499… in binary, and would round to another amount than in a CSV.
_DIRECT = frozenset(
    {
        ("integer", "integer"),
        ("integer", "decimal"),
        ("integer", "double"),
        ("decimal", "decimal"),
        ("decimal", "double"),
        ("double", "double"),
        ("boolean", "boolean"),
        ("date", "date"),
        ("date", "timestamp"),
        ("timestamp", "timestamp"),
    }
)
# DuckDB's own casts are kinder (2026/1/5, 1_000, 0x10, 3.5 as 4): what they guess is rejected here.
_PATTERNS = {
    "integer": r"[+-]?\d+(\.0*)?",
    "decimal": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "double": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "boolean": r"(?i)true|t|1|yes|false|f|0|no",
    "date": r"\d{4}-\d\d-\d\d([ T]00:00(:00(\.0+)?)?)?",
    "timestamp": r"\d{4}-\d\d-\d\d([ T]([01]\d|2[0-3]):\d\d(:\d\d(\.\d{1,9})?)?)?",
}
_TIME_ZONE = r"\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)"
_SHORTENED_NUMBER = r"\d(\.\d+)?E\+\d+"
_WHITE_SPACE = " \t\r\n\u00a0\u3000"

CONTRADICTIONS = {
    "usage_daily": (
        "offnet_out_minutes > out_minutes",
        "night_minutes > out_minutes",
        "long_distance_minutes > out_minutes",
        "in_group_minutes > out_minutes",
        "forwarded_to_competitor > forwarded_calls",
    ),
    "contracts": ("ends_on < starts_on",),
    "service_subscriptions": ("ends_on < starts_on",),
    "complaints": ("responded_at < opened_at", "closed_at < opened_at"),
    "network_faults": ("ended_at < started_at",),
    "market_events": ("ends_on < starts_on",),
}
"""Values that contradict each other within a row: warned of, never quarantined."""


def quoted(identifier: str) -> str:
    """Return a name of the contract as an SQL identifier: some are keywords."""
    return f'"{identifier}"'


def literal(text: str) -> str:
    """Return text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def family_of(duckdb_type: str) -> str:
    """Return the family of a delivered column's type; `other` for what only text can tell."""
    name = duckdb_type.upper()
    if name in _INTEGERS:
        return "integer"
    if name in _TIMESTAMPS:
        return "timestamp"
    if name.startswith("DECIMAL("):
        return "decimal"
    families = {"FLOAT": "double", "DOUBLE": "double", "TIMESTAMP WITH TIME ZONE": "instant"}
    return families.get(name, name.lower() if name in {"VARCHAR", "BOOLEAN", "DATE"} else "other")


def source_value(column: Column, value: str, family: str) -> str:
    """Return a delivered value made ready: as it is where its type fits, else as text; empty is null."""
    return value if (family, column.family) in _DIRECT else f"nullif({_text(value, family)}, '')"


def typed_value(column: Column, source: str, family: str) -> str:
    """Return the value in the contract's type; null where it does not fit, rounding a longer fraction."""
    if column.family == "varchar":
        return source
    if (family, column.family) in _DIRECT:
        converted = f"try_cast({source} as {column.data_type})"
        finite = family in ("double", "date", "timestamp")
        return f"case when isfinite({source}) then {converted} end" if finite else converted
    # Trimming is by far the dearest step: only what does not fit as it is gets trimmed.
    return "case " + " ".join(_conversion(column, text) for text in (source, _trimmed(source))) + " end"


def source_text(column: Column, source: str, family: str) -> str:
    """Return a made-ready value as text."""
    return _text(source, family) if (family, column.family) in _DIRECT else source


def shown(column: Column, text: str) -> str:
    """Return text fit for quarantine: personal columns masked, phone numbers masked anywhere, cut at 200."""
    if column.is_personal:
        is_phone = rf"regexp_full_match({text}, '\+?\d{{11,13}}')"
        masked = f"if({is_phone}, left({text}, 3) || '****' || right({text}, 4), '***')"
        return f"case when {text} is not null then {masked} end"
    masked = rf"regexp_replace({text}, '\b((?:86)?1[3-9]\d)\d{{4}}(\d{{4}})\b', '\1****\2', 'g')"
    return f"left({masked}, 200)"


def rejection(table: Table, column: Column, month: date | None, typed: str, text: str) -> str | None:
    """Return the reason for which a column rejects its row, as SQL that is null where it does not.

    None where nothing is asked of the column. `typed` is the value, `text` what was delivered.
    """
    name = column.name
    value = f"{literal(name + ': ')} || '''' || {shown(column, text)} || ''''"
    rules: list[tuple[str, str]] = []

    def reject(condition: str, because: str, *, saying: str = value) -> None:
        rules.append((condition, f"{saying} || {literal(because)}"))

    if column.family == "varchar" and not column.accepted_values:
        shortened = f"contains({typed}, 'E+') and regexp_full_match({typed}, {literal(_SHORTENED_NUMBER)})"
        reject(shortened, " is a number that a spreadsheet cut short; deliver it as text")
    elif column.family != "varchar":
        misfit = f"{typed} is null and {_trimmed(text)} <> ''"
        if column.family == "timestamp":
            zoned = f"{misfit} and regexp_matches({text}, {literal(_TIME_ZONE + '$')})"
            reject(zoned, " has a time zone; deliver local time without one")
        reject(misfit, f" is not {column.data_type}")
    if column.is_key or name == table.month_column:
        role = "part of the key" if column.is_key else "the row's month"
        reject(f"{typed} is null", f": empty, but it is {role}", saying=literal(name))
    if column.accepted_values:
        # A long `in (…)` would become a join, and a join does not keep rows in the order of their file.
        values = ", ".join(map(literal, column.accepted_values))
        reject(f"not list_contains([{values}], {typed})", f" is none of {', '.join(column.accepted_values)}")
    if column.minimum is not None:
        reject(f"{typed} < {column.minimum}", f" is below {column.minimum}")
    if column.maximum is not None:
        reject(f"{typed} > {column.maximum}", f" is above {column.maximum}")
    if month is not None and name == table.month_column:
        first = f"date '{month:%Y-%m-%d}'"
        # A month is told by its first day: any other day of it would never join.
        if name.endswith("_month"):
            reject(f"{typed} <> {first}", f" is not the first day of the folder's month {month:%Y-%m}")
        else:
            outside = f"({typed} < {first} or {typed} >= {first} + interval 1 month)"
            reject(outside, f" lies outside the folder's month {month:%Y-%m}")
    if not rules:
        return None
    return "case " + " ".join(f"when {condition} then {reason}" for condition, reason in rules) + " end"


def raw_row(columns_as_text: list[tuple[Column, str]]) -> str:
    """Return a row as masked JSON, from each delivered column and its value as text."""
    pairs = ", ".join(f"{literal(column.name)}, {shown(column, text)}" for column, text in columns_as_text)
    return f"cast(json_object({pairs}) as varchar)"


def _conversion(column: Column, text: str) -> str:
    converted = f"try_cast({text} as {column.data_type})"
    if column.family == "boolean":
        converted = f"lower({text}) in ('true', 't', '1', 'yes')"
    elif column.family == "double":
        converted = f"if(isfinite({converted}), {converted}, null)"
    return f"when regexp_full_match({text}, {literal(_PATTERNS[column.family])}) then {converted}"


def _trimmed(text: str) -> str:
    return f"trim({text}, {literal(_WHITE_SPACE)})"


def _text(value: str, family: str) -> str:
    if family == "varchar":
        return value
    if family == "double":
        # An id that a data frame turned into a float is still that id: 17.0 is '17'.
        is_whole = f"{value} = trunc({value}) and abs({value}) < 1e15"
        return f"if({is_whole}, cast(try_cast({value} as bigint) as varchar), cast({value} as varchar))"
    if family == "instant":
        return f"cast({value} at time zone 'UTC' as varchar) || '+00'"
    return f"cast({value} as varchar)"
