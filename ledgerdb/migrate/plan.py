"""What is about to run, settled and checked in full before the first statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script, ScriptDirectory

from ledgerdb.catalog import Names
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, history, pins
from ledgerdb.migrate.ledger import Entry
from ledgerdb.migrate.locks import TableLock, declared
from ledgerdb.migrate.report import StepInfo
from ledgerdb.migrate.route import Preparation, Route, preparation_of, route_from

__all__ = ["DOWNGRADE_REFUSED", "Plan", "Step", "entry_of", "make_plan", "refuse_command"]

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
class Step:
    """One revision that is about to run.

    Attributes:
        alembic: what Alembic will run.
        info: the same, for people.
        preparation: what comes before its transaction.
        prepared: the names that the preparation creates.
        locks: what its transaction takes first.
        entry: what the ledger of checksums will say of it.
    """

    alembic: RevisionStep
    info: StepInfo
    preparation: Preparation
    prepared: Names
    locks: tuple[TableLock, ...]
    entry: Entry


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps from `heads` to `target`.

    Attributes:
        migrations: the folder that they are read from.
        heads: where the database is; empty for base.
        steps: in order; empty when there is nothing to do.
        target: where the database must be afterwards.
        functions: what must be installed at `target`, by name.
        creates: names that the steps take in schema public.
        owned: names in schema public that earlier steps took.
        applied: what the ledger should say of the revisions up to `heads`, where it says nothing.
    """

    migrations: Path
    heads: tuple[str, ...]
    steps: tuple[Step, ...]
    target: tuple[str, ...]
    functions: dict[str, frozen.SqlFile]
    creates: Names
    owned: Names
    applied: tuple[Entry, ...]

    @property
    def infos(self) -> tuple[StepInfo, ...]:
        """The steps, for people."""
        return tuple(step.info for step in self.steps)

    @property
    def replacements(self) -> dict[str, pins.Pin]:
        """File name of a revision -> what is run instead."""
        found: dict[str, pins.Pin] = {}
        for step in self.steps:
            found |= step.preparation.replaces
        return found


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
    forward = tuple(_forward(step) for step in context.opts["fn"](heads, context))
    target = tuple(forward[-1].to_revisions_no_deps) if forward else heads
    migrations = Path(script.dir)
    done = history.revisions(script, heads)
    before = history.load_all(done, migrations)
    after = history.load_all(history.revisions(script, target), migrations)
    owned = history.names_of(before)
    return Plan(
        migrations=migrations,
        heads=heads,
        steps=tuple(_step(step, migrations, route_from(heads)) for step in forward),
        target=target,
        functions=_with_bodies(history.installed(after)),
        creates=history.names_of(after) - owned,
        owned=owned,
        applied=tuple(entry_of(revision, (), migrations, Route.RECORDED) for revision in done),
    )


def _step(step: RevisionStep, migrations: Path, route: Route) -> Step:
    revision = step.revision
    own = pins.pins_of(Path(revision.path))
    preparation = preparation_of(revision.revision, own, migrations, route)
    loaded = [(pin, pins.load(pin, migrations)) for pin in preparation.steps]
    instead = [pins.load(pin, migrations) for pin in preparation.replaces.values()]
    extra = [file.path for _, file in loaded] + [file.path for file in instead]
    if preparation.source is not None:
        extra.append(preparation.source)
    return Step(
        alembic=step,
        info=history.info(revision),
        preparation=preparation,
        prepared=history.names_of(loaded),
        locks=declared(migrations, revision.revision),
        entry=entry_of(revision, extra, migrations, route),
    )


def entry_of(revision: Script, extra: Sequence[Path], migrations: Path, route: Route) -> Entry:
    """What the ledger of checksums says of a revision, with the files that a route adds."""
    # what a route replaces counts too: a revision is all of its files
    files = [Path(revision.path), *extra]
    files += [migrations / pin.folder / pin.file_name for pin in pins.pins_of(files[0])]
    found = {file.label: file.sha256 for file in map(frozen.read, files)}
    return Entry(history.info(revision), found, route)


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
