"""The command line: `retention --help`.

Belongs here: options, their checks, the order of what a command does, words for people. Not here: the work
itself, running a job (`command_runs`). Dagster is imported inside commands only, after RETENTION_HOME is
absolute and DAGSTER_HOME set; so `--help` is quick and no run ever lands in a home that goes away.
"""

import os
import sys
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO

import click

from orchestration.command_runs import (
    answer_lists,
    close_months,
    dagster_instance,
    execute,
    prepared_home,
    warn_of_week,
    worklists_of,
)
from orchestration.progress import say, shown
from orchestration.settings import ROOT, Home


class WrongUse(click.ClickException):
    """What was asked for cannot be had, said without the reminder of how the command is used."""

    exit_code = 2


class WrittenDate(click.ParamType):
    """A month as YYYY-MM, which becomes its first day, or a day as YYYY-MM-DD."""

    def __init__(self, noun: str, name: str, example: str, rest: str = "") -> None:
        """Take what it is called, how it is written, an example, and what completes it to a day."""
        self.noun, self.name, self.example, self.rest = noun, name, example, rest

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day, or fail with what was expected."""
        if isinstance(value, date):
            return value
        text = str(value)
        try:
            if len(text) != len(self.name):
                raise ValueError
            return date.fromisoformat(text + self.rest)
        except ValueError:
            self.fail(
                f"{text!r} is no {self.noun}; write it as {self.name}, such as {self.example}.", param, ctx
            )


MONTH = WrittenDate("month", "YYYY-MM", "2026-01", rest="-01")
DAY = WrittenDate("day", "YYYY-MM-DD", "2026-01-07")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """Close a telecom operator's month: from raw extracts to an owner for every customer at risk.

    Everything is read and written under RETENTION_HOME (default ./data). Exit codes: 0 done, 1 the run
    failed, 2 wrong use. RETENTION_DEBUG=1 shows where an error arose.
    """


@commands.command()
@click.option("--subscribers", type=click.IntRange(min=1), required=True, help="Lines in the first month.")
@click.option("--months", type=click.IntRange(min=1), required=True, help="How many months to write.")
@click.option("--last-month", type=MONTH, required=True, help="Newest month to write.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--out", type=click.Path(path_type=Path), help="Landing folder.  [default: the home's]")
@click.option(
    "--dirt", type=click.FloatRange(0, 0.5), default=0.0, show_default=True, help="Share of planted bad rows."
)
@click.option("--price-war", type=MONTH, help="Month from which competitors undercut every plan.")
def simulate(
    subscribers: int,
    months: int,
    last_month: date,
    seed: int,
    out: Path | None,
    dirt: float,
    price_war: date | None,
) -> None:
    """Write the extracts of a made-up operator in the raw contract, and the hidden truth beside them."""
    from seeds.simulator import simulate as write_extracts

    out = out or Home.from_environment().landing
    with shown():
        summary = write_extracts(
            subscribers=subscribers,
            months=months,
            last_month=last_month,
            seed=seed,
            out=out,
            dirt=dirt,
            price_war=price_war,
            progress=say,
        )
    click.echo(f"{sum(summary.rows.values()):,} rows of {len(summary.months)} months under {out}")


@commands.command("simulate-answers")
@click.option("--month", type=MONTH, required=True, help="Month whose lists are answered; it was published.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed and lists, same bytes.")
def simulate_answers(month: date, seed: int) -> None:
    """Fill in a month's worklists as units might, and drop them into feedback/, for trying things out.

    The answers are made up and change no customer's mind: they show work done, and no effect. A home with
    real customers has no use for them.
    """
    home = Home.from_environment()
    answer_lists(home, month, seed)
    click.echo(f"answers under {home.feedback}; next: retention feedback, or run the month after")


@commands.command()
@click.argument("name")
@click.option(
    "--file",
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    required=True,
    help="A file to read; may be given several times.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Landing folder.  [default: the home's]")
def adapt(name: str, files: tuple[Path, ...], out: Path | None) -> None:
    """Turn somebody else's files into raw extracts, by the SQL of seeds/adapters/NAME/."""
    from seeds.adapters import adapt as write_extracts

    out = out or Home.from_environment().landing
    with shown():
        summary = write_extracts(name, files, out, progress=say)
    click.echo(f"{sum(summary.rows.values()):,} rows of {len(summary.months)} months under {out}")
    click.echo(f"settings in {summary.operator_file}")


