"""Rules of a payload that can be told from its bytes, without making objects of it: a few passes
in C, whatever is inside.

What else the ledger asks of it (unique names at every depth, no NUL) the database tells.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

from ledgerdb.rows import PAYLOAD_BYTES_MAX

__all__ = ["DEPTH_MAX", "SCHEMA", "broken_rules", "is_deep"]

# Parsers that recurse, Python's among them, end at about a thousand.
DEPTH_MAX: Final = 100
# What is more, other parsers take for infinity: so many digits with such an exponent are finite.
_DIGITS_MAX: Final = 100
_NUMBERS: Final = f"numbers of at most {_DIGITS_MAX} digits, with an exponent of at most 2 digits"

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": (
        f"The payment, at most {PAYLOAD_BYTES_MAX} bytes, nested at most {DEPTH_MAX} deep, names"
        f" unique at every depth, {_NUMBERS}. It is kept and hashed byte for byte."
    ),
}

_ALIKE: Final = bytes.maketrans(b"123456789E", b"000000000e")  # every digit a 0
_LARGE: Final = (b"e000", b"e+000", b"e-000", b"0" * (_DIGITS_MAX + 1))
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # down and up, as signed bytes
_NO_STEPS: Final = bytes(set(range(256)) - set(b"[]{}"))


def is_deep(document: bytes) -> bool:
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
    try:
        str(document, "utf-8")
    except UnicodeDecodeError as error:
        yield f"UTF-8, byte {error.start} is not"
    if _has_large(content := bytes(document)) and _has_large(_outside_strings(content)):
        yield _NUMBERS


def _has_large(text: bytes) -> bool:
    alike = text.translate(_ALIKE)
    return any(large in alike for large in _LARGE)


def _outside_strings(document: bytes) -> bytes:
    # without escaped backslashes and quotes, every quote begins or ends a string
    plain = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b" ".join(plain.split(b'"')[::2])
