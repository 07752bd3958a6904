"""The tables that Python makes, as the dbt project describes them: its sources, written from `tables.py`.

`python -m tests.architecture.python_sources` writes the file anew. Belongs here: the file's form. Not here:
what a table or column means (`orchestration/tables.py`), raw tables (`dbt_project/models/staging/`).
"""

import json

from orchestration.settings import DBT_PROJECT
from orchestration.tables import TABLES, Table

FILE = DBT_PROJECT / "models" / "docs" / "_made_by_python__sources.yml"
HEADER = """\
# Written by `python -m tests.architecture.python_sources` from orchestration/tables.py.
sources:
"""
SCHEMAS = {
    "ml": "What the models of churn say of the month's candidates, and how good they are. Python writes it; "
    "read only by what runs after it.",
    "ops": "What landing says of the files it read, what a month was closed on, and the settings of a run.",
    "retention": "The month's lists and the week's tasks. Python writes them; read only by what runs after.",
}


def described() -> str:
    """Return the file as it should be."""
    lines = []
    for schema, description in SCHEMAS.items():
        lines += [f"  - name: {schema}", f"    description: {json.dumps(description)}", "    tables:"]
        for name, table in sorted(TABLES.items()):
            if name.startswith(f"{schema}."):
                lines += _table(name.removeprefix(f"{schema}."), schema, table)
    return HEADER + "\n".join(lines) + "\n"


def _table(name: str, schema: str, table: Table) -> list[str]:
    return [
        f"      - name: {name}",
        f"        description: {json.dumps(table.grain)}",
        f"        config: {{meta: {{dagster: {{asset_key: [{schema}, {name}]}}}}}}",
        "        columns:",
        *(
            f"          - {{name: {column.name}, data_type: {json.dumps(column.data_type)}, "
            f"description: {json.dumps(column.comment + '.')}}}"
            for column in table.columns
        ),
    ]


if __name__ == "__main__":
    FILE.write_text(described(), encoding="utf-8")
