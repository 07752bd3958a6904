"""Landing: the raw tables of the contract, and the accounts of what was read."""

from collections.abc import Iterator

import dagster as dg
import duckdb
import pandas as pd

from orchestration.defs.feedback import ANSWERS, CONTACTS
from orchestration.landing import land, prepare
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.settings import REFERENCE
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse

_RAW_TABLES = pd.read_csv(REFERENCE / "raw_tables.csv", keep_default_na=False)
_ACCOUNTS = ("ops.landing_audit", "ops.quarantine", "ops.operator_settings")
_WITHOUT_MONTHS = {"operator_settings"} | set(_RAW_TABLES.loc[_RAW_TABLES["kind"] == "static", "table_name"])


def _specs() -> list[dg.AssetSpec]:
    tables = {
        (str(row["source_name"]), str(row["table_name"])): f"Raw {row['kind']} table, as it was delivered."
        for row in _RAW_TABLES.to_dict("records")
    }
    tables |= {("ops", name.removeprefix("ops.")): TABLES[name].grain for name in _ACCOUNTS}
    return [
        dg.AssetSpec(
            [schema, name],
            # What the units answer is raw data like any other, and there before anything lands.
            deps=[ANSWERS] if [schema, name] == CONTACTS else [],
            description=description,
            group_name="landing",
            owners=["data-engineering@operator.example"],
            kinds={"python", "duckdb"},
            partitions_def=None if name in _WITHOUT_MONTHS else snapshot_months,
        )
        for (schema, name), description in tables.items()
    ]


# All tables of a run land together; Dagster wants the flag for tables with and without months in one step.
@dg.multi_asset(
    name="landing", specs=_specs(), can_subset=True, backfill_policy=dg.BackfillPolicy.single_run()
)
def landing(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Check the extracts of the run's months and land them, each month in one transaction."""
    months = run_months(context)
    say(f"extracts of {len(months)} month(s)")
    with warehouse.writing() as connection:
        prepare(connection)
        land(connection, warehouse.home, months, progress=say)
        accounts = connection.execute(
            """
            select
                table_name,
                coalesce(strftime(landed_month, '%Y-%m'), 'static') as landed_month,
                cast(sum(rows_accepted) as bigint) as accepted,
                cast(sum(rows_quarantined) as bigint) as quarantined,
                cast(sum(rows_duplicate) as bigint) as duplicate
            from ops.landing_audit
            where landed_month is null or landed_month in (select unnest(?::date[]))
            group by all
            order by all
            """,
            [months],
        ).df()
        never = never_landed(connection)
    if never:
        say(f"never landed, so what rests on them is not evaluated: {', '.join(never)}")
    for key in sorted(context.selected_asset_keys):
        yield dg.MaterializeResult(asset_key=key, metadata=_account(accounts, key.path[-1]))


def never_landed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the tables of the contract of which no file ever landed, sorted."""
    landed = {
        name for (name,) in connection.execute("select distinct table_name from ops.landing_audit").fetchall()
    }
    return sorted(set(_RAW_TABLES["table_name"]) - landed)


def _account(accounts: pd.DataFrame, table: str) -> dict[str, dict[str, dict[str, int]]]:
    """Return the rows of one table by month, for the UI; a static table stands under 'static'."""
    own = accounts[accounts["table_name"] == table]
    return {
        "rows_per_month": {
            str(month): {
                "accepted": int(accepted),
                "quarantined": int(quarantined),
                "duplicate": int(duplicate),
            }
            for month, accepted, quarantined, duplicate in zip(
                own["landed_month"], own["accepted"], own["quarantined"], own["duplicate"], strict=True
            )
        }
    }
