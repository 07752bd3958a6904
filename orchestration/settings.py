"""Where a run reads and writes, and what one operator sets differently.

Belongs here: paths under `RETENTION_HOME`, `operator.toml`, the database that is pushed to. Not here:
business rules and their defaults (`seeds/reference/*.csv`).
"""

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: the parent of this package."""

REFERENCE = ROOT / "seeds" / "reference"
DBT_PROJECT = ROOT / "dbt_project"
_PARAMETER_TABLES = ("windows", "value_tiers", "extracts", "contacts")


@dataclass(frozen=True)
class Home:
    """Everything that a run reads or writes (`spec/surface.md`, "Commands")."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """Return the home that `RETENTION_HOME` names; `./data` without it. Always absolute."""
        return cls(Path(os.environ.get("RETENTION_HOME", "data")).expanduser().resolve())

    @property
    def operator_file(self) -> Path:
        """The operator's own settings; may be absent."""
        return self.root / "operator.toml"

    @property
    def landing(self) -> Path:
        """Raw extracts as they come: `<table>/<YYYY-MM>/*` and `<table>/*` for static tables."""
        return self.root / "landing"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def dbt(self) -> Path:
        """dbt's target and logs: nothing is written into the checkout."""
        return self.root / "dbt"

    @property
    def warehouse_file(self) -> Path:
        """The build file; one writer."""
        return self.root / "warehouse" / "warehouse.duckdb"

    @property
    def lock_file(self) -> Path:
        """The lock that every writer of the build file holds."""
        return self.root / "warehouse" / "warehouse.lock"

    @property
    def scratch(self) -> Path:
        """Spill files and half-written outputs; may be emptied whenever nobody holds the lock."""
        return self.root / "warehouse" / "scratch"

    @property
    def feedback(self) -> Path:
        """What the units drop back; replies and what was taken lie in folders of it."""
        return self.root / "feedback"

    @property
    def models(self) -> Path:
        """One folder a trained model."""
        return self.root / "models"

    @property
    def plans(self) -> Path:
        """Searched settings of trees, a file a search."""
        return self.root / "plans"

    @property
    def published(self) -> Path:
        """What people and BI tools read."""
        return self.root / "published"

    @property
    def published_weeks(self) -> Path:
        """What was handed out on each Wednesday, a folder a warning week."""
        return self.published / "weeks"

    @property
    def published_file(self) -> Path:
        """The read-only copy for BI."""
        return self.published / "warehouse.duckdb"


@dataclass(frozen=True)
class PostgresTarget:
    """A PostgreSQL database that publications are pushed to, and the role that may read them there.

    The URL may carry a password: it is never shown.
    """

    url: str = field(repr=False)
    reader: str = "retention_reader"

    @classmethod
    def from_environment(cls) -> "PostgresTarget | None":
        """Return what RETENTION_POSTGRES_URL and RETENTION_POSTGRES_READER name; None without a URL."""
        url = os.environ.get("RETENTION_POSTGRES_URL", "").strip()
        return cls(url, os.environ.get("RETENTION_POSTGRES_READER", cls.reader)) if url else None


class SettingsError(ValueError):
    """`operator.toml` says something that nobody can act on; the message names file and key."""


@dataclass(frozen=True)
class OperatorSettings:
    """What `operator.toml` sets; whatever it leaves out keeps the default of `parameters.csv`.

    `parameters` holds every key of the tables `[windows]`, `[value_tiers]`, `[extracts]` and `[contacts]` as
    text, by the name it has in `seeds/reference/parameters.csv`.
    """

    name: str = "operator"
    currency: str = "CNY"
    time_zone: str = "Asia/Shanghai"
    language: str = "en"
    parameters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path) -> "OperatorSettings":
        """Read `operator.toml`; without the file the defaults hold.

        Raises SettingsError for a file that is no TOML, an unknown table or key, or an unknown language.
        """
        if not file.exists():
            return cls()
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{file}: not readable as TOML: {error}") from error
        unknown = set(content) - {"operator", *_PARAMETER_TABLES}
        if unknown:
            known = ", ".join(f"[{table}]" for table in ("operator", *_PARAMETER_TABLES))
            raise SettingsError(f"{file}: unknown table(s) {sorted(unknown)}; known are {known}")
        operator = content.get("operator", {})
        unknown = set(operator) - {"name", "currency", "time_zone", "language"}
        if unknown:
            raise SettingsError(f"{file}: unknown key(s) {sorted(unknown)} in [operator]")
        if operator.get("language", "en") not in ("en", "zh"):
            raise SettingsError(f"{file}: language is {operator['language']!r}; it can be 'en' or 'zh'")
        parameters = {
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for table in _PARAMETER_TABLES
            for key, value in content.get(table, {}).items()
        }
        return cls(**operator, parameters=parameters)
