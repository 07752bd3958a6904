"""The colours of one week over a made-up build file: how long dbt takes, by model, and how much memory.

Belongs here: raw tables of a large operator written straight into a build file, and the weekly call of dbt
over them. Not here: a plausible operator (`seeds/simulator/`), or landing. Run it with `python -m
tests.benchmarks.weekly`; settings: BENCH_SUBSCRIBERS (1000000), BENCH_CANDIDATE_SHARES ("0.3 1.0"),
BENCH_HOME (a temporary folder, removed at the end).
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import duckdb
import pandas as pd

from orchestration import landing, tables
from orchestration.defs.dbt_child import dbt_environment, dbt_executable
from orchestration.settings import DBT_PROJECT, Home
from orchestration.terminal import render_table
from tests.benchmarks.__main__ import MemorySampler

WEEK = "2026-07-15"
MONTHS = ("2026-05-01", "2026-06-01")
OPEN_MONTH = "2026-07-01"

# Use on four days of five, from the first day that the week before needs to the last of the week.
_USAGE = """
insert into raw_usage.usage_daily
select
    day, 'L' || lpad(line::varchar, 8, '0'), dice % 9, (dice % 4000) / 100, dice // 7 % 9,
    (dice // 11 % 4000) / 100, (dice % 900) / 100, dice % 3, (dice // 13 % 40 = 0)::int,
    (dice // 13 % 400 = 0)::int, 0, (dice // 17 % 900 = 0)::int,
    dice % 5, (dice // 19 % 40000) / 100, 0, dice % 20, (dice // 23 % 900) / 100, 0, 0, 0, 0, 0,
    date_trunc('month', day)
from (
    select day::date as day, line, (hash(line, day) % 1000000007)::bigint as dice
    from range(date '2026-06-01', date '2026-07-15', interval 1 day) as days (day)
    cross join range({subscribers}) as lines (line)
)
where dice % 5 > 0
"""
_CONTRACTS = """
insert into raw_billing.contracts
select
    'C' || line || kind, 'L' || lpad(line::varchar, 8, '0'), kind, date '2025-01-01',
    date '2026-06-20' + (hash(line, kind) % 600)::int, 10, null, date '2026-05-01'
from range({subscribers}) as lines (line)
cross join (values ('fee_rebate', 60), ('handset_rental', 20)) as kinds (kind, share)
where hash(kind, line) % 100 < share
"""
_COMPLAINTS = """
insert into raw_service.complaints
select
    'T' || line || month, 'L' || lpad(line::varchar, 8, '0'), opened_at, 'network', 1, dice % 9 = 0,
    opened_at + interval 2 day, case when dice % 4 > 0 then opened_at + interval 1 day end,
    null, null, null, month
from (
    select
        line, month, hash(line, month, 'complaint') % 1000 as dice,
        month + interval (hash(line, month) % 1200000) second as opened_at
    from range({subscribers}) as lines (line)
    cross join (values (date '2026-05-01'), (date '2026-06-01'), (date '2026-07-01')) as months (month)
)
where dice < 15
"""
_STATUS_CHANGES = """
insert into raw_customer.status_changes
select
    'L' || lpad(line::varchar, 8, '0'), timestamp '2026-07-01' + interval (hash(line) % 1200000) second,
    'active', 'suspended_voluntary', 'voluntary_request', 'hall', date '2026-07-01'
from range({subscribers}) as lines (line)
where hash(line, 'stop') % 100 < 1
"""
_SUBSCRIBERS = """
insert into marts.dim_subscribers by name
select
    month as snapshot_month, 'L' || lpad(line::varchar, 8, '0') as subscriber_id, 'active' as status,
    hash(line, 'tier') % 1000 < {candidate_share} * 1000 as is_candidate
from range({subscribers}) as lines (line)
cross join (values (date '2026-05-01'), (date '2026-06-01')) as months (month)
"""
_AUDIT = """
insert into ops.landing_audit (landed_month, table_name, file_name, rows_accepted)
select month, name, 'made_up', 1
from (values (date '2026-05-01'), (date '2026-06-01')) as months (month)
cross join (
    values ('subscribers'), ('usage_daily'), ('contracts'), ('complaints'), ('status_changes')
) as names (name)
"""


def dbt_build(home: Home, *arguments: str, variables: dict[str, str]) -> pd.DataFrame:
    """Run `dbt build` without unit tests; return one row per node with the seconds it took.

    Raises CalledProcessError when it fails; what it said stands on the terminal.
    """
    subprocess.run(
        [
            *(dbt_executable(), "--no-use-colors", "--quiet", "build", "--project-dir", str(DBT_PROJECT)),
            *("--vars", json.dumps(variables), *arguments),
        ],
        env=os.environ | dbt_environment(home),
        check=True,
    )
    results = json.loads((home.dbt / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    return pd.DataFrame(
        [{"node": node["unique_id"].split(".")[2], "seconds": node["execution_time"]} for node in results]
    )


def make_up(home: Home, subscribers: int) -> None:
    """Write the raw tables of an operator with `subscribers` lines into a new build file."""
    home.warehouse_file.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse_file)) as connection:
        landing.prepare(connection)
        tables.create_tables(connection)
    dbt_build(
        home,
        *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        variables={"from_month": MONTHS[-1], "to_month": MONTHS[-1]},
    )
    with duckdb.connect(str(home.warehouse_file)) as connection:
        for statement in (_USAGE, _CONTRACTS, _COMPLAINTS, _STATUS_CHANGES, _AUDIT):
            connection.execute(statement.format(subscribers=subscribers))


def measure(home: Home, subscribers: int, candidate_share: float) -> tuple[pd.DataFrame, str]:
    """Return the slowest nodes of the weekly call with this share of candidates, and a line on the whole."""
    with duckdb.connect(str(home.warehouse_file)) as connection:
        connection.execute("delete from marts.dim_subscribers")
        connection.execute(_SUBSCRIBERS.format(subscribers=subscribers, candidate_share=candidate_share))
    sampler = MemorySampler(os.getpid())
    started = time.monotonic()
    nodes = dbt_build(
        home,
        *("--select", "tag:weekly", "resource_type:seed", "--exclude-resource-type", "unit_test"),
        variables={"from_month": OPEN_MONTH, "to_month": OPEN_MONTH, "warning_week": WEEK},
    )
    seconds = time.monotonic() - started
    sampler.stop()
    with duckdb.connect(str(home.warehouse_file), read_only=True) as connection:
        colours = connection.execute(
            "select colour, count(*) from retention.churn_warnings group by colour order by colour"
        ).fetchall()
    counts = ", ".join(f"{count:,} {colour}" for colour, count in colours)
    load = " ".join(f"{part:.1f}" for part in os.getloadavg())
    slowest = nodes.sort_values("seconds", ascending=False).head(8)
    return slowest.round({"seconds": 1}), (
        f"{candidate_share:.0%} candidates: {seconds:.1f} s in all, {nodes['seconds'].sum():.1f} s in nodes, "
        f"peak {sampler.take() / 2**20:,.0f} MiB, load {load}; {counts}"
    )


def run(home: Home, subscribers: int, candidate_shares: Sequence[float]) -> None:
    """Make up the operator where there is none yet, measure each share, and print."""
    if not home.warehouse_file.exists():
        make_up(home, subscribers)
    for share in candidate_shares:
        nodes, line = measure(home, subscribers, share)
        click.echo(f"{subscribers:,} subscribers, {line}")
        click.echo(render_table(nodes))


def main() -> None:
    """Measure and print."""
    subscribers = int(os.environ.get("BENCH_SUBSCRIBERS", "1000000"))
    shares = [float(share) for share in os.environ.get("BENCH_CANDIDATE_SHARES", "0.3 1.0").split()]
    kept = os.environ.get("BENCH_HOME")
    with tempfile.TemporaryDirectory(prefix="retention-bench-") as folder:
        run(Home(Path(kept or folder).resolve()), subscribers, shares)


if __name__ == "__main__":
    main()
