"""The hashes of rows, said once more by somebody else than the ledger.

A row is one JSON object with its columns in a fixed order, spelled as PostgreSQL's
`json_build_object` does; a leaf is its SHA-256. Values come as text, so that no setting of the
session and no driver can change them.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Composed, Identifier

__all__ = ["SUBJECTS", "Leaf", "canonical", "leaves"]

# Where it stands (a position, or an id), its hash, and whether its row is retired.
Leaf = tuple[int, bytes, bool]
_ROWS_AT_ONCE: Final = 2_000

_quoted: Final[Callable[[str], str]] = json.encoder.encode_basestring
_TIME: Final[LiteralString] = "extract(epoch from {})::text"
_PLAIN: Final[LiteralString] = "{}::text"
_Column = tuple[str, LiteralString, Callable[[str], str]]


def _text(*names: str) -> tuple[_Column, ...]:
    return tuple((name, _PLAIN, _quoted) for name in names)


def _raw(*names: str) -> tuple[_Column, ...]:
    return tuple((name, _PLAIN, str) for name in names)


def _time(*names: str) -> tuple[_Column, ...]:
    return tuple((name, _TIME, _quoted) for name in names)


_ATTEMPT: Final = (
    *_text("attempt_id", "outbox_id", "instruction_id", "participant_id"),
    *_raw("sequence_id"),
    *_text("idempotency_key", "rail_type"),
    *_raw("payload", "attempt_no"),
    *_text("state"),
    *_time("claimed_at", "completed_at", "dispatch_started_at", "created_at"),
    *_text("rail_reference", "rail_code", "error_code", "error_message"),
    *_raw("latency_ms"),
    *_text("worker_id", "closed_by", "lease_token"),
    *_raw("redrive_no"),
    *_text("tenant_id", "member_id", "correlation_id"),
    *_text("upstream_ref", "downstream_ref", "nfs_sequence_ref"),
    *_raw("ledger_position"),
)
_ATTESTATION: Final = (
    *_text("attestation_id", "instruction_id", "tenant_id", "payload_hash", "signature_hash"),
    *_time("received_at"),
    *_text("client_id", "client_id_hash", "member_id", "participant_id"),
    *_text("cert_fingerprint_sha256", "token_jti_hash", "correlation_id"),
    *_raw("signatures"),
    *_text("upstream_ref", "downstream_ref", "nfs_sequence_ref"),
    *_raw("ledger_position"),
)
# Subject -> table, key and columns of leaf version 1.
SUBJECTS: Final[dict[str, tuple[str, str, tuple[_Column, ...]]]] = {
    "ATTEMPTS": ("payment_outbox_attempts", "attempt_id", _ATTEMPT),
    "ATTESTATIONS": ("ingress_attestations", "attestation_id", _ATTESTATION),
}


def canonical(pairs: Sequence[tuple[str, str | None]]) -> str:
    """A JSON object, spelled as PostgreSQL's `json_build_object` does; values are JSON already."""
    written = ", ".join(f'"{name}" : {"null" if v is None else v}' for name, v in pairs)
    return "{" + written + "}"


def leaves(
    connection: psycopg.Connection[Any], subject: str, *, by_id: bool, after: int
) -> Iterator[Leaf]:
    """The leaves of live and retired rows behind a place, in order. It reads through cursors of the
    server, in bounded memory.
    """
    table, key, columns = SUBJECTS[subject]
    live = SQL("select {}, {} from public.{} as t").format(
        Identifier(key),
        SQL(", ").join(SQL(how).format(Identifier(name)) for name, how, _ in columns),
        Identifier(table),
    )
    retired = SQL("select attempt_id, ledger_position, leaf from public.ledger_retired_leaves as t")
    with ExitStack() as stack:

        def rows(query: Composed | SQL, order: str, name: str) -> Iterator[tuple[Any, ...]]:
            where: LiteralString = (
                " where t.ledger_position is null and t.{} > %s order by t.{}"
                if by_id
                else " where t.{} > %s order by t.{}"
            )
            place = Identifier(order if by_id else "ledger_position")
            cursor = stack.enter_context(connection.cursor(f"{name}_{subject}_{by_id}"))
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(query + SQL(where).format(place, place), [_shown(after, by_id=by_id)])
            return iter(cursor)

        def of_rows() -> Iterator[Leaf]:
            for found, *values in rows(live, key, "live"):
                pairs = [
                    (name, None if value is None else spell(value))
                    for (name, _, spell), value in zip(columns, values, strict=True)
                ]
                place = found.int if by_id else int(values[-1])
                yield place, sha256(canonical(pairs).encode()).digest(), False

        def of_retired() -> Iterator[Leaf]:
            for attempt_id, position, leaf in rows(retired, "attempt_id", "retired"):
                yield attempt_id.int if by_id else position, bytes(leaf), True

        streams = [of_rows(), of_retired()] if subject == "ATTEMPTS" else [of_rows()]
        yield from heapq.merge(*streams, key=itemgetter(0))


def _shown(place: int, *, by_id: bool) -> UUID | int:
    return UUID(int=place) if by_id else place
