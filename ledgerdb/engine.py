"""Engines for PostgreSQL through psycopg 3: pooling, prepared statements, bounded timeouts
(INV-117) and failover by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from ledgerdb._session import hold
from ledgerdb._version import __version__
from ledgerdb.errors import ConfigurationError
from ledgerdb.url import database_url, require_primary

__all__ = ["EngineSettings", "create_ledger_engine"]

_TIMEOUT_BOUNDS_MS: Final = {
    "lock_timeout_ms": 2_000,
    "statement_timeout_ms": 30_000,
    "idle_in_transaction_session_timeout_ms": 60_000,
}
_PEER_SECONDS_MIN: Final = 3
_SETTINGS: Final = "ledgerdb_settings"
_MOST: Final = 2**31 - 1  # of connections, and of seconds: infinity is not a bound


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How connections are made and pooled.

    Attributes:
        application_name: of the service; `pg_stat_activity` shows it after the release, as
            `ledgerdb/0.1.0 ingress`, by which a contract revision knows whom it would break.
        role: capability role to act as, such as `symphony_executor`; None keeps the login role.
        pool_size: connections kept open.
        max_overflow: further connections under load.
        pool_timeout_seconds: how long a caller waits for a free connection.
        connect_timeout_seconds: how long a new connection may take.
        lock_timeout_ms: in (0, 2000]; longer waits for a lock end in `Contention`.
        statement_timeout_ms: in (0, 30000]; longer statements end in `StatementTimeout`.
        idle_in_transaction_session_timeout_ms: in (0, 60000].
        answer_seconds: longest wait for an answer, whatever the server does: a wait for a
            synchronous standby has no timeout of its own. Longer than `statement_timeout_ms`,
            since what the server cancels is not written, and what is not answered is unknown.
        resolve_seconds: how long a verb that replays is called again after an unknown outcome,
            before `OutcomeUnknown` is raised; 0 for never. The last try may take its own time.
        peer_seconds: a host that is silent for so long, also towards keepalives, is dead; 3 or
            more. `keepalives*` and `tcp_user_timeout` in the URL have precedence.
        durable: refuse sessions whose `synchronous_commit` is off or local: what they commit can
            be lost after it was acknowledged. False where that does not matter, as in tests.
        prepare_threshold: executions before psycopg prepares a statement; None never prepares, as
            transaction pooling by an older PgBouncer needs.

    Raises:
        ConfigurationError: a timeout is not within its bound, or a pool setting makes no sense.
    """

    application_name: str = ""
    role: str | None = None
    pool_size: int = 5
    max_overflow: int = 5
    pool_timeout_seconds: float = 5.0
    connect_timeout_seconds: int = 5
    lock_timeout_ms: int = 2_000
    statement_timeout_ms: int = 30_000
    idle_in_transaction_session_timeout_ms: int = 60_000
    answer_seconds: float = 35.0
    resolve_seconds: float = 10.0
    peer_seconds: int = 15
    durable: bool = True
    prepare_threshold: int | None = 3

    def __post_init__(self) -> None:
        for name, bound in _TIMEOUT_BOUNDS_MS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= bound:
                raise ConfigurationError(f"{name}: must be in (0, {bound}] ms, not {value!r}")
        if not _is_number(self.pool_size, 1) or not _is_number(self.max_overflow, 0):
            raise ConfigurationError("pool_size: must be at least 1, and max_overflow at least 0")
        if not (
            _is_number(self.pool_timeout_seconds, 0, whole=False)
            and self.pool_timeout_seconds > 0
            and _is_number(self.connect_timeout_seconds, 1)
        ):
            raise ConfigurationError(
                "pool_timeout_seconds and connect_timeout_seconds: must be positive"
            )
        if (
            not _is_number(self.answer_seconds, 0, whole=False)
            or self.answer_seconds * 1_000 <= self.statement_timeout_ms
        ):
            raise ConfigurationError(
                f"answer_seconds: must be longer than statement_timeout_ms"
                f" ({self.statement_timeout_ms} ms), not {self.answer_seconds!r}"
            )
        if not _is_number(self.resolve_seconds, 0, whole=False) or not _is_number(
            self.peer_seconds, _PEER_SECONDS_MIN
        ):
            raise ConfigurationError(
                f"resolve_seconds: must be at least 0, and peer_seconds at least"
                f" {_PEER_SECONDS_MIN}"
            )


