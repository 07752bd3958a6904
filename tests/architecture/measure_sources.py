"""On which raw tables a measure or feature rests, read from the models' own SQL, column by column.

Belongs here: following a column to raw tables, and `measure_sources.csv` as the models say it should be.
`python -m tests.architecture.measure_sources` writes the file anew. Not here: what reads the file
(`dbt_project/models/lineage/`).
"""

import csv
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from orchestration.settings import REFERENCE
from orchestration.tables import TABLES

FILE = REFERENCE / "measure_sources.csv"
HEADER = ("measured_in", "measure", "table_name", "months_back")

Relation = tuple[str, str]
"""Schema and name."""

FEATURES = ("features", "subscriber_features")
MEASURES = {
    # Models that give each measure or fact in rows of its own, the column of its name, those looked at.
    (("retention", "scorecard_measures"), "measure"): ("numerator", "denominator"),
    (("intermediate", "int_churn_measures"), "measure"): ("is_gate_open", "numerator", "denominator"),
    (("intermediate", "int_warning_measures"), "measure"): ("is_applicable", "numerator", "denominator"),
    (("retention", "contact_suppressions"), "fact"): ("subscriber_id", "happened_on"),
}
COLUMNS = {
    # Models that judge as a whole, what their judgement is called, and the columns that they look at.
    (("retention", "would_be_owners"), "would_be_owners"): (
        *("customer_type", "primary_unit_id", "landing_unit_id", "named_staff_id"),
        *("area_type", "account_manager_id", "keeper_id"),
    ),
    (("retention", "lost_subscribers"), "lost_subscribers"): ("lost_kind", "stop_kind", "last_active_month"),
    # A colour says of every condition whether it fired, and of the rebate contract how long it runs.
    (("retention", "churn_warnings"), "condition_count"): ("contract_level", "condition_count"),
}

MONTHS_BACK = {
    "scorecard_measures": {
        "bill_mean_3m_to_6m": 6,
        "vas_fee_fall_2m": 4,
    },
    "int_churn_measures": dict.fromkeys(
        ("bill_after_two_falls", "minutes_after_two_falls", "calls_after_two_falls", "bundle_fall"), 7
    )
    | dict.fromkeys(("vas_fee_fall", "two_month_bill_fall"), 7)
    # A tier is a mean of three months; six months before, and now.
    | {"fell_to_mass": 9},
    # Five weeks that end in the month reach back into the second one before it, a single week into the last.
    "int_warning_measures": dict.fromkeys(("minutes_fall", "data_fall", "charges_fall"), 3)
    | dict.fromkeys(("forwarded_to_competitor_days", "competitor_hotline_calls"), 2),
    "churn_warnings": {"condition_count": 3},
    "subscriber_features": {"value_tier": 3},
    # Whoever was contacted in the fourteen days before.
    "contact_suppressions": {"contact": 2},
}
WHENEVER = {"port_out_application", "port_out_eligibility_query", "involuntary_stop", "lost_subscribers"}
"""Facts that hold from whichever month they were delivered in."""


@dataclass
class Columns:
    """The columns of all models, and what each is made of."""

    schema: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    scopes: dict[Relation, Scope] = field(default_factory=dict)
    raw: frozenset[str] = frozenset()

    def add(self, relation: Relation, columns: Iterator[str] | list[str] | tuple[str, ...]) -> None:
        """Declare a relation's columns."""
        self.schema.setdefault(relation[0], {})[relation[1]] = dict.fromkeys(columns, "varchar")

    def raw_tables(self, relation: Relation, column: str, branch: Scope | None = None) -> set[str]:
        """Return the raw tables that a column of a model, or of one part of its query, is made of.

        What only chooses rows does not count, but where rows are counted or a word of the rule book is taken.
        """
        return self._raw(relation, column, branch, set())

    def part(self, relation: Relation, column: str) -> Scope:
        """Return the outermost part of a model's query that selects a column."""
        parts = [self.scopes[relation], *reversed(list(self.scopes[relation].traverse()))]
        return next(part for part in parts if column in part.expression.named_selects)

    def _raw(
        self, relation: Relation, column: str, branch: Scope | None, seen: set[tuple[Relation, str]]
    ) -> set[str]:
        if relation not in self.scopes:
            return {relation[1]} & self.raw if relation[0].startswith("raw_") else set()
        if (relation, column) in seen and branch is None:
            return set()
        seen.add((relation, column))
        found: set[str] = set()
        for parent, name in _origins(branch or self.scopes[relation], column, set()):
            found |= self._raw(parent, name, None, seen)
        return found


def _origins(scope: Scope, column: str, seen: set[tuple[int, str]]) -> set[tuple[Relation, str]]:
    """Return the columns of other relations that a column of a query is made of."""
    if (id(scope), column) in seen:
        return set()
    seen.add((id(scope), column))
    if scope.set_operation_scopes:
        names = [branch.expression.named_selects for branch in scope.set_operation_scopes]
        position = names[0].index(column)
        return {
            origin
            for branch, selected in zip(scope.set_operation_scopes, names, strict=True)
            for origin in _origins(branch, selected[position], seen)
        }
    return {
        origin
        for selected in scope.expression.selects
        if selected.alias_or_name == column
        for origin in _made_of(scope, selected, seen)
    }


