"""What a database must have at a revision: the sum of what each revision changed.

`migrations/catalog/NNNN.json` says it per revision, null for what is gone (`make schema` writes
them). An owner stands there only since the revision that gave everything to one: before it, objects
belonged to whoever had deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledgerdb.catalog.document import parse
from ledgerdb.catalog.model import Catalog, Json, Key, Names, frozen
from ledgerdb.errors import MigrationError

__all__ = ["FOLDER", "Expected", "at", "delta", "names_of", "sum_of"]

FOLDER: Final = "catalog"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be there, and every name that ledgerdb ever took up to here."""

    catalog: Catalog
    names: Names


def at(migrations: Path, revision: str | None = None) -> Expected:
    """What a database at a revision must have.

    Args:
        migrations: the folder of env.py.
        revision: one of the line; None means the newest.

    Raises:
        MigrationError: there is no catalog of it here.
    """
    line = sorted((migrations / FOLDER).glob("[0-9]*.json"))
    if revision is not None:
        line = [path for path in line if path.stem <= revision]
        if not line or line[-1].stem != revision:
            raise MigrationError(f"no catalog of revision {revision} in {migrations / FOLDER}")
    return sum_of([parse(path.read_text("utf-8")) for path in line])


def sum_of(deltas: list[dict[Key, Json]]) -> Expected:
    """The state after these changes, in order."""
    state: dict[Key, Json] = {}
    for changes in deltas:
        state |= changes
    return Expected(
        frozen((key, value) for key, value in state.items() if value is not None),
        names_of(state),
    )


def delta(before: Catalog, after: Catalog) -> dict[Key, Json]:
    """What changed: the new definition, or None for what is gone."""
    gone = dict.fromkeys(before.keys() - after.keys())
    return gone | {
        key: value for key, value in after.items() if key not in before or before[key] != value
    }


def names_of(entries: Mapping[Key, Json]) -> Names:
    """The names of relations, types, functions and roles among the entries."""

    def of(*kinds: str) -> frozenset[str]:
        return frozenset(key.name.partition("(")[0] for key in entries if key.kind in kinds)

    return Names(of("table", "view", "sequence"), of("enum"), of("function"), of("role"))
