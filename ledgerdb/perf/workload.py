"""The verbs that a run measures, through the public API; their arguments follow from the seed."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from ledgerdb import (
    AttemptState,
    Completion,
    Instruction,
    Ledger,
    OutboxItem,
    TenantType,
)
from ledgerdb.errors import LedgerError
from ledgerdb.perf.profile import Profile

__all__ = ["VERBS", "Workload", "items_of", "payload_of"]

# In the order of a round; the queue grows by what is ingested and enqueued one by one.
VERBS: Final = ("enqueue", "enqueue_many", "ingest", "drain", "evidence_pack")
_IN_BATCHES: Final = frozenset({"enqueue_many", "drain"})

_TENANT: Final = UUID("6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10")
_WORKER: Final = "bench"
_LEASE_SECONDS: Final = 60
_RAIL: Final = "SEPA"


class Workload:
    """Makes calls: the arguments are ready before the clock starts.

    Args:
        ledger: on an empty database at head.
        profile: sizes and seed.

    Attributes:
        prepare: verb -> what makes its next call.
    """

    def __init__(self, ledger: Ledger, profile: Profile) -> None:
        self._ledger = ledger
        self._profile = profile
        self._choice = random.Random(profile.seed)  # noqa: S311 - of sizes, not of secrets
        self._payload = payload_of(profile)
        self._digest = hashlib.sha256(self._payload.encode())
        self._number = 0
        self._ingested: list[str] = []
        self.prepare: Mapping[str, Callable[[], Callable[[], None]]] = {
            "enqueue": self._enqueue,
            "enqueue_many": self._enqueue_many,
            "ingest": self._ingest,
            "drain": self._drain,
            "evidence_pack": self._evidence_pack,
        }
        ledger.register_tenant(_TENANT, "bench", "Bench", TenantType.COMMERCIAL)

    @property
    def sha256(self) -> str:
        """Over the arguments so far, 64 hex digits: the same profile asks the same."""
        return self._digest.hexdigest()

    def _enqueue(self) -> Callable[[], None]:
        name, participant = self._next()
        ledger, payload = self._ledger, self._payload

        def call() -> None:
            ledger.enqueue(name, participant, name, _RAIL, payload)

        return call

    def _enqueue_many(self) -> Callable[[], None]:
        items = [
            OutboxItem(
                instruction_id=name,
                participant_id=participant,
                idempotency_key=name,
                rail_type=_RAIL,
                payload=self._payload,
            )
            for name, participant in (self._next() for _ in range(self._profile.batch_items))
        ]
        ledger = self._ledger

        def call() -> None:
            ledger.enqueue_many(items)

        return call

    def _ingest(self) -> Callable[[], None]:
        name, participant = self._next()
        self._ingested.append(name)
        ledger = self._ledger
        instruction = Instruction(
            tenant_id=_TENANT,
            instruction_id=name,
            participant_id=participant,
            idempotency_key=name,
            rail_type=_RAIL,
            payload=self._payload.encode(),
        )

        def call() -> None:
            ledger.ingest(instruction)

        return call

    def _drain(self) -> Callable[[], None]:
        size = self._profile.batch_items
        self._digest.update(b"drain")
        ledger = self._ledger

        def call() -> None:
            claimed = ledger.claim(size, _WORKER, _LEASE_SECONDS)
            if len(claimed) != size:
                raise LedgerError(f"{len(claimed)} items were due, and {size} had to be")
            ledger.complete_many(
                [
                    Completion(item=item, state=AttemptState.DISPATCHED, rail_reference="rail")
                    for item in claimed
                ],
                _WORKER,
            )

        return call

    def _evidence_pack(self) -> Callable[[], None]:
        # the oldest have been drained: every pack is of the same size
        name = self._choice.choice(self._ingested[: self._profile.calls["ingest"]])
        self._digest.update(name.encode())
        ledger = self._ledger

        def call() -> None:
            if ledger.evidence_pack(_TENANT, name) is None:
                raise LedgerError(f"{name} was acknowledged, and is not there")

        return call

    def _next(self) -> tuple[str, str]:
        self._number += 1
        name = f"bench-{self._number}"
        participant = f"participant-{self._choice.randrange(self._profile.participants)}"
        self._digest.update(f"{name} {participant};".encode())
        return name, participant


def items_of(profile: Profile, verb: str) -> int:
    """That one call of a verb moves."""
    return profile.batch_items if verb in _IN_BATCHES else 1


def payload_of(profile: Profile) -> str:
    """A JSON object of exactly `payload_bytes`, with a note that follows from the seed."""
    choice = random.Random(profile.seed)  # noqa: S311 - see above
    empty = len(_document(""))
    return _document("".join(choice.choices("abcdefgh", k=profile.payload_bytes - empty)))


def _document(note: str) -> str:
    return json.dumps({"amount": "10.00", "currency": "EUR", "note": note})
