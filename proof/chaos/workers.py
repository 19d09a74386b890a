"""Workers in three forms: the blocking verbs, the async verbs, and the library's own `Worker`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from ledgerdb import (
    AsyncLedger,
    AttemptState,
    ClaimedItem,
    CompletedAttempt,
    Completion,
    Dispatched,
    EngineSettings,
    LeaseLost,
    Ledger,
    LedgerError,
    Rejected,
    Retry,
    Worker,
    WorkerSettings,
)
from proof.chaos.actors import LEASE_SECONDS, Actor
from proof.chaos.awaits import Asking
from proof.chaos.ingress import RETRY_SECONDS, canonical, failure
from proof.chaos.rail import Answer, Rail, Reply

__all__ = ["RESULTS", "awaited", "blocking", "library"]

BATCH: Final = 4
IDLE_SECONDS: Final = 0.03
REPAIR_SECONDS: Final = 0.5
RETRY_DELAY_SECONDS: Final = 1
SETTINGS: Final = EngineSettings(
    application_name="chaos-worker", pool_size=2, lock_timeout_ms=300, connect_timeout_seconds=2
)
# A worker that heard nothing knows nothing: the attempt is repeated under the same rail key.
RESULTS: Final = {
    Answer.ACCEPTED: "DISPATCHED",
    Answer.REFUSED: "FAILED",
    Answer.BUSY: "RETRYABLE",
    Answer.SILENT: "RETRYABLE",
}


class Desk:
    """What a worker writes down, and its rail."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.journal = actor.journal
        self._rail = Rail(actor.job.folder, actor.name)

    def claimed(self, items: Sequence[ClaimedItem]) -> None:
        for item in items:
            self.journal.log(
                "claimed",
                outbox=item.outbox_id,
                token=item.lease_token,
                number=item.attempt_no,
                key="|".join(
                    (str(item.tenant_id or ""), item.instruction_id, item.idempotency_key)
                ),
                participant=item.participant_id,
                rail=item.rail_type,
                payload=canonical(item.payload),
                rail_key=item.rail_key,
                worker=self.actor.name,
            )

    def pay(self, item: ClaimedItem) -> Reply:
        return self._rail.pay(
            rail_key=item.rail_key,
            outbox=str(item.outbox_id),
            token=str(item.lease_token),
            number=item.attempt_no,
            payload=canonical(item.payload),
        )

    def completing(self, item: ClaimedItem, reply: Reply) -> float:
        return self.journal.log(
            "completing",
            token=item.lease_token,
            outbox=item.outbox_id,
            worker=self.actor.name,
            state=RESULTS[reply.answer],
            reference=reply.reference,
        )

    def completed(self, done: CompletedAttempt, since: float) -> None:
        self.journal.log(
            "completed",
            token=done.lease_token,
            outbox=done.outbox_id,
            outcome=done.outcome,
            number=done.attempt_no,
            state=done.state,
            since=since,
        )

    def failed(self, error: BaseException, *items: ClaimedItem) -> None:
        """Of a claim, where there are no items.

        Raises:
            BaseException: it is nothing that a worker expects.
        """
        what, code = failure(error)
        if not items:
            self.journal.log(what, code=code)
        for item in items:
            self.journal.log(what, token=item.lease_token, code=code)


def _completion(item: ClaimedItem, reply: Reply) -> Completion:
    return Completion(
        item=item,
        state=AttemptState(RESULTS[reply.answer]),
        rail_reference=reply.reference,
        rail_code=reply.answer,
        retry_delay_seconds=RETRY_DELAY_SECONDS,
    )


def blocking(actor: Actor) -> None:
    """One item after the other, with the blocking verbs."""
    desk = Desk(actor)
    repair_at = 0.0
    with Ledger.connect(actor.job.url, SETTINGS) as ledger:
        while not actor.stopping:
            items: Sequence[ClaimedItem] = ()
            try:
                if time.monotonic() >= repair_at:
                    ledger.repair(50, actor.name)
                    repair_at = time.monotonic() + REPAIR_SECONDS
                items = ledger.claim(BATCH, actor.name, LEASE_SECONDS)
            except LedgerError as error:
                desk.failed(error)
                time.sleep(RETRY_SECONDS)
            desk.claimed(items)
            if items and actor.dice.random() < 0.1:  # noqa: PLR2004 - a share
                items = _given_back(desk, ledger, items)
            for item in items:
                reply = desk.pay(item)
                time.sleep(reply.seconds)
                _complete_blocking(desk, ledger, item, reply)
            if not items:
                time.sleep(IDLE_SECONDS)


