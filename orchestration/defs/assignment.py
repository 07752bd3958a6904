"""Assignment: every customer at risk gets one owner, or a reason why not."""

from collections.abc import Sequence
from datetime import date

import dagster as dg
import duckdb
import pandas as pd

from ml.assignment import assign
from orchestration.defs.candidates import read_parameters
from orchestration.defs.customers import at_risk, read_customers, read_options
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, replace_months

_LIST = "retention.responsibilities"


@dg.asset(
    key=_LIST.split("."),
    deps=[
        ["ml", "churn_scores"],
        ["ml", "cause_scores"],
        ["retention", "churn_warnings"],
        ["retention", "scorecard_scores"],
        ["retention", "rule_causes"],
        ["retention", "first_contacts"],
        ["retention", "would_be_owners"],
        ["retention", "staff_available"],
        ["retention", "strategies_in_force"],
        ["reference", "offers"],
        # Whoever had the customer last month keeps him.
        dg.AssetDep(
            _LIST.split("."), partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
        ),
    ],
    description=TABLES[_LIST].grain,
    group_name="responsibility",
    owners=["market-department@operator.example"],
    kinds={"python", "duckdb"},
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def responsibilities(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """Give the list of each month to units and people, oldest month first."""
    counts = {}
    for month in run_months(context):
        with warehouse.writing() as connection:
            listed = _list_of(connection, month)
            replace_months(connection, _LIST, listed, [month])
        counts[f"{month:%Y-%m}"] = {
            str(disposition): int(rows)
            for disposition, rows in listed["disposition"].value_counts().sort_index().items()
        }
        say(f"{month:%Y-%m}: {len(listed)} subscribers on the list")
    return dg.MaterializeResult(metadata={"dispositions_per_month": counts})


@dg.asset_check(
    asset=_LIST.split("."),
    blocking=True,
    partitions_def=snapshot_months,
    description="Every potential churner of a month, and every candidate red or yellow in one of its weeks, "
    "stands on its list once, in one of four dispositions; whoever is assigned has a unit, a person, a "
    "stage, a channel and a due date.",
)
def every_subscriber_at_risk_has_one_disposition(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Compare the list with whoever the rules put on it, month by month."""
    with warehouse.reading() as connection:
        wrong = wrongly_listed(connection, run_months(context))
    return dg.AssetCheckResult(passed=not wrong, metadata={"wrong_per_month": wrong})


def wrongly_listed(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[str, int]:
    """Count, by month, customers who stand twice, in no known disposition, without owner, or not at all."""
    return dict(
        connection.execute(
            """
            with list_rows as (
                select
                    snapshot_month,
                    subscriber_id,
                    count(*) as row_count,
                    count(*) filter (
                        disposition in ('assigned', 'suppressed', 'held_out', 'beyond_capacity')
                        and (disposition = 'suppressed') = (suppression_reason is not null)
                        and (
                            disposition <> 'assigned'
                            or (primary_unit_id || staff_id || stage || channel || due_date) is not null
                        )
                    ) as right_count
                from retention.responsibilities
                where snapshot_month in (select unnest($months::date[]))
                group by all
            ),
            -- Told from the warnings themselves, and not from what the list was made of.
            at_risk as (
                select distinct scores.snapshot_month, scores.subscriber_id
                from retention.scorecard_scores as scores
                left join retention.churn_warnings as warnings
                    on scores.snapshot_month = warnings.week_month
                    and scores.subscriber_id = warnings.subscriber_id
                where
                    scores.snapshot_month in (select unnest($months::date[]))
                    and (scores.is_potential_churner or warnings.colour in ('red', 'yellow'))
            )
            select strftime(snapshot_month, '%Y-%m'), count(*)
            from at_risk
            full join list_rows using (snapshot_month, subscriber_id)
            where row_count is distinct from 1 or right_count is distinct from 1
            group by all
            order by all
            """,
            {"months": list(months)},
        ).fetchall()
    )


def _list_of(connection: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Return the list of a month: who is at risk, ranked, with unit, person, action and due date."""
    customers = read_customers(connection, month)
    options = read_options(connection, month)
    horizon = int(read_parameters(connection)["value_horizon_months"])
    customers = at_risk(customers, options, horizon_months=horizon)
    staff = connection.execute(
        "select staff_id, owner_unit_id, monthly_capacity from retention.staff_available "
        "where snapshot_month = ? order by staff_id",
        [month],
    ).df()
    previous = connection.execute(
        f"select subscriber_id, staff_id from {_LIST} where staff_id is not null "
        "and snapshot_month = cast(? - interval 1 month as date) order by subscriber_id",
        [month],
    ).df()
    listed = assign(customers, staff, previous)
    listed = listed.assign(list_kind="at_risk", suppression_reason=None, propensity=None)
    return listed[[column.name for column in TABLES[_LIST].columns]]
