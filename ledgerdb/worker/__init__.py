"""The dispatching side of the outbox: `Worker` and what its handler may answer."""

from ledgerdb.worker.loop import Worker
from ledgerdb.worker.outcome import Answer, Dispatched, Handler, Outcome, Rejected, Retry, Unknown
from ledgerdb.worker.settings import WorkerSettings
from ledgerdb.worker.stats import WorkerStats

__all__ = [
    "Answer",
    "Dispatched",
    "Handler",
    "Outcome",
    "Rejected",
    "Retry",
    "Unknown",
    "Worker",
    "WorkerSettings",
    "WorkerStats",
]