@commands.command()
@click.option("--month", type=MONTH, required=True, help="Month to close; it must have ended.")
@click.option("--from-month", type=MONTH, help="First month of a range that ends with --month.")
def run(month: date, from_month: date | None) -> None:
    """Close a month, or each month of a range: the same job as the schedule's."""
    home = prepared_home()
    close_months(home, from_month or month, month)
    click.echo(f"published under {home.published}")


@commands.command()
@click.option("--week", type=DAY, required=True, help="Wednesday after the week; the week must have ended.")
def warn(week: date) -> None:
    """Find who is warned in a week, also in a month still open: the same job as Wednesday's schedule."""
    from orchestration.publishing.status import week_status
    from orchestration.terminal import render_table
    from orchestration.warehouse import Warehouse

    home = prepared_home()
    warn_of_week(home, week)
    with Warehouse(home).reading() as connection:
        weeks = week_status(connection, home)
    click.echo(render_table(weeks[weeks["warning_week"] == week]))
    click.echo(f"published under {home.published_weeks / week.isoformat()}")


@commands.command()
def feedback() -> None:
    """Take what the units have dropped into feedback/, and reply; `run` and `warn` do so first, too."""
    home = prepared_home()
    execute(home, "feedback", "taking feedback", {})
    click.echo(f"replies under {home.feedback / 'replies'}")


@commands.command()
def push() -> None:
    """Bring PostgreSQL (RETENTION_POSTGRES_URL) to what is published; `run` and `warn` do so at their end."""
    from orchestration.publishing.errors import PublishError, PushError
    from orchestration.publishing.postgres import push_where_wanted

    try:
        with shown():
            summary = push_where_wanted(Home.from_environment(), progress=say)
    except (PublishError, PushError) as error:
        raise click.ClickException(str(error)) from error
    if summary is None:
        raise click.UsageError("RETENTION_POSTGRES_URL names no database; see the README's settings.")
    click.echo(f"{sum(summary.rows.values()):,} rows of {len(summary.rows)} tables sent to PostgreSQL")


@commands.command()
@click.argument("target")
@click.option(
    "--month", type=MONTH, required=True, help="Search on what this month knew; it must have been run."
)
def tune(target: str, month: date) -> None:
    """Search how the trees of TARGET are grown best, such as quantity_churn; takes minutes.

    What is found is kept under plans/ and used whenever that month or a later one is run. It need not be
    searched each month.
    """
    from orchestration.defs.recipe import ModellingConfig, Recipe, search_settings
    from orchestration.tuning import TuningError
    from orchestration.warehouse import Warehouse

    home = prepared_home()
    if not home.warehouse_file.exists():
        raise click.ClickException(f"Nothing was run yet under {home.root}: there is nothing to learn from.")
    try:
        with shown():
            say(f"searching settings of {target} on what {month:%Y-%m} knew")
            warehouse = Warehouse(home)
            file = search_settings(warehouse, month, target, Recipe.read(warehouse), ModellingConfig())
    except TuningError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"settings under {file}; next: retention run --month {month:%Y-%m}")


