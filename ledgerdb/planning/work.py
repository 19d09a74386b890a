"""What a revision runs, in the order and the transactions in which the runner runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alembic.script import Script

from ledgerdb.migrate import frozen, pins
from ledgerdb.migrate.route import Route, preparation_of

__all__ = ["Batch", "Phase", "Work", "work_of"]

Phase = Literal["prepare", "transaction"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that are committed together.

    Attributes:
        phase: before the revision's transaction, or in it.
        operation: that runs them; of the transaction, "transaction".
        files: in order.
    """

    phase: Phase
    operation: str
    files: tuple[frozen.SqlFile, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """All that a revision runs.

    Attributes:
        batches: in order.
        files: folder and name -> SHA-256 of everything that the revision consists of, as the ledger
            of checksums records it: what a route replaces counts too.
    """

    batches: tuple[Batch, ...]
    files: dict[str, str]


def work_of(revision: Script, migrations: Path, route: Route) -> Work:
    """Reads what a revision runs by one of the routes.

    Raises:
        MigrationError: a file is missing or is not the pinned one.
    """
    path = Path(revision.path)
    own = pins.pins_of(path)
    preparation = preparation_of(revision.revision, own, migrations, route)
    batches = [
        Batch("prepare", pin.operation, (pins.load(pin, migrations),)) for pin in preparation.steps
    ]
    inside = [
        pins.load(preparation.replaces.get(pin.file_name, pin), migrations)
        for pin in own
        if pin.operation not in pins.ONLINE
    ]
    if inside:
        batches.append(Batch("transaction", "transaction", tuple(inside)))
    sources = [path] if preparation.source is None else [path, preparation.source]
    files = [frozen.read(source) for source in sources]
    files += [pins.load(pin, migrations) for pin in own]
    files += [file for batch in batches for file in batch.files]
    return Work(tuple(batches), {file.label: file.sha256 for file in files})
