"""One run of the Alembic environment: refuse, lock, check, run, verify. In this order."""

from __future__ import annotations

import logging
from logging.config import fileConfig

from alembic import context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL

from ledgerdb.errors import LedgerError
from ledgerdb.migrate import guard, journal, ledger
from ledgerdb.migrate.config import (
    VERSION_OPTIONS,
    Deployment,
    LockBudget,
    deployment_of,
    wait_seconds,
)
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.execute import Run, execute
from ledgerdb.migrate.lock import deployer
from ledgerdb.migrate.offline import write_script
from ledgerdb.migrate.plan import Plan, make_plan, refuse_command
from ledgerdb.migrate.signed import read_plan, require_plan, schema_of
from ledgerdb.migrate.verify import require_verified
from ledgerdb.url import database_url

__all__ = ["run_env"]


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
    context.configure(dialect_name="postgresql", **VERSION_OPTIONS)
    asked = context.get_context()
    refuse_command(asked.opts)
    script = ScriptDirectory.from_config(config) if asked.script is None else asked.script
    if asked.as_sql:
        write_script(script, asked)
        return
    url = deployment.url if deployment.url is not None else database_url()
    if asked.opts.get("dont_mutate"):
        with connect(url) as connection:
            context.configure(connection=connection, **VERSION_OPTIONS)
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
    budget = deployment.budget or LockBudget.from_environment()
    signed = read_plan(deployment.plan) if deployment.plan is not None else None
    with connect(url, autocommit=True) as witness:
        guard.require_server(guard.read_facts(witness))
        with deployer(witness, wait_seconds(), report.waiting):
            heads = guard.read_heads(witness)
            guard.require_known(heads, [r.revision for r in script.walk_revisions()])
            plan = make_plan(script, asked, heads)
            if plan.steps:
                facts = guard.read_facts(witness, plan.owned.relations)
                guard.require_rights(facts, from_base=not heads)
                if signed is not None:
                    require_plan(
                        signed,
                        revision=heads[0] if heads else None,
                        schema=schema_of(witness),
                        pending={step.info.revision: step.entry.files for step in plan.steps},
                    )
            entries = ledger.read_entries(witness)
            ledger.require_unchanged(entries or {}, plan.migrations)
            report.planned(plan.infos)
            if plan.steps:
                creates = plan.creates
                if entries is not None and journal.rows(witness, plan.steps[0].info.revision):
                    # an earlier run began to prepare the first step, and ended
                    creates -= plan.steps[0].prepared
                guard.require_no_strangers(witness, creates)
                execute(plan, entries, Run(url, witness, budget, report))
    return plan


def _log_as_configured(config: Config) -> None:
    if config.cmd_opts is not None and config.config_file_name is not None:
        fileConfig(config.config_file_name, disable_existing_loggers=False)


def _say_once(config: Config) -> None:
    # The alembic command logs an error to stderr and prints it to stdout too, where it would
    # end up in a script. Where the log is shown, that is enough.
    if config.cmd_opts is not None and logging.getLogger().handlers:
        vars(config)["messaging_opts"] = {"quiet": True}
