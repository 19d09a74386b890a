"""Known guests: what the later plain-SQL migrations of the reference hung on our tables.

A database that ledgerdb adopted keeps them, and they must go on working (ADR 0010). They stand in
guests.json, each with its exact definition; one that was changed is no known guest any more.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Final

from ledgerdb.catalog.document import parse
from ledgerdb.catalog.model import Catalog, Json, Key, frozen

__all__ = ["guests", "without_guests"]

_NOT_VALID: Final = " NOT VALID"
_OF_AN_OBJECT: Final = ("comment", "grant")
# the revision that takes it away: from there on it is no guest
_UNTIL: Final = "until"


@functools.cache
def guests(revision: str | None = None) -> Catalog:
    """The guests that a database may have at a revision; None means the newest."""
    text = resources.files("ledgerdb.catalog").joinpath("guests.json").read_text("utf-8")
    return frozen(
        (key, {field: value[field] for field in value if field != _UNTIL})
        for key, value in parse(text).items()
        if _UNTIL not in value or (revision is not None and revision < value[_UNTIL])
    )


def without_guests(catalog: Catalog, revision: str | None = None) -> Catalog:
    """The catalog without its known guests, and without comments and privileges on them."""
    known = guests(revision)
    gone = {
        key
        for key, value in catalog.items()
        if key in known and _settled(value) == _settled(known[key])
    }
    labels = {f"{kind} {name}" for kind, name in gone if kind not in _OF_AN_OBJECT}
    return frozen(
        (key, value)
        for key, value in catalog.items()
        if key not in gone and not (key.kind in _OF_AN_OBJECT and _object_of(key) in labels)
    )


def _object_of(key: Key) -> str:
    return key.name.rpartition(" to ")[0] if key.kind == "grant" else key.name


def _settled(value: Json) -> Json:
    # a site may validate in its own time what the reference left for later
    if not isinstance(value, dict) or _NOT_VALID not in value.get("definition", ""):
        return value
    settled = {**value, "definition": value["definition"].removesuffix(_NOT_VALID)}
    return {**settled, "validated": True} if "validated" in value else settled
