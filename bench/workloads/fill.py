"""Items put on a queue before something is measured."""

from __future__ import annotations

from typing import Final

from bench.clients import Job, enqueue_batches, work
from bench.items import PAYLOAD_BYTES
from bench.systems import PSQL, REFERENCE, System

__all__ = ["fill"]

_CLIENTS: Final = 2
_BATCH: Final = 2_000
_BATCH_BYTES_MAX: Final = 4 << 20


def fill(
    url: str, system: System, items: int, name: str = "fill", payload_bytes: int = PAYLOAD_BYTES
) -> None:
    """Puts items on the queue, by two clients.

    Args:
        url: the database.
        system: whose queue it is. What psql would need minutes for, psycopg does.
        items: how many; each client adds the few of its warming up.
        name: unique among those of the database.
        payload_bytes: of each item.
    """
    filler = REFERENCE if system == PSQL else system
    clients = min(items, _CLIENTS)
    batch = min(_BATCH, max(1, _BATCH_BYTES_MAX // payload_bytes))
    job = Job(
        url=url,
        system=filler.name,
        name=name,
        items=items // clients,
        batch=batch,
        payload_bytes=payload_bytes,
    )
    work(enqueue_batches, job, clients)
