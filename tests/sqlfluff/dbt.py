"""What sqlfluff's templater puts where the models call dbt's own macros: SQL of the right shape.

Belongs here: stand-ins for the `dbt.*` macros that the project calls, so that linting needs neither dbt nor
a warehouse. Not here: the project's own macros, which sqlfluff reads from `dbt_project/macros`.
"""

from collections.abc import Callable

_MACROS = ("date_trunc", "dateadd", "datediff", "hash", "listagg")


def __getattr__(macro: str) -> Callable[..., str]:
    """Return a stand-in that writes the macro's call as a call of a function.

    Raises AttributeError for a macro that no model calls yet: add it to the list.

    >>> __getattr__("dateadd")("month", 1, "landed_month")
    'dateadd(month, 1, landed_month)'
    """
    if macro not in _MACROS:
        raise AttributeError(f"tests/sqlfluff/dbt.py has no stand-in for dbt.{macro}; add it to _MACROS.")
    return lambda *arguments: f"{macro}({', '.join(map(str, arguments))})".replace(", order by", " order by")
