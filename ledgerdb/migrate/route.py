"""How a revision reaches the database: at once, or prepared while the database is in use.

A run that begins at base builds an empty database: DIRECT. A run that begins at a revision finds
rows and traffic: ONLINE. `migrations/online/NNNN_slug.py` says what is then done outside of the
revision's transaction beforehand (`prepare`), and which of its files are replaced by shorter ones
(`replaces`). It is read from its source and never executed.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, pins

__all__ = ["ONLINE_FOLDER", "Preparation", "Route", "preparation_of", "route_from"]

ONLINE_FOLDER: Final = "online"


class Route(StrEnum):
    """How a revision was recorded; see the comment of `ledgerdb_migrations.route`."""

    DIRECT = "DIRECT"
    ONLINE = "ONLINE"
    ADOPTED = "ADOPTED"
    RECORDED = "RECORDED"


@dataclass(frozen=True, slots=True)
class Preparation:
    """What one revision does besides its transaction.

    Attributes:
        source: the file that says so; None where the revision itself is one online operation.
        steps: in order, each on its own and journaled.
        replaces: file name of the revision -> what its transaction runs instead.
    """

    source: Path | None = None
    steps: tuple[pins.Pin, ...] = ()
    replaces: Mapping[str, pins.Pin] = field(default_factory=dict)


def route_from(heads: Sequence[str]) -> Route:
    """The route of a run that finds the database at `heads`."""
    return Route.ONLINE if heads else Route.DIRECT


def preparation_of(
    revision: str, own: Sequence[pins.Pin], migrations: Path, route: Route
) -> Preparation:
    """What comes before the transaction of a revision.

    Args:
        revision: its identifier.
        own: what the revision's own file runs.
        migrations: the folder of the migrations.
        route: of this run.

    Raises:
        MigrationError: a revision mixes online operations with others, or a file does not say
            literally what it runs.
    """
    online = [pin for pin in own if pin.operation in pins.ONLINE]
    if online:
        if len(own) != 1:
            raise MigrationError(
                f"revision {revision}: {online[0].operation} must be all that a revision does,"
                " since it runs outside of a transaction"
            )
        return Preparation(steps=(online[0],))
    files = sorted((migrations / ONLINE_FOLDER).glob(f"{revision}_*.py"))
    if route is not Route.ONLINE or not files:
        return Preparation()
    source = frozen.read(files[0])
    tree = ast.parse(source.text, source.path.name)
    return Preparation(
        source=source.path,
        steps=pins.pins_of_source(source.text, source.path.name),
        replaces=_replacements(tree, own, source.path.name),
    )


def _replacements(tree: ast.Module, own: Sequence[pins.Pin], name: str) -> Mapping[str, pins.Pin]:
    by_name = {pin.file_name: pin for pin in own}
    found: dict[str, pins.Pin] = {}
    for node in tree.body:
        if not (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "replaces"
        ):
            continue
        try:
            written = ast.literal_eval(node.value)
        except ValueError:
            written = None
        if not isinstance(written, dict):
            raise MigrationError(f"{name}: `replaces` must be a literal dictionary")
        for old, (file_name, sha256) in written.items():
            if old not in by_name:
                raise MigrationError(f"{name}: the revision does not run {old}")
            found[old] = pins.Pin(by_name[old].operation, file_name, sha256)
    return found
