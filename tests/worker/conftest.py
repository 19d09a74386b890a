"""A worker in a thread of its own, stopped at the end of the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledgerdb import Ledger, RetryStrategy, Worker, WorkerSettings
from ledgerdb.worker import Handler

FAST: dict[str, Any] = {
    "worker_id": "w",
    "poll_seconds": 0.05,
    "repair_seconds": 0.1,
    "reconnect_seconds_max": 0.2,
    "grace_seconds": 10,
}
JOIN_SECONDS = 30.0


class Background:
    """A worker that runs in a thread."""

    def __init__(self, handler: Handler, url: str, **changes: object) -> None:
        self.worker = Worker(handler, url=url, settings=WorkerSettings(**{**FAST, **changes}))
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self.worker.serve())
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.error = error

    def join(self) -> None:
        self._thread.join(JOIN_SECONDS)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        self.worker.stop()
        self.join()


StartWorker = Callable[..., Background]


def retry_at_once(url: str) -> None:
    """Retries without a delay of their own are due at once."""
    with Ledger.connect(url) as ledger:
        ledger.set_retry_policy(
            "*", RetryStrategy.FIXED, 0, max_seconds=0, actor="test", reason="fast"
        )


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with Ledger.connect(database_url) as ledger:
        yield ledger


@pytest.fixture
def start_worker(database_url: str) -> Iterator[StartWorker]:
    retry_at_once(database_url)
    started: list[Background] = []

    def start(handler: Handler, *, url: str = database_url, **changes: object) -> Background:
        started.append(Background(handler, url, **changes))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()
