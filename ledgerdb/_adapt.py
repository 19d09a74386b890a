"""How psycopg sends a `WireText`: the buffer itself, in the binary format, alone or in an array.

The binary form of a text is its bytes, with their number before them, so that libpq copies them to
its own output buffer and nobody else does; in the text format it would look for a NUL at the end,
which a memoryview has not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format

from ledgerdb._arrays import ARRAY_DUMPERS, ArrayDumper, framed
from ledgerdb.calls.wire import WireText, WireTexts

__all__ = ["know_wire_types"]

_TEXT: Final = psycopg.adapters.types["text"]


class WireTextDumper(Dumper):
    """For connections that speak UTF-8; for others the text is encoded as psycopg does a `str`."""

    format = Format.BINARY

    def __init__(self, cls: type, context: Any = None) -> None:  # noqa: ANN401 - psycopg's signature
        super().__init__(cls, context)
        # of the instance: by the oid of the class psycopg would take it for every text
        self.oid = _TEXT.oid

    def dump(self, obj: WireText) -> Buffer | None:
        """The buffer that goes on the wire."""
        encoding = _other_encoding(self)
        return obj.buffer if encoding is None else _reencoded(obj.buffer, encoding)


class WireTextsDumper(ArrayDumper):
    """The same for a column of them."""

    kind = _TEXT

    def items(self, column: list[Buffer]) -> Iterable[Buffer]:
        """The buffers that go on the wire, copied into the array and nowhere else."""
        encoding = _other_encoding(self)
        return framed(
            column if encoding is None else [_reencoded(buffer, encoding) for buffer in column]
        )


def _other_encoding(dumper: Dumper) -> str | None:
    """The encoding of its connection, unless that takes UTF-8 as it is."""
    encoding = dumper.connection.info.encoding if dumper.connection else "utf-8"
    return None if encoding in {"utf-8", "ascii"} else encoding


def _reencoded(buffer: Buffer, encoding: str) -> bytes:
    return str(buffer, "utf-8").encode(encoding)


def know_wire_types(driver: object) -> None:
    """A driver connection, of any engine, can send what is in `calls.wire` from now on."""
    if not isinstance(driver, psycopg.BaseConnection):
        return
    try:
        driver.adapters.get_dumper(WireText, PyFormat.AUTO)
    except psycopg.ProgrammingError:
        driver.adapters.register_dumper(WireText, WireTextDumper)
        driver.adapters.register_dumper(WireTexts, WireTextsDumper)
        for kind, dumper in ARRAY_DUMPERS.items():
            driver.adapters.register_dumper(kind, dumper)
