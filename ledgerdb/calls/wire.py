"""Values that go to the database in a form of their own: text as the caller's own bytes, and the
columns of a set.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

__all__ = ["WireIntegers", "WireStrings", "WireText", "WireTexts", "WireUuids", "WireWords"]


@dataclass(frozen=True, slots=True)
class WireText:
    """A text in UTF-8, without NUL: the buffer that is checked, hashed, stored and sent.

    Attributes:
        buffer: never changed or copied here; whoever gave it must not change it meanwhile either.
    """

    buffer: bytes | bytearray | memoryview

    def __repr__(self) -> str:
        # statements are logged with their parameters, and a payload is nobody's business
        return _size(self.buffer)


class WireTexts(list[bytes | bytearray | memoryview]):
    """A column of such buffers, sent as one `text[]`: each is copied once, into the array."""

    def __repr__(self) -> str:
        return f"[{', '.join(map(_size, self))}]"


def _size(buffer: bytes | bytearray | memoryview) -> str:
    return f"<text of {len(buffer)} bytes>"


class WireUuids(list[UUID | None]):
    """A column of UUIDs, sent as one `uuid[]`."""


class WireIntegers(list[int | None]):
    """A column of integers of 32 bits, sent as one `integer[]`."""


class WireStrings(list[str | None]):
    """A column of strings without NUL, sent as one `text[]`."""


class WireWords(list[str]):
    """A column of words of an enum, none of which needs quotes."""
