"""What the database holds: its tables, read with plain SQL that fits every revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg

__all__ = ["Row", "State", "digests", "read_state"]

Row = Mapping[str, Any]

_PENDING: Final = "select to_jsonb(p) - 'payload' from public.payment_outbox_pending as p"
_ATTEMPTS: Final = "select to_jsonb(a) - 'payload' from public.payment_outbox_attempts as a"
_SEQUENCES: Final = """
select jsonb_build_object('participant_id', s.participant_id, 'next', s.next_sequence_id)
from public.participant_outbox_sequences as s
"""
# The columns that every revision has; retention may drop a payload, nothing else.
_DIGESTS: Final = """
select a.attempt_id::text, md5(row(
    a.outbox_id, a.instruction_id, a.participant_id, a.sequence_id, a.idempotency_key, a.rail_type,
    a.attempt_no, a.state, a.claimed_at, a.completed_at, a.rail_reference, a.rail_code,
    a.error_code, a.error_message, a.latency_ms, a.worker_id, a.created_at, a.tenant_id
)::text)
from public.payment_outbox_attempts as a
"""


@dataclass(frozen=True, slots=True)
class State:
    """The end of a run.

    Attributes:
        pending, attempts: rows by column, as JSON has them, without payloads.
        sequences: the next number of each participant.
        digests: of the attempts, by id.
        ceiling: of leases per item.
    """

    pending: Sequence[Row]
    attempts: Sequence[Row]
    sequences: Mapping[str, int]
    digests: Mapping[str, str]
    ceiling: int


def read_state(connection: psycopg.Connection[Any]) -> State:
    """All of it in one snapshot; the connection is in autocommit mode."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        sequences = _column(connection, _SEQUENCES)
        (ceiling,) = _column(connection, "select public.outbox_retry_ceiling()")
        return State(
            pending=_column(connection, _PENDING),
            attempts=_column(connection, _ATTEMPTS),
            sequences={row["participant_id"]: row["next"] for row in sequences},
            digests=digests(connection),
            ceiling=ceiling,
        )


def digests(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Of every attempt: what may never change."""
    return dict(connection.execute(_DIGESTS).fetchall())


def _column(connection: psycopg.Connection[Any], query: LiteralString) -> list[Any]:
    return [value for (value,) in connection.execute(query).fetchall()]
