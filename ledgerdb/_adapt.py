"""How psycopg sends a `WireText`: the buffer itself, in the binary format, alone or in an array.

The binary form of a text is its bytes, with their number before them, so that libpq copies them to
its own output buffer and nobody else does; in the text format it would look for a NUL at the end,
which a memoryview has not.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format
from psycopg.types.array import ListBinaryDumper

from ledgerdb._arrays import ARRAY_DUMPERS
from ledgerdb.calls.wire import WireText, WireTexts

__all__ = ["know_wire_types"]

_TEXT: Final = psycopg.adapters.types["text"].oid


class WireTextDumper(Dumper):
    """For connections that speak UTF-8; for others the text is encoded as psycopg does a `str`."""

    format = Format.BINARY

    def __init__(self, cls: type, context: Any = None) -> None:  # noqa: ANN401 - psycopg's signature
        super().__init__(cls, context)
        # of the instance: by the oid of the class psycopg would take it for every text
        self.oid = _TEXT
        encoding = self.connection.info.encoding if self.connection else "utf-8"
        self._encoding = None if encoding in {"utf-8", "ascii"} else encoding

    def dump(self, obj: WireText) -> Buffer | None:
        """The buffer that goes on the wire."""
        if self._encoding is None:
            return obj.buffer
        return str(obj.buffer, "utf-8").encode(self._encoding)


def know_wire_types(driver: object) -> None:
    """A driver connection, of any engine, can send what is in `calls.wire` from now on."""
    if not isinstance(driver, psycopg.BaseConnection):
        return
    try:
        driver.adapters.get_dumper(WireText, PyFormat.AUTO)
    except psycopg.ProgrammingError:
        driver.adapters.register_dumper(WireText, WireTextDumper)
        # psycopg would take the text format for a list: every item escaped
        driver.adapters.register_dumper(WireTexts, ListBinaryDumper)
        for kind, dumper in ARRAY_DUMPERS.items():
            driver.adapters.register_dumper(kind, dumper)
