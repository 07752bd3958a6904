"""Releases: which model of a target is in force in which month, and putting an earlier one back.

Belongs here: reading and writing `ml.releases` and `ops.rollbacks`, the gate's margins from the rule book,
its reasons in words, the model in force at the level of its month. Not here: the decision itself
(`ml.release`), training and scoring (`defs/`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from ml.model import ChurnModel, load
from ml.release import Decision, ReleaseRules
from orchestration.settings import Home
from orchestration.tables import TABLES
from orchestration.warehouse import has_table, replace_months
from orchestration.worklists.texts import LANGUAGES, Texts

RELEASES = "ml.releases"

_FIGURES = tuple(
    column.name for column in TABLES[RELEASES].columns if column.data_type in ("double", "bigint")
)


class RollbackError(ValueError):
    """A model cannot be put back; the message says why and what can be done."""


@dataclass(frozen=True)
class Verdict:
    """What came of a month's training for one target.

    `decision` is the gate's, with the name of the challenger; where none could be trained, both are None and
    `note` says why. `intercept_shift` goes with the model of `model_if_kept`.
    """

    target: str
    challenger_model_id: str | None = None
    decision: Decision | None = None
    note: str = ""
    intercept_shift: float = 0.0


@dataclass(frozen=True)
class Rollback:
    """A model of a target that was put back from a month on, by command."""

    target: str
    from_month: date
    model_id: str
    reason: str


def release_rules(parameters: Mapping[str, str]) -> ReleaseRules:
    """Return the gate's margins, from the parameters of the rule book."""
    return ReleaseRules(
        minimum_lift_over_rules=float(parameters["release_minimum_lift_over_rules"]),
        minimum_gain=float(parameters["release_minimum_gain"]),
        maximum_age_months=int(parameters["release_maximum_age_months"]),
        misjudged_months=int(parameters["release_misjudged_months"]),
        observed_over_expected_low=float(parameters["release_oe_low"]),
        observed_over_expected_high=float(parameters["release_oe_high"]),
        calibration_slope_low=float(parameters["release_calibration_slope_low"]),
        calibration_slope_high=float(parameters["release_calibration_slope_high"]),
    )


def model_in_force(connection: duckdb.DuckDBPyConnection, target: str, month: date) -> str | None:
    """Return the name of the model of `target` that scores `month`; None where the rules decide."""
    return _newest(connection, target, month, "<=")[0]


def model_in_force_before(connection: duckdb.DuckDBPyConnection, target: str, month: date) -> str | None:
    """Return the model that `month` finds in force: what its challenger is compared with."""
    return _newest(connection, target, month, "<")[0]


def model_if_kept(connection: duckdb.DuckDBPyConnection, target: str, month: date) -> str | None:
    """Return the model that scores `month` if its challenger is not released: put back, or found in force."""
    put_back = _rollback_of(connection, target, month)
    return put_back.model_id if put_back else model_in_force_before(connection, target, month)


def load_in_force(
    connection: duckdb.DuckDBPyConnection, home: Home, target: str, month: date
) -> tuple[str, ChurnModel] | None:
    """Return name and model of `target` in force in `month`, at the level that the month has set."""
    name, shift = _newest(connection, target, month, "<=")
    return (name, load(home.models / name).shifted(shift)) if name else None


def models_of_months(connection: duckdb.DuckDBPyConnection, target: str) -> dict[date, str | None]:
    """Return the model of `target` that each month decided on; nothing before the first run with a gate."""
    if not has_table(connection, RELEASES):
        return {}
    return dict(
        connection.execute(
            f"select snapshot_month, model_id from {RELEASES} where target = ? order by 1", [target]
        ).fetchall()
    )


def record(
    connection: duckdb.DuckDBPyConnection, texts: Texts, month: date, verdicts: Sequence[Verdict]
) -> dict[str, str | None]:
    """Write the month's rows of `ml.releases`; return the model in force of each target.

    A roll-back of the month holds whatever the gate decided. The months of a range have to be recorded in
    order, each before the next one's gate asks what is in force.
    """
    in_force: dict[str, str | None] = {}
    rows = []
    for verdict in verdicts:
        row = _row(connection, texts, month, verdict)
        rows.append(row)
        in_force[verdict.target] = row["model_id"]
    names = [column.name for column in TABLES[RELEASES].columns]
    replace_months(connection, RELEASES, pd.DataFrame(rows, columns=names, dtype=object), [month])
    return in_force


def roll_back(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    target: str,
    from_month: date,
    model_id: str | None = None,
    reason: str = "",
) -> Rollback:
    """Put an earlier model back from a month on, by default the one in force before the present one.

    The month and those after it have to be run again. A second roll-back of the same month takes the place
    of the first. Raises RollbackError for a model that is unknown, was trained for a later month, or whose
    folder is gone, and where there is no earlier one.
    """
    _check_target(connection, target)
    model_id = model_id or _one_before(connection, target, from_month)
    _check_model(connection, home, target, from_month, model_id)
    connection.begin()
    try:
        connection.execute(
            "delete from ops.rollbacks where target = ? and from_month = ?", [target, from_month]
        ).fetchall()
        connection.execute(
            "insert into ops.rollbacks (target, from_month, model_id, reason) values (?, ?, ?, ?)",
            [target, from_month, model_id, reason],
        ).fetchall()
        connection.commit()
    except duckdb.Error:
        connection.rollback()
        raise
    return Rollback(target, from_month, model_id, reason)


