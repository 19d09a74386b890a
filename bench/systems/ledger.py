"""ledgerdb through its public API: `Ledger`, as a service uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from bench.items import Item
from bench.systems.base import LEASE_SECONDS, RAIL, Client, Kind, Layout, System
from ledgerdb import AttemptState, ClaimedItem, Completion, Ledger, OutboxItem

__all__ = ["LEDGERDB", "LedgerClient"]

_WORKER: Final = "bench"


class LedgerClient(Client):
    """The verbs of a ledger with an engine of its own."""

    def __init__(self, url: str) -> None:
        self.ledger = Ledger.connect(url)

    def enqueue(self, item: Item) -> None:
        self.ledger.enqueue(item.name, item.participant, item.name, RAIL, item.payload)

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        self.ledger.enqueue_many(
            [
                OutboxItem(
                    instruction_id=item.name,
                    participant_id=item.participant,
                    idempotency_key=item.name,
                    rail_type=RAIL,
                    payload=item.payload,
                )
                for item in items
            ]
        )

    def claim(self, batch: int) -> Sequence[ClaimedItem]:
        return self.ledger.claim(batch, _WORKER, LEASE_SECONDS)

    def complete(self, claimed: Sequence[object]) -> None:
        self.ledger.complete_many(
            [
                Completion(
                    item=item, state=AttemptState.DISPATCHED, rail_reference=f"r-{item.sequence_id}"
                )
                for item in cast("Sequence[ClaimedItem]", claimed)
            ],
            _WORKER,
        )

    def close(self) -> None:
        self.ledger.close()


LEDGERDB: Final = System(
    name="ledgerdb",
    kind=Kind.OURS,
    about="ledgerdb through its public API, `Ledger`, one call per operation",
    layout=Layout(revision="head"),
    client=LedgerClient,
)
