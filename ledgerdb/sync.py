"""The blocking colour: `run` executes one call, `Ledger` has a method per call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from ledgerdb import calls
from ledgerdb._translate import committing, connecting, executing
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings, create_ledger_engine
from ledgerdb.rows import (
    Acknowledgement,
    AttemptState,
    Backlog,
    ClaimedItem,
    CompletedAttempt,
    CounterDrift,
    EnqueuedItem,
    EvidencePack,
    Instruction,
    InstructionStatus,
    RegisteredTenant,
    ReleasedLease,
    RepairedLease,
    TenantType,
)

__all__ = ["Ledger", "LedgerTransaction", "run"]

T = TypeVar("T")


def run(connection: Connection, call: Call[T]) -> T:
    """Execute a call on a connection, inside whatever transaction it is in.

    Raises:
        DatabaseError: PostgreSQL refused; the subclass says why.
        OutcomeUnknown: the connection broke during a write.
    """
    with executing(call):
        return call.shape(connection.execute(call.statement, call.parameters))


class _Verbs(ABC):
    """A method per call of `ledgerdb.calls`."""

    @abstractmethod
    def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls`."""

    def register_tenant(
        self, tenant_id: UUID, tenant_key: str, tenant_name: str, tenant_type: TenantType
    ) -> RegisteredTenant:
        """Create a tenant, or return it (`register_tenant`)."""
        return self.execute(calls.register_tenant(tenant_id, tenant_key, tenant_name, tenant_type))

    def ingest(self, instruction: Instruction) -> Acknowledgement:
        """Accept an instruction: attestation and outbox item together (`ingest_instruction`).

        Raises:
            IdempotencyConflict: the key, or the instruction, is bound to other content.
            TenantRefused: the tenant is unknown or not active.
            InvalidArgument: a field breaks a rule.
        """
        return self.execute(calls.ingest(instruction))

    def enqueue(
        self,
        instruction_id: str,
        participant_id: str,
        idempotency_key: str,
        rail_type: str,
        payload: bytes | str | Mapping[str, Any],
    ) -> EnqueuedItem:
        """Enqueue an instruction without a tenant (`enqueue_payment_outbox`).

        Raises:
            IdempotencyConflict: the key is bound to other content.
            InvalidArgument: a field breaks a rule.
        """
        return self.execute(
            calls.enqueue(instruction_id, participant_id, idempotency_key, rail_type, payload)
        )

    def claim(self, batch_size: int, worker_id: str, lease_seconds: int) -> tuple[ClaimedItem, ...]:
        """Lease due items, oldest due first (`claim_outbox_batch`).

        Raises:
            InvalidArgument: a bound is broken.
        """
        return self.execute(calls.claim(batch_size, worker_id, lease_seconds))

    def complete(
        self,
        item: ClaimedItem,
        worker_id: str,
        state: AttemptState,
        *,
        rail_reference: str | None = None,
        rail_code: str | None = None,
        error_code: str | None = None,
        error_message: str | None = None,
        latency_ms: int | None = None,
        retry_delay_seconds: int = 1,
    ) -> CompletedAttempt:
        """End the attempt under the item's lease (`complete_outbox_attempt`).

        Raises:
            LeaseLost: the lease expired, was taken over, or the attempt is complete.
            InvalidState: not DISPATCHED, FAILED or RETRYABLE.
        """
        return self.execute(
            calls.complete(
                item,
                worker_id,
                state,
                rail_reference=rail_reference,
                rail_code=rail_code,
                error_code=error_code,
                error_message=error_message,
                latency_ms=latency_ms,
                retry_delay_seconds=retry_delay_seconds,
            )
        )

    def repair(self, batch_size: int, worker_id: str) -> tuple[RepairedLease, ...]:
        """Requeue items whose lease ran out (`repair_expired_leases`)."""
        return self.execute(calls.repair(batch_size, worker_id))

    def release(self, items: Sequence[ClaimedItem], worker_id: str) -> tuple[ReleasedLease, ...]:
        """Give unstarted items back (`release_outbox_leases`)."""
        return self.execute(calls.release(items, worker_id))

    def instruction_status(self, tenant_id: UUID, instruction_id: str) -> InstructionStatus | None:
        """Where an instruction of this tenant stands (`instruction_status`)."""
        return self.execute(calls.instruction_status(tenant_id, instruction_id))

    def evidence_pack(self, tenant_id: UUID, instruction_id: str) -> EvidencePack | None:
        """What the ledger holds about an instruction of this tenant (`evidence_pack`)."""
        return self.execute(calls.evidence_pack(tenant_id, instruction_id))

    def backlog(self) -> Backlog:
        """How much is due, delayed, leased or abandoned (`outbox_backlog`)."""
        return self.execute(calls.backlog())

    def counter_drift(self) -> tuple[CounterDrift, ...]:
        """Items whose counter and attempts disagree (`outbox_counter_drift`)."""
        return self.execute(calls.counter_drift())


class LedgerTransaction(_Verbs):
    """The verbs on a connection of the caller: they take part in its transaction and are durable
    when it commits.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` inside the transaction."""
        return run(self.connection, call)


class Ledger(_Verbs):
    """The ledger over a pool: each verb is a transaction of its own, durable when it returns.

    A verb is one statement in autocommit mode, hence one round trip. `transaction()` gives the same
    verbs inside one transaction; `LedgerTransaction(connection)` gives them inside the caller's.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    @classmethod
    def connect(cls, url: str | None = None, settings: EngineSettings | None = None) -> Self:
        """A ledger with an engine of its own; see `create_ledger_engine`."""
        return cls(create_ledger_engine(url, settings))

    def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` in a transaction of its own.

        Raises:
            DatabaseUnavailable: no connection could be had.
        """
        with connecting():
            connection = self._autocommit.connect()
        with connection:
            return run(connection, call)

    @contextmanager
    def transaction(self) -> Iterator[LedgerTransaction]:
        """Verbs in one transaction: committed at the end of the block, rolled back on an error.

        Raises:
            DatabaseUnavailable: no connection could be had.
            OutcomeUnknown: the connection broke during the commit.
        """
        with connecting():
            connection = self.engine.connect()
        with connection:
            yield LedgerTransaction(connection)
            with committing():
                connection.commit()

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
