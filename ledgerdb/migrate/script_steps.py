"""What stands around the statements of a step in a script: transactions, locks, the journal.

psql decides with `\\if` whether a step is to run; what it decides from was read by script_guard's
block, or is read from the journal here.
"""

from __future__ import annotations

import json
from typing import Final

from ledgerdb.migrate import frozen, ledger, locks, pins, script_online
from ledgerdb.migrate.config import VERSION_SCHEMA, LockBudget
from ledgerdb.migrate.ledger import JOURNAL_TABLE
from ledgerdb.migrate.plan import Plan, Step
from ledgerdb.migrate.script_text import in_block, literal, psql_argument

__all__ = ["begin", "books", "end", "take_locks"]

_JOURNAL: Final = f"{VERSION_SCHEMA}.{JOURNAL_TABLE}"

_PREPARATION: Final = """\
select not exists (
    select from {journal} as s
    where s.revision = {revision} and s.step_no = {number} and s.state = 'DONE'
) as ledgerdb_runs
\\gset
\\if :ledgerdb_runs
\\echo {title}
{statements}
\\endif
"""

_JOURNAL_BEGIN: Final = """\
insert into {journal} (revision, step_no, name, sha256)
values ({revision}, {number}, {name}, {sha256})
on conflict (revision, step_no) do nothing;"""

_JOURNAL_DONE: Final = """\
update {journal}
set state = 'DONE', finished_at = pg_catalog.clock_timestamp(),
    updated_at = pg_catalog.clock_timestamp()
where revision = {revision} and step_no = {number};"""

# A block, since psql cannot try again: what a try took is given back when its inner block fails.
_TAKE_LOCKS: Final = """\
\\set SHOW_CONTEXT never
do $ledgerdb$
declare
    v_locks constant text[] := array[
{locks}
    ];
    v_wanted constant text := {wanted};
    v_schema constant text := '{schema}';
    v_own constant integer[] := array[pg_catalog.pg_backend_pid()];
    v_began constant timestamptz := pg_catalog.clock_timestamp();
    v_try_until timestamptz;
    v_lock text;
    v_in_the_way text;
begin
    loop
        begin
            v_try_until := pg_catalog.clock_timestamp() + interval '{try_ms} ms';
            foreach v_lock in array v_locks loop
                perform pg_catalog.set_config(
                    'lock_timeout',
                    greatest(1, extract(
                        milliseconds from v_try_until - pg_catalog.clock_timestamp()
                    )::integer)::text,
                    true
                );
                execute v_lock;
            end loop;
            exit;
        exception
            when lock_not_available or deadlock_detected then
                select pg_catalog.string_agg(h.holder, '; ') into v_in_the_way
                from (
                    {holders}
                ) as h (holder);
        end;
        if pg_catalog.clock_timestamp() > v_began + interval '{budget_ms} ms' then
            raise exception 'revision {revision}: its locks could not be had within {budget} s:'
                ' nothing of this step was written; run the script again. In the way: %',
                coalesce(v_in_the_way, 'a session that is gone by now');
        end if;
        perform pg_catalog.pg_sleep(0.2 + 0.4 * pg_catalog.random());
    end loop;
end;
$ledgerdb$;
\\set SHOW_CONTEXT errors
set local lock_timeout = '{try_ms}ms';"""


def books(plan: Plan) -> str:
    """Ledger and journal, where the database was migrated before they existed."""
    return "\n".join(
        [
            "\\if :ledgerdb_opens_books",
            "begin;",
            ledger.bookkeeping().text,
            *map(ledger.entry_sql, plan.applied),
            "commit;",
            "\\endif",
        ]
    )


def begin(step: Step, plan: Plan, budget: LockBudget) -> str:
    """All that comes before the statements of a step's transaction."""
    revision = step.info.revision
    title = psql_argument(f"{revision} {step.info.summary}")
    parts = [f"\\if :ledgerdb_runs_{revision}", f"\\echo {title}"]
    for number, pin in enumerate(step.preparation.steps, 1):
        parts.append(_prepare(revision, number, pin, pins.load(pin, plan.migrations), budget))
    return "\n".join([*parts, "begin;"])


def end() -> str:
    """What comes after the statements of a step's transaction."""
    return "commit;\n\\endif\n"


def take_locks(step: Step, budget: LockBudget) -> str:
    """Takes the locks of a step in short tries, as a live run does."""
    conflicting = locks.conflicts(step.locks)
    return _TAKE_LOCKS.format(
        locks=",\n".join(" " * 8 + literal(locks.lock_sql(lock)) for lock in step.locks),
        wanted=literal(json.dumps({table: list(modes) for table, modes in conflicting.items()})),
        schema=VERSION_SCHEMA,
        holders=in_block(locks.HOLDERS.text, 20),
        revision=step.info.revision,
        try_ms=round(1000 * budget.try_seconds),
        budget_ms=round(1000 * budget.total_seconds),
        budget=f"{budget.total_seconds:g}",
    )


def _prepare(
    revision: str, number: int, pin: pins.Pin, file: frozen.SqlFile, budget: LockBudget
) -> str:
    row = {
        "journal": _JOURNAL,
        "revision": literal(revision),
        "number": number,
        "name": literal(pin.file_name),
        "sha256": literal(pin.sha256),
    }
    begun, done = _JOURNAL_BEGIN.format(**row), _JOURNAL_DONE.format(**row)
    if pin.operation == "backfill":
        # the last batch says itself that it is done
        statements = [begun, file.text, script_online.backfill(literal(revision), number)]
    elif pin.operation in pins.ONLINE:
        statements = [begun, script_online.statement(pin, file), done]
    else:
        short = f"set local lock_timeout = '{round(1000 * budget.try_seconds)}ms';"
        statements = ["begin;", short, begun, file.text, done, "commit;"]
    return _PREPARATION.format(
        **row,
        title=psql_argument(f"{revision} {file.label}"),
        statements="\n".join(statements),
    )
