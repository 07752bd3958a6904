"""The made-up operator keeps the raw contract, agrees with itself, and its truth is true.

One operator of 1,500 lines and ten months is simulated for all claims; small ones for the claims on bytes.
"""

import csv
import datetime
import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from seeds.simulator import SimulationSummary, simulate

REFERENCE = Path(__file__).parents[3] / "seeds" / "reference"
LAST_MONTH = datetime.date(2026, 6, 1)
MONTHS = 10
WITHOUT_ROWS = {"retention_contacts"}
VOLUNTARY = "('hall_request', 'reported', 'port_out', 'termination', 'silence')"


def raw_columns() -> dict[str, list[dict[str, str]]]:
    with (REFERENCE / "raw_columns.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    tables: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        tables.setdefault(row["table_name"], []).append(row)
    return tables


def table_kinds() -> dict[str, str]:
    with (REFERENCE / "raw_tables.csv").open(encoding="utf-8", newline="") as file:
        return {row["table_name"]: row["kind"] for row in csv.DictReader(file)}


def files_under(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("operator")


@pytest.fixture(scope="session")
def summary(home: Path) -> SimulationSummary:
    return simulate(subscribers=1500, months=MONTHS, last_month=LAST_MONTH, seed=3, out=home / "landing")


@pytest.fixture(scope="session")
def operator(home: Path, summary: SimulationSummary) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view for each table (with `folder`, the month it landed in) and `truth`."""
    connection = duckdb.connect(config={"threads": 1})
    for table, kind in table_kinds().items():
        if table in WITHOUT_ROWS:
            continue
        pattern = f"{home}/landing/{table}/" + ("" if kind == "static" else "*/") + "*.parquet"
        connection.execute(
            f"create view {table} as select * exclude (filename),"
            f" regexp_extract(filename, '(\\d{{4}}-\\d\\d)/[^/]*$', 1) as folder"
            f" from read_parquet('{pattern}', filename = true)"
        )
    connection.execute(f"create table truth as from read_parquet('{summary.truth}/*.parquet')")
    yield connection
    connection.close()


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[float, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


def test_simulate_same_seed_gives_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        simulate(subscribers=200, months=2, last_month=LAST_MONTH, seed=5, out=tmp_path / name / "landing")

    assert files_under(tmp_path / "first") == files_under(tmp_path / "second")


def test_simulate_other_seed_gives_other_bytes(tmp_path: Path) -> None:
    for seed in (5, 6):
        simulate(
            subscribers=200, months=1, last_month=LAST_MONTH, seed=seed, out=tmp_path / str(seed) / "landing"
        )

    bills = "landing/bills/2026-06/bills.parquet"
    assert files_under(tmp_path / "5")[bills] != files_under(tmp_path / "6")[bills]


def test_simulate_longer_run_begins_with_the_same_months(tmp_path: Path) -> None:
    may = datetime.date(2026, 5, 1)
    simulate(subscribers=200, months=2, last_month=may, seed=5, out=tmp_path / "short" / "landing")
    simulate(subscribers=200, months=3, last_month=LAST_MONTH, seed=5, out=tmp_path / "long" / "landing")

    short, long = files_under(tmp_path / "short"), files_under(tmp_path / "long")
    monthly = {name for name in short if "2026-0" in name}
    assert len(monthly) > 30
    assert {name: short[name] for name in monthly} == {name: long[name] for name in monthly}


@pytest.mark.parametrize(("subscribers", "months", "dirt"), [(99, 1, 0.0), (100, 0, 0.0), (100, 1, 0.6)])
def test_simulate_refuses_what_it_cannot_make(
    tmp_path: Path, subscribers: int, months: int, dirt: float
) -> None:
    with pytest.raises(ValueError, match="give at least 100 subscribers"):
        simulate(
            subscribers=subscribers,
            months=months,
            last_month=LAST_MONTH,
            seed=1,
            out=tmp_path / "landing",
            dirt=dirt,
        )


def test_summary_counts_the_rows_of_every_file(
    operator: duckdb.DuckDBPyConnection, summary: SimulationSummary
) -> None:
    counted = {table: one(operator, f"select count(*) from {table}")[0] for table in summary.rows}

    assert counted == summary.rows
    assert set(counted) == set(table_kinds()) - WITHOUT_ROWS
    assert summary.months[0] == "2025-09"
    assert summary.months[-1] == "2026-06"
    assert summary.planted == {}


@pytest.mark.parametrize("table", sorted(set(table_kinds()) - WITHOUT_ROWS))
def test_table_has_the_columns_and_types_of_the_contract(
    operator: duckdb.DuckDBPyConnection, table: str
) -> None:
    described = operator.execute(f"describe select * exclude (folder) from {table}").fetchall()

    expected = [(column["column_name"], column["data_type"].upper()) for column in raw_columns()[table]]
    assert [(name, data_type) for name, data_type, *_ in described] == expected


@pytest.mark.parametrize("table", sorted(set(table_kinds()) - WITHOUT_ROWS))
def test_table_keeps_the_rules_of_the_contract(operator: duckdb.DuckDBPyConnection, table: str) -> None:
    columns = raw_columns()[table]
    keys = ", ".join(column["column_name"] for column in columns if column["is_key"] == "true")
    broken = [f"count(*) - count(distinct (folder, {keys}))"]
    for column in columns:
        name = column["column_name"]
        if column["is_required"] == "true":
            broken.append(f"count(*) filter ({name} is null)")
        if column["accepted_values"]:
            accepted = ", ".join(f"'{value}'" for value in column["accepted_values"].split("|"))
            broken.append(f"count(*) filter ({name} not in ({accepted}))")
        if column["minimum"]:
            broken.append(f"count(*) filter ({name} < {column['minimum']})")
        if column["maximum"]:
            broken.append(f"count(*) filter ({name} > {column['maximum']})")

    assert set(one(operator, f"select {', '.join(broken)} from {table}")) == {0}


@pytest.mark.parametrize(
    ("table", "date"),
    [
        ("subscribers", "snapshot_month"),
        ("bills", "billing_month"),
        ("payments", "paid_at"),
        ("usage_daily", "usage_date"),
        ("status_changes", "changed_at"),
        ("plan_changes", "changed_at"),
        ("port_out_requests", "requested_at"),
        ("service_contacts", "contacted_at"),
        ("satisfaction_surveys", "surveyed_at"),
        ("campaign_contacts", "sent_at"),
    ],
)
def test_event_lies_in_the_month_of_its_folder(
    operator: duckdb.DuckDBPyConnection, table: str, date: str
) -> None:
    assert one(operator, f"select count(*) from {table} where strftime({date}, '%Y-%m') <> folder") == (0,)


def test_status_changes_form_a_chain_that_ends_in_the_snapshot(operator: duckdb.DuckDBPyConnection) -> None:
    breaks = one(
        operator,
        """
        select count(*) filter (before <> from_status), count(*)
        from (
            select *, lag(to_status) over (partition by subscriber_id order by changed_at) as before
            from status_changes
        )
        """,
    )
    differing = one(
        operator,
        """
        with latest as (
            select snapshot_month, subscriber_id, status, status_since, to_status, changed_at
            from subscribers
            join status_changes using (subscriber_id)
            where changed_at < snapshot_month + interval 1 month
            qualify row_number() over (
                partition by snapshot_month, subscriber_id order by changed_at desc
            ) = 1
        )
        select count(*) filter (status <> to_status or status_since <> changed_at::date), count(*) from latest
        """,
    )

    assert breaks[0] == 0
    assert differing[0] == 0
    assert min(breaks[1], differing[1]) > 100


def test_plan_changes_lead_to_the_plan_of_the_snapshot(operator: duckdb.DuckDBPyConnection) -> None:
    wrong, checked = one(
        operator,
        """
        select count(*) filter (now.plan_id <> to_plan_id or before.plan_id <> from_plan_id), count(*)
        from plan_changes
        join subscribers now
            on now.subscriber_id = plan_changes.subscriber_id and now.folder = plan_changes.folder
        join subscribers before
            on before.subscriber_id = plan_changes.subscriber_id
            and before.snapshot_month = now.snapshot_month - interval 1 month
        """,
    )

    assert wrong == 0
    assert checked > 20


def test_arrears_are_the_bills_that_were_not_paid(operator: duckdb.DuckDBPyConnection) -> None:
    wrong, checked = one(
        operator,
        """
        with lines as (select distinct subscriber_id, account_id from subscribers),
        billed as (
            select account_id, billing_month as month, sum(amount_cny) as amount
            from bills join lines using (subscriber_id) group by all
        ),
        paid as (
            select account_id, date_trunc('month', paid_at)::date as month, sum(amount_cny) as amount
            from payments group by all
        )
        select
            count(*) filter (
                now.amount_due_cny
                <> coalesce(before.amount_due_cny, 0) + coalesce(billed.amount, 0) - coalesce(paid.amount, 0)
            ),
            count(*)
        from arrears now
        left join arrears before
            on before.account_id = now.account_id
            and before.snapshot_month = now.snapshot_month - interval 1 month
        left join billed
            on billed.account_id = now.account_id
            and billed.month = now.snapshot_month - interval 1 month
        left join paid on paid.account_id = now.account_id and paid.month = now.snapshot_month
        where now.snapshot_month > date '2025-09-01'
        """,
    )

    assert wrong == 0
    assert checked > 100


def test_charges_of_the_days_add_up_to_the_bill(operator: duckdb.DuckDBPyConnection) -> None:
    wrong, checked = one(
        operator,
        """
        with days as (
            select subscriber_id, folder, sum(charged_cny) as charged from usage_daily group by all
        ),
        items as (
            select subscriber_id, folder, sum(amount_cny) as billed from bills
            where fee_item in ('voice', 'data', 'sms', 'roaming') group by all
        )
        -- Each day is rounded by itself: at most half a cent on each of 31 days, and on each of 4 items.
        select count(*) filter (abs(charged - coalesce(billed, 0)) > 0.18), count(*)
        from days left join items using (subscriber_id, folder)
        """,
    )

    assert wrong == 0
    assert checked > 10_000


def test_parts_of_usage_are_not_more_than_the_whole(operator: duckdb.DuckDBPyConnection) -> None:
    parts = ("offnet_out_minutes", "night_minutes", "long_distance_minutes", "in_group_minutes")
    too_much = " or ".join(f"{part} > out_minutes" for part in parts)

    assert one(
        operator,
        f"""
        select count(*) filter ({too_much}),
            count(*) filter (forwarded_to_competitor > forwarded_calls or roaming_calls > out_calls),
            count(*) filter (out_calls + in_calls + sms_count + data_mb + forwarded_calls
                + own_hotline_calls + competitor_hotline_calls = 0)
        from usage_daily
        """,
    ) == (0, 0, 0)


def test_references_between_tables_hold(operator: duckdb.DuckDBPyConnection) -> None:
    references = [
        ("bills", "subscriber_id", "subscribers", "subscriber_id"),
        ("usage_daily", "subscriber_id", "subscribers", "subscriber_id"),
        ("arrears", "account_id", "subscribers", "account_id"),
        ("subscribers", "plan_id", "plans", "plan_id"),
        ("subscribers", "branch_id", "org_units", "branch_id"),
        ("subscribers", "group_id", "group_customers", "group_id"),
        ("subscribers", "home_cell_id", "cell_quality", "cell_id"),
        ("subscribers", "service_area_id", "keepers", "service_area_id"),
        ("keepers", "staff_id", "staff", "staff_id"),
        ("staff", "unit_id", "org_units", "unit_id"),
        ("group_customers", "account_manager_id", "staff", "staff_id"),
        ("service_contacts", "staff_id", "staff", "staff_id"),
        ("service_subscriptions", "service_code", "services", "service_code"),
        ("network_faults", "cell_id", "cell_quality", "cell_id"),
        ("market_events", "branch_id", "org_units", "branch_id"),
    ]
    for table, column, other, key in references:
        orphans = one(
            operator,
            f"select count(*) from {table} where {column} is not null"
            f" and {column} not in (select {key} from {other} where {key} is not null)",
        )
        assert orphans == (0,), (table, column)


def test_line_is_not_used_after_its_effective_stop(operator: duckdb.DuckDBPyConnection) -> None:
    used, stops = one(
        operator,
        """
        select count(usage_date), count(distinct truth.subscriber_id)
        from truth left join usage_daily
            on usage_daily.subscriber_id = truth.subscriber_id and usage_date >= effective_stop_date
        where stop_kind is not null
        """,
    )

    assert used == 0
    assert stops > 100


def test_line_leaves_the_books_about_three_months_after_it_stopped(
    operator: duckdb.DuckDBPyConnection,
) -> None:
    rows = operator.execute(
        f"""
        with stops as (
            select subscriber_id, coalesce(official_stop_date, effective_stop_date) as stopped_on
            from truth where stop_kind in {VOLUNTARY} and stopped_on < date '2026-02-01'
        )
        select
            datediff('month', date_trunc('month', stopped_on), max(snapshot_month)) as months_kept, count(*)
        from stops join subscribers using (subscriber_id)
        group by subscriber_id, stopped_on
        """
    ).fetchall()

    kept = [months for months, _ in rows]
    assert len(kept) > 40
    # A snapshot shows the line until the month before its deletion, 85 to 120 days after the stop.
    assert set(kept) <= {1, 2, 3}
    assert sum(kept) / len(kept) > 2.0


def test_true_hazard_agrees_with_the_stops_of_the_next_month(operator: duckdb.DuckDBPyConnection) -> None:
    expected, observed = one(
        operator,
        f"""
        select sum(now.voluntary_hazard), count(*) filter (later.stop_kind in {VOLUNTARY})
        from truth now left join truth later
            on later.subscriber_id = now.subscriber_id and later.stop_kind is not null
            and later.snapshot_month = now.snapshot_month + interval 1 month
        where now.voluntary_hazard is not null and now.snapshot_month < date '2026-06-01'
        """,
    )

    assert expected > 100
    assert abs(observed - expected) < 3 * expected**0.5


def test_true_window_hazard_agrees_with_the_stops_of_the_window(operator: duckdb.DuckDBPyConnection) -> None:
    expected, observed, top_expected, top_observed, everybody = one(
        operator,
        f"""
        with outcomes as (
            select now.subscriber_id, now.snapshot_month, now.outcome_window_hazard as hazard,
                count(later.subscriber_id) as stops
            from truth now left join truth later
                on later.subscriber_id = now.subscriber_id and later.stop_kind in {VOLUNTARY}
                and later.snapshot_month between now.snapshot_month + interval 2 month
                    and now.snapshot_month + interval 4 month
            where now.outcome_window_hazard is not null and now.snapshot_month <= date '2026-02-01'
            group by all
        )
        select sum(hazard), sum(stops), sum(hazard) filter (hazard > 0.15), sum(stops) filter (hazard > 0.15),
            count(*)
        from outcomes
        """,
    )

    # A stop is counted in up to three windows, so the spread is wider than that of as many stops.
    assert 0.8 < observed / expected < 1.25
    assert 0.75 < top_observed / top_expected < 1.3
    assert top_observed / top_expected > 3 * observed / everybody


def test_rates_are_those_of_an_operator(operator: duckdb.DuckDBPyConnection) -> None:
    operator.execute(
        """
        create or replace temp table bases as
        select subscriber_id, snapshot_month, avg(billed) over three_months as bill
        from (
            select subscribers.subscriber_id, snapshot_month, sum(amount_cny) as billed
            from subscribers join bills
                on bills.subscriber_id = subscribers.subscriber_id and billing_month = snapshot_month
            where status = 'active' group by all
        )
        window three_months as (partition by subscriber_id order by snapshot_month rows 2 preceding)
        """
    )
    high, mid = one(
        operator, "select avg((bill >= 200)::int), avg((bill between 100 and 200)::int) from bases"
    )
    (churn,) = one(
        operator,
        f"""
        select avg((stop_kind is not null)::int)
        from bases left join truth
            on truth.subscriber_id = bases.subscriber_id and stop_kind in {VOLUNTARY}
            and truth.snapshot_month = bases.snapshot_month + interval 1 month
        where bill >= 100 and bases.snapshot_month < date '2026-06-01'
        """,
    )
    (traceless,) = one(operator, f"select avg(is_traceless::int) from truth where stop_kind in {VOLUNTARY}")
    first, last = one(
        operator,
        """
        select count(*) filter (snapshot_month = date '2025-09-01'),
            count(*) filter (snapshot_month = date '2026-06-01')
        from subscribers where status = 'active'
        """,
    )

    assert 0.06 < high < 0.16
    assert 0.20 < mid < 0.36
    assert 0.006 < churn < 0.020
    assert 0.03 < traceless < 0.20
    assert 0.97 < last / first < 1.15


def test_every_kind_of_stop_and_most_causes_occur(operator: duckdb.DuckDBPyConnection) -> None:
    stops = operator.execute(
        f"select stop_kind, case when stop_kind in {VOLUNTARY} then cause end"
        " from truth where stop_kind is not null"
    ).fetchall()

    kinds, causes = {kind for kind, _ in stops}, {cause for _, cause in stops}
    assert {"hall_request", "reported", "port_out", "termination", "silence", "number_swap"} <= kinds
    assert {"price", "quality", "service", "competition", "contract_end", "billing"} <= causes


def test_number_swap_gives_the_customer_a_new_line(operator: duckdb.DuckDBPyConnection) -> None:
    swapped, followed = one(
        operator,
        """
        select count(distinct old.subscriber_id), count(distinct old.subscriber_id) filter (exists (
            select 1 from subscribers new
            where new.customer_id = old.customer_id and new.device_id = old.device_id
                and new.subscriber_id <> old.subscriber_id
                and new.activated_on between truth.effective_stop_date - 31
                    and truth.effective_stop_date + 90
        ))
        from truth join subscribers old using (subscriber_id)
        where stop_kind = 'number_swap' and effective_stop_date < date '2026-06-01'
        """,
    )

    assert swapped > 0
    assert followed == swapped
