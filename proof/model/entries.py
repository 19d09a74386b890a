"""The ways in: raw SQL in a role, the blocking Ledger and the AsyncLedger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self
from unittest.mock import ANY
from uuid import UUID

import psycopg

from ledgerdb import (
    AsyncLedger,
    AttemptState,
    ClaimedItem,
    Completion,
    ControlScope,
    DatabaseError,
    EngineSettings,
    Instruction,
    LeaseLost,
    Ledger,
    Ordering,
    OutboxItem,
    Resolution,
    RetryStrategy,
    TenantType,
    create_async_ledger_engine,
)
from proof.model.calls import FUNCTIONS, Call, Outcome

__all__ = ["Blocking", "Entry", "Raw", "microseconds"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SETTINGS: Final = EngineSettings(application_name="proof", role="symphony_control", pool_size=1)
_STATEMENTS: Final = {name: f.statement(name).encode() for name, f in FUNCTIONS.items()}


def microseconds(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, str):
        return str(value)  # without its enum
    if isinstance(value, Decimal) and value == int(value):
        return int(value)
    return value


def _rows(rows: Sequence[Sequence[Any]]) -> Outcome:
    return Outcome(tuple(tuple(map(_plain, row)) for row in rows))


class Raw:
    """A session of its own that calls the functions in SQL, in any role."""

    name = "raw"

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self._role: str | None = None

    def be(self, role: str) -> None:
        if role != self._role:
            self.connection.execute(f"set role {role}".encode())
            self._role = role

    def run(self, call: Call) -> Outcome:
        try:
            cursor = self.connection.execute(_STATEMENTS[call.function], call.arguments)
            return _rows(cursor.fetchall())
        except psycopg.Error as error:
            of = error.diag
            return Outcome((), error.sqlstate, of.column_name, of.constraint_name)

    def command(self, text: str) -> None:
        self.connection.execute(text.encode())
        if text.startswith("rollback"):
            self._role = None  # so is the role that was set inside

    def close(self) -> None:
        self.connection.close()


def _leased(a: Mapping[str, Any]) -> list[ClaimedItem]:
    pairs = zip(a["p_outbox_ids"], a["p_lease_tokens"], strict=True)
    return [_item(outbox_id, token) for outbox_id, token in pairs]


def _item(outbox_id: UUID, token: UUID) -> ClaimedItem:
    return ClaimedItem(outbox_id, None, "", "", 0, "", "", {}, None, 1, token, _EPOCH, "")


def _operator(a: Mapping[str, Any]) -> dict[str, Any]:
    return {"actor": a["p_actor"], "reason": a["p_reason"]}


def _completions(a: Mapping[str, Any]) -> list[Completion]:
    columns = (
        a[f"p_{c}"] for c in ("states", "rail_references", "error_codes", "latency_ms",
                              "retry_delay_seconds")
    )
    return [
        Completion(
            item=item,
            state=AttemptState(state),
            rail_reference=reference,
            error_code=code,
            latency_ms=latency,
            retry_delay_seconds=delay,
        )
        for item, state, reference, code, latency, delay in zip(
            _leased(a), *columns, strict=True
        )
    ]


def _columns(a: Mapping[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(a[f"p_{name}"] for name in names), strict=True))


_PAYMENT: Final = ("instruction_id", "participant_id", "idempotency_key", "rail_type", "payload")
_PAYMENTS: Final = (
    "instruction_ids", "participant_ids", "idempotency_keys", "rail_types", "payloads",
)


def _named(names: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(names, row, strict=True))


def _instruction(row: tuple[Any, ...]) -> Instruction:
    return Instruction(**_named(("tenant_id", *_PAYMENT), row))


# Which verb stands for a function, and how it is called: the same for both colours.
_VERBS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Any]]] = {
    "register_tenant": lambda g, a: g.register_tenant(
        a["p_tenant_id"], a["p_tenant_key"], a["p_tenant_name"], TenantType(a["p_tenant_type"])
    ),
    "enqueue_payment_outbox": lambda g, a: g.enqueue(*(a[f"p_{n}"] for n in _PAYMENT)),
    "enqueue_outbox_items": lambda g, a: g.enqueue_many(
        [OutboxItem(**_named(_PAYMENT, row)) for row in _columns(a, *_PAYMENTS)]
    ),
    "ingest_instruction": lambda g, a: g.ingest(
        _instruction((a["p_tenant_id"], *(a[f"p_{n}"] for n in _PAYMENT)))
    ),
    "ingest_instructions": lambda g, a: g.ingest_many(
        [_instruction(row) for row in _columns(a, "tenant_ids", *_PAYMENTS)]
    ),
    "claim_outbox_items": lambda g, a: g.claim(
        a["p_batch_size"], a["p_worker_id"], a["p_lease_seconds"]
    ),
    "extend_outbox_leases": lambda g, a: g.extend(
        _leased(a), a["p_worker_id"], a["p_lease_seconds"]
    ),
    "begin_outbox_dispatch": lambda g, a: g.begin_dispatch(_leased(a), a["p_worker_id"]),
    "release_outbox_leases": lambda g, a: g.release(_leased(a), a["p_worker_id"]),
    "complete_outbox_attempts": lambda g, a: g.complete_many(_completions(a), a["p_worker_id"]),
    "repair_expired_leases": lambda g, a: g.repair(a["p_batch_size"], a["p_worker_id"]),
    "cancel_outbox_item": lambda g, a: g.cancel(a["p_outbox_id"], **_operator(a)),
    "record_manual_attempt": lambda g, a: g.record_manual_attempt(
        a["p_outbox_id"],
        AttemptState(a["p_state"]),
        rail_reference=a["p_rail_reference"],
        **_operator(a),
    ),
    "resolve_outbox_item": lambda g, a: g.resolve(
        a["p_outbox_id"],
        Resolution(a["p_resolution"]),
        rail_reference=a["p_rail_reference"],
        late_result_id=a["p_late_result_id"],
        attempt_no=a["p_attempt_no"],
        **_operator(a),
    ),
    "redrive_dead_letters": lambda g, a: g.redrive(
        a["p_outbox_ids"],
        dry_run=a["p_dry_run"],
        disputed_too=a["p_disputed_too"],
        **_operator(a),
    ),
    "pause_outbox": lambda g, a: g.pause(
        ControlScope(a["p_scope"]), a["p_scope_key"], **_operator(a)
    ),
    "resume_outbox": lambda g, a: g.resume(
        ControlScope(a["p_scope"]), a["p_scope_key"], limit=a["p_limit"], **_operator(a)
    ),
    "set_outbox_control": lambda g, a: g.set_control(
        ControlScope(a["p_scope"]),
        a["p_scope_key"],
        paused=a["p_paused"],
        ordering=None if a["p_ordering"] is None else Ordering(a["p_ordering"]),
        fair=a["p_fair"],
        notify_workers=a["p_notify_workers"],
        **_operator(a),
    ),
    "set_retry_policy": lambda g, a: g.set_retry_policy(
        a["p_rail_type"],
        RetryStrategy(a["p_strategy"]),
        a["p_base_seconds"],
        factor=a["p_factor"],
        max_seconds=a["p_max_seconds"],
        jitter=a["p_jitter"],
        **_operator(a),
    ),
    "instruction_status": lambda g, a: g.instruction_status(
        a["p_tenant_id"], a["p_instruction_id"]
    ),
    "outbox_backlog": lambda g, _: g.backlog(),
    "outbox_counter_drift": lambda g, _: g.counter_drift(),
}


def _shaped(call: Call, result: Any) -> Outcome:
    found = () if result is None else result if isinstance(result, tuple) else (result,)
    columns = FUNCTIONS[call.function].columns
    return _rows([[_shown(row, column) for column in columns] for row in found])


def _shown(row: object, column: str) -> Any:
    value = getattr(row, column)
    return json.dumps(value, default=int) if column == "payload" else value


def _refused(error: DatabaseError) -> Outcome:
    field = None if error.field is None else f"p_{error.field}"
    return Outcome((), error.sqlstate, field, error.rule)


class Blocking:
    """The blocking Ledger, or its verbs inside one transaction."""

    name = "blocking"

    def __init__(self, url: str) -> None:
        self.ledger = Ledger.connect(url, _SETTINGS)

    def run(self, call: Call) -> Outcome:
        alone = call.function == "complete_outbox_attempts" and len(call.arguments["p_states"]) == 1
        try:
            if alone:
                return _shaped(call, self._complete(call))
            return _shaped(call, _VERBS[call.function](self.ledger, call.arguments))
        except LeaseLost as lost:
            [outbox_id], [token] = (
                call.arguments[f"p_{name}"] for name in ("outbox_ids", "lease_tokens")
            )
            return Outcome(((outbox_id, token, lost.outcome, ANY, ANY),))
        except DatabaseError as error:
            return _refused(error)

    def _complete(self, call: Call) -> Any:
        [c] = _completions(call.arguments)
        return self.ledger.complete(
            c.item,
            call.arguments["p_worker_id"],
            c.state,
            rail_reference=c.rail_reference,
            error_code=c.error_code,
            latency_ms=c.latency_ms,
            retry_delay_seconds=c.retry_delay_seconds,
        )

    def reset(self) -> None:
        """The pool loses its connections."""
        self.ledger.engine.dispose()

    def close(self) -> None:
        self.ledger.close()


class Awaited:
    """The AsyncLedger, on a loop of its own."""

    name = "async"

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self.ledger = AsyncLedger(create_async_ledger_engine(url, _SETTINGS))

    def run(self, call: Call) -> Outcome:
        try:
            verb = _VERBS[call.function](self.ledger, call.arguments)
            return _shaped(call, self._loop.run_until_complete(verb))
        except DatabaseError as error:
            return _refused(error)

    def reset(self) -> None:
        self._loop.run_until_complete(self.ledger.engine.dispose())

    def close(self) -> None:
        self.reset()
        self._loop.close()


class Entry:
    """All ways into one database."""

    def __init__(self, url: str) -> None:
        self.raw = Raw(url)
        self.blocking = Blocking(url)
        self.awaited = Awaited(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for entry in (self.raw, self.blocking, self.awaited):
            entry.close()


def offers(function: str) -> bool:
    """Whether the Python library has a verb for it."""
    return function in _VERBS
