"""The plan of an upgrade as data: what is written, signed, and required by the upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

__all__ = ["FORMAT", "PlanDocument", "PlannedBatch", "PlannedRevision", "PlannedStatement", "Risk"]

FORMAT: Final = "ledgerdb-plan-1"


@dataclass(frozen=True, slots=True)
class Risk:
    """A hazard of a statement; `waiver` is the written reason why it may be."""

    hazard: str
    tables: tuple[str, ...]
    waiver: str | None


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """One statement; `locks` is what it is the first to take, `work` a class of time."""

    file: str
    line: int
    kind: str
    statement: str
    locks: Mapping[str, str]
    rewritten: tuple[str, ...]
    scanned: tuple[str, ...]
    indexed: tuple[str, ...]
    work: str
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """What is committed together; `locks` are the strongest modes held at its end.

    `work_blocking` is the class of time for which writers of a table may wait.
    """

    phase: str
    operation: str
    transaction: bool
    locks: Mapping[str, str]
    work: str
    work_blocking: str
    statements: tuple[PlannedStatement, ...]


@dataclass(frozen=True, slots=True)
class PlannedRevision:
    """One revision and the SHA-256 of its files, as the ledger of checksums records them."""

    revision: str
    summary: str
    files: Mapping[str, str]
    batches: tuple[PlannedBatch, ...]


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan. It holds for one schema, one revision and these files.

    Attributes:
        format: of the document.
        release: of ledgerdb.
        made_at: UTC, ISO 8601.
        database: name and place; no user, no password.
        server: version of its PostgreSQL.
        shadow: version of the PostgreSQL that it was measured on.
        revision: where the database is; None for base.
        target: where it will be.
        route: DIRECT or ONLINE.
        schema: the fingerprint of ledgerdb's objects.
        tables: the tables that are locked or worked on, as they were: bytes and rows.
        revisions: in order.
    """

    format: str
    release: str
    made_at: str
    database: str
    server: str
    shadow: str
    revision: str | None
    target: str | None
    route: str
    schema: str
    tables: Mapping[str, Mapping[str, int]]
    revisions: tuple[PlannedRevision, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plan.schema.json describes it."""
        return asdict(self)
