"""Settings of the worker service: the variables `WORKER_...`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta

from ledgerdb import EngineSettings, WorkerSettings

__all__ = ["WorkerServiceSettings"]

_POOL_SIZE = 5  # claims, repairs, heartbeats, declarations and results each take one at a time


class WorkerServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the worker works, and where it is watched.

    Attributes:
        rail: `package.module:maker` of its rail adapter; see `examples.services.rail.adapter`.
        host, port: of /healthz and /metrics; port 0 takes a free one.
        role: capability role of its database sessions; empty keeps the login role.
        id: who holds the leases; empty takes host name and process id.
        concurrency: payments on their way to the rail at the same time.
        batch_size, lease_seconds, poll_seconds, grace_seconds: as of `ledgerdb.WorkerSettings`.
    """

    rail: Annotated[str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8081
    role: str = "symphony_executor"
    log_level: Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    id: str = ""
    concurrency: int = 16
    batch_size: int = 50
    lease_seconds: int = 60
    poll_seconds: float = 1.0
    grace_seconds: float = 30.0

    def worker(self, *, declare_dispatch: bool) -> WorkerSettings:
        """Of the loop.

        Raises:
            ConfigurationError: a setting is out of its bounds.
        """
        settings = WorkerSettings(
            batch_size=self.batch_size,
            concurrency=self.concurrency,
            lease_seconds=self.lease_seconds,
            poll_seconds=self.poll_seconds,
            grace_seconds=self.grace_seconds,
            declare_dispatch=declare_dispatch,
        )
        return replace(settings, worker_id=self.id) if self.id else settings

    def engine(self) -> EngineSettings:
        """Of the database connections."""
        return EngineSettings(
            application_name="worker",
            role=self.role or None,
            pool_size=_POOL_SIZE,
            pool_timeout_seconds=30.0,
        )
