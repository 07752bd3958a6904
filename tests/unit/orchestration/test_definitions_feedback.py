"""The sensor of dropped files: it waits until they are whole and nobody else writes."""

import fcntl
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.feedback import dropped_feedback
from orchestration.settings import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("RETENTION_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.feedback.mkdir()
    return home


def look(context: dg.SensorEvaluationContext) -> list[str | None]:
    """Return the keys of the runs that the sensor asks for."""
    return [request.run_key for request in dropped_feedback.evaluate_tick(context).run_requests or []]


def test_sensor_asks_once_a_file_has_stopped_growing(home: Home) -> None:
    context = dg.build_sensor_context()
    assert look(context) == []

    file = home.feedback / "B01.xlsx"
    file.write_bytes(b"half")
    assert look(context) == []
    file.write_bytes(b"half and half")
    assert look(context) == []
    (key,) = look(context)

    # The same name once more is another drop, and asked for by another key.
    file.unlink()
    assert look(context) == []
    file.write_bytes(b"half and half")
    assert look(context) == []
    (other,) = look(context)
    assert other != key


def test_sensor_waits_while_another_process_writes(home: Home) -> None:
    (home.feedback / "B01.xlsx").write_bytes(b"whole")
    context = dg.build_sensor_context()
    assert look(context) == []

    home.lock_file.parent.mkdir()
    with home.lock_file.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert look(context) == []
    assert len(look(context)) == 1
