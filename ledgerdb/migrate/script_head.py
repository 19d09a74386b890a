"""The head and the tail of a psql script: what it says of itself, and what psql is told."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from ledgerdb.migrate.config import POSTGRES_MIN, LockBudget
from ledgerdb.migrate.connection import SESSION
from ledgerdb.migrate.plan import Plan
from ledgerdb.migrate.script_guard import Revision, begins, guard_block

__all__ = ["head", "tail"]

_WIDTH: Final = 100


_HEAD: Final = """\
-- ledgerdb: from revision {start} to {target}.
--
-- Run it:    psql -d DATABASE -f FILE
--            with psql 14 or later, as the role that migrates; no flag is needed.
-- Exit code: 0, every step is committed. 3, it stopped at the first error and says why: the step
--            that failed left nothing behind, the steps before it are kept.
-- Again:     run the same file again after it stopped or was killed; it goes on with the first step
--            that is not committed. When none is left, it refuses.
-- Refuses:   before anything is written, with one message: a database at another revision, or whose
--            revisions ran other files; a standby; PostgreSQL before {postgres}; an encoding other
--            than UTF8; a role without the rights; objects of others under our names; another
--            deployer at work.
-- Waits:     for the locks of a step, {try_ms} ms at a time, for {budget} s in all; then it stops
--            and says who is in the way.
-- After it:  `ledgerdb upgrade` finds nothing to do, and reads back that the database is right.
--
{steps}

-- For squawk. Each step has a transaction of its own:
-- squawk-disable-assume-in-transaction
-- The contract counts attempts in integers; the version table is Alembic's, with a varchar:
-- squawk-ignore-file prefer-bigint-over-int, prefer-text-field

\\set ON_ERROR_STOP on
\\set ON_ERROR_ROLLBACK off
\\set AUTOCOMMIT on
\\set SINGLELINE off
\\set SHOW_CONTEXT never
\\set QUIET on
{unset}
set client_encoding = 'UTF8';
set statement_timeout = 0;
set lock_timeout = '{lock_timeout}';

{guard}

select
    s.opens_books as ledgerdb_opens_books,
{decisions}
from (
    select
        pg_catalog.current_setting('ledgerdb.steps_done')::integer as done,
        pg_catalog.current_setting('ledgerdb.opens_books')::boolean as opens_books
) as s
\\gset
\\set SHOW_CONTEXT errors
"""

_TAIL: Final = """\
do $ledgerdb$
begin
    perform pg_catalog.pg_advisory_unlock_all();
end;
$ledgerdb$;
\\echo at {target}"""


def head(line: Sequence[Revision], plan: Plan, budget: LockBudget) -> str:
    """All that stands before the first step.

    Args:
        line: every revision from the first one to the last step.
        plan: the steps.
        budget: how long a step waits for its locks.
    """
    start = len(line) - len(plan.steps)
    steps = line[start:]
    # psql would replace `:name` outside of quotes, if the user's psqlrc has set the name
    variables = sorted({name for step in steps for name in step.variables})
    return _HEAD.format(
        start=begins(plan),
        target=plan.target[0],
        postgres=POSTGRES_MIN,
        budget=f"{budget.total_seconds:g}",
        try_ms=round(1000 * budget.try_seconds),
        steps="\n".join(map(_in_words, steps)),
        unset="".join(f"\\unset {name}\n" for name in variables),
        lock_timeout=SESSION["lock_timeout"],
        guard=guard_block(line, plan),
        decisions=",\n".join(
            f"    s.done < {number} as ledgerdb_runs_{revision.info.revision}"
            for number, revision in enumerate(steps, start=start + 1)
        ),
    )


def tail(plan: Plan) -> str:
    """What stands after the last step."""
    return _TAIL.format(target=plan.target[0])


def _in_words(revision: Revision) -> str:
    words = f"{revision.info.revision}  {revision.info.summary} {revision.locks}".rstrip()
    return textwrap.fill(
        words, _WIDTH, initial_indent="-- ", subsequent_indent="--       ", break_on_hyphens=False
    )
