"""The definitions as a readable text: a difference to `definitions.txt` is part of a review.

`python -m tests.architecture.snapshot` writes the file anew.
"""

from pathlib import Path

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetNode

FILE = Path(__file__).with_name("definitions.txt")


def described(definitions: dg.Definitions) -> str:
    """Return assets by group with months, owners and checks, then jobs, schedules, sensors and resources."""
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    checks = {key.asset_key: [] for key in graph.asset_check_keys}
    for key in sorted(graph.asset_check_keys, key=lambda check: check.name):
        checks[key.asset_key].append(key.name)
    groups: dict[str, list[str]] = {}
    for key in sorted(graph.materializable_asset_keys):
        node = graph.get(key)
        lines = [f"  {key.to_user_string()} ({partitions(node)}; {', '.join(node.owners) or 'nobody'})"]
        lines += [f"    {name}" for name in checks.get(key, [])]
        groups.setdefault(node.group_name, []).extend(lines)
    lines = [line for group in sorted(groups) for line in (f"group {group}", *groups[group])]
    lines += [f"job {job.name}" for job in repository.get_all_jobs() if not job.name.startswith("__")]
    lines += [
        f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone}, "
        f"{schedule.default_status.value}"
        for schedule in repository.schedule_defs
    ]
    lines += [f"sensor {sensor.name}: {sensor.default_status.value}" for sensor in repository.sensor_defs]
    lines += [f"resource {name}" for name in sorted(repository.get_top_level_resources())]
    return "\n".join(lines) + "\n"


def partitions(node: BaseAssetNode) -> str:
    """Return what an asset grows by."""
    match node.partitions_def:
        case None:
            return "whole"
        case dg.WeeklyPartitionsDefinition():
            return "weekly"
        case _:
            return "monthly"


def write() -> None:
    """Write the definitions as they are now."""
    from orchestration.definitions import defs

    FILE.write_text(described(defs()), encoding="utf-8")


if __name__ == "__main__":
    write()
