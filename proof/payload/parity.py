"""What became of the bytes of a request, everywhere that they or their hash can be seen."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any, Final

import psycopg

from ledgerdb import calls
from ledgerdb.calls import Call
from ledgerdb.errors import IdempotencyConflict
from ledgerdb.rows import Acknowledgement, AttemptState
from proof.payload.corpus import respelled
from proof.payload.cost import Execute
from proof.payload.ways import TENANT, call_of, instruction, serialized

__all__ = ["LOST", "check", "lost_by_the_reference"]

LOST: Final = "documents whose bytes were lost"
_STORED: Final = """
    select convert_to(i.payload::text, 'UTF8'), encode(i.fingerprint, 'hex')
    from public.payment_outbox_identities as i where i.instruction_id = %s
"""
_FORMS: Final[tuple[Callable[[bytes], Any], ...]] = (
    bytes,
    bytearray,
    lambda body: memoryview(b"<" + body + b">")[1:-1],
    lambda body: body.decode(),
)
_WORKER: Final = "payload-proof"


async def check(
    texts: list[str], execute: Execute, connection: psycopg.Connection[Any]
) -> tuple[list[str], Counter[str]]:
    """Sends every document in every form, and looks at the answer, the table, the evidence and the
    worker's hands.

    Args:
        texts: the documents.
        execute: of a ledger on a database without other items, whose tenant is registered.
        connection: to look into its tables.

    Returns:
        What is wrong, and what was looked at, by what it is.
    """
    found: list[str] = []
    counts: Counter[str] = Counter()
    for number, text in enumerate(texts, 1):
        problems = [p async for p in _document(number, text, execute, connection, counts)]
        found += [f"document {number}: {problem}" for problem in problems]
    many = await execute(
        calls.ingest_many(
            [instruction(len(texts) + n, text.encode()) for n, text in enumerate(texts, 1)]
        )
    )
    for number, (text, result) in enumerate(zip(texts, many, strict=True), len(texts) + 1):
        counts["documents in a batch"] += 1
        if result.payload_hash != _sha256(text.encode()):
            found.append(f"document {number}: a batch attests another hash")
        if _stored(connection, number)[0] != text.encode():
            found.append(f"document {number}: a batch stores other bytes")
    return found, counts


def lost_by_the_reference(texts: list[str]) -> int:
    """How many documents have other bytes after a parser and a serializer."""
    return sum(serialized(json.loads(text)) != text for text in texts)


async def _document(
    number: int,
    text: str,
    execute: Execute,
    connection: psycopg.Connection[Any],
    counts: Counter[str],
) -> AsyncIterator[str]:
    body = text.encode()
    counts["documents"] += 1
    counts["bytes"] += len(body)
    first: Acknowledgement = await execute(calls.ingest(instruction(number, body)))
    stored, fingerprint = _stored(connection, number)
    pack = await execute(calls.evidence_pack(TENANT, f"instruction-{number}"))
    expected = _sha256(b"11:participant4:RTGS" + body)
    for wrong, sentence in (
        (first.replayed, "was there before"),
        (first.payload_hash != _sha256(body), "the acknowledgement has another hash"),
        (stored != body, "other bytes are stored"),
        (fingerprint != expected, "the key is bound to other bytes"),
        (pack.attestation.payload_hash != _sha256(body), "the evidence has another hash"),
        (pack.outbox.fingerprint != expected, "the evidence has another fingerprint"),
    ):
        if wrong:
            yield sentence
    if not await _is_replay(execute, call_of(number, text), first):
        yield "what release 0.1.0 sends is another payment"
    for form in _FORMS:
        counts["replays"] += 1
        given = form(body)
        if not await _is_replay(execute, calls.ingest(instruction(number, given)), first):
            yield f"as {type(given).__name__} it is another payment"
    for other in respelled(text):
        counts["conflicts"] += 1
        if await _is_replay(execute, calls.ingest(instruction(number, other)), first):
            yield "the same value in other bytes is taken for the same payment"
    (item,) = await execute(calls.claim(1, _WORKER, 60))
    if item.outbox_id != first.outbox_id or item.payload != json.loads(body, parse_float=Decimal):
        yield "a worker gets another document"
    await execute(calls.complete(item, _WORKER, AttemptState.DISPATCHED, rail_reference="r"))


async def _is_replay(execute: Execute, call: Call[Acknowledgement], first: Acknowledgement) -> bool:
    """Whether it is answered as the payment that was accepted before; a conflict is not."""
    try:
        again: Acknowledgement = await execute(call)
    except IdempotencyConflict:
        return False
    return again.replayed and again.outbox_id == first.outbox_id


def _stored(connection: psycopg.Connection[Any], number: int) -> tuple[bytes, str]:
    row = connection.execute(_STORED, [f"instruction-{number}"]).fetchone()
    assert row is not None  # noqa: S101 - it was acknowledged
    return bytes(row[0]), str(row[1])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
