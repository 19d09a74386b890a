"""A payload as the bytes that are sent."""

from __future__ import annotations

from codecs import utf_8_decode
from collections.abc import Iterable, Mapping
from typing import Final

from ledgerdb.calls import _check as check
from ledgerdb.calls.wire import WireText, WireTexts
from ledgerdb.rows import Payload

__all__ = ["payload", "payloads"]

_FIELD: Final = "payload"
_BUFFERS: Final = (bytes, bytearray, memoryview)
_WINDOW_BYTES: Final = 8_192


def payload(value: Payload) -> WireText:
    """A JSON document as the bytes that are sent: those of the caller as they are, a text encoded
    once, a mapping serialized once.

    Raises:
        InvalidArgument: bytes that are no UTF-8 or no bytes in a row, a NUL character, or a value
            that JSON cannot express.
    """
    return WireText(_buffer(value))


def payloads(values: Iterable[Payload]) -> WireTexts:
    """A column of them; see `payload`."""
    return WireTexts(map(_buffer, values))


def _buffer(value: Payload) -> bytes | bytearray | memoryview:
    if isinstance(value, _BUFFERS):
        _require_text_bytes(value)
        return value
    if isinstance(value, Mapping):
        return check.json_object(_FIELD, value).encode()
    return check.encoded(_FIELD, value)


def _require_text_bytes(value: bytes | bytearray | memoryview) -> None:
    """Looks at a window after the other: what is decoded to look is never the whole. What is all
    ASCII needs no decoding.
    """
    if not isinstance(value, memoryview) and value.isascii() and b"\x00" not in value:
        return
    try:
        view = memoryview(value)
    except ValueError:
        raise check.refuse(_FIELD, "must not be a released memoryview") from None
    if view.ndim != 1 or view.itemsize != 1 or not view.c_contiguous:
        raise check.refuse(_FIELD, "must be bytes in a row")
    place = 0
    while place < len(view):
        window = view[place : place + _WINDOW_BYTES]
        last = place + len(window) == len(view)
        try:
            looked_at, length = utf_8_decode(window, "strict", last)
        except UnicodeDecodeError as error:
            raise check.refuse(
                _FIELD, f"must be UTF-8, byte {place + error.start} is not"
            ) from None
        if "\x00" in looked_at:
            raise check.refuse(_FIELD, check.NO_NUL)
        place += length
