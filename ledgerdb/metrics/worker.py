"""What a worker counts, for its own `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from ledgerdb.worker.stats import WorkerStats

__all__ = ["WorkerCollector"]

_HELP: Final = {
    "claimed": "Leases taken.",
    "dispatched": "Attempts completed as DISPATCHED.",
    "retried": "Attempts completed as RETRYABLE.",
    "failed": "Attempts completed as FAILED.",
    "late": "Results that came after the lease was over; the database keeps them as evidence.",
    "lost": "Results that the database refused or that could not be recorded; each is in the log.",
    "skipped": "Items whose lease was over before their dispatch could be declared.",
    "released": "Items given back unstarted.",
    "extended": "Extensions of leases.",
    "repaired": "Abandoned leases of any worker that this one closed.",
    "sealed": "Attempts and attestations that it sealed.",
}


class WorkerCollector(Collector):
    """A counter `ledgerdb_worker_..._total` for each field of `WorkerStats`.

    Register it where the worker runs: `REGISTRY.register(WorkerCollector(worker.stats))`, then
    `prometheus_client.start_http_server(9102, "127.0.0.1")`.
    """

    def __init__(self, stats: WorkerStats) -> None:
        self._stats = stats

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts as they are now; nothing is asked of the database."""
        for field, words in _HELP.items():
            family = CounterMetricFamily(f"ledgerdb_worker_{field}", words)
            family.add_metric([], getattr(self._stats, field))
            yield family
