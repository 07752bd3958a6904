"""What must hold of every list and its tasks: checks in SQL that stop a run.

Belongs here: blocking asset checks of `retention.responsibilities` and `retention.contact_tasks`. Not here:
who makes them (`assignment.py`, `contact_tasks.py`).
"""

from collections.abc import Sequence
from datetime import date

import dagster as dg
import duckdb

from orchestration.partitions import run_months, snapshot_months
from orchestration.warehouse import Warehouse

_LIST = ["retention", "responsibilities"]


@dg.asset_check(
    asset=_LIST,
    blocking=True,
    partitions_def=snapshot_months,
    description="Every potential churner of a month, every candidate red or yellow in one of its weeks, and "
    "every lost subscriber stands on its list once, in one of four dispositions, which add up to the list; "
    "whoever is assigned has a unit, a person, a stage, a channel and a due date.",
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
                union
                select snapshot_month, subscriber_id
                from retention.would_be_owners
                where is_lost and snapshot_month in (select unnest($months::date[]))
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


@dg.asset_check(
    asset=_LIST,
    blocking=True,
    partitions_def=snapshot_months,
    description="Whom a reason keeps from contact is suppressed, whom the draw holds out is held out, and "
    "nobody else is.",
)
def nobody_left_out_is_assigned(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Compare the dispositions with the reasons and the draw."""
    with warehouse.reading() as connection:
        wrong = wrongly_disposed(connection, run_months(context))
    return dg.AssetCheckResult(passed=not wrong, metadata={"wrong_per_month": wrong})


@dg.asset_check(
    asset=_LIST,
    blocking=True,
    partitions_def=snapshot_months,
    description="No unit has more visits or calls, no person more customers, no offer more money than there "
    "is in the month.",
)
def no_capacity_is_exceeded(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Compare what is assigned with the capacities."""
    with warehouse.reading() as connection:
        exceeded = exceeded_capacities(connection, run_months(context))
    return dg.AssetCheckResult(passed=not exceeded, metadata={"exceeded": exceeded})


@dg.asset_check(
    asset=_LIST,
    blocking=True,
    partitions_def=snapshot_months,
    description="Whoever owns a customer may: his unit by the rules, or the one it may hand over to, and a "
    "person of that unit in office.",
)
def every_owner_is_legitimate(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Compare the owners with the rules and with who is in office."""
    with warehouse.reading() as connection:
        wrong = wrongly_owned(connection, run_months(context))
    return dg.AssetCheckResult(passed=not wrong, metadata={"wrong_per_month": wrong})


def wrongly_disposed(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[str, int]:
    """Count, by month, who is not suppressed for a reason, held out by the draw, or neither, as he should."""
    return dict(
        connection.execute(
            """
            with listed as (
                select
                    list.snapshot_month,
                    list.disposition,
                    list.suppression_reason,
                    bool_or(suppressions.reason is not null) as is_suppressed,
                    bool_or(suppressions.reason = list.suppression_reason) as is_reason_known,
                    bool_or(coalesce(control.is_held_out, false)) as is_held_out
                from retention.responsibilities as list
                left join retention.contact_suppressions as suppressions
                    on list.assignment_id = suppressions.assignment_id
                left join retention.control_group as control
                    on list.snapshot_month = control.snapshot_month
                    and list.subscriber_id = control.subscriber_id
                where list.snapshot_month in (select unnest($months::date[]))
                group by
                    list.snapshot_month, list.subscriber_id, list.disposition, list.suppression_reason
            )
            select strftime(snapshot_month, '%Y-%m'), count(*)
            from listed
            where
                (disposition = 'suppressed') <> is_suppressed
                or (disposition = 'held_out') <> (is_held_out and not is_suppressed)
                or (is_suppressed and is_reason_known is not true)
            group by all
            order by all
            """,
            {"months": list(months)},
        ).fetchall()
    )


def exceeded_capacities(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[str, str]:
    """Return which limits of which month are exceeded, with what is used and what there is."""
    return dict(
        connection.execute(
            """
            with assigned as (
                select * from retention.responsibilities
                where disposition = 'assigned' and snapshot_month in (select unnest($months::date[]))
            ),
            worked as (
                select * from assigned
                where channel in (select channel from reference.contact_stages where uses_capacity)
            ),
            used as (
                select
                    snapshot_month, channel as resource_kind, primary_unit_id as resource_id, count(*) as used
                from worked group by all
                union all
                select snapshot_month, 'staff', staff_id, count(*) from worked group by all
                union all
                select snapshot_month, 'offer', offer_id, sum(offer_cost_amount)
                from assigned where offer_id is not null group by all
            )
            select
                strftime(snapshot_month, '%Y-%m ') || resource_kind || ' ' || resource_id,
                used || ' of ' || capacity
            from used
            inner join retention.capacities using (snapshot_month, resource_kind, resource_id)
            where used > capacity
            order by all
            """,
            {"months": list(months)},
        ).fetchall()
    )


def wrongly_owned(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[str, int]:
    """Count, by month, who has a unit that the rules do not give, or a person who is not in that unit."""
    return dict(
        connection.execute(
            """
            select strftime(list.snapshot_month, '%Y-%m'), count(*)
            from retention.responsibilities as list
            left join retention.would_be_owners as owners
                on list.snapshot_month = owners.snapshot_month and list.subscriber_id = owners.subscriber_id
            left join retention.staff_available as staff
                on list.snapshot_month = staff.snapshot_month and list.staff_id = staff.staff_id
            where
                list.snapshot_month in (select unnest($months::date[]))
                and (
                    owners.subscriber_id is null
                    or (
                        list.primary_unit_id is not null
                        and list.primary_unit_id is distinct from owners.primary_unit_id
                        and list.primary_unit_id is distinct from owners.overflow_unit_id
                    )
                    or (
                        list.staff_id is not null
                        and staff.owner_unit_id is distinct from list.primary_unit_id
                    )
                )
            group by all
            order by all
            """,
            {"months": list(months)},
        ).fetchall()
    )
