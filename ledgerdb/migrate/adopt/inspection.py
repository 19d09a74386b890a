"""One read-only look at a database: what adoption would find, do and leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, guard, history
from ledgerdb.migrate.adopt import later, recorded
from ledgerdb.migrate.adopt.access import access
from ledgerdb.migrate.adopt.code import enums, functions, triggers
from ledgerdb.migrate.adopt.columns import columns, tables
from ledgerdb.migrate.adopt.data import data
from ledgerdb.migrate.adopt.described import described
from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.hung import hung
from ledgerdb.migrate.adopt.keys import constraints, indexes
from ledgerdb.migrate.adopt.look import Look
from ledgerdb.migrate.adopt.reference import Reference
from ledgerdb.migrate.adopt.sizes import sizes
from ledgerdb.migrate.adopt.surface import read as read_surface
from ledgerdb.migrate.config import alembic_config
from ledgerdb.migrate.guard import Facts
from ledgerdb.migrate.pins import Pin

__all__ = ["BASELINE", "Inspection", "baseline_files", "inspect"]

BASELINE: Final = "0001"
_TIMEOUTS: Final = "0001_timeouts.sql"
_GRAVEST_FIRST: Final = list(Effect)
# Changes run in the order of what found them: columns before what rests on them, rows before the
# constraints that prove them.
_COMPARISONS: Final[tuple[Callable[[Look], Iterator[Finding]], ...]] = (
    enums,
    tables,
    functions,
    columns,
    data,
    constraints,
    indexes,
    triggers,
    hung,
    sizes,
)
_Files = list[tuple[Pin, frozen.SqlFile]]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found.

    Attributes:
        database: its name.
        server: the version of PostgreSQL.
        revision: where ledgerdb's version table says the database is; None before adoption.
        state: the last of the earlier migrations that ran; None after adoption.
        findings: every difference, in the order in which changes run.
    """

    database: str
    server: str
    revision: str | None
    state: str | None
    findings: tuple[Finding, ...]

    @property
    def sorted(self) -> list[Finding]:
        """The gravest first."""
        return sorted(self.findings, key=lambda f: _GRAVEST_FIRST.index(f.effect))

    @property
    def open(self) -> tuple[Finding, ...]:
        """What stands in the way of adoption."""
        return tuple(
            f for f in self.findings if f.effect in {Effect.BLOCKS, Effect.NEEDS_ACCEPTANCE}
        )

    @property
    def changes(self) -> tuple[tuple[Finding, Change], ...]:
        """What adoption runs, in order."""
        return tuple((f, change) for f in self.findings for change in f.planned)

    def counts(self) -> dict[str, int]:
        """Effect -> number of findings."""
        found = Counter(finding.effect for finding in self.findings)
        return {effect.value: found[effect] for effect in Effect if found[effect]}

    def as_json(self) -> dict[str, Any]:
        """For machines, and for the report."""
        return {
            "database": self.database,
            "server": self.server,
            "revision": self.revision,
            "state": self.state,
            "adoptable": not self.open,
            "counts": self.counts(),
            "findings": [
                {
                    "kind": f.kind,
                    "name": f.name,
                    "effect": f.effect.value,
                    "consequence": f.consequence,
                    "statements": [s for change in f.planned for s in change.statements],
                }
                for f in self.sorted
            ],
        }


def inspect(connection: Connection, facts: Reference, accept: Collection[str] = ()) -> Inspection:
    """Looks at a database in one read-only snapshot; takes no lock above ACCESS SHARE.

    Args:
        connection: no transaction is open on it.
        facts: the reference to compare with.
        accept: `kind:name` of what somebody has signed for.

    Raises:
        MigrationError: not a database of the reference, or the role may not read it.
    """
    server = guard.read_facts(connection)
    heads = guard.read_heads(connection)
    connection.rollback()
    if heads:
        return Inspection(server.database, server.version, heads[0], None, ())
    connection.execute(text("set transaction isolation level repeatable read, read only"))
    connection.execute(text("set local search_path = pg_catalog, public"))
    try:
        rows = recorded.read(connection, facts.migrations)
        found = [
            *recorded.compare(rows, facts.migrations),
            *_findings(connection, facts, rows.state, server),
        ]
    finally:
        connection.rollback()
    return Inspection(
        server.database,
        server.version,
        None,
        rows.state,
        tuple(
            f.accepted() if f.effect is Effect.NEEDS_ACCEPTANCE and f.key in accept else f
            for f in found
        ),
    )


def baseline_files() -> tuple[_Files, _Files]:
    """The files of revision 0001, and those of all later ones."""
    script = ScriptDirectory.from_config(alembic_config())
    line = history.revisions(script, script.get_heads())
    folder = Path(script.dir)
    return history.load_all(line[:1], folder), history.load_all(line[1:], folder)


def _findings(
    connection: Connection, facts: Reference, state: str, server: Facts
) -> Iterator[Finding]:
    baseline = facts.baseline
    first, rest = baseline_files()
    look = Look(
        connection=connection,
        reference=facts,
        found=read_surface(
            connection, list(baseline.tables), list(baseline.enums), list(baseline.functions)
        ),
        state=state,
        later=later.read(file for pin, file in rest if pin.operation != "install_function"),
        files=history.installed(first),
    )
    try:
        guard.require_server(server)
    except MigrationError as refusal:
        yield Finding("server", server.database, Effect.BLOCKS, str(refusal))
    yield from access(look, server)
    names = history.names_of(first + rest) - history.names_of(first)
    try:
        guard.require_no_strangers(connection, names)
    except MigrationError as refusal:
        yield Finding("name", "public", Effect.BLOCKS, str(refusal))
    for comparison in _COMPARISONS:
        yield from comparison(look)
    scripts = [file for pin, file in first if pin.operation == "run_script"]
    timeouts = next(file for file in scripts if file.path.name == _TIMEOUTS)
    yield from described(look, scripts, timeouts)
