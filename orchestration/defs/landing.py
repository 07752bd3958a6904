"""Landing: the raw tables of the contract, and the accounts of what was read."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg
import duckdb
import pandas as pd

from orchestration.defs.feedback import ANSWERS, CONTACTS
from orchestration.defs.groups import LANDING
from orchestration.defs.month_figures import landed, quarantine
from orchestration.defs.telling import materialised
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
            group_name=LANDING,
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
        never = never_landed(connection)
    if never:
        say(f"never landed, so what rests on them is not evaluated: {', '.join(never)}")
    with warehouse.reading() as connection:
        more = {"ops.landing_audit": landed, "ops.quarantine": quarantine}
        for key in sorted(context.selected_asset_keys):
            table = ".".join(key.path)
            figures = more[table](connection, months) if table in more else {}
            month_column = "" if key.path[-1] in _WITHOUT_MONTHS else "landed_month"
            yield materialised(context, connection, table, months, figures, month_column=month_column)


@dg.asset_check(
    asset=["ops", "landing_audit"],
    blocking=True,
    partitions_def=snapshot_months,
    description="Of every file, the rows read are those accepted, quarantined and duplicate, and what is "
    "quarantined lies in ops.quarantine.",
)
def every_row_read_is_accounted_for(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Add up the accounts of the run's months, file by file."""
    with warehouse.reading() as connection:
        wrong = unaccounted(connection, run_months(context))
    return dg.AssetCheckResult(passed=not wrong, metadata={"wrong_files": wrong})


def unaccounted(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> list[str]:
    """Return the files whose accounts do not add up, sorted."""
    found = connection.execute(
        """
        select landing_audit.file_name
        from ops.landing_audit
        left join (
            select landed_month, table_name, file_name, count(*) as rejected
            from ops.quarantine group by all
        ) as rejects using (landed_month, table_name, file_name)
        where
            landed_month in (select unnest(?::date[]))
            and (
                rows_read <> rows_accepted + rows_quarantined + rows_duplicate
                or rows_quarantined <> coalesce(rejected, 0)
            )
        order by landing_audit.file_name
        """,
        [list(months)],
    ).fetchall()
    return [name for (name,) in found]


def never_landed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the tables of the contract of which no file ever landed, sorted."""
    landed = {
        name for (name,) in connection.execute("select distinct table_name from ops.landing_audit").fetchall()
    }
    return sorted(set(_RAW_TABLES["table_name"]) - landed)
