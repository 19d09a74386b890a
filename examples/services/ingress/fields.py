"""The members of the body and the headers: what each may be, for the parser and for OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ledgerdb.rows import IDENTIFIER_CHARS_MAX, REFERENCE_CHARS_MAX

__all__ = ["IDENTIFIER", "OPTIONAL", "REQUIRED", "UUID_TEXT", "Field"]

_IDENTIFIER: Final = r"^[^ \x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^ \x00-\x1f\x7f-\x9f])?$"
_IS_IDENTIFIER: Final = re.compile(_IDENTIFIER[1:-1])
_IS_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """What a text may be.

    Attributes:
        rule: for people; told where it is broken.
        schema: JSON Schema of it, for OpenAPI.
        read: its value.

    Raises:
        ValueError: from `read`, for a text that breaks the rule.
    """

    rule: str
    schema: Mapping[str, Any]
    read: Callable[[str], object]


def _identifier(value: str) -> str:
    if len(value) > IDENTIFIER_CHARS_MAX or not _IS_IDENTIFIER.fullmatch(value):
        raise ValueError
    return value


def _uuid(value: str) -> UUID:
    if not _IS_UUID.fullmatch(value):  # the class takes braces, URNs and no hyphens too
        raise ValueError
    return UUID(value)


def _reference(value: str) -> str:
    if len(value) > REFERENCE_CHARS_MAX or "\x00" in value:
        raise ValueError
    return value


IDENTIFIER: Final = Field(
    f"1 to {IDENTIFIER_CHARS_MAX} characters, no control characters, no blank at either end",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": IDENTIFIER_CHARS_MAX,
        "pattern": _IDENTIFIER,
    },
    _identifier,
)
UUID_TEXT: Final = Field("a UUID", {"type": "string", "format": "uuid"}, _uuid)
_REFERENCE: Final = Field(
    f"at most {REFERENCE_CHARS_MAX} characters, no NUL",
    {"type": "string", "maxLength": REFERENCE_CHARS_MAX, "pattern": r"^[^\x00]*$"},
    _reference,
)

REQUIRED: Final[Mapping[str, Field]] = {
    "tenant_id": UUID_TEXT,
    "participant_id": IDENTIFIER,
    "instruction_id": IDENTIFIER,
    "idempotency_key": IDENTIFIER,
    "rail_type": IDENTIFIER,
}
OPTIONAL: Final[Mapping[str, Field]] = {
    "member_id": UUID_TEXT,
    "client_id_hash": _REFERENCE,
    "signature_hash": _REFERENCE,
    "cert_fingerprint_sha256": _REFERENCE,
    "token_jti_hash": _REFERENCE,
    "upstream_ref": _REFERENCE,
    "downstream_ref": _REFERENCE,
    "nfs_sequence_ref": _REFERENCE,
}
