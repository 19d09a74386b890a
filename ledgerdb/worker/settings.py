"""How a worker claims, waits and repairs. Every wait, batch and retry is bounded."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

from ledgerdb.errors import ConfigurationError
from ledgerdb.rows import BATCH_SIZE_MAX, IDENTIFIER_CHARS_MAX, LEASE_SECONDS_MAX

__all__ = ["WorkerSettings"]


def _default_worker_id() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"[:IDENTIFIER_CHARS_MAX]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Settings of a `Worker`.

    Attributes:
        worker_id: who holds the leases; unique per process. Default: host name and process id.
        batch_size: items per claim, 1 to 10000.
        concurrency: handlers under way at the same time.
        lease_seconds: how long an item is ours without a sign of life, 1 to 86400. While its
            handler runs, the lease is extended every third of it. An item that is not started
            within half of it is given back.
        extend_seconds_max: how long after its claim a lease is extended; 0 for never. A handler
            that hangs for longer loses its item to another worker.
        declare_dispatch: declare each dispatch just before the handler is called
            (`begin_dispatch`): an item whose worker dies in the handler is then in doubt, until
            `resolve` says what the rail knows, instead of being handled again. It costs a round
            trip, shared by the items that start together.
        poll_seconds: how long to wait for work when no notification comes. Items that become due
            by time alone are found by polling.
        cooldown_seconds: longest rest after a claim that got less than `batch_size`. It rests for
            twice the time that a claim took, and longer each time where a notification woke it for
            nothing: notifications come in swarms, and one claim serves many.
        repair_seconds: how often to close the leases of workers that died.
        seal_seconds: how often to seal what is new in the ledger (`seal_ledger`); 0 for never.
        reconnect_seconds_max: longest pause between tries while the database is away.
        grace_seconds: how long a stopping worker waits for handlers that are under way.

    Raises:
        ConfigurationError: a setting is out of its bounds; the message names it.
    """

    worker_id: str = field(default_factory=_default_worker_id)
    batch_size: int = 50
    concurrency: int = 8
    lease_seconds: int = 60
    extend_seconds_max: float = 600.0
    declare_dispatch: bool = False
    poll_seconds: float = 1.0
    cooldown_seconds: float = 0.05
    repair_seconds: float = 5.0
    seal_seconds: float = 60.0
    reconnect_seconds_max: float = 5.0
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        if not _is_identifier(self.worker_id):
            raise ConfigurationError(
                f"worker_id: must be 1 to {IDENTIFIER_CHARS_MAX} printable characters,"
                f" no end blanks, not {self.worker_id!r}"
            )
        _require("batch_size", self.batch_size, 1, BATCH_SIZE_MAX)
        _require("concurrency", self.concurrency, 1, 1_000)
        _require("lease_seconds", self.lease_seconds, 1, LEASE_SECONDS_MAX)
        _require("extend_seconds_max", self.extend_seconds_max, 0, 86_400)
        _require("poll_seconds", self.poll_seconds, 0.01, 3_600)
        _require("cooldown_seconds", self.cooldown_seconds, 0, 60)
        _require("repair_seconds", self.repair_seconds, 0.01, 3_600)
        _require("seal_seconds", self.seal_seconds, 0, 86_400)
        _require("reconnect_seconds_max", self.reconnect_seconds_max, 0.05, 3_600)
        _require("grace_seconds", self.grace_seconds, 0, 3_600)


def _is_identifier(value: object) -> bool:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= IDENTIFIER_CHARS_MAX
        and value.isprintable()
        and value == value.strip()
    )


def _require(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigurationError(f"{name}: must be between {low} and {high}, not {value!r}")
