"""What the data dictionary asks Dagster, whichever part of the graph is run."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs import dictionary
from orchestration.defs import publishing as publishing_definitions
from orchestration.publishing.dictionary import Origins
from orchestration.settings import Home
from orchestration.warehouse import Warehouse


def test_publishing_alone_describes_all_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the last step only, as from Dagster's page of that asset, has no other table in its graph."""
    described: list[Origins] = []
    manifest = tmp_path / "manifest.json"
    manifest.write_text("{}")
    monkeypatch.setattr(dictionary, "current_manifest", lambda _: manifest)
    monkeypatch.setattr(dictionary, "record_dictionary", lambda *given: described.append(given[2]))
    monkeypatch.setattr(publishing_definitions, "publish", lambda *_, **__: None)
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize(
            [publishing_definitions.published_month],
            instance=instance,
            partition_key="2026-06-01",
            resources={"warehouse": Warehouse(Home(tmp_path))},
            raise_on_error=False,
        )

    (origins,) = described
    assert "retention.scorecard_points" in origins.parents["retention.scorecard_scores"]
    assert "every_subscriber_at_risk_has_one_disposition" in origins.checks["retention.responsibilities"]
