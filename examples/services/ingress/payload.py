"""Rules of a payload that can be told from its bytes, without parsing it again.

What else the ledger asks of it (unique names at every depth, no NUL) the database tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from ledgerdb.rows import PAYLOAD_BYTES_MAX

__all__ = ["SCHEMA", "broken_rules"]

_EXPONENT_MAX: Final = 308  # of a double: what more there is, other parsers take for infinity
_SUSPICIOUS: Final = re.compile(rb"[eE][+-]?[0-9]{3}|(?<![0-9])[0-9]{308}")
_TOKENS: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|(-?[0-9][0-9.eE+-]*)', re.DOTALL)

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": (
        f"The payment, at most {PAYLOAD_BYTES_MAX} bytes, names unique at every depth. It is kept"
        " and hashed byte for byte."
    ),
}


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
    if _SUSPICIOUS.search(document) and not _are_finite(document):
        yield f"numbers from 1e-{_EXPONENT_MAX} to 1e{_EXPONENT_MAX}, and zero"


def _are_finite(document: memoryview) -> bool:
    for token in _TOKENS.finditer(document):
        if token[1] is not None:
            try:
                number = Decimal(token[1].decode())
            except ArithmeticError:
                return False
            if number and abs(number.adjusted()) > _EXPONENT_MAX:
                return False
    return True
