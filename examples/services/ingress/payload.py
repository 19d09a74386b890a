"""Rules of a payload that can be told from its bytes, without making objects of it.

What else the ledger asks of it (unique names at every depth, no NUL) the database tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from ledgerdb.rows import PAYLOAD_BYTES_MAX

__all__ = ["DEPTH_MAX", "SCHEMA", "broken_rules", "is_deep"]

# Parsers that recurse, Python's among them, end at about a thousand.
DEPTH_MAX: Final = 100
_EXPONENT_MAX: Final = 308  # of a double: what is more, other parsers take for infinity
_SUSPICIOUS: Final = re.compile(rb"[eE][+-]?[0-9]{3}|(?<![0-9])[0-9]{308}")
_NUMBER: Final = re.compile(rb"-?[0-9][0-9.eE+-]*")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": (
        f"The payment, at most {PAYLOAD_BYTES_MAX} bytes, names unique at every depth, numbers"
        f" from 1e-{_EXPONENT_MAX} to 1e{_EXPONENT_MAX}. It is kept and hashed byte for byte."
    ),
}


def is_deep(document: bytes) -> bool:
    """Whether a JSON document, which may still be malformed, is nested deeper than `DEPTH_MAX`."""
    if document.count(b"[") + document.count(b"{") <= DEPTH_MAX:
        return False
    brackets = _outside_strings(document).translate(None, _NO_BRACKETS)
    for _ in range(DEPTH_MAX):  # each round takes the innermost level away
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True


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
    if _SUSPICIOUS.search(document) and not _are_finite(_outside_strings(bytes(document))):
        yield f"numbers from 1e-{_EXPONENT_MAX} to 1e{_EXPONENT_MAX}, and zero"


def _outside_strings(document: bytes) -> bytes:
    # without escaped backslashes and quotes, every quote begins or ends a string
    plain = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b" ".join(plain.split(b'"')[::2])


def _are_finite(text: bytes) -> bool:
    for number in _NUMBER.finditer(text):
        if len(number[0]) > _EXPONENT_MAX or b"e" in number[0].lower():
            try:
                value = Decimal(number[0].decode())
            except ArithmeticError:
                return False
            if value and abs(value.adjusted()) > _EXPONENT_MAX:
                return False
    return True
