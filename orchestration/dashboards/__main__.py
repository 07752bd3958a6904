"""`make bi`: the dashboards over the published marts, on 127.0.0.1, until Ctrl-C."""

from pathlib import Path

import click

from orchestration.dashboards.starting import BiError, Superset
from orchestration.settings import Home, SettingsError
from orchestration.worklists.texts import LANGUAGES


@click.command()
@click.option("--environment", type=click.Path(path_type=Path), required=True, help="Superset's environment.")
@click.option("--port", type=click.IntRange(1, 65535), default=8088, show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), help="Instead of the operator's.")
def main(environment: Path, port: int, language: str | None) -> None:
    """Import the dashboards into Superset and serve it."""
    try:
        superset = Superset(Home.from_environment(), environment.resolve(), port, language)
        superset.check()
        superset.prepare(click.echo)
        click.echo("starting Superset")

        def ready() -> None:
            click.echo(
                f"\nDashboards: {superset.address}/dashboard/list/\n"
                f"User: admin   Password: {superset.password_file.read_text(encoding='utf-8')}\n"
                f"(kept in {superset.password_file})\n\nCtrl-C stops it."
            )

        superset.serve(ready)
    except (BiError, SettingsError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
