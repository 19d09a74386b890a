# Written by `make verbs` from verbs/operations.py, which is the one to change.
"""The async verbs of operations: what people decide. Each names an actor and a reason, which the
database keeps for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from ledgerdb import calls
from ledgerdb.rows import (
    BATCH_SIZE_MAX,
    AttemptState,
    ControlScope,
    DeadLetter,
    InspectedItem,
    MonotonicParticipant,
    OperatorAttempt,
    Ordering,
    OutboxControl,
    RedrivenItem,
    Resolution,
    ResumedScope,
    RetryPolicy,
    RetryStrategy,
)
from ledgerdb.verbs.awaited_reading import AsyncReadingVerbs

__all__ = ["AsyncOperatorVerbs"]


class AsyncOperatorVerbs(AsyncReadingVerbs):
    """A method per call of operations. Every one may raise `InvalidArgument` for a field that
    breaks a rule, and `PermissionDenied`: they are for `symphony_control`.
    """

    async def pause(
        self, scope: ControlScope, scope_key: str = "*", *, actor: str, reason: str
    ) -> OutboxControl:
        """Stop the queue, a rail or a tenant (`pause_outbox`): no worker gets its items any more.
        What is leased already goes on.

        Raises:
            Contention: another change of the same scope was under way: try again.
        """
        return await self.execute(calls.pause(scope, scope_key, actor=actor, reason=reason))

    async def resume(
        self,
        scope: ControlScope,
        scope_key: str = "*",
        *,
        actor: str,
        reason: str,
        limit: int = BATCH_SIZE_MAX,
    ) -> ResumedScope:
        """Let the queue, a rail or a tenant run again (`resume_outbox`). Up to `limit` held items
        are due at once; call it again while some remain, or leave them to the workers' repair.

        Raises:
            Contention: another change of the same scope was under way: try again.
        """
        return await self.execute(
            calls.resume(scope, scope_key, actor=actor, reason=reason, limit=limit)
        )

    async def set_control(
        self,
        scope: ControlScope,
        scope_key: str = "*",
        *,
        actor: str,
        reason: str,
        paused: bool | None = None,
        ordering: Ordering | None = None,
        fair: bool | None = None,
        notify_workers: bool | None = None,
    ) -> OutboxControl:
        """Set how the queue, a rail or a tenant runs (`set_outbox_control`); None leaves a setting
        as it is. `fair` is of the whole queue only.

        Raises:
            Contention: another change of the same scope was under way: try again.
        """
        return await self.execute(
            calls.set_control(
                scope,
                scope_key,
                actor=actor,
                reason=reason,
                paused=paused,
                ordering=ordering,
                fair=fair,
                notify_workers=notify_workers,
            )
        )

    async def number_monotonically(
        self, participant_id: str, *, actor: str, reason: str
    ) -> MonotonicParticipant:
        """Let the numbers of a participant have holes from now on, for ever
        (`number_participant_monotonically`): they grow and are never used twice, but payments of
        one hot participant do not wait for each other's commits any more.
        """
        return await self.execute(
            calls.number_monotonically(participant_id, actor=actor, reason=reason)
        )

    async def set_retry_policy(
        self,
        rail_type: str,
        strategy: RetryStrategy,
        base_seconds: float | Decimal,
        *,
        max_seconds: float | Decimal,
        actor: str,
        reason: str,
        factor: float | Decimal = 2,
        jitter: float | Decimal = 0,
    ) -> RetryPolicy:
        """Set how long a RETRYABLE attempt on a rail waits, `*` for rails without a policy of their
        own (`set_retry_policy`). FIXED waits `base_seconds`; EXPONENTIAL multiplies them by
        `factor` with each try, up to `max_seconds`, at most 604800. `jitter`, 0 to 1, is the share
        of the wait that is random.
        """
        return await self.execute(
            calls.set_retry_policy(
                rail_type,
                strategy,
                base_seconds,
                max_seconds=max_seconds,
                actor=actor,
                reason=reason,
                factor=factor,
                jitter=jitter,
            )
        )

    async def record_manual_attempt(
        self,
        outbox_id: UUID,
        state: AttemptState,
        *,
        actor: str,
        reason: str,
        rail_reference: str | None = None,
        rail_code: str | None = None,
        error_code: str | None = None,
        error_message: str | None = None,
    ) -> OperatorAttempt:
        """Record what was done by hand as the next attempt (`record_manual_attempt`).

        Raises:
            UnknownItem: no such item.
            InvalidTransition: a worker holds the item, it is in doubt, or it has ended.
            InvalidState: not DISPATCHED, FAILED or RETRYABLE.
        """
        return await self.execute(
            calls.record_manual_attempt(
                outbox_id,
                state,
                actor=actor,
                reason=reason,
                rail_reference=rail_reference,
                rail_code=rail_code,
                error_code=error_code,
                error_message=error_message,
            )
        )

    async def cancel(self, outbox_id: UUID, *, actor: str, reason: str) -> OperatorAttempt:
        """End an item that must not be sent (`cancel_outbox_item`): FAILED with error code
        CANCELLED. Cancelling it again returns the same attempt.

        Raises:
            UnknownItem: no such item.
            InvalidTransition: a worker holds the item, it is in doubt, or it has ended in another
                way.
        """
        return await self.execute(calls.cancel(outbox_id, actor=actor, reason=reason))

    async def resolve(
        self,
        outbox_id: UUID,
        resolution: Resolution,
        *,
        actor: str,
        reason: str,
        rail_reference: str | None = None,
        rail_code: str | None = None,
        late_result_id: UUID | None = None,
        evidence: Mapping[str, Any] | None = None,
        attempt_no: int | None = None,
    ) -> OperatorAttempt:
        """End the doubt about an item with what the rail says under its rail key
        (`resolve_outbox_item`). DISPATCHED needs the rail's reference, or the late result that has
        it; whoever resolves against a late result names it. `attempt_no` is the number that was
        seen in doubt: it keeps a repetition from ending a later doubt.

        Raises:
            UnknownItem: no such item, or no such late result of it.
            InvalidTransition: the item is not in doubt, or the evidence speaks against it.
            InvalidState: no such resolution.
        """
        return await self.execute(
            calls.resolve(
                outbox_id,
                resolution,
                actor=actor,
                reason=reason,
                rail_reference=rail_reference,
                rail_code=rail_code,
                late_result_id=late_result_id,
                evidence=evidence,
                attempt_no=attempt_no,
            )
        )

    async def dead_letters(
        self,
        after: DeadLetter | None = None,
        *,
        limit: int = 100,
        rail_type: str | None = None,
        tenant_id: UUID | None = None,
        error_code: str | None = None,
    ) -> tuple[DeadLetter, ...]:
        """A page of items that ended as FAILED, the oldest first (`list_dead_letters`); `after` is
        the last one of the page before.
        """
        return await self.execute(
            calls.dead_letters(
                after,
                limit=limit,
                rail_type=rail_type,
                tenant_id=tenant_id,
                error_code=error_code,
            )
        )

    async def redrive(
        self,
        outbox_ids: Sequence[UUID],
        *,
        actor: str,
        reason: str,
        dry_run: bool = True,
        disputed_too: bool = False,
    ) -> tuple[RedrivenItem, ...]:
        """Send items that ended as FAILED back to the queue with a new retry budget
        (`redrive_dead_letters`); a rehearsal that writes nothing unless `dry_run` is False. Attempt
        numbers go on. `disputed_too` sends items again of which a late result says that they were
        sent.
        """
        return await self.execute(
            calls.redrive(
                outbox_ids,
                actor=actor,
                reason=reason,
                dry_run=dry_run,
                disputed_too=disputed_too,
            )
        )

    async def inspect(self, outbox_id: UUID) -> InspectedItem | None:
        """Everything about one item, without lease tokens (`inspect_outbox_item`)."""
        return await self.execute(calls.inspect(outbox_id))
