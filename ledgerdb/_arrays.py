"""How the columns of a set are sent: an array each, written at once.

psycopg looks for a dumper for every item, and takes the type of an array from its values: integers
of two bytes or four, texts or unknown. Each mixture would be a statement of its own to prepare.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from struct import Struct
from typing import Any, ClassVar, Final
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo

from ledgerdb.calls.wire import WireIntegers, WireStrings, WireUuids, WireWords

__all__ = ["ARRAY_DUMPERS", "ArrayDumper", "framed"]

# Dimensions, whether an item may be null, and the type; of the one dimension, length and first
# place. A null has the length -1.
_HEAD: Final = Struct("!iiIii")
_EMPTY: Final = Struct("!iiI")
_LENGTH: Final = Struct("!i")
_INTEGER: Final = Struct("!ii")
_NULL: Final = _LENGTH.pack(-1)
_UUID_BYTES: Final = 16
_UUID_LENGTH: Final = _UUID_BYTES << 8 * _UUID_BYTES  # put before the number, as one number
_UUID_SENT_BYTES: Final = _LENGTH.size + _UUID_BYTES


class ArrayDumper(Dumper):
    """An array in the binary format, of one type whatever is in it."""

    format = Format.BINARY
    kind: ClassVar[TypeInfo]

    def __init__(self, cls: type, context: Any = None) -> None:  # noqa: ANN401 - psycopg's signature
        super().__init__(cls, context)
        # of the instance: by the oid of the class psycopg would take it for every such array
        self.oid = self.kind.array_oid

    def dump(self, obj: list[Any]) -> Buffer:
        """The array as it is sent."""
        length = len(obj)
        if not length:
            return _EMPTY.pack(0, 0, self.kind.oid)
        head = _HEAD.pack(1, 1, self.kind.oid, length, 1)
        if obj == [None] * length:  # half of the columns of a result; others differ at once
            return head + _NULL * length
        return b"".join([head, *self.items(obj)])

    @abstractmethod
    def items(self, column: list[Any]) -> Iterable[Buffer]:
        """What is sent for the items: each with its length before it, in any number of pieces."""


def framed(items: Iterable[Buffer | None]) -> list[Buffer]:
    """Items with their lengths before them."""
    pack = _LENGTH.pack
    pieces: list[Buffer] = []
    for item in items:
        if item is None:
            pieces.append(_NULL)
        else:
            pieces += pack(len(item)), item
    return pieces


class _UuidsDumper(ArrayDumper):
    kind = psycopg.adapters.types["uuid"]

    def items(self, column: list[UUID | None]) -> Iterable[Buffer]:
        return [
            _NULL if u is None else (_UUID_LENGTH | u.int).to_bytes(_UUID_SENT_BYTES, "big")
            for u in column
        ]


class _IntegersDumper(ArrayDumper):
    kind = psycopg.adapters.types["int4"]

    def items(self, column: list[int | None]) -> Iterable[Buffer]:
        pack = _INTEGER.pack
        return [_NULL if i is None else pack(4, i) for i in column]


class _StringsDumper(ArrayDumper):
    kind = psycopg.adapters.types["text"]

    def items(self, column: list[str | None]) -> Iterable[Buffer]:
        encoding = self.connection.info.encoding if self.connection else "utf-8"
        return framed([None if s is None else s.encode(encoding) for s in column])


class _WordsDumper(Dumper):
    """Of no type of its own: the server reads them as what the statement casts them to."""

    def dump(self, obj: list[str]) -> Buffer:
        return ("{" + ",".join(obj) + "}").encode()


ARRAY_DUMPERS: Final[dict[type, type[Dumper]]] = {
    WireUuids: _UuidsDumper,
    WireIntegers: _IntegersDumper,
    WireStrings: _StringsDumper,
    WireWords: _WordsDumper,
}
