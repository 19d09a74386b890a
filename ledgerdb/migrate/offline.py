"""`--sql`: writes what a live run would do as a psql script that refuses what a live run refuses.

The statements of the revisions are those of a live run, byte for byte; `script_head` and
`script_steps` have what stands around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from alembic import context
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import Script, ScriptDirectory

from ledgerdb.catalog import Names
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, history, ledger, pins, script_head, script_steps
from ledgerdb.migrate.config import LockBudget
from ledgerdb.migrate.contract import script_guard
from ledgerdb.migrate.execute import settings, wrap
from ledgerdb.migrate.phases import phase_of
from ledgerdb.migrate.plan import DOWNGRADE_REFUSED, Plan, Step, make_plan
from ledgerdb.migrate.script_head import Revision

__all__ = ["write_script"]

_LOCKS: Final = "Locks:"
# What psql takes for one of its variables, if one has the name; not `::type` or `[:class:]`.
_VARIABLE: Final = re.compile(r"(?<![:\w]):['\"]?([A-Za-z_]\w*)\b(?!:)")
_NO_NAMES: Final = Names(frozenset(), frozenset(), frozenset())


def write_script(script: ScriptDirectory, asked: MigrationContext) -> None:
    """Writes the script for the steps that Alembic's command asked for; none is no script.

    Raises:
        MigrationError: a downgrade, or a file is missing or changed.
    """
    heads = asked.get_current_heads()
    plan = make_plan(script, asked, heads)
    if not plan.steps:
        stop = script.get_revision(asked.opts["destination_rev"])
        if stop.revision not in heads:
            raise MigrationError(DOWNGRADE_REFUSED)
        return
    budget = LockBudget.from_environment()
    line = _line(script, plan)
    write = asked.impl.static_output

    def steps(_heads: Sequence[str], _running: MigrationContext) -> Iterator[RevisionStep]:
        # Alembic has written all of a step when it asks for the next one.
        for step in plan.steps:
            write(script_steps.begin(step, plan, budget))
            yield step.alembic
            write(script_steps.end())

    for step in plan.steps:
        wrap(step.alembic, partial(_write_step, write, plan, step, budget))
    write(script_head.head(line, plan, budget))
    if plan.heads:
        write(script_steps.books(plan))
    # Alembic would begin the transaction of a step before it asks whether the step is to run.
    context.configure(
        dialect_name="postgresql", fn=steps, transactional_ddl=False, **settings(plan)
    )
    context.run_migrations()
    write(script_head.tail(plan))


def _write_step(
    write: Callable[[str], None],
    plan: Plan,
    step: Step,
    budget: LockBudget,
    upgrade: Callable[[], None],
) -> None:
    if not plan.heads and step is plan.steps[0]:
        write(ledger.bookkeeping().text)
    if step.locks:
        write(script_steps.take_locks(step, budget))
    guard = script_guard(step.info.revision, phase_of(Path(step.alembic.revision.path)))
    if guard is not None:
        write(guard)
    upgrade()
    write(ledger.entry_sql(step.entry))


def _line(script: ScriptDirectory, plan: Plan) -> list[Revision]:
    entries = [*plan.applied, *(step.entry for step in plan.steps)]
    prepared = {step.info.revision: step.prepared for step in plan.steps}
    line: list[Revision] = []
    files: list[tuple[pins.Pin, frozen.SqlFile]] = []
    owned = history.names_of(files)
    for revision, entry in zip(history.revisions(script, plan.target), entries, strict=True):
        own = history.load_all([revision], plan.migrations)
        files += own
        names = history.names_of(files)
        line.append(
            Revision(
                info=entry.step,
                locks=_locks(revision),
                files=entry.files,
                creates=names - owned,
                prepares=prepared.get(revision.revision, _NO_NAMES),
                variables=frozenset(
                    name for _, file in own for name in _VARIABLE.findall(file.text)
                ),
            )
        )
        owned = names
    return line


def _locks(revision: Script) -> str:
    # the paragraph of the docstring that says which
    paragraphs = (" ".join(text.split()) for text in revision.longdoc.split("\n\n"))
    return next((text for text in paragraphs if text.startswith(_LOCKS)), "")
