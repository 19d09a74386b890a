"""The blocking verbs: one method per call, over an `execute` that the facades give."""

from __future__ import annotations

from collections.abc import Sequence

from ledgerdb import calls
from ledgerdb.rows import (
    BATCH_SIZE_MAX,
    AttemptState,
    Backlog,
    BegunDispatch,
    ClaimedItem,
    CompletedAttempt,
    Completion,
    CounterDrift,
    EnqueuedItem,
    EnqueuedResult,
    ExtendedLease,
    IngestedResult,
    Instruction,
    OutboxItem,
    Payload,
    ReleasedLease,
    RepairedLease,
    SealedBatch,
)
from ledgerdb.verbs.ingress import IngressVerbs
from ledgerdb.verbs.operations import OperatorVerbs

__all__ = ["Verbs"]


class Verbs(IngressVerbs, OperatorVerbs):
    """A method per call of `ledgerdb.calls`: those of an ingress service in `IngressVerbs`,
    those of operations in `OperatorVerbs`, all others here.
    """

    def ingest_many(self, instructions: Sequence[Instruction]) -> tuple[IngestedResult, ...]:
        """Accept many instructions in one statement (`ingest_instructions`), at most
        `INGEST_ITEMS_MAX`. Replays and conflicts are outcomes, in the order of the list.

        Raises:
            TenantRefused: a tenant is unknown or not active; nothing was written.
            InvalidArgument: a field breaks a rule; nothing was written.
        """
        return self.execute(calls.ingest_many(instructions))

    def enqueue(
        self,
        instruction_id: str,
        participant_id: str,
        idempotency_key: str,
        rail_type: str,
        payload: Payload,
    ) -> EnqueuedItem:
        """Enqueue an instruction without a tenant (`enqueue_payment_outbox`).

        Raises:
            IdempotencyConflict: the key is bound to other content.
            InvalidArgument: a field breaks a rule.
        """
        return self.execute(
            calls.enqueue(instruction_id, participant_id, idempotency_key, rail_type, payload)
        )

    def enqueue_many(self, items: Sequence[OutboxItem]) -> tuple[EnqueuedResult, ...]:
        """Enqueue many instructions without a tenant in one statement (`enqueue_outbox_items`), at
        most `INGEST_ITEMS_MAX`. Replays and conflicts are outcomes, in the order of the list.

        Raises:
            InvalidArgument: a field breaks a rule; nothing was written.
        """
        return self.execute(calls.enqueue_many(items))

    def claim(
        self, batch_size: int, worker_id: str, lease_seconds: int, *, traced: bool = False
    ) -> tuple[ClaimedItem, ...]:
        """Lease due items, oldest due first (`claim_outbox_items`); `traced` asks for the traces
        that they were accepted in too (`claim_traced_items`).

        Raises:
            InvalidArgument: a bound is broken.
        """
        return self.execute(calls.claim(batch_size, worker_id, lease_seconds, traced=traced))

    def extend(
        self, items: Sequence[ClaimedItem], worker_id: str, lease_seconds: int
    ) -> tuple[ExtendedLease, ...]:
        """Move the end of live leases to so many seconds from now (`extend_outbox_leases`). Those
        that are not returned are lost.
        """
        return self.execute(calls.extend(items, worker_id, lease_seconds))

    def begin_dispatch(
        self, items: Sequence[ClaimedItem], worker_id: str
    ) -> tuple[BegunDispatch, ...]:
        """Declare that the rail is about to be called (`begin_outbox_dispatch`). Send only what is
        returned. A lease that dies after this leaves the item in doubt instead of requeued.
        """
        return self.execute(calls.begin_dispatch(items, worker_id))

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
        retry_delay_seconds: int | None = None,
    ) -> CompletedAttempt:
        """End the attempt under the item's lease (`complete_outbox_attempts`). The same item again
        gets the same attempt. A result that comes too late is an error, raised after its evidence
        was kept; inside a transaction of the caller, a rollback loses the evidence too.

        Raises:
            LeaseExpired: the lease ran out; nobody else has the item.
            LeaseStolen: the lease ran out and another was issued, or it is another worker's.
            AttemptAlreadyDone: the attempt has another result, or the item has ended.
            LeaseUnknown: no such lease was ever issued by this database.
            InvalidState: not DISPATCHED, FAILED or RETRYABLE.
            InvalidArgument: a field breaks a rule.
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

    def complete_many(
        self, completions: Sequence[Completion], worker_id: str
    ) -> tuple[CompletedAttempt, ...]:
        """End many attempts in one statement (`complete_outbox_attempts`). What came too late is an
        outcome of its own item, kept as evidence, and stops nobody else.

        Raises:
            InvalidState: a state other than DISPATCHED, FAILED or RETRYABLE; nothing was written.
            InvalidArgument: a field breaks a rule; nothing was written.
        """
        return self.execute(calls.complete_many(completions, worker_id))

    def repair(self, batch_size: int, worker_id: str) -> tuple[RepairedLease, ...]:
        """Requeue items whose lease ran out (`repair_expired_leases`)."""
        return self.execute(calls.repair(batch_size, worker_id))

    def release(self, items: Sequence[ClaimedItem], worker_id: str) -> tuple[ReleasedLease, ...]:
        """Give unstarted items back (`release_outbox_leases`)."""
        return self.execute(calls.release(items, worker_id))

    def seal_ledger(self, limit: int = BATCH_SIZE_MAX) -> SealedBatch:
        """Seal the next rows of attempts and attestations (`seal_ledger`), at most `limit` of
        either. It delays nobody; call it again while the outcome is MORE.

        Raises:
            InvalidArgument: a limit out of 1 to 10000, or a transaction that wrote already.
        """
        return self.execute(calls.seal_ledger(limit))

    def backlog(self) -> Backlog:
        """How much is due, delayed, leased or abandoned (`outbox_backlog`)."""
        return self.execute(calls.backlog())

    def counter_drift(self) -> tuple[CounterDrift, ...]:
        """Items whose counter and attempts disagree (`outbox_counter_drift`)."""
        return self.execute(calls.counter_drift())
