"""The stored rows beside the model's, table by table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

import psycopg

from proof.model.ingress import jsonb
from proof.model.state import State

__all__ = ["TABLES", "differences"]

Row = tuple[Any, ...]


def _at(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000000)::bigint"


def _queue(state: State) -> Iterable[Row]:
    for i in state.queue():
        at = i.lease
        lease = (
            (None,) * 5
            if at is None
            else (at.worker, at.token, at.leased_at, at.expires_at, at.dispatched_at)
        )
        named = (i.outbox_id, i.tenant, i.instruction, i.key, i.participant, i.rail, i.sequence)
        counted = (len(i.attempts), i.budget_base, i.redrive_no)
        yield (*named, i.created_at, i.due_at, i.fifo, i.hold, i.held_at, *counted, *lease)


def _attempts(state: State) -> Iterable[Row]:
    for i in state.items.values():
        for a in i.attempts:
            when = (a.claimed_at, a.completed_at, a.dispatched_at)
            who = (a.worker, a.closed_by, a.token, a.redrive_no)
            what = (a.rail_reference, a.rail_code, a.error_code, a.error_message, a.latency_ms)
            yield (i.outbox_id, i.sequence, a.number, a.state, *when, *who, *what)


def _identities(state: State) -> Iterable[Row]:
    for i in state.items.values():
        bound = (i.tenant, i.instruction, i.key, i.participant, i.rail)
        yield (i.outbox_id, *bound, jsonb(i.payload) if i.payload_kept else None, i.created_at)


_DUE: Final = (
    f"case when isfinite(next_attempt_at) then {_at('next_attempt_at')} "
    "else 9223372036854775807 end"
)
TABLES: Final[dict[str, tuple[str, Callable[[State], Iterable[Row]]]]] = {
    "payment_outbox_pending": (
        (
            "outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type, "
            f"sequence_id, {_at('created_at')}, {_DUE}, fifo, hold, {_at('held_at')}, "
            f"attempt_count, budget_base, redrive_no, claimed_by, lease_token, {_at('leased_at')}, "
            f"{_at('lease_expires_at')}, {_at('dispatch_started_at')}"
        ),
        _queue,
    ),
    "payment_outbox_attempts": (
        (
            f"outbox_id, sequence_id, attempt_no, state::text, {_at('claimed_at')}, "
            f"{_at('completed_at')}, {_at('dispatch_started_at')}, worker_id, closed_by, "
            "lease_token, redrive_no, rail_reference, rail_code, error_code, error_message, "
            "latency_ms"
        ),
        _attempts,
    ),
    "payment_outbox_identities": (
        (
            "outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type, "
            f"payload::jsonb::text, {_at('created_at')}"
        ),
        _identities,
    ),
    "payment_outbox_late_results": (
        (
            "outbox_id, lease_token, worker_id, state::text, outcome, rail_reference, rail_code, "
            "error_code, error_message, latency_ms"
        ),
        lambda state: (
            (
                e.outbox_id,
                e.token,
                e.worker,
                e.state,
                e.outcome,
                e.rail_reference,
                e.rail_code,
                e.error_code,
                e.error_message,
                e.latency_ms,
            )
            for e in state.late
        ),
    ),
    "participant_outbox_sequences": (
        "participant_id, next_sequence_id",
        lambda state: state.next_numbers.items(),
    ),
    "ingress_attestations": (
        f"tenant_id, instruction_id, attestation_id, {_at('received_at')}, payload_hash",
        lambda state: ((*place, *known) for place, known in state.attestations.items()),
    ),
    "payment_outbox_operator_actions": (
        "action, outbox_id, scope, scope_key, actor, reason",
        lambda state: (
            (a.action, a.outbox_id, *(a.scope or (None, None)), a.actor, a.reason)
            for a in state.actions
        ),
    ),
    "outbox_controls": (
        "scope, scope_key, paused, ordering, fair, notify_workers",
        lambda state: (
            (*scope, c.paused, c.ordering, c.fair, c.notify) for scope, c in state.controls.items()
        ),
    ),
    "outbox_counter_drift()": ("outbox_id", lambda _: ()),
}


# What the reference stores too, in the columns that it has.
_BASELINE: Final = ("participant_outbox_sequences",)


def differences(admin: psycopg.Connection[Any], state: State, oldest: bool = False) -> list[str]:
    """What is stored and not expected, or expected and not stored."""
    tables = {name: TABLES[name] for name in (_BASELINE if oldest else TABLES)}
    found: list[str] = []
    with admin.pipeline():
        cursors = {
            table: admin.execute(f"select {columns} from public.{table}".encode())
            for table, (columns, _) in tables.items()
        }
    for table, (_, expected) in tables.items():
        stored = Counter(cursors[table].fetchall())
        wanted = Counter(tuple(row) for row in expected(state))
        if stored != wanted:
            found += [f"{table}: stored, not expected: {row}" for row in stored - wanted]
            found += [f"{table}: expected, not stored: {row}" for row in wanted - stored]
    return found
