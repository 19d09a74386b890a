"""One difference between a database and the baseline, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ledgerdb.migrate.locks import TableLock

__all__ = ["Change", "Effect", "Finding"]


class Effect(StrEnum):
    """What becomes of a difference, the gravest first."""

    BLOCKS = "blocks"
    """Nobody can decide this but who runs the database: mend it, then inspect again."""
    NEEDS_ACCEPTANCE = "needs acceptance"
    """Adopted with `--accept KIND:NAME` only."""
    ACCEPTED = "accepted"
    """Would need acceptance, and has it."""
    MENDED = "mended"
    """Adoption, or the upgrade after it, puts it right."""
    CREATED = "created"
    """Adoption adds it."""
    REPLACED = "replaced"
    """The upgrade replaces it."""
    KEPT = "kept"
    """Stays as it is."""
    NOTED = "noted"
    """No difference of an object: what somebody should know before the upgrade."""


@dataclass(frozen=True, slots=True)
class Change:
    """Statements that bring one difference, in one transaction.

    Attributes:
        statements: in order.
        table: the table of ours that they lock; None locks none.
        concurrently: run alone and outside of a transaction, waiting for whoever is in the way.
    """

    statements: tuple[str, ...]
    table: str | None = None
    concurrently: bool = False

    @property
    def locks(self) -> tuple[TableLock, ...]:
        """What to take first: the statements then wait for nobody."""
        return () if self.table is None else (TableLock(self.table, "ACCESS EXCLUSIVE"),)


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference by object.

    Attributes:
        kind: what the object is: column, index, trigger, function, data, role ...
        name: of the object; a part of a table is written `table.part`.
        effect: what becomes of it.
        consequence: the same in words, and what it means for services.
        changes: what adoption runs for it, each in its own transaction.
    """

    kind: str
    name: str
    effect: Effect
    consequence: str
    changes: tuple[Change, ...] = ()

    @property
    def key(self) -> str:
        """How `--accept` names it."""
        return f"{self.kind}:{self.name}"

    def accepted(self) -> Finding:
        """The same, signed for."""
        return replace(self, effect=Effect.ACCEPTED)

    @property
    def planned(self) -> tuple[Change, ...]:
        """The changes that adoption will run."""
        return () if self.effect in {Effect.BLOCKS, Effect.NEEDS_ACCEPTANCE} else self.changes
