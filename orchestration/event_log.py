"""Dagster's event log in SQLite, with connections that stay open and one commit a batch.

A run has an event for each table, month and test: thousands. Dagster's own log opens the file and commits
several times for each. Belongs here: that one difference. Not here: what is logged.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection

_BUSY_SECONDS = 60


class KeptOpenEventLog(SqliteEventLogStorage):
    """The same files and tables as Dagster's own, so that either can read them."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Keep one engine a file; `base_dir` holds a file a run and one index."""
        self._engines: dict[str, Engine] = {}
        self._batch: dict[str, Connection] | None = None
        self._batch_stack = ExitStack()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "KeptOpenEventLog":
        """Make the log that `dagster.yaml` asks for."""
        return cls(inst_data=inst_data, **config_value)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events, all or none, with one commit a file."""
        with ExitStack() as self._batch_stack:
            self._batch = {}
            try:
                super().store_event_batch(events)
            finally:
                self._batch = None

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if self._batch is None:
                with engine.connect() as connection, connection.begin():
                    yield connection
                return
            if shard not in self._batch:
                self._batch[shard] = self._batch_stack.enter_context(engine.connect())
                self._batch_stack.enter_context(self._batch[shard].begin())
            yield self._batch[shard]

    def _engine(self, shard: str) -> Engine:
        """Return the engine of a file, which is made with its tables when it is not there yet."""
        if shard not in self._engines:
            engine = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": _BUSY_SECONDS})
            event.listen(engine, "connect", _commit_without_waiting)
            self._engines[shard] = engine
        if shard not in self._initialized_dbs:
            self._initdb(self._engines[shard])
            self._initialized_dbs.add(shard)
        return self._engines[shard]

    def dispose(self) -> None:
        """Close the files."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _commit_without_waiting(connection: object, _record: object) -> None:
    """In WAL mode a killed process loses nothing by it; a power cut may lose the last events."""
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection has no type here
    cursor.execute("pragma synchronous = normal")
    cursor.close()
