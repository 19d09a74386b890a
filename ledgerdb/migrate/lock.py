"""One deployer at a time.

The lock is polled on a connection of its own, in autocommit. A blocking `pg_advisory_lock` would
hold a snapshot while it waits, and `create index concurrently` of the winner waits for exactly
that: both would hang for ever, and the deadlock detector does not see it.

The connection that migrates holds a second lock. When the first session is ended by someone, its
deployer does not know at once and may still commit; the next one waits until it is through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_result,
    stop_after_delay,
    wait_random,
)

from ledgerdb.errors import MigrationError

__all__ = ["HOLDER", "LOCK_KEY", "WORK_KEY", "deployer", "holder"]

LOCK_KEY: Final = int.from_bytes(b"ledgerdb", "big")
WORK_KEY: Final = LOCK_KEY + 1
_POLL_SECONDS_MIN: Final = 0.1
_POLL_SECONDS_MAX: Final = 0.4

_TRY = text("select pg_catalog.pg_try_advisory_lock(:key)")
_NOBODY_WORKS = text("""
    select case
        when pg_catalog.pg_try_advisory_lock(:key) then pg_catalog.pg_advisory_unlock(:key)
        else false
    end
""")
HOLDER = text("""
    select a.pid, a.usename, a.application_name, a.client_hostname, a.client_addr::text,
           pg_catalog.to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from pg_catalog.pg_locks as l
    join pg_catalog.pg_stat_activity as a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.classid::bigint = :key >> 32 and l.objid::bigint - (:key & 4294967295) in (0, 1)
        and l.pid <> pg_catalog.pg_backend_pid()
        and l.database = (
            select d.oid from pg_catalog.pg_database as d
            where d.datname = pg_catalog.current_database()
        )
""")


@contextmanager
def deployer(
    connection: Connection, wait_seconds: float, on_wait: Callable[[str], None]
) -> Iterator[None]:
    """Holds the deployment lock of this database on an autocommit connection.

    The lock ends with the session, however the process ends.

    Args:
        connection: in autocommit, open for as long as the lock is needed.
        wait_seconds: how long to wait for another deployer.
        on_wait: told once who holds the lock.

    Raises:
        MigrationError: another deployer still holds it; the message names it.
    """

    def before_sleep(state: RetryCallState) -> None:
        if state.attempt_number == 1:
            on_wait(_named(connection))

    is_ours = False

    def attempt() -> bool:
        nonlocal is_ours
        is_ours = is_ours or bool(connection.scalar(_TRY, {"key": LOCK_KEY}))
        return is_ours and bool(connection.scalar(_NOBODY_WORKS, {"key": WORK_KEY}))

    attempts = Retrying(
        stop=stop_after_delay(wait_seconds),
        wait=wait_random(_POLL_SECONDS_MIN, _POLL_SECONDS_MAX),
        retry=retry_if_result(lambda acquired: not acquired),
        before_sleep=before_sleep,
    )
    try:
        attempts(attempt)
    except RetryError:
        raise MigrationError(
            f"another deployer is at work on this database: {_named(connection)};"
            f" waited {wait_seconds:g} s, nothing was written"
        ) from None
    yield


def holder(connection: Connection) -> str | None:
    """Who deploys to this database at the moment; None: nobody."""
    row = connection.execute(HOLDER, {"key": LOCK_KEY}).first()
    if row is None:
        return None
    pid, user, application, host, address, since = row
    # other roles' sessions show only their pid without pg_read_all_stats
    return (
        f"pid {pid}, application {application or 'unknown'}, user {user or 'unknown'},"
        f" client {host or address or 'local'}, since {since or 'unknown'} UTC"
    )


def _named(connection: Connection) -> str:
    return holder(connection) or "it ended just now"
