"""Whoever reads while months are published gets answers of one publication, and no error."""

import shutil
from pathlib import Path

from orchestration.settings import Home
from tests.benchmarks.readers import measure


def test_every_answer_is_of_one_published_state(golden_home: Home, tmp_path: Path) -> None:
    """The small sister of `python -m tests.benchmarks.readers`: the same readers, fewer and shorter."""
    home = Home(tmp_path / "home")
    for part in ("warehouse", "published"):
        shutil.copytree(golden_home.root / part, home.root / part)

    found = measure(home.root, readers=3, seconds=8, publications=3)

    assert found.errors == []
    assert found.torn == []
    assert len(found.states) == 4
