"""How the published file is opened to read: closed to the host, and out of the way of other readers.

Belongs here: the settings of a reader's connection, the same that README gives to every client. Not here:
what is read, the build file (`orchestration.warehouse`).
"""

import os
from pathlib import Path

import duckdb

from orchestration.warehouse import EngineSettings

CLOSED: EngineSettings = {
    "enable_external_access": "false",
    "lock_configuration": "true",
    "temp_directory": "",
}
"""A query reads the published file, writes nothing, and cannot lift this.

Nothing is spilled, since DuckDB gives every process that reads one file the same spill files beside it, where
they overwrite each other's pages (https://github.com/duckdb/duckdb/issues/15173): what is larger than memory
is an error.
"""


def open_published(file: Path, more: EngineSettings | None = None) -> duckdb.DuckDBPyConnection:
    """Open the published `file` as a closed reader, with `more` of DuckDB's settings."""
    return duckdb.connect(os.fspath(file), read_only=True, config=CLOSED | (more or {}))
