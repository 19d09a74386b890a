"""A surface that contradicts itself is not approved: pins, copies and live functions agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ledgerdb.approvals.documents import ApprovalRefused
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, pins
from ledgerdb.migrate.route import Route, preparation_of

__all__ = ["require_consistent"]


def require_consistent(root: Path) -> None:
    """Every pinned file has its bytes, and every live function equals its newest frozen copy.

    Raises:
        ApprovalRefused: with each that does not.
    """
    if faults := [*_pins(root / "migrations"), *_functions(root)]:
        raise ApprovalRefused("the surface contradicts itself: " + "; ".join(faults))


def _pins(migrations: Path) -> Iterator[str]:
    for path in sorted((migrations / "versions").glob("[0-9]*.py")):
        try:
            own = pins.pins_of(path)
            online = preparation_of(path.name[:4], own, migrations, Route.ONLINE)
        except (MigrationError, SyntaxError) as error:
            yield str(error)
            continue
        for pin in (*own, *online.steps, *online.replaces.values()):
            try:
                pins.load(pin, migrations)
            except MigrationError as error:
                yield str(error)


def _functions(root: Path) -> Iterator[str]:
    copies = sorted((root / "migrations" / frozen.FROZEN).glob("*.sql"))
    newest = {frozen.function_name(path.name)[1]: path for path in copies}
    for path in sorted((root / "sqlfunctions").glob("*.sql")):
        copy = newest.pop(path.stem, None)
        if copy is None:
            yield f"{path.stem} has no frozen copy (make freeze)"
        elif copy.read_bytes() != path.read_bytes():
            yield f"{path.stem} differs from its newest frozen copy {copy.name} (make freeze)"
    for name in sorted(newest):
        yield f"{name} is frozen, and has no live function"
