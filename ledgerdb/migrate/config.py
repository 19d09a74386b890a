"""Settings of a deployment: where the migrations are, what Alembic is told, how long to wait."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic.config import Config
from sqlalchemy import URL

import ledgerdb
from ledgerdb.errors import ConfigurationError
from ledgerdb.migrate.report import LogReport, Report

__all__ = [
    "POSTGRES_MIN",
    "VERSION_SCHEMA",
    "VERSION_TABLE",
    "WAIT_VARIABLE",
    "Deployment",
    "alembic_config",
    "deployment_of",
    "migrations_dir",
    "wait_seconds",
]

POSTGRES_MIN: Final = 16
VERSION_SCHEMA: Final = "public"
# A name of its own: other applications in the same database may have their `alembic_version`.
VERSION_TABLE: Final = "ledgerdb_alembic_version"
WAIT_VARIABLE: Final = "LEDGERDB_DEPLOY_WAIT_SECONDS"
_WAIT_SECONDS: Final = 60.0
_WAIT_SECONDS_MAX: Final = 86_400.0
_ATTRIBUTE: Final = "ledgerdb"


@dataclass(slots=True)
class Deployment:
    """One run of the migrations, carried by the Alembic config to env.py and back.

    Attributes:
        url: the database; None means the environment names it.
        report: who is told of each step.
        verified: after the run, the revision that a fresh connection found; None means base.
    """

    url: URL | None
    report: Report
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
    """The deployment that `alembic_config` was given; the plain `alembic` command has none."""
    found = config.attributes.get(_ATTRIBUTE)
    return found if isinstance(found, Deployment) else Deployment(None, LogReport())


def wait_seconds() -> float:
    """How long to wait for another deployer, in seconds (LEDGERDB_DEPLOY_WAIT_SECONDS).

    Raises:
        ConfigurationError: the variable is not a number of seconds between 0 and one day.
    """
    text = os.environ.get(WAIT_VARIABLE, "").strip()
    if not text:
        return _WAIT_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _WAIT_SECONDS_MAX:
        raise ConfigurationError(
            f"{WAIT_VARIABLE} must be seconds between 0 and {_WAIT_SECONDS_MAX:.0f}, not {text!r}"
        )
    return seconds
