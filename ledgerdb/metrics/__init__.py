"""Metrics for Prometheus: the ledger's own, read from the database, and those of a worker.

Needs the extra `console`. docs/monitoring.md lists every metric.
"""

from ledgerdb.metrics.collector import LedgerCollector
from ledgerdb.metrics.worker import WorkerCollector

__all__ = ["LedgerCollector", "WorkerCollector"]
