"""What a worker counts, for its own `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from ledgerdb.worker.stats import WorkerStats

__all__ = ["WorkerCollector"]


class WorkerCollector(Collector):
    """The counter `ledgerdb_worker_items_total`, with a label for each field of `WorkerStats`.

    Register it where the worker runs: `REGISTRY.register(WorkerCollector(worker.stats))`, then
    `prometheus_client.start_http_server(9102, "127.0.0.1")`.
    """

    def __init__(self, stats: WorkerStats) -> None:
        self._stats = stats

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts as they are now; nothing is asked of the database."""
        family = CounterMetricFamily(
            "ledgerdb_worker_items",
            "What became of items; see ledgerdb.WorkerStats.",
            labels=["what"],
        )
        for field in fields(self._stats):
            family.add_metric([field.name], getattr(self._stats, field.name))
        yield family
