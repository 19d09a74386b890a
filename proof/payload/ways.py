"""Three ways of one request to the database: the reference's, that of release 0.1.0, and today's.

A way is a row of steps; each gets what the one before it gave, and the last one gives the call.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias
from uuid import UUID

from ledgerdb import calls
from ledgerdb.calls import Call
from ledgerdb.rows import Acknowledgement, Instruction

__all__ = [
    "REFERENCE",
    "RELEASED",
    "TODAY",
    "WAYS",
    "Request",
    "call_of",
    "instruction",
    "serialized",
]

TENANT: Final = UUID("0f000000-0000-4000-8000-000000000001")


class Request:
    """One request: its number and its body."""

    __slots__ = ("body", "document", "number", "text")

    def __init__(self, number: int, body: bytes) -> None:
        self.number = number
        self.body = body
        self.document: object = None
        self.text = ""


Step: TypeAlias = Callable[[Request], object]


def instruction(number: int, payload: Any) -> Instruction:  # noqa: ANN401 - any form of one
    """The numbered instruction; the same number is the same payment."""
    return Instruction(
        tenant_id=TENANT,
        instruction_id=f"instruction-{number}",
        participant_id="participant",
        idempotency_key=f"key-{number}",
        rail_type="RTGS",
        payload=payload,
    )


def call_of(number: int, text: str) -> Call[Acknowledgement]:
    """The call as it was before: the payload is a `str`, which psycopg encodes."""
    call = calls.ingest(instruction(number, "{}"))
    return replace(call, parameters={**call.parameters, "p_payload": text})


def serialized(document: object) -> str:
    """A document as the reference spells it."""
    return json.dumps(document, ensure_ascii=False)


def _parse(request: Request) -> None:
    request.document = json.loads(request.body)


def _serialize_to_hash(request: Request) -> str:
    return hashlib.sha256(serialized(request.document).encode()).hexdigest()


def _serialize_to_store(request: Request) -> None:
    request.text = serialized(request.document)


def _decode(request: Request) -> None:
    request.text = request.body.decode()


def _look_for_surrogates(request: Request) -> None:
    request.text.encode()


def _call_with_text(request: Request) -> Call[Acknowledgement]:
    return call_of(request.number, request.text)


def _call(request: Request) -> Call[Acknowledgement]:
    return calls.ingest(instruction(request.number, request.body))


REFERENCE: Final = "reference"
RELEASED: Final = "0.1.0"
TODAY: Final = "today"
WAYS: Final[Mapping[str, tuple[Step, ...]]] = {
    REFERENCE: (_parse, _serialize_to_hash, _serialize_to_store, _call_with_text),
    RELEASED: (_decode, _look_for_surrogates, _call_with_text),
    TODAY: (_call,),
}
