"""The push to a real PostgreSQL: what is sent, what readers see meanwhile, and how a failed push heals."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from adbc_driver_manager import dbapi
from adbc_driver_postgresql.dbapi import connect as connected
from click.testing import CliRunner

from orchestration.cli import commands
from orchestration.defs import publishing as publishing_definitions
from orchestration.publishing import PublishError, postgres, publication, publish
from orchestration.publishing.catalogue import PublishedTable, load_tables
from orchestration.publishing.errors import PushError
from orchestration.publishing.postgres import PushSummary, push
from orchestration.settings import Home, OperatorSettings, PostgresTarget
from orchestration.warehouse import Warehouse
from tests.postgres_server import running_server

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)

BUILD = """
    create schema marts; create schema labels; create schema ops;
    create table marts.dim_subscribers (snapshot_month date, subscriber_id varchar, brand varchar,
        is_candidate boolean, tenure_months integer, sim_count bigint, bill decimal(14,2), score double,
        joined_at timestamp, ages integer[]);
    insert into marts.dim_subscribers values
        ('2026-05-01', 'S1', '全球通 "gold"', true, 3, 9000000000, 12.30, 0.25,
            '2026-05-31 23:59:59.5', [1, 2]),
        ('2026-06-01', 'S1', '全球通 "gold"', false, 4, 1, -0.05, 'nan', '2026-06-30 12:00:00', []),
        ('2026-06-01', 'S2', 'a' || chr(0) || E'\\n\\\\N', null, null, null, null, null, null, null);
    comment on table marts.dim_subscribers is 'One row per subscriber''s month; 一行一户';
    comment on column marts.dim_subscribers.bill is 'Bill, CNY';
    create table marts.dim_plans as select 'P1' as plan_id;
    create table labels.churn_labels (snapshot_month date, subscriber_id varchar, closed_in_month date);
    insert into labels.churn_labels values ('2026-05-01', 'S1', null), ('2026-06-01', 'S1', null);
    create view marts.brands as
        select brand, count(*) as subscriber_count, count(*) filter (bill > 0) as paying_count,
            sum(tenure_months) / 2 as half
        from marts.dim_subscribers where brand like '%"gold"' group by brand;
    comment on view marts.brands is 'One row per brand.';
    comment on column marts.brands.half is 'Half of all months';
    create view marts.big_brands as select brand from marts.brands where subscriber_count > 1;
    create table ops.landing_audit as
        select * from (values
            (null::date, 'plans', 'p.csv', 'c0'), (date '2026-06-01', 'bills', 'b.csv', 'c1')
        ) rows (landed_month, table_name, file_name, checksum);
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
"""
VIEWS = [
    PublishedTable("marts", name, "", ("brand",), False, "", (), "") for name in ("brands", "big_brands")
]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.fixture
def target(server: str) -> PostgresTarget:
    """A new database of the server, with a role for readers."""
    name = f"test_{next(_numbers)}"
    with connected(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
        cursor.execute("select count(*) from pg_roles where rolname = 'retention_reader'")
        if cursor.fetchall() == [(0,)]:
            cursor.execute("create role retention_reader")
    return PostgresTarget(server.replace("/postgres?", f"/{name}?"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """A build file whose May and June are published."""
    tables = [*load_tables(), *VIEWS]
    monkeypatch.setattr(publication, "load_tables", lambda: tables)
    monkeypatch.setattr("orchestration.publishing.postgres_catalogue.load_tables", lambda: tables)
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(BUILD)
        published(connection, home, MAY, JUNE)
        yield connection


def published(build: duckdb.DuckDBPyConnection, home: Home, *months: date) -> None:
    publish(build, home, months, settings=OperatorSettings(), progress=lambda line: None)


def pushed(
    home: Home, target: PostgresTarget, progress: Callable[[str], None] = lambda line: None
) -> PushSummary:
    return push(home, target, progress=progress)


def rows(target: PostgresTarget, *statements: str) -> Sequence[tuple[Any, ...]]:
    """What the last statement selects; all of them are kept."""
    with connected(target.url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if statements[-1].startswith("select") else []


SUBSCRIBERS = "select snapshot_month, subscriber_id, bill from marts.dim_subscribers order by 1, 2"
# A row's place and the transaction that wrote it: the same only where nobody touched the row.
PLACES = "select ctid::text, xmin::text from marts.dim_subscribers where snapshot_month = '{}' order by 1"


def test_the_server_knows_of_every_push_how_its_rows_are_spread(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    """Without, a view over many tables took 14 s instead of 0.3 s until the server looked by itself."""
    spread = (
        "select n_distinct::float8 from pg_stats "
        "where schemaname = 'labels' and tablename = 'churn_labels' and attname = 'subscriber_id'"
    )
    pushed(home, target)
    assert rows(target, spread) == [(-0.5,)]  # minus distinct values by rows: one of two

    build.execute("update labels.churn_labels set subscriber_id = 'S2' where snapshot_month = '2026-06-01'")
    published(build, home, JUNE)
    pushed(home, target)
    assert rows(target, spread) == [(-1.0,)]


def test_a_push_brings_every_value_type_comment_and_view(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    summary = pushed(home, target)

    assert summary.rows == {
        "marts.dim_subscribers": 3,
        "marts.dim_plans": 1,
        "labels.churn_labels": 2,
        "ops.landing_audit": 2,
        "ops.month_closes": 2,
    }
    first = rows(target, "select * from marts.dim_subscribers order by 1, 2")[0]
    assert first[:-2] == (MAY, "S1", '全球通 "gold"', True, 3, 9_000_000_000, "12.30", 0.25)
    assert (first[-2].isoformat(), first[-1]) == ("2026-05-31T23:59:59.500000", "[1, 2]")
    assert rows(target, "select brand, bill::text, score::text from marts.dim_subscribers order by bill") == [
        ('全球通 "gold"', "-0.05", "NaN"),
        ('全球通 "gold"', "12.30", "0.25"),
        ("a\N{REPLACEMENT CHARACTER}\n\\N", None, None),
    ]
    assert rows(
        target,
        "select format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = 'marts.dim_subscribers'::regclass and attnum > 0 order by attnum",
    ) == [
        *[("date",), ("character varying",), ("character varying",), ("boolean",), ("integer",), ("bigint",)],
        *[
            ("numeric(14,2)",),
            ("double precision",),
            ("timestamp without time zone",),
            ("character varying",),
        ],
    ]
    assert rows(
        target,
        "select obj_description('marts.dim_subscribers'::regclass), "
        "col_description('marts.dim_subscribers'::regclass, 7), obj_description('marts.brands'::regclass), "
        "col_description('marts.brands'::regclass, 4)",
    ) == [
        ("One row per subscriber's month; 一行一户", "Bill, CNY", "One row per brand.", "Half of all months")
    ]
    assert rows(
        target,
        "select brand, subscriber_count, paying_count, half, table_type from marts.brands "
        "cross join information_schema.tables where table_name = 'brands'",
    ) == [('全球通 "gold"', 2, 1, 3.5, "VIEW")]
    assert rows(target, "select * from marts.big_brands") == [('全球通 "gold"',)]


def test_postgres_says_what_it_holds_as_the_published_file_does(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)

    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        for table in ("ops.published_tables", "ops.published_months"):
            account = connection.execute(f"from {table}").fetchall()
            assert sorted(rows(target, f"select * from {table}"), key=str) == sorted(account, key=str)


def test_a_second_push_sends_and_touches_nothing(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)
    catalogue = "select relname::text, oid::bigint, relfilenode::bigint, xmin::text from pg_class order by 1"
    before = rows(target, catalogue), rows(target, PLACES.format(MAY))

    assert pushed(home, target) == PushSummary({}, ())
    assert (rows(target, catalogue), rows(target, PLACES.format(MAY))) == before


def test_only_a_corrected_month_is_sent(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)
    may, june = (rows(target, PLACES.format(month)) for month in (MAY, JUNE))
    build.execute("update marts.dim_subscribers set bill = 7 where subscriber_id = 'S2'")
    published(build, home, MAY, JUNE)

    assert pushed(home, target).rows == {"marts.dim_subscribers": 2}
    assert rows(target, SUBSCRIBERS) == [(MAY, "S1", "12.30"), (JUNE, "S1", "-0.05"), (JUNE, "S2", "7.00")]
    assert rows(target, PLACES.format(MAY)) == may
    assert rows(target, PLACES.format(JUNE)) != june


def test_rows_without_a_month_and_tables_without_months_are_replaced(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)
    build.execute("insert into marts.dim_plans values ('P2')")
    build.execute("update ops.landing_audit set checksum = 'c9' where landed_month is null")
    published(build, home, JUNE)

    sent = pushed(home, target).rows
    assert (sent["marts.dim_plans"], sent["ops.landing_audit"]) == (2, 1)
    assert rows(target, "select plan_id from marts.dim_plans order by 1") == [("P1",), ("P2",)]
    assert rows(target, "select checksum from ops.landing_audit order by 1") == [("c1",), ("c9",)]


def test_what_is_gone_goes(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month, a table and a view; what somebody else made in the schema stays."""
    pushed(home, target)
    rows(target, "create table marts.mine (i integer)")
    tables = [table for table in load_tables() if table.table_name != "dim_plans"]
    monkeypatch.setattr(publication, "load_tables", lambda: tables)
    build.execute("delete from labels.churn_labels where snapshot_month = '2026-05-01'")
    published(build, home, MAY, JUNE)

    assert pushed(home, target).dropped == ("marts.big_brands", "marts.brands", "marts.dim_plans")
    assert rows(
        target,
        "select relname::text from pg_class where relnamespace = 'marts'::regnamespace "
        "and relkind in ('r', 'v') order by 1",
    ) == [("dim_subscribers",), ("mine",)]
    assert rows(target, "select snapshot_month from labels.churn_labels") == [(JUNE,)]


