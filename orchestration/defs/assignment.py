"""Assignment: every customer at risk or lost gets one owner within capacity, or a reason why not."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import duckdb
import pandas as pd

from ml.assignment import Assignment, Policy, assign
from ml.benefits import fitting_actions
from orchestration.defs import telling
from orchestration.defs.candidates import read_parameters
from orchestration.defs.customers import listed_customers, read_customers, read_options
from orchestration.defs.groups import RESPONSIBILITY
from orchestration.defs.month_figures import list_sizes
from orchestration.defs.telling import materialised
from orchestration.partitions import run_months, snapshot_months
from orchestration.progress import say
from orchestration.tables import TABLES
from orchestration.warehouse import Warehouse, replace_months

_LIST = "retention.responsibilities"
_PRICES = "retention.shadow_prices"


@dg.multi_asset(
    name="responsibilities",
    specs=[
        dg.AssetSpec(
            _LIST.split("."),
            deps=[
                ["ml", "churn_scores"],
                ["ml", "cause_scores"],
                ["retention", "churn_warnings"],
                ["retention", "scorecard_scores"],
                ["retention", "rule_causes"],
                ["retention", "first_contacts"],
                ["retention", "would_be_owners"],
                ["retention", "contact_suppressions"],
                ["retention", "control_group"],
                ["retention", "staff_available"],
                ["retention", "capacities"],
                ["retention", "strategies_in_force"],
                ["reference", "offers"],
                # Whoever had the customer last month keeps him, and who waited goes before his equals.
                dg.AssetDep(
                    _LIST.split("."),
                    partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1),
                ),
            ],
            description=TABLES[_LIST].grain,
            group_name=RESPONSIBILITY,
            owners=["market-department@operator.example"],
            kinds={"python", "duckdb"},
        ),
        dg.AssetSpec(
            _PRICES.split("."),
            deps=[["retention", "capacities"]],
            description=TABLES[_PRICES].grain,
            group_name=RESPONSIBILITY,
            owners=["market-department@operator.example"],
            kinds={"python", "duckdb"},
        ),
    ],
    partitions_def=snapshot_months,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def responsibilities(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult]:
    """Give the list of each month to units and people within capacity, oldest month first."""
    months = run_months(context)
    limits = {}
    for month in months:
        with warehouse.writing() as connection:
            answer = assign_month(connection, month)
            replace_months(connection, _LIST, _rows(answer.customers, _LIST, month), [month])
            replace_months(connection, _PRICES, _rows(answer.limits, _PRICES, month), [month])
        limits[month] = {"limits": telling.table(_told(answer.limits))}
        say(f"{month:%Y-%m}: {len(answer.customers)} subscribers on the list")
    with warehouse.reading() as connection:
        yield materialised(context, connection, _LIST, months, list_sizes(connection, months))
        yield materialised(context, connection, _PRICES, months, limits)


def assign_month(connection: duckdb.DuckDBPyConnection, month: date) -> Assignment:
    """Return the list of a month from what is known of its customers, and what its limits are worth."""
    parameters = read_parameters(connection)
    horizon = int(parameters["value_horizon_months"])
    options = read_options(connection, month)
    listed = listed_customers(read_customers(connection, month), options, horizon_months=horizon)
    capacities = connection.execute(
        "select resource_kind, resource_id, capacity from retention.capacities "
        "where snapshot_month = ? order by resource_kind, resource_id",
        [month],
    ).df()
    staff = connection.execute(
        "select staff_id, owner_unit_id, monthly_capacity from retention.staff_available "
        "where snapshot_month = ? order by staff_id",
        [month],
    ).df()
    previous = connection.execute(
        f"select subscriber_id, staff_id, disposition from {_LIST} "
        "where snapshot_month = cast(? - interval 1 month as date) order by subscriber_id",
        [month],
    ).df()
    policy = Policy(
        control_share=float(parameters["control_share"]),
        exploration_share=float(parameters["exploration_share"]),
        continuity_amount=float(parameters["continuity_amount"]),
    )
    actions = fitting_actions(listed, options, horizon_months=horizon)
    return assign(listed, actions, capacities, staff, previous, policy)


def _rows(frame: pd.DataFrame, table: str, month: date) -> pd.DataFrame:
    """Return the columns that a table declares."""
    return frame.assign(snapshot_month=month)[[column.name for column in TABLES[table].columns]]


def _told(limits: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each limit is used, and what one more would be worth."""
    is_told = (limits["used"] > 0) | (limits["capacity"] > 0)
    return limits.loc[is_told, ["resource_kind", "resource_id", "used", "capacity", "shadow_price"]]
