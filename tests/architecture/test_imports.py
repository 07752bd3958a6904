"""Who may import whom: the contracts of `[tool.importlinter]` in pyproject.toml."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from orchestration.settings import ROOT


def test_import_contracts_hold() -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert status == EXIT_STATUS_SUCCESS