def engine_arguments(url: URL, settings: EngineSettings) -> dict[str, Any]:
    """Arguments of SQLAlchemy's `create_engine`, the same for both colours."""
    options = {
        "lock_timeout": settings.lock_timeout_ms,
        "statement_timeout": settings.statement_timeout_ms,
        "idle_in_transaction_session_timeout": settings.idle_in_transaction_session_timeout_ms,
    }
    if settings.role is not None:
        options["role"] = settings.role  # type: ignore[assignment]
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout_seconds,
        "pool_use_lifo": True,  # a quiet service lets its spare connections age out
        "execution_options": {_SETTINGS: settings},
        "connect_args": {
            # the release first, since the server cuts a long name at its end
            "application_name": f"ledgerdb/{__version__} {settings.application_name}".rstrip(),
            "connect_timeout": settings.connect_timeout_seconds,
            "options": " ".join(f"-c {name}={_escaped(value)}" for name, value in options.items()),
            "prepare_threshold": settings.prepare_threshold,
            **{k: v for k, v in _liveness(settings.peer_seconds).items() if k not in url.query},
        },
    }


def accepted(given: object) -> EngineSettings:
    """The settings, or the defaults for None.

    Raises:
        ConfigurationError: something else.
    """
    if given is None:
        return EngineSettings()
    if not isinstance(given, EngineSettings):
        raise ConfigurationError(f"settings: must be EngineSettings, not {type(given).__name__}")
    return given


def settings_of(engine: Engine) -> EngineSettings:
    """Those that the engine was made with; the defaults for an engine of another maker.

    Raises:
        ConfigurationError: an engine of another driver, whose connections no verb can use.
    """
    if not isinstance(engine.dialect, PGDialect_psycopg):
        raise ConfigurationError(
            "the engine's driver must be postgresql+psycopg, not"
            f" {engine.dialect.name}+{engine.dialect.driver}"
        )
    found = engine.get_execution_options().get(_SETTINGS)
    return found if isinstance(found, EngineSettings) else EngineSettings()


def create_ledger_engine(url: str | None = None, settings: EngineSettings | None = None) -> Engine:
    """An engine with ledgerdb's posture; nothing connects yet.

    Args:
        url: `postgresql://...`, with or without a driver suffix; None takes LEDGERDB_URL, else
            DATABASE_URL.
        settings: pool, role and timeouts.

    Raises:
        ConfigurationError: no URL, not a PostgreSQL URL, or one that asks for a standby; or
            settings that are none.
    """
    address = require_primary(database_url(url))
    settings = accepted(settings)
    engine = create_engine(address, **engine_arguments(address, settings))
    hold(engine, durable=settings.durable, answer_seconds=settings.answer_seconds)
    return engine


def _liveness(seconds: int) -> dict[str, int]:
    """libpq's settings for a peer that died without a word, while it is idle and while it owes an
    answer (keepalives), and while it owes acknowledgements of what was sent.
    """
    third = seconds // 3
    return {
        "keepalives_idle": third,
        "keepalives_interval": third,
        "keepalives_count": 2,
        "tcp_user_timeout": seconds * 1_000,
    }


def _is_number(value: object, least: int, *, whole: bool = True) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and not (whole and isinstance(value, float))
        and least <= value <= _MOST
    )


def _escaped(value: object) -> str:
    # In the libpq options string a backslash protects blanks and backslashes.
    return str(value).replace("\\", "\\\\").replace(" ", "\\ ")