def _newest(
    connection: duckdb.DuckDBPyConnection, target: str, month: date, up_to: str
) -> tuple[str | None, float]:
    """Return the newest model in force, and the shift of its level."""
    found = connection.execute(
        f"select model_id, coalesce(intercept_shift, 0) from {RELEASES} "
        f"where target = ? and snapshot_month {up_to} ? order by snapshot_month desc limit 1",
        [target, month],
    ).fetchall()
    return found[0] if found else (None, 0.0)


def _row(
    connection: duckdb.DuckDBPyConnection, texts: Texts, month: date, verdict: Verdict
) -> dict[str, Any]:
    """Return one row of `ml.releases`."""
    target, decision = verdict.target, verdict.decision
    before = model_in_force_before(connection, target, month)
    put_back = _rollback_of(connection, target, month)
    model_id: str | None
    if put_back:
        model_id, decided_by, code = put_back.model_id, "roll_back", "roll_back"
    elif decision is None:
        model_id, decided_by, code = before, "kept", "no_challenger"
    else:
        model_id = verdict.challenger_model_id if decision.is_released else before
        decided_by, code = decision.decided_by, decision.reason
    figures = dict(decision.figures) if decision else {}
    rule = decision.strongest_rule if decision else None
    return {
        "snapshot_month": month,
        "target": target,
        "model_id": model_id,
        "decided_by": decided_by,
        "challenger_model_id": verdict.challenger_model_id,
        "reason_code": code,
        "strongest_rule": rule,
        **dict.fromkeys(_FIGURES),
        **figures,
        # A challenger has been calibrated on the very months that a shift is fitted on.
        "intercept_shift": 0.0 if model_id == verdict.challenger_model_id else verdict.intercept_shift,
    } | {
        f"reason_{language}": texts.text(
            f"release.{code}",
            language,
            challenger=verdict.challenger_model_id or "",
            in_force=before or texts.text("release.rules", language),
            put_back=model_id or "",
            rule=texts.label("contender", rule or "", language),
            findings="; ".join(decision.findings) if decision else "",
            note=(put_back.reason if put_back else verdict.note) or texts.text("release.no_note", language),
            **{name: _shown(figures.get(name)) for name in _FIGURES},
        )
        for language in LANGUAGES
    }


def _shown(figure: float | None) -> str:
    if figure is None:
        return "–"
    return str(figure) if isinstance(figure, int) else f"{figure:.2f}"


def _rollback_of(connection: duckdb.DuckDBPyConnection, target: str, month: date) -> Rollback | None:
    found = connection.execute(
        "select target, from_month, model_id, reason from ops.rollbacks where target = ? and from_month = ?",
        [target, month],
    ).fetchall()
    return Rollback(*found[0]) if found else None


def _one_before(connection: duckdb.DuckDBPyConnection, target: str, month: date) -> str:
    """Return the model last in force before `month` that is older than the one in force then."""
    found = connection.execute(
        f"""
        select releases.model_id
        from {RELEASES} as releases
        inner join ml.models as models using (model_id)
        where
            releases.target = $target
            and releases.snapshot_month < $month
            and models.trained_for_month < (
                select trained_for_month from ml.models where model_id = $present
            )
        order by releases.snapshot_month desc
        limit 1
        """,
        {"target": target, "month": month, "present": model_in_force(connection, target, month)},
    ).fetchall()
    if not found:
        raise RollbackError(
            f"No older model of {target} was in force before {month:%Y-%m}: there is none to go back to. "
            "Name one with --to."
        )
    return str(found[0][0])


def _check_target(connection: duckdb.DuckDBPyConnection, target: str) -> None:
    known = [
        name for (name,) in connection.execute("select distinct target from ml.models order by 1").fetchall()
    ]
    if target not in known:
        raise RollbackError(
            f"No model of {target!r} was ever trained; there are models of: {', '.join(known) or 'nothing'}."
        )


def _check_model(
    connection: duckdb.DuckDBPyConnection, home: Home, target: str, from_month: date, model_id: str
) -> None:
    trained_for = dict(
        connection.execute(
            "select model_id, trained_for_month from ml.models where target = ? order by trained_for_month",
            [target],
        ).fetchall()
    )
    if model_id not in trained_for:
        raise RollbackError(f"{model_id!r} is no model of {target}; there are: {', '.join(trained_for)}.")
    if trained_for[model_id] > from_month:
        raise RollbackError(
            f"{model_id} was trained for {trained_for[model_id]:%Y-%m}: {from_month:%Y-%m} cannot know it. "
            "Name an older model, or a later month."
        )
    if not (home.models / model_id).is_dir():
        raise RollbackError(
            f"{home.models / model_id} is gone. Bring it back from a copy, "
            f"or run {trained_for[model_id]:%Y-%m} again."
        )