@commands.command()
@click.argument("target")
@click.option("--from-month", type=MONTH, required=True, help="First month to score with it again.")
@click.option("--to", "model_id", help="Model to put back.  [default: the one in force before the present]")
@click.option("--reason", default="", help="Why; stands beside the month's decision.")
def rollback(target: str, from_month: date, model_id: str | None, reason: str) -> None:
    """Put an earlier model of TARGET back in force from a month on, such as quantity_churn.

    The roll-back holds whenever that month is run again, and the gates of later months compare with the
    model put back. Nothing is scored anew before those months are run.
    """
    from orchestration.releases import RollbackError, roll_back
    from orchestration.tables import create_tables
    from orchestration.warehouse import Warehouse

    home = prepared_home()
    if not home.warehouse_file.exists():
        raise click.ClickException(f"Nothing was run yet under {home.root}: there is no model to put back.")
    with Warehouse(home).writing() as connection:
        create_tables(connection)
        try:
            done = roll_back(connection, home, target, from_month, model_id, reason)
        except RollbackError as error:
            raise click.BadParameter(str(error)) from error
        ((last,),) = connection.execute("select max(snapshot_month) from ops.month_closes").fetchall()
    click.echo(f"{done.model_id} is in force from {from_month:%Y-%m} on.")
    if last is None or last < from_month:
        click.echo(f"It scores {from_month:%Y-%m} once that month is run.")
    else:
        click.echo(f"Score anew: retention run --from-month {from_month:%Y-%m} --month {last:%Y-%m}")


@commands.command()
@click.option(
    "--weeks",
    "shown_weeks",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    help="Newest warning weeks to show; 0 shows all.",
)
def status(shown_weeks: int) -> None:
    """Show what has landed, run, failed and been published, by month and week, and what is stale."""
    from orchestration.defs.month_close import last_runs, last_weekly_runs
    from orchestration.publishing.overview import STATES, month_overview
    from orchestration.publishing.status import week_status
    from orchestration.releases import models_of_months
    from orchestration.terminal import console, print_overview
    from orchestration.warehouse import Warehouse

    home = prepared_home()
    if not home.warehouse_file.exists():
        click.echo(f"Nothing was run yet under {home.root}.")
        return
    with dagster_instance() as instance:
        runs = last_runs(instance)
        weekly_runs = last_weekly_runs(instance)
    with Warehouse(home, lock_wait_seconds=1).reading() as connection:
        models = models_of_months(connection, "quantity_churn")
        months = month_overview(connection, home, runs, models)
        weeks = week_status(connection, home)
    out = console()
    months["month"] = [f"{month:%Y-%m}" for month in months["month"]]
    drop = [["files"], ["red", "yellow", "blue"], ["rows_read"], ["reached"], ["suppressed"], ["worked"]]
    print_overview(out, months, drop=drop)
    for state in dict.fromkeys(months["state"]):
        if state != "published":
            out.print(f"{state}: {STATES[state]}", style="dim")
    if not weeks.empty:
        earlier = max(len(weeks) - shown_weeks, 0) if shown_weeks else 0
        weeks = weeks.iloc[earlier:].copy()
        weeks["last_run"] = [weekly_runs.get(week) for week in weeks["warning_week"]]
        click.echo()
        print_overview(out, weeks, drop=[["new"]])
        if earlier:
            out.print(f"{earlier} earlier weeks are not shown; --weeks 0 shows all.", style="dim")


@commands.command()
@click.argument("statement", required=False)
@click.option("--file", "file", type=click.File(encoding="utf-8"), help="File that holds the statement.")
@click.option(
    "--format", "kind", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help="Rows of a table to show; 0 shows all.  [default: 40 on a terminal, else all]",
)
def sql(statement: str | None, file: IO[str] | None, kind: str, limit: int | None) -> None:
    """Query the published marts, read-only; without a STATEMENT, one is read from standard input."""
    from orchestration.publishing import query
    from orchestration.terminal import console, print_rows

    if statement and file:
        raise click.UsageError("Give a statement or a file, not both.")
    if not statement and not file and sys.stdin.isatty():
        raise click.UsageError('Give a statement, such as: retention sql "select 1"')
    text = statement or (file or sys.stdin).read()
    try:
        with query.asked(Home.from_environment(), text) as answer:
            if kind == "csv":
                query.write_csv(answer, sys.stdout)
            elif kind == "json":
                query.write_json(answer, sys.stdout)
            else:
                print_rows(console(), answer, limit)
    except query.StatementError as error:
        raise WrongUse(str(error)) from error