def test_a_table_of_another_shape_is_made_anew_with_its_views(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)
    build.execute("alter table marts.dim_subscribers drop column ages")
    build.execute("alter table marts.dim_subscribers alter tenure_months type bigint")
    published(build, home, JUNE)

    assert pushed(home, target).rows == {"marts.dim_subscribers": 3}
    assert rows(target, "select brand from marts.big_brands") == [('全球通 "gold"',)]
    assert rows(
        target,
        "select column_name::text, data_type::text from information_schema.columns "
        "where table_name = 'dim_subscribers' and column_name in ('ages', 'tenure_months')",
    ) == [("tenure_months", "bigint")]
    assert rows(
        target, "select has_table_privilege('retention_reader', 'marts.dim_subscribers', 'select')"
    ) == [(True,)]
    assert pushed(home, target) == PushSummary({}, ())


def test_a_view_becomes_a_table_and_a_table_a_view(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    kind = "select relkind::text from pg_class where relname = 'brands'"
    definition = build.execute("select sql from duckdb_views() where view_name = 'brands'").fetchall()[0][0]
    pushed(home, target)
    build.execute("drop view marts.big_brands; create table marts.kept as from marts.brands")
    build.execute("drop view marts.brands; alter table marts.kept rename to brands")
    published(build, home, JUNE)
    pushed(home, target)
    assert rows(target, kind) == [("r",)]

    build.execute("drop table marts.brands")
    build.execute(definition)
    published(build, home, JUNE)
    pushed(home, target)
    assert rows(target, kind) == [("v",)]


def test_a_reader_keeps_its_state_and_is_never_in_the_way(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    """One transaction from before the push to after it, also of tables and views that it opens late."""
    pushed(home, target)
    before = rows(target, SUBSCRIBERS)
    build.execute("update marts.dim_subscribers set bill = 1")
    build.execute("insert into labels.churn_labels values ('2026-06-01', 'S2', null)")
    published(build, home, MAY, JUNE)
    seen = []
    with connected(target.url) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("set local lock_timeout = '1s'")
        cursor.execute(SUBSCRIBERS)
        seen.append(cursor.fetchall())

        def read_amid(line: str) -> None:
            cursor.execute(SUBSCRIBERS)
            seen.append(cursor.fetchall())
            # Another reader, new to it all, sees the state before, too.
            seen.append(rows(target, SUBSCRIBERS))

        pushed(home, target, read_amid)
        cursor.execute(SUBSCRIBERS)
        seen.append(cursor.fetchall())
        cursor.execute(
            "select (select count(*) from labels.churn_labels), (select sum(paying_count) from marts.brands)"
        )
        assert cursor.fetchall() == [(2, "1")]

    assert len(seen) == 6
    assert all(state == before for state in seen)
    assert [bill for *_, bill in rows(target, SUBSCRIBERS)] == ["1.00"] * 3
    assert rows(target, "select count(*) from labels.churn_labels") == [(3,)]


def test_a_push_that_fails_half_way_leaves_the_state_before_and_the_next_heals(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    """The server ends the connection after the first table of the second push has been sent."""
    pushed(home, target)
    before = rows(target, SUBSCRIBERS)
    build.execute("update marts.dim_subscribers set bill = 1")
    build.execute("insert into marts.dim_plans values ('P2')")
    published(build, home, MAY, JUNE)

    def end_at_the_second(line: str) -> None:
        if "dim_plans" in line:
            rows(
                target,
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()",
            )

    with pytest.raises(
        PushError, match=r"The files are published, but PostgreSQL still shows the state before"
    ):
        pushed(home, target, end_at_the_second)
    assert rows(target, SUBSCRIBERS) == before

    published(build, home, JUNE)
    assert pushed(home, target).rows == {"marts.dim_subscribers": 3, "marts.dim_plans": 2}
    assert [bill for *_, bill in rows(target, SUBSCRIBERS)] == ["1.00"] * 3


def test_a_table_that_somebody_rests_a_view_on_is_not_dropped_from_under_it(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)
    rows(target, "create view public.mine as select ages from marts.dim_subscribers")
    build.execute("alter table marts.dim_subscribers drop column ages")
    published(build, home, JUNE)

    with pytest.raises(
        PushError, match=r"other objects depend on it .*view mine depends on .*retention push"
    ):
        pushed(home, target)
    assert rows(target, "select count(ages) from public.mine") == [(2,)]
    rows(target, "drop view public.mine")
    assert pushed(home, target).rows == {"marts.dim_subscribers": 3}


def test_rows_that_somebody_else_wrote_are_noticed(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)
    rows(target, "insert into marts.dim_plans values ('mine')")

    with pytest.raises(
        PushError, match=r"marts\.dim_plans would have 2 rows there instead of 1: .*Drop that table"
    ):
        pushed(home, target)
    rows(target, "drop table marts.dim_plans")
    assert pushed(home, target).rows == {"marts.dim_plans": 1}


def test_a_table_of_somebody_else_is_left_alone(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    rows(target, "create schema marts", "create table marts.dim_plans (mine integer)")

    with pytest.raises(PushError, match=r"marts\.dim_plans is there already and was not pushed"):
        pushed(home, target)
    assert rows(target, "select count(*) from pg_tables where schemaname in ('marts', 'ops')") == [(1,)]


def test_the_reader_may_read_everything_and_write_nothing(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    pushed(home, target)
    rows(target, "create table marts.mine (i integer)")
    pushed(home, target)

    assert rows(
        target,
        "set role retention_reader",
        "select (select count(*) from marts.brands), "
        "(select count(*) from ops.published_tables), (select count(*) from labels.churn_labels)",
    ) == [(1, 7, 2)]
    for statement in (
        "delete from marts.dim_plans",
        "create table marts.his (i integer)",
        "select * from marts.mine",
    ):
        with pytest.raises(dbapi.Error, match="permission denied"):
            rows(target, "set role retention_reader", statement)


def test_without_the_reader_s_role_nobody_is_given_leave(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget
) -> None:
    said: list[str] = []
    pushed(home, PostgresTarget(target.url, reader="nobody_there"), said.append)

    assert said[-1] == "PostgreSQL has no role nobody_there: nobody was given leave to read"


def test_two_do_not_push_at_once(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT", "50ms")
    failures = []

    def push_amid(line: str) -> None:
        if not failures:
            with pytest.raises(PushError, match="lock timeout") as failure:
                pushed(home, target)
            failures.append(failure)

    pushed(home, target, push_amid)
    assert len(failures) == 1
    assert pushed(home, target) == PushSummary({}, ())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://anna:geheim@127.0.0.1:1/marts", "Connection refused"),
        ("postgresql://anna:ge@heim@127.0.0.1:1/marts", "cannot be used"),
        ("postgresql://anna:ge/heim@127.0.0.1/marts", "cannot be used"),
        ("host=127.0.0.1 port=1 password=geheim", "Connection refused"),
    ],
)
def test_the_password_is_never_shown(
    build: duckdb.DuckDBPyConnection, home: Home, url: str, said: str
) -> None:
    target = PostgresTarget(url)
    with pytest.raises(PushError, match=said) as failure:
        pushed(home, target)

    assert "heim" not in f"{failure.value}{target!r}"
    assert failure.value.__suppress_context__


def test_nothing_published_is_nothing_to_push(home: Home, target: PostgresTarget) -> None:
    with pytest.raises(PublishError, match="nothing is published yet"):
        pushed(home, target)


def test_the_command_pushes_or_says_what_it_lacks(
    build: duckdb.DuckDBPyConnection, home: Home, target: PostgresTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_HOME", str(home.root))
    monkeypatch.delenv("RETENTION_POSTGRES_URL", raising=False)
    without = CliRunner().invoke(commands, ["push"])
    assert (without.exit_code, "RETENTION_POSTGRES_URL names no database" in without.output) == (2, True)

    monkeypatch.setenv("RETENTION_POSTGRES_URL", target.url)
    done = CliRunner().invoke(commands, ["push"])
    assert (done.exit_code, done.stdout) == (0, "10 rows of 5 tables sent to PostgreSQL\n")

    monkeypatch.setenv("RETENTION_POSTGRES_URL", "postgresql://127.0.0.1:1/marts")
    failed = CliRunner().invoke(commands, ["push"])
    assert (failed.exit_code, "Connection refused" in failed.output) == (1, True)


def test_a_run_whose_push_fails_has_published_and_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step of the monthly job, with nothing but the calls that need a whole warehouse replaced."""
    done: list[str] = []
    monkeypatch.setattr(publishing_definitions, "describe_tables", lambda *_: None)
    monkeypatch.setattr(publishing_definitions, "publish", lambda *_, **__: done.append("published"))
    monkeypatch.setenv("RETENTION_POSTGRES_URL", "postgresql://127.0.0.1:1/marts")
    home.published_file.parent.mkdir(parents=True)
    home.published_file.touch()
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [publishing_definitions.published_month],
            instance=instance,
            partition_key="2026-06-01",
            resources={"warehouse": Warehouse(home)},
            raise_on_error=False,
        )

    assert done == ["published"]
    assert not result.success
    assert [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()] == [
        "published/month",
        "ops/month_closes",
        "ops/data_dictionary",
    ]
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    error = failure.step_failure_data.error
    assert error is not None
    assert error.cause is not None
    assert "The files are published, but PostgreSQL still shows the state before" in error.cause.message
