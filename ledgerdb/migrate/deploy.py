"""Migrating from a program, by the same way as the `alembic` command."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TextIO

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL

from ledgerdb.errors import LedgerError, MigrationError
from ledgerdb.migrate.config import Deployment, LockBudget, alembic_config
from ledgerdb.migrate.report import LogReport, Report
from ledgerdb.url import database_url

__all__ = ["sql_script", "upgrade"]

# Alembic keeps its context in module globals: two runs in one process would mix.
_one_at_a_time = threading.Lock()


def upgrade(
    url: str | URL | None = None,
    revision: str = "head",
    *,
    report: Report | None = None,
    budget: LockBudget | None = None,
    plan: Path | None = None,
) -> str | None:
    """Migrates a database forward and verifies it with a fresh connection.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.
        revision: where to stop.
        report: who is told of each step; None logs to `ledgerdb.migrate`.
        budget: how long a step may wait for its locks; None takes LEDGERDB_LOCK_TIMEOUT_MS and
            LEDGERDB_LOCK_BUDGET_SECONDS, else 200 ms at a time for 60 s.
        plan: the file of a plan; the run is refused where something moved since it was made.

    Returns:
        The revision that the database is at, verified; None for base.

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: refused before anything was written, or failed and rolled back, or not
            verified; the message says which.
    """
    target = url if isinstance(url, URL) else database_url(url)
    deployment = Deployment(target, report or LogReport(), budget, plan)
    _run(alembic_config(deployment), revision, sql=False)
    return deployment.verified


def sql_script(revision: str = "head", *, output: TextIO | None = None) -> None:
    """Writes what `upgrade` would run as a psql script; no database is asked.

    Args:
        revision: where to stop, or `start:stop`.
        output: None is stdout.

    Raises:
        MigrationError: an unknown revision, a downgrade, or a changed file.
    """
    config = alembic_config(Deployment(None, LogReport()))
    if output is not None:
        config.output_buffer = output
    _run(config, revision, sql=True)


def _run(config: Config, revision: str, *, sql: bool) -> None:
    with _one_at_a_time:
        try:
            command.upgrade(config, revision, sql=sql)
        except CommandError as error:
            if isinstance(error.__cause__, LedgerError):
                raise error.__cause__ from error.__cause__.__cause__
            raise MigrationError(str(error)) from error
