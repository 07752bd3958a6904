"""What a long run tells the person who waits for it.

Belongs here: the lines themselves, on a terminal (one moving line) and elsewhere (plain lines). Dagster
keeps the same lines in its event log (`dagster.yaml`, `python_logs`). Not here: results, which commands
print. No line holds personal data.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

LINES = logging.getLogger("orchestration.progress")
DETAILS = logging.getLogger("orchestration.detail")


def say(line: str) -> None:
    """Tell that a step has begun or ended; kept in the run's log."""
    LINES.info("%s", line)


def detail(line: str) -> None:
    """Tell what is being worked on right now; shown on terminals only, and not kept."""
    DETAILS.info("%s", line)


class _Shown(logging.Handler):
    """Prints lines with the seconds since the start; `status` is the moving line of a terminal."""

    def __init__(self, console: Console, status: Status | None) -> None:
        super().__init__(logging.INFO)
        self.console = console
        self.status = status
        self.started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Print the line, or show it for the moment when it is a detail."""
        line = record.getMessage()
        if self.status is not None:
            self.status.update(line)
        if record.name == LINES.name:
            seconds = time.monotonic() - self.started
            self.console.print(f"[{seconds:6.1f} s] {line}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def shown() -> Iterator[None]:
    """Show progress on the error stream as it is now, wherever that stream is redirected to later."""
    with os.fdopen(os.dup(2), "w", encoding="utf-8") as stream:
        console = Console(file=stream)
        status = console.status("starting") if console.is_terminal else None
        handler = _Shown(console, status)
        loggers = (LINES, DETAILS)
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.INFO)
            logger.addHandler(handler)
        if status is not None:
            status.start()
        try:
            yield
        finally:
            if status is not None:
                status.stop()
            for logger, level in zip(loggers, levels, strict=True):
                logger.removeHandler(handler)
                logger.setLevel(level)
