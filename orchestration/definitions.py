"""The code location: everything under `defs/`, loaded by itself."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Load the definitions of every module of `defs/`."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