def _made_of(
    scope: Scope, expression: exp.Expression, seen: set[tuple[int, str]]
) -> set[tuple[Relation, str]]:
    found: set[tuple[Relation, str]] = set()
    is_chosen = any(isinstance(count.this, exp.Star) for count in expression.find_all(exp.Count))
    for column in expression.find_all(exp.Column):
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            origins = {((source.db, source.name), column.name)}
        else:
            origins = _origins(source, column.name, seen) if source is not None else set()
        is_chosen |= bool(origins) and all(relation[0] == "reference" for relation, _ in origins)
        found |= origins
    if is_chosen:
        chosen_by = [scope.expression.args.get(part) for part in ("where", "group")]
        for part in (*chosen_by, *(join.args.get("on") for join in scope.expression.args.get("joins") or ())):
            if part is not None:
                found |= _made_of(scope, part, seen)
    return found


def read_columns(manifest: dict[str, Any]) -> Columns:
    """Return the columns of all models of a compiled manifest."""
    tables = _rows(REFERENCE / "raw_tables.csv")
    columns = Columns(raw=frozenset(row["table_name"] for row in tables))
    for row in tables:
        names = [
            each["column_name"]
            for each in _rows(REFERENCE / "raw_columns.csv")
            if each["table_name"] == row["table_name"]
        ]
        columns.add((row["source_name"], row["table_name"]), [*names, "landed_month", "row_number"])
    for name, table in TABLES.items():
        schema, _, relation = name.partition(".")
        columns.add((schema, relation), [column.name for column in table.columns])
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            with (REFERENCE / f"{node['name']}.csv").open(encoding="utf-8", newline="") as lines:
                columns.add((node["schema"], node["name"]), next(csv.reader(lines)))
    for node in _in_order(manifest):
        tree = qualify(
            parse_one(node["compiled_code"], read="duckdb"),
            schema=MappingSchema(columns.schema, dialect="duckdb"),
            dialect="duckdb",
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        scope = build_scope(tree)
        assert scope is not None
        columns.add((node["schema"], node["name"]), tree.named_selects)
        columns.scopes[node["schema"], node["name"]] = scope
    return columns


def sources_of_measures(columns: Columns) -> set[tuple[str, str, str]]:
    """Return model, measure and raw table of everything that a rule or a model looks at."""
    found = {
        (FEATURES[1], feature, table)
        for feature in columns.schema[FEATURES[0]][FEATURES[1]]
        if feature not in ("snapshot_month", "subscriber_id")
        for table in columns.raw_tables(FEATURES, feature)
    }
    for (relation, word), compared in MEASURES.items():
        for measure, branch in _branches(columns.scopes[relation], word):
            found |= {
                (relation[1], measure, table)
                for column in compared
                for table in columns.raw_tables(relation, column, branch)
            }
    for (relation, measure), looked_at in COLUMNS.items():
        found |= {
            (relation[1], measure, table)
            for column in looked_at
            for table in columns.raw_tables(relation, column, columns.part(relation, column))
        }
    return found


def _branches(scope: Scope, column: str) -> Iterator[tuple[str, Scope]]:
    """Yield each branch of a union within a query that names its rows by a word in `column`.

    A word made of a prefix and a column stands for all facts that begin so.
    """
    facts = sorted({row["fact"] for row in _rows(REFERENCE / "suppression_reasons.csv")})
    for part in scope.traverse():
        for selected in part.expression.selects if isinstance(part.expression, exp.Select) else ():
            word = selected.unalias()
            if selected.alias_or_name == column and isinstance(word, exp.Literal):
                yield word.name, part
            elif selected.alias_or_name == column and isinstance(word, exp.DPipe):
                yield from ((fact, part) for fact in facts if fact.startswith(word.this.name))


def expected_rows(columns: Columns) -> list[dict[str, str]]:
    """Return the rows of `measure_sources.csv` as the models say they should be, in the file's order."""
    kinds = {row["table_name"]: row["kind"] for row in _rows(REFERENCE / "raw_tables.csv")}
    return [
        dict(zip(HEADER, (model, measure, table, months_back(model, measure, kinds[table])), strict=True))
        for model, measure, table in sorted(sources_of_measures(columns))
    ]


def months_back(model: str, measure: str, kind: str) -> str:
    """Return how many months' files a measure looks at, its own month among them; empty: all up to it.

    Its name tells (`_3m`), or `MONTHS_BACK`; of a register every file may hold the version that counts.
    """
    if kind not in ("event", "snapshot") or measure in WHENEVER:
        return ""
    if own := MONTHS_BACK.get(model, {}).get(measure):
        return str(own)
    number = re.search(r"_(\d+)m(?:_|$)", measure)
    months = int(number[1]) if number else 1
    if measure.endswith("_previous"):
        months = 2
    # Against the one month that lies so many months back; `ratio_6m` is against the mean of six.
    if re.search(r"_ratio_(?:1|12)m$|^group_.*_ratio_3m$", measure):
        months += 1
    return str(months)


def compiled_manifest() -> dict[str, Any]:
    """Return a manifest with the SQL of every model, compiled over an empty warehouse."""
    from orchestration.defs.dbt_child import run_dbt
    from orchestration.settings import Home

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.warehouse_file.parent.mkdir(parents=True)
        months = '{"from_month": "2026-01-01", "to_month": "2026-02-01"}'
        run_dbt(home, "compile", "--select", "resource_type:model", "--vars", months)
        return json.loads((home.dbt / "target" / "manifest.json").read_text(encoding="utf-8"))


def _in_order(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    done: set[str] = set()

    def visit(key: str) -> Iterator[dict[str, Any]]:
        if key in models and key not in done:
            done.add(key)
            for parent in models[key]["depends_on"]["nodes"]:
                yield from visit(parent)
            yield models[key]

    for key in sorted(models):
        yield from visit(key)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write() -> None:
    """Write the file as the models say it should be."""
    rows = expected_rows(read_columns(compiled_manifest()))
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write()
