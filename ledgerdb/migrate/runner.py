"""One run of the Alembic environment: refuse, lock, check, run, verify. In this order."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from logging.config import fileConfig
from typing import Any, Final

import psycopg
from alembic import context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from ledgerdb.errors import LedgerError, MigrationError
from ledgerdb.migrate import guard
from ledgerdb.migrate.config import (
    VERSION_SCHEMA,
    VERSION_TABLE,
    Deployment,
    deployment_of,
    wait_seconds,
)
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.failure import explain
from ledgerdb.migrate.lock import deployer
from ledgerdb.migrate.offline import write_script
from ledgerdb.migrate.operations import GUARDED, ScriptFailed, transaction_status
from ledgerdb.migrate.plan import Plan, make_plan, refuse_command
from ledgerdb.migrate.report import StepInfo
from ledgerdb.migrate.verify import require_verified
from ledgerdb.url import database_url

__all__ = ["require_clean", "run_env"]

_SETTINGS: Final[dict[str, Any]] = {
    "version_table": VERSION_TABLE,
    "version_table_schema": VERSION_SCHEMA,
    "transaction_per_migration": True,
    GUARDED: True,
}


def run_env() -> None:
    """What migrations/env.py does, for whichever Alembic command runs it.

    Raises:
        CommandError: with few lines that say what to do; nothing is half-done.
    """
    config = context.config
    _log_as_configured(config)
    try:
        _run(config, deployment_of(config))
    except (LedgerError, CommandError) as error:
        _say_once(config)
        if isinstance(error, CommandError):
            raise
        raise CommandError(str(error)) from error


def _run(config: Config, deployment: Deployment) -> None:
    # Configured once without a connection, to see what the command asks for.
    context.configure(dialect_name="postgresql", **_SETTINGS)
    asked = context.get_context()
    refuse_command(asked.opts)
    script = ScriptDirectory.from_config(config) if asked.script is None else asked.script
    if asked.as_sql:
        write_script(script, asked, _SETTINGS)
        return
    url = deployment.url if deployment.url is not None else database_url()
    if asked.opts.get("dont_mutate"):
        with connect(url) as connection:
            context.configure(connection=connection, **_SETTINGS)
            context.run_migrations()
        return
    plan = _deploy(url, script, asked, deployment)
    require_verified(url, plan.target, plan.functions)
    deployment.verified = plan.target[0] if plan.target else None
    deployment.report.verified(deployment.verified)


def _deploy(
    url: URL, script: ScriptDirectory, asked: MigrationContext, deployment: Deployment
) -> Plan:
    report = deployment.report
    with connect(url, autocommit=True) as witness:
        guard.require_server(guard.read_facts(witness))
        with deployer(witness, wait_seconds(), report.waiting):
            heads = guard.read_heads(witness)
            guard.require_known(heads, [r.revision for r in script.walk_revisions()])
            plan = make_plan(script, asked, heads)
            report.planned(plan.infos)
            if plan.steps:
                facts = guard.read_facts(witness, plan.owned.relations)
                guard.require_rights(facts, from_base=not heads)
                guard.require_no_strangers(witness, plan.creates)
                _migrate(url, plan, deployment, witness)
    return plan


def _migrate(url: URL, plan: Plan, deployment: Deployment, witness: Connection) -> None:
    running: list[StepInfo] = []
    report = deployment.report

    def steps(_heads: Sequence[str], _context: MigrationContext) -> Iterator[RevisionStep]:
        # Alembic commits a step before it asks for the next one.
        for step, info in zip(plan.steps, plan.infos, strict=True):
            running[:] = [info]
            report.started(info)
            yield step
            report.committed(info)

    with connect(url, on_warning=report.warned) as connection:
        require_clean(connection)
        # dont_mutate: Alembic would create its table in a transaction of its own, and a first
        # step that fails would leave it behind. It is created with the first step instead.
        context.configure(connection=connection, fn=steps, dont_mutate=True, **_SETTINGS)
        if not plan.heads:
            _before(plan.steps[0], lambda: _create_version_table(connection))
        try:
            context.run_migrations()
        except (SQLAlchemyError, psycopg.Error, ScriptFailed) as error:
            raise explain(error, running[0] if running else None, witness) from error


def require_clean(connection: Connection) -> None:
    """No transaction is open: Alembic would take it for someone else's, and commit nothing."""
    idle = transaction_status(connection) is TransactionStatus.IDLE
    if connection.in_transaction() or not idle:
        raise MigrationError(
            "a transaction is already open on the migration connection: nothing would be"
            " committed; no statement may run on it before the steps"
        )


def _before(step: RevisionStep, action: Callable[[], None]) -> None:
    upgrade = step.migration_fn

    @functools.wraps(upgrade)
    def prepared(**arguments: object) -> None:
        action()
        upgrade(**arguments)

    step.migration_fn = prepared


def _create_version_table(connection: Connection) -> None:
    table = context.get_context().impl.version_table_impl(
        version_table=VERSION_TABLE, version_table_schema=VERSION_SCHEMA, version_table_pk=True
    )
    table.create(connection, checkfirst=True)


def _log_as_configured(config: Config) -> None:
    if config.cmd_opts is not None and config.config_file_name is not None:
        fileConfig(config.config_file_name, disable_existing_loggers=False)


def _say_once(config: Config) -> None:
    # The alembic command logs an error to stderr and prints it to stdout too, where it would
    # end up in a script. Where the log is shown, that is enough.
    if config.cmd_opts is not None and logging.getLogger().handlers:
        vars(config)["messaging_opts"] = {"quiet": True}
