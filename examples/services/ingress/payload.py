"""Rules of a payload that can be told from its bytes, without making objects of it: a few passes
in C, whatever is inside.

What else the ledger asks of it (unique names at every depth, no NUL) the database tells.
"""

from __future__ import annotations

import math
import re
from array import array
from codecs import getincrementaldecoder
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

from ledgerdb.rows import PAYLOAD_BYTES_MAX

__all__ = ["DEPTH_MAX", "SCHEMA", "broken_rules", "is_deep"]

# Parsers that recurse, Python's among them, end at about a thousand.
DEPTH_MAX: Final = 100
_NUMBERS: Final = "numbers in the range of a double"  # others read infinity, or zero

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": (
        f"The payment, at most {PAYLOAD_BYTES_MAX} bytes, nested at most {DEPTH_MAX} deep, names"
        f" unique at every depth, {_NUMBERS}. It is kept and hashed byte for byte."
    ),
}

_Utf8Decoder: Final = getincrementaldecoder("utf-8")
_WINDOW_BYTES: Final = 65_536  # looked at one after the other: no second copy of a large payload
_ALIKE: Final = bytes.maketrans(b"123456789E", b"000000000e")  # every digit a 0
_DIGITS: Final = 200  # with fewer, and an exponent of two digits at most, a number is in the range
_LARGE: Final = (b"e000", b"e+000", b"e-000", b"0" * _DIGITS)
_LARGE_NUMBER: Final = re.compile(
    rb"(?<![0-9.eE+])(?:[0-9.]++[eE][+-]?[0-9]{3,}+|[0-9.]{%d,}+(?:[eE][+-]?[0-9]++)?)" % _DIGITS
)
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # down and up, as signed bytes
_NO_STEPS: Final = bytes(set(range(256)) - set(b"[]{}"))


def is_deep(document: bytes | bytearray) -> bool:
    """Whether a JSON document, which may still be malformed, is nested deeper than `DEPTH_MAX`."""
    if document.count(b"[") + document.count(b"{") <= DEPTH_MAX:
        return False
    steps = array("b", _outside_strings(document).translate(_STEPS, _NO_STEPS))
    return max(accumulate(steps), default=0) > DEPTH_MAX


def broken_rules(document: memoryview) -> Iterator[str]:
    """The rules that a well-formed JSON value breaks as a payload; an empty one is absent."""
    if not document:
        yield "required"
        return
    if document[0] != ord("{"):
        yield "a JSON object"
    if not _is_utf8(document):
        yield "UTF-8"
    if _may_be_large(document) and not _are_in_range(_outside_strings(bytes(document))):
        yield _NUMBERS


def _is_utf8(document: memoryview) -> bool:
    decoder = _Utf8Decoder()
    try:
        for start in range(0, len(document), _WINDOW_BYTES):
            decoder.decode(document[start : start + _WINDOW_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _may_be_large(document: memoryview) -> bool:
    for start in range(0, len(document), _WINDOW_BYTES):
        window = document[start : start + _WINDOW_BYTES + _DIGITS]  # one may lie across
        alike = bytes(window).translate(_ALIKE)
        if any(large in alike for large in _LARGE):
            return True
    return False


def _are_in_range(text: bytes) -> bool:
    for number in _LARGE_NUMBER.finditer(text):
        value = float(number[0])
        is_zero = not number[0].lower().partition(b"e")[0].strip(b"0.")
        if math.isinf(value) or (value == 0 and not is_zero):
            return False
    return True


def _outside_strings(document: bytes | bytearray) -> bytes:
    # without escaped backslashes and quotes, every quote begins or ends a string
    plain = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b" ".join(plain.split(b'"')[::2])
