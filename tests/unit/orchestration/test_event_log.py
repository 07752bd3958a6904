"""The event log keeps what Dagster's own would, and either can read the other's files."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration.event_log import KeptOpenEventLog

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2026-01-01", end_date="2026-07-01")


@dg.asset(partitions_def=MONTHS, backfill_policy=dg.BackfillPolicy.single_run())
def closed(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"months": len(context.partition_keys)})


@pytest.mark.parametrize("batch_size", ["0", "1000"])
def test_every_month_of_a_range_is_kept_and_dagsters_own_log_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: str
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", batch_size)
    folder = tmp_path / "history" / "runs"
    storage = {
        "event_log_storage": {
            "module": "orchestration.event_log",
            "class": "KeptOpenEventLog",
            "config": {"base_dir": str(folder)},
        }
    }
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=storage) as instance:
        assert isinstance(instance.event_log_storage, KeptOpenEventLog)
        result = dg.materialize(
            [closed],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": "2026-02-01",
                "dagster/asset_partition_range_end": "2026-05-01",
            },
        )
        assert result.success
        months = {"2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"}
        assert instance.get_materialized_partitions(closed.key) == months

    own = SqliteEventLogStorage(str(folder))
    assert own.get_materialized_partitions(closed.key) == months
    own.dispose()
