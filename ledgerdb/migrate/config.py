"""Settings of a deployment: where the migrations are, what Alembic is told, how long to wait."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from sqlalchemy import URL

import ledgerdb
from ledgerdb.errors import ConfigurationError
from ledgerdb.migrate.report import LogReport, Report

__all__ = [
    "PLAN_VARIABLE",
    "POSTGRES_MIN",
    "VERSION_OPTIONS",
    "VERSION_SCHEMA",
    "VERSION_TABLE",
    "WAIT_VARIABLE",
    "Deployment",
    "LockBudget",
    "alembic_config",
    "deployment_of",
    "migrations_dir",
    "wait_seconds",
]

POSTGRES_MIN: Final = 16
VERSION_SCHEMA: Final = "public"
# A name of its own: other applications in the same database may have their `alembic_version`.
VERSION_TABLE: Final = "ledgerdb_alembic_version"
VERSION_OPTIONS: Final[dict[str, Any]] = {
    "version_table": VERSION_TABLE,
    "version_table_schema": VERSION_SCHEMA,
}
PLAN_VARIABLE: Final = "LEDGERDB_PLAN"
WAIT_VARIABLE: Final = "LEDGERDB_DEPLOY_WAIT_SECONDS"
_WAIT_SECONDS: Final = 60.0
_TRY_VARIABLE: Final = "LEDGERDB_LOCK_TIMEOUT_MS"
_TRY_MS: Final = 200.0
_TRY_MS_MAX: Final = 10_000.0
_BUDGET_VARIABLE: Final = "LEDGERDB_LOCK_BUDGET_SECONDS"
_BUDGET_SECONDS: Final = 60.0
_SECONDS_MAX: Final = 86_400.0
_ATTRIBUTE: Final = "ledgerdb"


@dataclass(frozen=True, slots=True)
class LockBudget:
    """Bounds on waiting for the locks of one step.

    Attributes:
        try_seconds: how long one try waits, for all of its locks together.
        total_seconds: after which no further try begins.
    """

    try_seconds: float = _TRY_MS / 1000
    total_seconds: float = _BUDGET_SECONDS

    @classmethod
    def from_environment(cls) -> LockBudget:
        """LEDGERDB_LOCK_TIMEOUT_MS and LEDGERDB_LOCK_BUDGET_SECONDS, else the defaults.

        Raises:
            ConfigurationError: one of them is not a number within its bounds.
        """
        return cls(
            _number(_TRY_VARIABLE, "milliseconds", _TRY_MS, 1, _TRY_MS_MAX) / 1000,
            _number(_BUDGET_VARIABLE, "seconds", _BUDGET_SECONDS, 0, _SECONDS_MAX),
        )


@dataclass(slots=True)
class Deployment:
    """One run of the migrations, carried by the Alembic config to env.py and back.

    Attributes:
        url: the database; None means the environment names it.
        report: who is told of each step.
        budget: how long it may wait for locks; None takes it from the environment.
        plan: file of the plan that the run must follow; None requires none.
        verified: after the run, the revision that a fresh connection found; None means base.
    """

    url: URL | None
    report: Report
    budget: LockBudget | None = None
    plan: Path | None = None
    verified: str | None = None


def migrations_dir() -> Path:
    """The folder of env.py: inside an installed package, else beside it in a checkout.

    Raises:
        ConfigurationError: neither exists.
    """
    package = Path(ledgerdb.__file__).resolve().parent
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise ConfigurationError(f"no migrations beside {package}: the installation is incomplete")


def alembic_config(deployment: Deployment | None = None) -> Config:
    """An Alembic config without an ini file, for the migrations of this installation."""
    config = Config()
    # ConfigParser reads "%" as interpolation
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if deployment is not None:
        config.attributes[_ATTRIBUTE] = deployment
    return config


def deployment_of(config: Config) -> Deployment:
    """The deployment that `alembic_config` was given; the plain `alembic` command has none, and may
    be told a plan by LEDGERDB_PLAN."""
    found = config.attributes.get(_ATTRIBUTE)
    if isinstance(found, Deployment):
        return found
    plan = os.environ.get(PLAN_VARIABLE, "").strip()
    return Deployment(None, LogReport(), plan=Path(plan) if plan else None)


def wait_seconds() -> float:
    """How long to wait for another deployer, in seconds (LEDGERDB_DEPLOY_WAIT_SECONDS).

    Raises:
        ConfigurationError: the variable is not a number of seconds between 0 and one day.
    """
    return _number(WAIT_VARIABLE, "seconds", _WAIT_SECONDS, 0, _SECONDS_MAX)


def _number(variable: str, unit: str, default: float, least: float, most: float) -> float:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ConfigurationError(
            f"{variable} must be {unit} between {least:.0f} and {most:.0f}, not {text!r}"
        )
    return number
