"""Where two catalogs differ, object by object, and what that means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledgerdb.catalog.consequences import consequence
from ledgerdb.catalog.model import Catalog, Json, Key, frozen

__all__ = ["Difference", "compare"]

# Kinds whose names begin with their relation's.
_HANGING: Final = (
    "column",
    "index",
    "constraint",
    "inheritance",
    "statistics",
    "trigger",
    "rule",
    "policy",
)
_ABOUT: Final = ("owner", "grant", "comment")
_BOUNDS: Final = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as it must be; None means that it must not be there, or is not.

    Attributes:
        key: the object.
        expected: its definition according to the migrations.
        found: its definition in the database.
        consequence: what that means, in plain words; empty where it is not known.
    """

    key: Key
    expected: Json
    found: Json
    consequence: str

    @property
    def shown(self) -> tuple[str, str]:
        """Expected and found on one line each; of a changed object only what changed."""
        if not isinstance(self.expected, dict) or not isinstance(self.found, dict):
            return _shown(self.expected), _shown(self.found)
        fields = [
            field
            for field in sorted(self.expected.keys() | self.found.keys())
            if self.expected.get(field) != self.found.get(field)
        ]
        return _fields(self.expected, fields), _fields(self.found, fields)


def compare(expected: Catalog, found: Catalog) -> tuple[Difference, ...]:
    """Every difference once: what belongs to a missing or unknown object is part of that one.

    Owners that `expected` does not name are the deployer's business (before revision 0008).
    """
    keys = [
        key
        for key in frozen({**dict.fromkeys(expected), **dict.fromkeys(found)}.items())
        if not _same(key, expected.get(key), found.get(key))
        and not (key.kind == "owner" and key not in expected)
    ]
    alone = {f"{k.kind} {k.name}" for k in keys if (k in expected) is not (k in found)}
    return tuple(
        Difference(
            key,
            expected.get(key),
            found.get(key),
            consequence(key, expected.get(key), found.get(key)),
        )
        for key in keys
        if not any(label in alone for label in _wholes(key))
    )


def _same(key: Key, expected: Json, found: Json) -> bool:
    if key.kind == "setting" and key.name in _BOUNDS and None not in {expected, found}:
        return bool(0 < found <= expected)  # a tighter bound is a bound
    return bool(expected == found)


def _wholes(key: Key) -> Iterator[str]:
    """What an object is a part of, or is said about."""
    if key.kind in _HANGING:
        relation = key.name.partition(".")[0]
        yield from (f"table {relation}", f"view {relation}")
    elif key.kind in _ABOUT:
        label = key.name.rpartition(" to ")[0] if key.kind == "grant" else key.name
        yield label
        kind, _, name = label.partition(" ")
        if kind in _HANGING:
            yield from _wholes(Key(kind, name))


def _shown(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return _fields(value, sorted(value))
        case list():
            return ", ".join(map(_shown, value))
        case bool():
            return "yes" if value else "no"
        case _:
            return " ".join(str(value).split())


def _fields(value: dict[str, Json], fields: list[str]) -> str:
    """The definition speaks for itself, what else there is after it."""
    said = [_shown(value.get("definition"))] if "definition" in fields else []
    said += [f"{field} {_shown(value.get(field))}" for field in fields if field != "definition"]
    return "; ".join(said) or "yes"
