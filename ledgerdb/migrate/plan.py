"""What is about to run, settled and checked in full before the first statement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory

from ledgerdb.catalog import Names
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, history
from ledgerdb.migrate.report import StepInfo

__all__ = ["DOWNGRADE_REFUSED", "Plan", "make_plan", "refuse_command"]

DOWNGRADE_REFUSED: Final = (
    "downgrade is refused: ledgerdb migrates forward only; write a new revision or restore a backup"
)
_STAMP_REFUSED: Final = (
    "stamp is refused: it would record revisions that did not run; use `ledgerdb upgrade`"
)
_COMMAND_REFUSED: Final = (
    "this Alembic command is refused: revisions of ledgerdb are written and checked by hand;"
    " use upgrade or current"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps from `heads` to `target`.

    Attributes:
        heads: where the database is; empty for base.
        steps: what Alembic will run, in order; empty when there is nothing to do.
        infos: the same steps, for people.
        target: where the database must be afterwards.
        functions: what must be installed at `target`, by name.
        creates: names that the steps take in schema public.
        owned: names in schema public that earlier steps took.
    """

    heads: tuple[str, ...]
    steps: tuple[RevisionStep, ...]
    infos: tuple[StepInfo, ...]
    target: tuple[str, ...]
    functions: dict[str, frozen.SqlFile]
    creates: Names
    owned: Names


def refuse_command(options: dict[str, Any]) -> None:
    """Refuses commands that never may run here, before a database is asked.

    Args:
        options: of the Alembic context, as the command set them.
    """
    if getattr(options.get("fn"), "__name__", "") == "downgrade":
        raise MigrationError(DOWNGRADE_REFUSED)
    if options.get("purge"):
        raise MigrationError(_STAMP_REFUSED)
    if "destination_rev" not in options and not options.get("dont_mutate"):
        raise MigrationError(_COMMAND_REFUSED)


def make_plan(script: ScriptDirectory, context: MigrationContext, heads: tuple[str, ...]) -> Plan:
    """Asks Alembic's command for its steps and reads every file that they run.

    Raises:
        MigrationError: a step goes backward or runs nothing (stamp), or a file is not the pinned
            one.
        CommandError: Alembic knows no way from `heads` to the revision asked for.
    """
    steps = tuple(_forward(step) for step in context.opts["fn"](heads, context))
    target = tuple(steps[-1].to_revisions_no_deps) if steps else heads
    migrations = Path(script.dir)
    before = history.load_all(history.revisions(script, heads), migrations)
    after = history.load_all(history.revisions(script, target), migrations)
    owned = history.names_of(before)
    return Plan(
        heads=heads,
        steps=steps,
        infos=tuple(history.info(step.revision) for step in steps),
        target=target,
        functions=_with_bodies(history.installed(after)),
        creates=history.names_of(after) - owned,
        owned=owned,
    )


def _forward(step: MigrationStep) -> RevisionStep:
    if step.is_downgrade:
        raise MigrationError(DOWNGRADE_REFUSED)
    if not isinstance(step, RevisionStep):
        raise MigrationError(_STAMP_REFUSED)
    return step


def _with_bodies(functions: dict[str, frozen.SqlFile]) -> dict[str, frozen.SqlFile]:
    # a function that could not be verified afterwards is refused now
    for file in functions.values():
        frozen.bodies(file)
    return functions
