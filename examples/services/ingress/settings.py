"""Settings of the ingress service: the variables `INGRESS_...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from ledgerdb import EngineSettings

__all__ = ["IngressSettings"]

Count = Annotated[int, Meta(ge=1, le=100_000)]
Seconds = Annotated[float, Meta(gt=0, le=3_600)]


class IngressSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the ingress listens, whom it knows, and what it bounds.

    Attributes:
        keys_file: who may call; see `keys.py`. Read again at SIGHUP.
        host, port: where it listens; port 0 takes a free one.
        role: capability role of its database sessions; empty keeps the login role.
        connections_max: open connections; further ones are closed at once.
        requests_max: requests whose body is in memory at the same time; further ones get 503.
        key_requests_max: the same, of one API key; further ones get 429.
        key_requests_per_second: of one API key, on average; more get 429.
        key_burst: requests that a quiet key may send at once.
        head_seconds, body_seconds: how long a request's head and body may take to arrive.
        pool_size: database connections.
        pool_seconds: how long a request waits for one of them; then 503.
        statement_ms: after which the database cancels a statement; then 503, nothing was written.
        answer_seconds: longest wait for the database's answer.
        resolve_seconds: how long an unknown outcome is asked for again, before the 503 says so.
        ready_seconds: longest wait of /readyz.
        stop_seconds: how long SIGTERM waits for what is under way; longer than the waits above.
    """

    keys_file: Path
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8080
    role: str = "symphony_ingest"
    log_level: Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    connections_max: Count = 1_000
    requests_max: Count = 64
    key_requests_max: Count = 32
    key_requests_per_second: Annotated[float, Meta(gt=0, le=1_000_000)] = 500.0
    key_burst: Count = 500
    head_seconds: Seconds = 10.0
    body_seconds: Seconds = 10.0
    pool_size: Annotated[int, Meta(ge=1, le=1_000)] = 10
    pool_seconds: Seconds = 2.0
    statement_ms: Annotated[int, Meta(ge=1, le=30_000)] = 5_000
    answer_seconds: Seconds = 8.0
    resolve_seconds: Annotated[float, Meta(ge=0, le=60)] = 10.0
    ready_seconds: Seconds = 2.0
    stop_seconds: Annotated[int, Meta(ge=1, le=3_600)] = 45

    def engine(self) -> EngineSettings:
        """Of the database connections.

        Raises:
            ConfigurationError: the waits contradict each other.
        """
        return EngineSettings(
            application_name="ingress",
            role=self.role or None,
            pool_size=self.pool_size,
            max_overflow=0,
            pool_timeout_seconds=self.pool_seconds,
            connect_timeout_seconds=max(1, round(self.pool_seconds)),
            lock_timeout_ms=min(2_000, self.statement_ms),
            statement_timeout_ms=self.statement_ms,
            answer_seconds=self.answer_seconds,
            resolve_seconds=self.resolve_seconds,
        )
