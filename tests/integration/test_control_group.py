"""Whoever is held out is drawn the same by the warehouse and by anybody who knows the salt.

Belongs here: the drawing itself, over many ids. Not here: who is drawn together
(`dbt_project/models/retention/_retention__unit_tests.yml`).
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import duckdb

from orchestration import landing, tables
from orchestration.defs.dbt_child import dbt_environment, dbt_executable
from orchestration.settings import DBT_PROJECT, Home

IDS = 10_000
DIGITS = " union all ".join(f"select {digit} as digit" for digit in range(10))
DRAWN = f"""
    select
        cast(ids.number as varchar) as customer_id,
        {{{{ random_share("'a salt|' || cast(ids.number as varchar)") }}}} as drawn_share
    from (
        select 1000 * thousands.digit + 100 * hundreds.digit + 10 * tens.digit + ones.digit as number
        from ({DIGITS}) as thousands
        cross join ({DIGITS}) as hundreds
        cross join ({DIGITS}) as tens
        cross join ({DIGITS}) as ones
    ) as ids
"""


def test_ten_thousand_customers_are_drawn_as_md5_says_and_about_a_tenth_is_held_out(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.warehouse_file.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse_file)) as connection:
        landing.prepare(connection)
        tables.create_tables(connection)

    drawn = shown(home, DRAWN)

    expected = {
        str(number): int(hashlib.md5(f"a salt|{number}".encode()).hexdigest()[:8], 16) / 2**32
        for number in range(IDS)
    }
    assert drawn == expected
    # Three standard deviations of 10,000 draws at one in ten are 90.
    assert 910 <= sum(share < 0.1 for share in drawn.values()) <= 1090


def shown(home: Home, query: str) -> dict[str, float]:
    """Return what dbt shows of a query over `customer_id` and `drawn_share`."""
    done = subprocess.run(
        [
            *(dbt_executable(), "--quiet", "show", "--project-dir", str(DBT_PROJECT), "--inline", query),
            *("--limit", str(IDS), "--output", "json"),
            *("--vars", '{"from_month": "2026-01-01", "to_month": "2026-01-01"}'),
        ],
        env=os.environ | dbt_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    rows = json.loads(done.stdout[done.stdout.index("{") :])["show"]
    return {row["customer_id"]: row["drawn_share"] for row in rows}
