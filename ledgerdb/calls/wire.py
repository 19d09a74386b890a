"""Text that goes to the database as the caller's own bytes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WireText", "WireTexts"]


@dataclass(frozen=True, slots=True)
class WireText:
    """A text in UTF-8, without NUL: the buffer that is checked, hashed, stored and sent.

    Attributes:
        buffer: never changed or copied here; whoever gave it must not change it meanwhile either.
    """

    buffer: bytes | bytearray | memoryview

    def __repr__(self) -> str:
        # statements are logged with their parameters, and a payload is nobody's business
        return f"<text of {len(self.buffer)} bytes>"


class WireTexts(list[WireText]):
    """An array of them: each is copied once, into the array."""
