"""`--sql`: writes what a live run would do as a psql script that refuses what a live run refuses.

The statements between `begin` and `commit` are those of a live run, byte for byte; psql.py has what
stands around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from alembic import context
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import Script, ScriptDirectory

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import history, pins, psql
from ledgerdb.migrate.plan import DOWNGRADE_REFUSED, Plan, make_plan

__all__ = ["write_script"]

_LOCKS: Final = "Locks:"
_VARIABLE = re.compile(r"(?<![:\w]):['\"]?([A-Za-z_]\w*)\b(?!:)")


def write_script(
    script: ScriptDirectory, asked: MigrationContext, settings: dict[str, Any]
) -> None:
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
    line = _line(script, plan)
    begins_after = len(line) - len(plan.steps)

    def steps(_heads: Sequence[str], running: MigrationContext) -> Iterator[RevisionStep]:
        # Alembic has written all of a step when it asks for the next one.
        write = running.impl.static_output
        for step, revision in zip(plan.steps, line[begins_after:], strict=True):
            write(psql.begin(revision))
            yield step
            write(psql.end())

    asked.impl.static_output(psql.head(line, begins_after))
    # Alembic would begin a step's transaction before it asks whether the step is to run.
    context.configure(dialect_name="postgresql", fn=steps, transactional_ddl=False, **settings)
    context.run_migrations()
    context.get_context().impl.static_output(psql.tail(line))


def _line(script: ScriptDirectory, plan: Plan) -> list[psql.Revision]:
    migrations = Path(script.dir)
    line: list[psql.Revision] = []
    files: list[tuple[pins.Pin, Any]] = []
    owned = history.names_of(files)
    for revision in history.revisions(script, plan.target):
        own = history.load_all([revision], migrations)
        files += own
        names = history.names_of(files)
        line.append(
            psql.Revision(
                info=history.info(revision),
                before=line[-1].info.revision if line else None,
                locks=_locks(revision),
                files={file.label: file.sha256 for _, file in own},
                creates=names - owned,
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
