"""The async colour, the only module that needs an event loop: `arun` executes one call,
`AsyncLedger` has a method per call.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ledgerdb import calls
from ledgerdb._translate import committing, connecting, executing
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings, engine_arguments
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
from ledgerdb.url import database_url

__all__ = ["AsyncLedger", "AsyncLedgerTransaction", "arun", "create_async_ledger_engine"]

T = TypeVar("T")


def create_async_ledger_engine(
    url: str | None = None, settings: EngineSettings | None = None
) -> AsyncEngine:
    """An async engine with ledgerdb's posture; see `ledgerdb.engine.create_ledger_engine`."""
    return create_async_engine(database_url(url), **engine_arguments(settings or EngineSettings()))


async def arun(connection: AsyncConnection, call: Call[T]) -> T:
    """Execute a call on a connection, inside whatever transaction it is in.

    Raises:
        DatabaseError: PostgreSQL refused; the subclass says why.
        OutcomeUnknown: the connection broke during a write.
    """
    with executing(call):
        return call.shape(await connection.execute(call.statement, call.parameters))


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with connecting():
        connection = await engine.connect()
    try:
        yield connection
    finally:
        # shielded: a cancelled task still gives its connection back
        await asyncio.shield(connection.close())


class _Verbs(ABC):
    """A method per call of `ledgerdb.calls`."""

    @abstractmethod
    async def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls`."""

    async def register_tenant(
        self, tenant_id: UUID, tenant_key: str, tenant_name: str, tenant_type: TenantType
    ) -> RegisteredTenant:
        """Create a tenant, or return it (`register_tenant`)."""
        return await self.execute(
            calls.register_tenant(tenant_id, tenant_key, tenant_name, tenant_type)
        )

    async def ingest(self, instruction: Instruction) -> Acknowledgement:
        """Accept an instruction: attestation and outbox item together (`ingest_instruction`).

        Raises:
            IdempotencyConflict: the key, or the instruction, is bound to other content.
            TenantRefused: the tenant is unknown or not active.
            InvalidArgument: a field breaks a rule.
        """
        return await self.execute(calls.ingest(instruction))

    async def enqueue(
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
        return await self.execute(
            calls.enqueue(instruction_id, participant_id, idempotency_key, rail_type, payload)
        )

    async def claim(
        self, batch_size: int, worker_id: str, lease_seconds: int
    ) -> tuple[ClaimedItem, ...]:
        """Lease due items, oldest due first (`claim_outbox_batch`).

        Raises:
            InvalidArgument: a bound is broken.
        """
        return await self.execute(calls.claim(batch_size, worker_id, lease_seconds))

    async def complete(
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
        return await self.execute(
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

    async def repair(self, batch_size: int, worker_id: str) -> tuple[RepairedLease, ...]:
        """Requeue items whose lease ran out (`repair_expired_leases`)."""
        return await self.execute(calls.repair(batch_size, worker_id))

    async def release(
        self, items: Sequence[ClaimedItem], worker_id: str
    ) -> tuple[ReleasedLease, ...]:
        """Give unstarted items back (`release_outbox_leases`)."""
        return await self.execute(calls.release(items, worker_id))

    async def instruction_status(
        self, tenant_id: UUID, instruction_id: str
    ) -> InstructionStatus | None:
        """Where an instruction of this tenant stands (`instruction_status`)."""
        return await self.execute(calls.instruction_status(tenant_id, instruction_id))

    async def evidence_pack(self, tenant_id: UUID, instruction_id: str) -> EvidencePack | None:
        """What the ledger holds about an instruction of this tenant (`evidence_pack`)."""
        return await self.execute(calls.evidence_pack(tenant_id, instruction_id))

    async def backlog(self) -> Backlog:
        """How much is due, delayed, leased or abandoned (`outbox_backlog`)."""
        return await self.execute(calls.backlog())

    async def counter_drift(self) -> tuple[CounterDrift, ...]:
        """Items whose counter and attempts disagree (`outbox_counter_drift`)."""
        return await self.execute(calls.counter_drift())


class AsyncLedgerTransaction(_Verbs):
    """The verbs on a connection of the caller: they take part in its transaction and are durable
    when it commits.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` inside the transaction."""
        return await arun(self.connection, call)


class AsyncLedger(_Verbs):
    """The ledger over a pool: each verb is a transaction of its own, durable when it returns.

    A verb is one statement in autocommit mode, hence one round trip. `transaction()` gives the same
    verbs inside one transaction; `AsyncLedgerTransaction(connection)` gives them inside the
    caller's.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    @classmethod
    def connect(cls, url: str | None = None, settings: EngineSettings | None = None) -> Self:
        """A ledger with an engine of its own; see `create_async_ledger_engine`."""
        return cls(create_async_ledger_engine(url, settings))

    async def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` in a transaction of its own.

        Raises:
            DatabaseUnavailable: no connection could be had.
        """
        async with _connected(self._autocommit) as connection:
            return await arun(connection, call)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncLedgerTransaction]:
        """Verbs in one transaction: committed at the end of the block, rolled back on an error.

        Raises:
            DatabaseUnavailable: no connection could be had.
            OutcomeUnknown: the connection broke during the commit.
        """
        async with _connected(self.engine) as connection:
            yield AsyncLedgerTransaction(connection)
            with committing():
                await connection.commit()

    async def close(self) -> None:
        """Close the pool."""
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
