"""Starting Superset over a home: its own files, the import of the dashboards, the server.

Belongs here: what lies in `$RETENTION_HOME/bi/`, the processes. Not here: the dashboards (`specs/`), how
Superset is set up inside (`server/`).
"""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from orchestration.dashboards.bundle import Bundle
from orchestration.dashboards.specs import DASHBOARDS, DATASETS
from orchestration.publishing.connecting import open_published
from orchestration.settings import REFERENCE, Home, OperatorSettings
from orchestration.warehouse import engine_bounds
from orchestration.worklists.texts import Texts

HOST = "127.0.0.1"
SERVER = Path(__file__).parent / "server"
WORKERS = 3
"""Processes that answer. Each answers one question at a time, so that no connection to an earlier publication
stays open beside a new one: DuckDB would go on showing the earlier."""

_START_SECONDS = 120
_STOP_SECONDS = 2
_ANSWER_SECONDS = 60


class BiError(RuntimeError):
    """The BI tool cannot start; the message says what to do."""


class Superset:
    """Superset in its own environment, over one home."""

    def __init__(self, home: Home, environment: Path, port: int, language: str | None = None) -> None:
        """Use the Superset of `environment`; `language` overrides the operator's."""
        settings = OperatorSettings.load(home.operator_file)
        self.home, self.environment, self.port = home, environment, port
        self.language, self.currency = language or settings.language, settings.currency
        self.folder = home.root / "bi"

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def password_file(self) -> Path:
        """The administrator's password, readable by its owner only."""
        return self.folder / "admin_password"

    @property
    def log(self) -> Path:
        """What Superset says."""
        return self.folder / "superset.log"

    def check(self) -> None:
        """Raise BiError where nothing is published, the port is taken or Superset is not set up."""
        if not self.home.published_file.exists():
            raise BiError(
                f"Nothing is published under {self.home.published} yet: run `make demo`, or "
                "`retention run --month YYYY-MM` on your own extracts, then `make bi` again."
            )
        if not (self.environment / "bin" / "superset").exists():
            raise BiError(f"Superset is not set up in {self.environment}: run `make bi`.")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise BiError(
                    f"Port {self.port} is taken, perhaps by `make bi` in another terminal: stop that, or "
                    f"choose another port: `make bi BI_PORT={self.port + 1}`."
                ) from error

    def bundle(self) -> bytes:
        """Return the dashboards over what is published, in this language."""
        texts = Texts.load(REFERENCE / "texts.csv")
        # Without a bound each question may take 80 % of the machine, and a run beside it is killed.
        with open_published(self.home.published_file) as connection:
            return Bundle(
                connection,
                self.home.published_file,
                texts,
                self.language,
                self.currency,
                DATASETS,
                DASHBOARDS,
                engine_bounds(),
            ).to_bytes()

    def prepare(self, say: Callable[[str], None]) -> None:
        """Make Superset's files and import the dashboards, unless the last start did the same."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(self.folder / "secret_key", secrets.token_urlsafe(48))
        bundle = self.bundle()
        done_file = self.folder / "prepared"
        done = _checksum(
            bundle,
            *(file.read_bytes() for file in sorted(SERVER.glob("*.py"))),
            (SERVER.parent / "requirements.lock").read_bytes(),
        )
        if done_file.exists() and done_file.read_text(encoding="utf-8") == done:
            return
        is_first = _write_once(self.password_file, secrets.token_urlsafe(12))
        bundle_file = self.folder / "dashboards.zip"
        bundle_file.write_bytes(bundle)
        say(
            "importing the dashboards"
            if not is_first
            else "making Superset's own tables, about half a minute"
        )
        with self.log.open("a", encoding="utf-8") as log:
            status = subprocess.run(
                [self._program("python"), str(SERVER / "prepare.py"), str(bundle_file)],
                env=self._variables()
                | {"RETENTION_BI_PASSWORD": self.password_file.read_text(encoding="utf-8")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
            ).returncode
        if status:
            raise BiError(f"Superset could not import the dashboards: the end of {self.log} says why.")
        done_file.write_text(done, encoding="utf-8")

    def serve(self, ready: Callable[[], None]) -> None:
        """Serve until Ctrl-C or the end of this process; call `ready` once it answers.

        Raises BiError where it does not come up, or ends by itself.
        """
        with self.log.open("a", encoding="utf-8") as log:
            # A session of its own: Ctrl-C reaches it from here, once.
            process = subprocess.Popen(
                [
                    self._program("gunicorn"),
                    *("--bind", f"{HOST}:{self.port}"),
                    *("--workers", str(WORKERS)),
                    *("--worker-class", "sync"),
                    *("--timeout", str(_ANSWER_SECONDS)),
                    "--preload",
                    "--no-control-socket",
                    "superset.app:create_app()",
                ],
                env=self._variables(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._wait_until_it_answers(process)
            ready()
            process.wait()
            raise BiError(f"Superset ended by itself: the end of {self.log} says why.")
        except KeyboardInterrupt:
            return
        finally:
            signal.signal(signal.SIGTERM, previous)
            _stop(process)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.25)
        raise BiError(f"Superset did not come up: the end of {self.log} says why.")

    def _program(self, name: str) -> str:
        return str(self.environment / "bin" / name)

    def _variables(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SUPERSET", "PYTHON"))
        }
        return kept | {
            "SUPERSET_CONFIG_PATH": str(SERVER / "superset_config.py"),
            "SUPERSET_HOME": str(self.folder),
            "RETENTION_BI_HOME": str(self.folder),
            "RETENTION_BI_LANGUAGE": self.language,
            "SCARF_ANALYTICS": "false",
            "FLASK_APP": "superset",
        }


def _write_once(file: Path, content: str) -> bool:
    """Write a file for its owner only, unless it is there; tell whether it was written."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as new:
        new.write(content)
    return True


def _checksum(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        # To gunicorn: at once, answers under way or not. Threads that Superset started keep its first process
        # alive; nothing is lost with it.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
