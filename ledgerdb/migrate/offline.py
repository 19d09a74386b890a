"""What `--sql` adds to the statements, so that a DBA's script refuses what a live run refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import ledger, locks
from ledgerdb.migrate.config import POSTGRES_MIN, VERSION_SCHEMA, VERSION_TABLE
from ledgerdb.migrate.connection import SESSION
from ledgerdb.migrate.execute import wrap
from ledgerdb.migrate.plan import Plan, Step

__all__ = ["write"]

_TABLE: Final = f"{VERSION_SCHEMA}.{VERSION_TABLE}"
# Only known to some servers, or of no use inside one transaction.
_NOT_LOCAL: Final = frozenset({"transaction_timeout", "default_transaction_isolation"})

_STEP_GUARD: Final = """\
{settings}

lock table {table} in share row exclusive mode;

do $ledgerdb$
declare
    v_found text;
begin
    select pg_catalog.string_agg(v.version_num, ', ') into v_found from {table} as v;
    if v_found is distinct from {expected} then
        raise exception 'this step begins at revision %, but the database is at %',
            coalesce({expected}, 'base'), coalesce(v_found, 'base');
    end if;
end;
$ledgerdb$;"""


def write(plan: Plan, output: Callable[[str], None]) -> None:
    """Writes the head of the script, and makes Alembic write the rest of each step around it."""
    output(_preamble(", ".join(plan.heads) or "base", plan.target[0]))
    before = plan.heads[0] if plan.heads else None
    for step in plan.steps:
        if step.preparation.steps:
            raise MigrationError(f"revision {step.info.revision} cannot be written as a script yet")
        wrap(step.alembic, partial(_write_step, output, plan, step, before))
        before = step.info.revision


def _write_step(
    output: Callable[[str], None],
    plan: Plan,
    step: Step,
    before: str | None,
    upgrade: Callable[[], None],
) -> None:
    output(_step_guard(before))
    if step is plan.steps[0]:
        output(ledger.bookkeeping().text)
        for entry in plan.applied:
            output(ledger.entry_sql(entry))
    for lock in step.locks:
        output(locks.lock_sql(lock) + ";")
    upgrade()
    output(ledger.entry_sql(step.entry))


def _preamble(start: str, target: str) -> str:
    """The head of a script from revision `start` to `target`."""
    return f"""\
-- ledgerdb schema, {start} -> {target}. Run it with: psql -X -d DATABASE -f FILE
\\set ON_ERROR_STOP on
set client_encoding = 'UTF8';

do $ledgerdb$
begin
    if pg_catalog.current_setting('server_version_num')::int < {POSTGRES_MIN}0000 then
        raise exception 'PostgreSQL {POSTGRES_MIN} or later is needed';
    end if;
    if pg_catalog.current_setting('server_encoding') <> 'UTF8' then
        raise exception 'a database with encoding UTF8 is needed';
    end if;
end;
$ledgerdb$;"""


def _step_guard(before: str | None) -> str:
    """The first statements of a step's transaction: the session settings, and the check that the
    database is where the step begins (`before`; None for base)."""
    settings = "\n".join(
        f"set local {name} = '{value}';"
        for name, value in SESSION.items()
        if name not in _NOT_LOCAL
    )
    expected = f"'{before}'" if before else "null"
    return _STEP_GUARD.format(settings=settings, expected=expected, table=_TABLE)
