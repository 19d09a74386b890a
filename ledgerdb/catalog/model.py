"""What a catalog is: every object of ledgerdb, or hung on one, with its definition.

The values are plain JSON. Two catalogs are equal if the databases are the same to ledgerdb,
whatever the version of PostgreSQL and the way they came about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = [
    "RIGHTS",
    "STRUCTURE",
    "Catalog",
    "Json",
    "Key",
    "Names",
    "frozen",
    "ranked",
    "structure",
]

# What the schema is made of, in the order in which people want to read it.
STRUCTURE: Final = (
    "table",
    "column",
    "index",
    "constraint",
    "reference",  # a foreign key of another application's table into one of ours
    "inheritance",  # a table that inherits from one of ours
    "statistics",
    "trigger",
    "rule",
    "policy",
    "view",
    "sequence",
    "enum",
    "function",
)
# What a site decides about it; no part of the fingerprint.
RIGHTS: Final = ("owner", "grant", "default_privilege", "role", "member", "setting", "comment")
_RANK: Final = {kind: place for place, kind in enumerate(STRUCTURE + RIGHTS)}


class Key(NamedTuple):
    """An object: `Key("index", "tenants.tenants_pkey")`, `Key("grant", "table x to PUBLIC")`."""

    kind: str
    name: str


Json: TypeAlias = Any
Catalog: TypeAlias = Mapping[Key, Json]


@dataclass(frozen=True, slots=True)
class Names:
    """Names that ledgerdb took in schema public, and the roles that it relies on."""

    relations: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def __or__(self, other: Names) -> Names:
        return Names(
            self.relations | other.relations,
            self.types | other.types,
            self.functions | other.functions,
            self.roles | other.roles,
        )

    def __sub__(self, other: Names) -> Names:
        return Names(
            self.relations - other.relations,
            self.types - other.types,
            self.functions - other.functions,
            self.roles - other.roles,
        )


def ranked(entries: Iterable[tuple[Key, Json]]) -> list[tuple[Key, Json]]:
    """In the one order of a catalog: by kind as above, then by name."""
    return sorted(entries, key=lambda entry: (_RANK[entry[0].kind], entry[0].name))


def frozen(entries: Iterable[tuple[Key, Json]]) -> Catalog:
    """A catalog, in its order."""
    return MappingProxyType(dict(ranked(entries)))


def structure(catalog: Catalog) -> Catalog:
    """Without owners, privileges, roles, settings and comments: they differ between sites."""
    return frozen((key, value) for key, value in catalog.items() if key.kind in STRUCTURE)
