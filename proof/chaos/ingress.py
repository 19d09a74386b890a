"""Services that send instructions to the ledger, through the public API in both colours."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledgerdb import (
    Acknowledgement,
    AsyncLedger,
    DatabaseError,
    DatabaseUnavailable,
    EngineSettings,
    EnqueueOutcome,
    IdempotencyConflict,
    IngestedResult,
    Instruction,
    Ledger,
    LedgerError,
    OutcomeUnknown,
)
from proof.chaos.actors import Actor
from proof.chaos.awaits import Asking

__all__ = ["TENANT", "Ask", "Clerk", "awaited", "blocking", "canonical", "failure"]

TENANT: Final = uuid.UUID("00000000-0000-4000-8000-000000000001")
RAIL: Final = "SEPA"
PARTICIPANTS: Final = 8
BATCH: Final = 5
PACE_SECONDS: Final = 0.02
RETRY_SECONDS: Final = 0.05
REMEMBERED: Final = 200
# One is stopped by locks, the other by slow statements.
IMPATIENT: Final = EngineSettings(
    application_name="chaos-ingress", pool_size=2, lock_timeout_ms=200, connect_timeout_seconds=2
)
SLOW: Final = EngineSettings(
    application_name="chaos-ingress", pool_size=2, statement_timeout_ms=300,
    connect_timeout_seconds=2,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """One instruction, as it is sent again and again until it is answered."""

    tenant: uuid.UUID | None
    instruction: str
    participant: str
    payload: str

    @property
    def key(self) -> str:
        return "|".join((str(self.tenant or ""), self.instruction, "k"))

    def of(self) -> Instruction:
        if self.tenant is None:
            raise ValueError("an instruction has a tenant")
        return Instruction(
            tenant_id=self.tenant,
            instruction_id=self.instruction,
            participant_id=self.participant,
            idempotency_key="k",
            rail_type=RAIL,
            payload=self.payload,
        )


class Clerk:
    """Draws what is asked next, and writes down what was said."""

    def __init__(self, actor: Actor, tenant: uuid.UUID | None) -> None:
        self.actor = actor
        self.journal = actor.journal
        self._tenant = tenant
        self._numbers = itertools.count(1)
        self._known: list[Ask] = []

    def draw(self) -> Ask:
        """Mostly new; sometimes one that was acknowledged, sometimes that with other content."""
        dice = self.actor.dice
        drawn = dice.random()
        if self._known and drawn < 0.15:  # noqa: PLR2004 - a share
            return dice.choice(self._known)
        if self._known and drawn < 0.20 and self.actor.job.conflicts:  # noqa: PLR2004
            known = dice.choice(self._known)
            return Ask(known.tenant, known.instruction, known.participant, canonical({"amount": 0}))
        number = next(self._numbers)
        return Ask(
            self._tenant,
            f"{self.actor.name}.{number}",
            f"p{dice.randrange(PARTICIPANTS)}",
            canonical({"amount": dice.randrange(1, 10_000)}),
        )

    def asked(self, *asks: Ask) -> float:
        for ask in asks:
            since = self.journal.log(
                "asked", key=ask.key, participant=ask.participant, rail=RAIL, payload=ask.payload
            )
        return since

    def acknowledged(self, ask: Ask, since: float, **said: object) -> None:
        self.journal.log("acknowledged", key=ask.key, since=since, **said)
        if ask not in self._known:
            self._known.append(ask)
            del self._known[:-REMEMBERED]

    def results(self, asks: Sequence[Ask], since: float, results: Sequence[IngestedResult]) -> None:
        for ask, result in zip(asks, results, strict=True):
            if result.outcome is EnqueueOutcome.CONFLICT:
                self.journal.log("refused", key=ask.key, code="P7101")
            else:
                self.acknowledged(
                    ask,
                    since,
                    outbox=result.outbox_id,
                    sequence=result.sequence_id,
                    state=result.state,
                    replayed=result.outcome is EnqueueOutcome.REPLAYED,
                )

    def acknowledgement(self, ask: Ask, since: float, said: Acknowledgement) -> None:
        self.acknowledged(
            ask,
            since,
            outbox=said.outbox_id,
            sequence=said.sequence_id,
            state=said.state,
            replayed=said.replayed,
        )

    def failed(self, error: BaseException, *asks: Ask) -> None:
        """Writes it down for each.

        Raises:
            BaseException: it is nothing that a service expects.
        """
        what, code = failure(error)
        for ask in asks:
            self.journal.log(what, key=ask.key, code=code)

    def batch(self) -> list[Ask]:
        """Keys of a batch are different from each other here."""
        return list({ask.key: ask for ask in (self.draw() for _ in range(BATCH))}.values())


def failure(error: BaseException) -> tuple[str, str | None]:
    """The event that an error is, and its SQLSTATE.

    Raises:
        BaseException: the error, where it is none that a service expects.
    """
    match error:
        case OutcomeUnknown() | asyncio.CancelledError():
            return "unknown", None
        case DatabaseUnavailable():
            return "unsent", None
        case DatabaseError():
            return "refused", error.sqlstate
        case _:
            raise error


def blocking(actor: Actor) -> None:
    """A blocking service."""
    clerk = Clerk(actor, TENANT)
    with Ledger.connect(actor.job.url, IMPATIENT) as ledger:
        while not actor.stopping:
            if actor.dice.random() < 0.1:  # noqa: PLR2004 - a share
                asks = clerk.batch()
                since = clerk.asked(*asks)
                try:
                    results = ledger.ingest_many([ask.of() for ask in asks])
                    clerk.results(asks, since, results)
                except LedgerError as error:
                    clerk.failed(error, *asks)
                    for ask in asks:
                        _ask_blocking(clerk, ledger, ask)
            else:
                _ask_blocking(clerk, ledger, clerk.draw())
            time.sleep(PACE_SECONDS)


def _ask_blocking(clerk: Clerk, ledger: Ledger, ask: Ask) -> None:
    first = time.monotonic()
    while not clerk.actor.late(first):
        since = clerk.asked(ask)
        try:
            return clerk.acknowledgement(ask, since, ledger.ingest(ask.of()))
        except IdempotencyConflict as error:
            return clerk.failed(error, ask)
        except LedgerError as error:
            clerk.failed(error, ask)
            time.sleep(RETRY_SECONDS)
    return None


def awaited(actor: Actor) -> None:
    """An async service that gives up waiting, now and then at each await in turn."""
    asyncio.run(_awaited(Asking(actor)))


async def _awaited(asking: Asking) -> None:
    actor = asking.actor
    clerk = Clerk(actor, TENANT)
    async with AsyncLedger.connect(actor.job.url, SLOW) as ledger:
        while not actor.stopping:
            if actor.dice.random() < 0.1:  # noqa: PLR2004 - a share
                asks = clerk.batch()
                since = clerk.asked(*asks)
                call = ledger.ingest_many([ask.of() for ask in asks])
                try:
                    clerk.results(asks, since, await asking.call("ingest_many", call, 0.5))
                except (LedgerError, asyncio.CancelledError) as error:
                    clerk.failed(error, *asks)
                    for ask in asks:
                        await _ask_awaited(asking, clerk, ledger, ask)
            else:
                await _ask_awaited(asking, clerk, ledger, clerk.draw())
            await asyncio.sleep(PACE_SECONDS)


async def _ask_awaited(asking: Asking, clerk: Clerk, ledger: AsyncLedger, ask: Ask) -> None:
    first = time.monotonic()
    while not clerk.actor.late(first):
        since = clerk.asked(ask)
        try:
            said = await asking.call("ingest", ledger.ingest(ask.of()), 0.2)
            return clerk.acknowledgement(ask, since, said)
        except IdempotencyConflict as error:
            return clerk.failed(error, ask)
        except (LedgerError, asyncio.CancelledError) as error:
            clerk.failed(error, ask)
            await asyncio.sleep(RETRY_SECONDS)
    return None


def canonical(payload: Mapping[str, Any]) -> str:
    """The one text of a payload, whoever wrote it."""
    return json.dumps(dict(payload), sort_keys=True, default=int)