def _given_back(desk: Desk, ledger: Ledger, items: Sequence[ClaimedItem]) -> Sequence[ClaimedItem]:
    """All but the first, or the only one; returns the rest."""
    given = items[1:] or items
    for item in given:
        desk.journal.log("releasing", token=item.lease_token)
    try:
        ledger.release(given, desk.actor.name)
    except LedgerError as error:
        desk.failed(error)
    return items[:1] if items[1:] else ()


def _complete_blocking(desk: Desk, ledger: Ledger, item: ClaimedItem, reply: Reply) -> None:
    first = time.monotonic()
    result = _completion(item, reply)
    while not desk.actor.late(first):
        since = desk.completing(item, reply)
        try:
            done = ledger.complete(
                item,
                desk.actor.name,
                result.state,
                rail_reference=result.rail_reference,
                rail_code=result.rail_code,
                retry_delay_seconds=result.retry_delay_seconds,
            )
            return desk.completed(done, since)
        except LeaseLost as error:
            desk.journal.log(
                "completed", token=item.lease_token, outbox=item.outbox_id,
                outcome=error.outcome, number=None, state=None, since=since,
            )  # fmt: skip
            return None
        except LedgerError as error:
            desk.failed(error, item)
            time.sleep(RETRY_SECONDS)
    return None


def awaited(actor: Actor) -> None:
    """Batches, with the async verbs, now and then cancelled at each await in turn."""
    asyncio.run(_awaited(Asking(actor), Desk(actor)))


async def _awaited(asking: Asking, desk: Desk) -> None:
    actor = asking.actor
    async with AsyncLedger.connect(actor.job.url, SETTINGS) as ledger:
        while not actor.stopping:
            try:
                call = ledger.claim(BATCH, actor.name, LEASE_SECONDS)
                items = await asking.call("claim", call, 0.03)
                desk.claimed(items)
                if items:
                    extended = ledger.extend(items, actor.name, LEASE_SECONDS)
                    alive = {row.outbox_id for row in await asking.call("extend", extended, 0.03)}
                    items = tuple(item for item in items if item.outbox_id in alive)
                if items:
                    begun = ledger.begin_dispatch(items[:1], actor.name)
                    alive = {
                        row.outbox_id for row in await asking.call("begin_dispatch", begun, 0.03)
                    }
                    items = tuple(item for item in items[:1] if item.outbox_id in alive) + items[1:]
            except (LedgerError, asyncio.CancelledError) as error:
                desk.failed(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            replies = []
            for item in items:
                replies.append((item, desk.pay(item)))
                await asyncio.sleep(replies[-1][1].seconds)
            if replies:
                await _complete_awaited(asking, desk, ledger, replies)
            else:
                await asyncio.sleep(IDLE_SECONDS)


async def _complete_awaited(
    asking: Asking, desk: Desk, ledger: AsyncLedger, replies: Sequence[tuple[ClaimedItem, Reply]]
) -> None:
    first = time.monotonic()
    results = [_completion(item, reply) for item, reply in replies]
    while not desk.actor.late(first):
        for item, reply in replies:
            since = desk.completing(item, reply)
        try:
            call = ledger.complete_many(results, desk.actor.name)
            for done in await asking.call("complete_many", call, 0.2):
                desk.completed(done, since)
        except (LedgerError, asyncio.CancelledError) as error:
            desk.failed(error, *(item for item, _ in replies))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


def library(actor: Actor) -> None:
    """`ledgerdb.Worker`, which declares its dispatches; what it completes, the database says."""
    desk = Desk(actor)

    async def handle(item: ClaimedItem) -> Dispatched | Rejected | Retry:
        desk.claimed([item])
        reply = desk.pay(item)
        await asyncio.sleep(reply.seconds)
        match reply.answer:
            case Answer.ACCEPTED:
                return Dispatched(str(reply.reference), rail_code=reply.answer)
            case Answer.REFUSED:
                return Rejected(reply.answer)
            case _:
                return Retry(reply.answer, delay_seconds=RETRY_DELAY_SECONDS)

    worker = Worker(
        handle,
        url=actor.job.url,
        settings=WorkerSettings(
            worker_id=actor.name,
            batch_size=BATCH,
            concurrency=BATCH,
            lease_seconds=LEASE_SECONDS,
            declare_dispatch=True,
            poll_seconds=0.2,
            repair_seconds=REPAIR_SECONDS,
            seal_seconds=1.0,
            reconnect_seconds_max=0.5,
            grace_seconds=5.0,
        ),
        engine=EngineSettings(
            application_name="chaos-library", pool_size=5, connect_timeout_seconds=2
        ),
    )
    asyncio.run(_serve(actor, worker))


async def _serve(actor: Actor, worker: Worker) -> None:
    serving = asyncio.create_task(worker.serve())
    while not serving.done():
        await asyncio.wait({serving}, timeout=0.1)
        if actor.stopping:
            worker.stop()
    await serving
