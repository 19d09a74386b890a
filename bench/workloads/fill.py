"""Items put on a queue before something is measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bench.clients import Job, enqueue_batches, work
from bench.items import PAYLOAD_BYTES
from bench.systems import PSQL, REFERENCE, System

__all__ = ["fill"]

_CLIENTS: Final = 2
_BATCH: Final = 2_000
_BATCH_BYTES_MAX: Final = 4 << 20
_MADE_BYTES_MAX: Final = 128 << 20  # that a client makes before it begins to send


def fill(
    url: str, system: System, items: int, name: str = "fill", payload_bytes: int = PAYLOAD_BYTES
) -> None:
    """Puts items on the queue, by two clients.

    Args:
        url: the database.
        system: whose queue it is. What psql would need minutes for, psycopg does.
        items: how many; each client adds six to warm up, and again after every 128 MB.
        name: unique among those of the database.
        payload_bytes: of each item.
    """
    filler = REFERENCE if system == PSQL else system
    job = Job(
        url=url,
        system=filler.name,
        batch=min(_BATCH, max(1, _BATCH_BYTES_MAX // payload_bytes)),
        payload_bytes=payload_bytes,
    )
    clients = min(items, _CLIENTS)
    each = items // clients
    most = max(1, _MADE_BYTES_MAX // payload_bytes)
    for start in range(0, each, most):
        part = replace(job, name=f"{name}-{start}", items=min(most, each - start))
        work(enqueue_batches, part, clients)
