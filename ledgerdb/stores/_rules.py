"""The rules of the SQL functions about values, for a store that has no SQL functions.

Each raises what the function raises: the same class, SQLSTATE, field, rule and sentence. The parity
tests hold the two together.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from ledgerdb.calls.wire import WireText
from ledgerdb.errors import InvalidArgument
from ledgerdb.rows import (
    EVIDENCE_BYTES_MAX,
    IDENTIFIER_CHARS_MAX,
    PAYLOAD_BYTES_MAX,
    REFERENCE_CHARS_MAX,
    TenantType,
)

__all__ = ["identifier", "payload", "references", "signatures", "tenant_type"]

_PAYLOAD: Final = f"a JSON object with unique keys, at most {PAYLOAD_BYTES_MAX} bytes"
_TENANT_TYPES: Final = "NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL"
# In the order in which the function looks.
_REFERENCES: Final = (
    "p_cert_fingerprint_sha256",
    "p_client_id_hash",
    "p_downstream_ref",
    "p_nfs_sequence_ref",
    "p_signature_hash",
    "p_token_jti_hash",
    "p_upstream_ref",
)
# What PostgreSQL's numeric can hold, and its parser reads.
_DIGITS_BEFORE_POINT_MAX: Final = 131_072
_DIGITS_AFTER_POINT_MAX: Final = 16_383
_EXPONENT_MAX: Final = 2**30 - 1
_NUMBER: Final = re.compile(r"-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")


def identifier(field: str, value: str, sqlstate: str) -> None:
    """As `_require_text`."""
    if (
        not 1 <= len(value) <= IDENTIFIER_CHARS_MAX
        or value != value.strip(" ")
        or any(unicodedata.category(character) == "Cc" for character in value)
    ):
        rule = f"1 to {IDENTIFIER_CHARS_MAX} characters, no end blanks, no control characters"
        raise _broken(field, sqlstate, rule)


def tenant_type(value: str) -> None:
    """As `register_tenant`."""
    if value not in TenantType.__members__:
        raise _broken("tenant_type", "P7111", _TENANT_TYPES)


def references(parameters: Mapping[str, object]) -> None:
    """As `ingest_instruction`: what an attestation may carry is bounded."""
    for name in _REFERENCES:
        value = parameters[name]
        if isinstance(value, str) and len(value) > REFERENCE_CHARS_MAX:
            rule = f"at most {REFERENCE_CHARS_MAX} characters"
            raise _broken(name.removeprefix("p_"), "P711A", rule)


def signatures(text: str) -> None:
    """As `ingest_instruction`, which counts the bytes of PostgreSQL's own spelling."""
    document = json.loads(text)
    spelled = json.dumps(document, ensure_ascii=False, separators=(", ", ": "))
    if not isinstance(document, list) or len(spelled.encode()) > EVIDENCE_BYTES_MAX:
        raise _broken("signatures", "P711A", f"a JSON array, at most {EVIDENCE_BYTES_MAX} bytes")


def payload(text: WireText) -> None:
    """As `ingest_instruction`: a JSON object that jsonb could hold, with unique keys."""
    try:
        sound = len(text.buffer) <= PAYLOAD_BYTES_MAX and _is_object(str(text.buffer, "utf-8"))
    except RecursionError:
        raise InvalidArgument(
            "payload: is nested too deep for the file store",
            sqlstate="54001",
            field="payload",
            rule="a JSON document that jsonb can hold",
        ) from None
    if not sound:
        raise _broken("payload", "P7116", _PAYLOAD)


def _is_object(text: str) -> bool:
    try:
        document = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refused,
        )
        if "\\u" in text:
            # what only an escape can bring in: half of a surrogate pair, and NUL
            return isinstance(document, dict) and b"\x00" not in _strings(document)
    except ValueError:
        return False
    return isinstance(document, dict)


def _strings(document: object) -> bytes:
    """Every string of a document, in UTF-8.

    Raises:
        UnicodeEncodeError: a lone surrogate; a ValueError.
    """
    found: list[str] = []
    rest = [document]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            found.extend(value)
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    return "".join(found).encode()


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _number(text: str) -> None:
    """Refuses what numeric cannot hold; of what it can, nobody needs the value."""
    matched = _NUMBER.fullmatch(text)
    if matched is None:
        raise ValueError("not a number")
    whole, fraction, exponent = matched[1], matched[2] or "", matched[3] or "0"
    if abs(int(exponent)) > _EXPONENT_MAX:
        raise ValueError("an exponent out of range")
    power = int(exponent)
    digits = (whole + fraction).lstrip("0")
    if len(fraction) - power > _DIGITS_AFTER_POINT_MAX or (
        digits and len(digits) - len(fraction) + power > _DIGITS_BEFORE_POINT_MAX
    ):
        raise ValueError("a number out of range")


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _broken(field: str, sqlstate: str, rule: str) -> InvalidArgument:
    return InvalidArgument(f"{field}: must be {rule}", sqlstate=sqlstate, field=field, rule=rule)
