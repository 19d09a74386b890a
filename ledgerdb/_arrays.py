"""How the columns of a set are sent: an array each, written at once.

psycopg looks for a dumper for every item, and takes the type of an array from its values: integers
of two bytes or four, texts or unknown. Each mixture would be a statement of its own to prepare.
"""

from __future__ import annotations

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

__all__ = ["ARRAY_DUMPERS"]

# Dimensions, whether an item may be null, and the type; of the one dimension, length and first
# place. A null has the length -1.
_HEAD: Final = Struct("!iiIii")
_EMPTY: Final = Struct("!iiI")
_LENGTH: Final = Struct("!i")
_INTEGER: Final = Struct("!ii")
_NULL: Final = _LENGTH.pack(-1)
_UUID_LENGTH: Final = _LENGTH.pack(16)


class _ArrayDumper(Dumper):
    """An array in the binary format, of one type whatever is in it."""

    format = Format.BINARY
    kind: ClassVar[TypeInfo]

    def __init__(self, cls: type, context: Any = None) -> None:  # noqa: ANN401 - psycopg's signature
        super().__init__(cls, context)
        # of the instance: by the oid of the class psycopg would take it for every such array
        self.oid = self.kind.array_oid

    def _array(self, length: int, items: Iterable[bytes]) -> bytes:
        if not length:
            return _EMPTY.pack(0, 0, self.kind.oid)
        return _HEAD.pack(1, 1, self.kind.oid, length, 1) + b"".join(items)


class _UuidsDumper(_ArrayDumper):
    kind = psycopg.adapters.types["uuid"]

    def dump(self, obj: list[UUID | None]) -> Buffer:
        return self._array(len(obj), [_NULL if u is None else _UUID_LENGTH + u.bytes for u in obj])


class _IntegersDumper(_ArrayDumper):
    kind = psycopg.adapters.types["int4"]

    def dump(self, obj: list[int | None]) -> Buffer:
        pack = _INTEGER.pack
        return self._array(len(obj), [_NULL if i is None else pack(4, i) for i in obj])


class _StringsDumper(_ArrayDumper):
    kind = psycopg.adapters.types["text"]

    def dump(self, obj: list[str | None]) -> Buffer:
        items = [_NULL] * len(obj)
        if obj.count(None) < len(obj):
            encoding = self.connection.info.encoding if self.connection else "utf-8"
            pack = _LENGTH.pack
            for place, item in enumerate(obj):
                if item is not None:
                    encoded = item.encode(encoding)
                    items[place] = pack(len(encoded)) + encoded
        return self._array(len(obj), items)


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
