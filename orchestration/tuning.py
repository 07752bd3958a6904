"""Tuning: the settings of a target's trees, searched once and kept for the months from then on.

Belongs here: the searches of a home, a file each under `plans/`. Not here: what is searched and how
(`ml/tuning.py`), what it reads, or what else a plan holds (`defs/recipe.py`).
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from ml.model import TrainingPlan
from ml.tuning import SETTINGS, Search, plan_from_json
from orchestration.settings import Home


class TuningError(ValueError):
    """Settings cannot be searched; the message says why."""


def plan_in_force(home: Home, target: str, month: date, plan: TrainingPlan) -> TrainingPlan:
    """Return `plan` with the settings of the newest search of `target` made for `month` or before.

    An earlier month never uses a later search, so that run again it gives the same models.
    """
    names = [file.stem for file in home.plans.glob(f"{target}-[0-9]*.json")]
    known = sorted(name for name in names if name <= f"{target}-{month:%Y-%m}")
    if not known:
        return plan
    found = plan_from_json((home.plans / f"{known[-1]}.json").read_text(encoding="utf-8"))
    return replace(plan, **settings_of(found))


def settings_of(plan: TrainingPlan) -> dict[str, Any]:
    """Return what a search chooses of a plan; all else stays the rule book's."""
    return {name: getattr(plan, name) for name in SETTINGS[0]}


def keep_search(home: Home, target: str, month: date, search: Search) -> Path:
    """Write a search down whole or not at all; one of the same month takes its place."""
    home.plans.mkdir(parents=True, exist_ok=True)
    file = home.plans / f"{target}-{month:%Y-%m}.json"
    half_written = file.with_suffix(".part")
    half_written.write_text(search.to_json(), encoding="utf-8")
    half_written.replace(file)
    return file