@commands.command()
@click.argument("table", required=False)
def tables(table: str | None) -> None:
    """List the published tables, or the columns of TABLE, such as retention.responsibilities."""
    from orchestration.publishing import query
    from orchestration.terminal import console, print_frame

    home = Home.from_environment()
    try:
        found = query.published_columns(home, table) if table else query.published_tables(home)
    except query.StatementError as error:
        raise WrongUse(str(error)) from error
    print_frame(console(), found)


@commands.command()
@click.option("--port", type=int, default=3000, show_default=True, help="Port on 127.0.0.1.")
def ui(port: int) -> None:
    """Start the Dagster UI on 127.0.0.1 over this home; it has no log-in of its own."""
    from orchestration.recovery import recover
    from orchestration.warehouse import Warehouse, WarehouseBusyError

    home = prepared_home()
    try:
        with Warehouse(home, lock_wait_seconds=0).lock(), dagster_instance() as instance:
            recover(home, instance)
    except WarehouseBusyError:
        click.echo("A run is going on; the UI shows it.")
    dagster = Path(sys.executable).with_name("dagster")
    os.chdir(ROOT)
    os.execv(
        dagster,
        [str(dagster), "dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(port)],
    )


@commands.command()
def docs() -> None:
    """Write the documentation: every model with its SQL and lineage, and the data dictionary on one page."""
    from orchestration.defs.dbt_child import run_dbt
    from orchestration.defs.dictionary import written_dictionary
    from orchestration.warehouse import Warehouse

    home = prepared_home()
    target = home.dbt / "docs"
    with shown(), Warehouse(home).lock():
        say("describing the models")
        # Types and compiled SQL, of any month, need a build file.
        more = ["--vars", '{"from_month": "2026-01-01", "to_month": "2026-01-01"}']
        if not home.warehouse_file.exists():
            run_dbt(home, "parse", "--target-path", str(target))
            more = ["--no-compile", "--empty-catalog"]
        run_dbt(home, "docs", "generate", "--static", "--target-path", str(target), *more)
        # dbt's other page shows nothing without a server.
        (target / "index.html").unlink()
        say("writing the data dictionary")
        written_dictionary(home, target / "dictionary.html")
    click.echo(f"{target / 'static_index.html'}\n{target / 'dictionary.html'}")


@commands.command()
@click.option("--subscribers", type=click.IntRange(min=1), default=20_000, show_default=True)
@click.option("--months", type=click.IntRange(min=1), default=24, show_default=True)
@click.option("--last-month", type=MONTH, default="2026-06", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.pass_context
def demo(context: click.Context, subscribers: int, months: int, last_month: date, seed: int) -> None:
    """Simulate an operator, close all its months, publish, and print what came of it and where to look.

    Made-up units answer the worklists of the month before the newest; the newest takes their answers up.
    """
    home = prepared_home()
    if not home.landing.exists():
        context.invoke(
            simulate,
            subscribers=subscribers,
            months=months,
            last_month=last_month,
            seed=seed,
            out=None,
            dirt=0.0,
        )
    landed = sorted(
        MONTH.convert(folder.name, None, None)
        for folder in (home.landing / "subscribers").glob("[0-9]*-[0-9]*")
    )
    if not landed:
        raise click.ClickException(f"No month lies under {home.landing / 'subscribers'}.")
    *before, newest = landed
    if before:
        close_months(home, before[0], before[-1])
        if worklists_of(home, before[-1]).is_dir():
            answer_lists(home, before[-1], seed)
    close_months(home, newest, newest)
    from orchestration.demo import demo_result

    click.echo(demo_result(home))


def _one_line(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """Say an error that nobody expected in one message; Python then exits with 1."""
    click.echo(f"Error: {error or type(error).__name__}", err=True)


def main() -> None:
    """Run the command line (`retention`)."""
    if os.environ.get("RETENTION_DEBUG") != "1":
        sys.excepthook = _one_line
    commands.main(prog_name="retention")
