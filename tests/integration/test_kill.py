"""A run killed at any moment: the next one just works, and ends where an undisturbed one does.

The same month is started several times over one home, each time killed later on its way; the published
file is never anything but a whole state. Then the month is run once more, undisturbed.
"""

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Home
from tests.integration.homes import Moment, differences, fingerprints, kill_at, manifests, retention

MONTH = "2026-06"


MOMENTS = (
    Moment("landing 2026-06"),
    Moment("dbt before", 6.0),
    Moment("candidates scored"),
    Moment("publishing marts.fct_churn_flags"),
    Moment("writing the folder"),
)


@pytest.fixture(scope="module")
def earlier_months(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An operator whose months before MONTH are closed."""
    home = Home(tmp_path_factory.mktemp("kill"))
    retention(
        home,
        *("simulate", "--subscribers", "400", "--months", "4"),
        *("--last-month", MONTH, "--seed", "5"),
    )
    retention(home, "run", "--from-month", "2026-03", "--month", "2026-05")
    return home


def test_a_killed_run_leaves_nothing_that_the_next_run_does_not_mend(
    earlier_months: Home, tmp_path: Path
) -> None:
    undisturbed, killed = Home(tmp_path / "undisturbed"), Home(tmp_path / "killed")
    for home in (undisturbed, killed):
        shutil.copytree(earlier_months.root, home.root)
    retention(undisturbed, "run", "--month", MONTH)
    published = fingerprints(earlier_months.published_file)
    complete = fingerprints(undisturbed.published_file)

    for moment in MOMENTS:
        kill_at(killed, moment, "run", "--month", MONTH)
        assert fingerprints(killed.published_file) in (published, complete), moment
    retention(killed, "run", "--month", MONTH)

    assert manifests(killed) == manifests(undisturbed)
    assert differences(fingerprints(undisturbed.warehouse_file), fingerprints(killed.warehouse_file)) == []
    assert differences(complete, fingerprints(killed.published_file)) == []
    with duckdb.connect(str(killed.published_file), read_only=True) as connection:
        assert connection.execute("select count(*) from ops.month_closes").fetchall() == [(4,)]
    assert [path for path in killed.published.iterdir() if path.name.startswith(".")] == []
