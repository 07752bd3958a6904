"""Feedback: what the units drop back, taken by a job of its own and before every landing.

Belongs here: the asset, its job, the sensor that sees dropped files. Not here: reading, checking and replying
(`orchestration/feedback/`).
"""

import dataclasses
import hashlib

import dagster as dg

from orchestration.defs.groups import LANDING
from orchestration.feedback import dropped_files, take_feedback
from orchestration.progress import say
from orchestration.settings import Home
from orchestration.warehouse import Warehouse, WarehouseBusyError

ANSWERS = dg.AssetKey(["feedback", "answers"])
CONTACTS = ["raw_retention", "retention_contacts"]
"""The raw table that accepted answers land in."""


@dg.asset(
    key=ANSWERS,
    group_name=LANDING,
    owners=["data-engineering@operator.example"],
    kinds={"python", "excel"},
)
def answers(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """The units' filled workbooks and outcome files: accepted rows go to landing, the others back."""
    with warehouse.reading() as connection:
        summary = take_feedback(connection, warehouse.home, progress=say)
    return dg.MaterializeResult(metadata=dataclasses.asdict(summary))


feedback = dg.define_asset_job(
    "feedback",
    selection=dg.AssetSelection.assets(ANSWERS),
    description="Take the files that the units have dropped into feedback/, and reply to each.",
)


@dg.sensor(
    job=feedback,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes what units drop into feedback/, once it has stopped growing and no run goes on.",
)
def dropped_feedback(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run over files that are the same as at the last look."""
    home = Home.from_environment()
    states = [(file.name, file.stat()) for file in dropped_files(home)]
    if not states:
        return dg.SkipReason("nothing was dropped")
    # With the moment of the change itself: the same file dropped once more is seen again.
    told = [(name, state.st_size, state.st_mtime_ns, state.st_ctime_ns) for name, state in states]
    seen = hashlib.sha256(repr(told).encode()).hexdigest()
    if context.cursor != seen:
        context.update_cursor(seen)
        return dg.SkipReason(f"{len(states)} file(s) there; the next look tells whether they are whole")
    try:
        with Warehouse(home, lock_wait_seconds=0).lock():
            pass
    except WarehouseBusyError:
        return dg.SkipReason("another run writes; the next look tries again")
    return dg.RunRequest(run_key=seen)
