"""How long a deployment may stand in the way: short tries, pauses between them, and an end.

A try asks for its locks for a fraction of a second; whoever queued behind it waits no longer than
that, and goes on during the pause. There is no last try without a limit: when the budget is used
up, the deployment stops and names who is in the way.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from tenacity import RetryCallState, RetryError, Retrying, retry_if_exception, stop_after_delay

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import locks
from ledgerdb.migrate.config import LockBudget
from ledgerdb.migrate.operations import ScriptFailed, transaction_status

__all__ = ["in_short_tries", "process_id"]

_PAUSE_SECONDS_MIN: Final = 0.2
_PAUSE_SECONDS_MAX: Final = 0.6
# lock_not_available; deadlock_detected, where we were the one to give way
_PASSING: Final = frozenset({"55P03", "40P01"})
_OPEN: Final = frozenset({TransactionStatus.INTRANS, TransactionStatus.INERROR})
_UNSEEN: Final = "a session that is gone by now"


def in_short_tries(
    connection: Connection,
    body: Callable[[], None],
    *,
    wanted: tuple[locks.TableLock, ...],
    budget: LockBudget,
    witness: Connection,
    on_blocked: Callable[[str], None],
    what: str,
) -> None:
    """Runs `body` in the transaction of `connection`, with its locks taken first.

    Each try is a savepoint: what it took and did is given back before the pause.

    Args:
        connection: in a transaction.
        body: what needs the locks; it may wait for others, as briefly.
        wanted: the locks to take first.
        budget: how long.
        witness: another connection, in autocommit, to look for blockers with.
        on_blocked: told after each try who is in the way.
        what: the step, for the message.

    Raises:
        MigrationError: the budget is used up; the message names the blockers.
    """
    own = [process_id(connection)]
    seen = ""

    def attempt() -> None:
        savepoint = connection.begin_nested()
        try:
            locks.take(connection, wanted, budget.try_seconds)
            body()
        except BaseException:
            # a lost session, or a file that ended the transaction, has ended the savepoint too
            if not connection.invalidated and transaction_status(connection) in _OPEN:
                savepoint.rollback()
            raise
        savepoint.commit()

    def pause(state: RetryCallState) -> float:
        left = budget.total_seconds - (state.seconds_since_start or 0)
        # not for security: tries of two deployments shall not fall together
        return min(random.uniform(_PAUSE_SECONDS_MIN, _PAUSE_SECONDS_MAX), max(left, 0))  # noqa: S311

    def note(state: RetryCallState) -> None:
        nonlocal seen
        error = state.outcome.exception() if state.outcome else None
        conflicting = locks.conflicts(wanted)
        if isinstance(error, ScriptFailed):
            conflicting = dict.fromkeys(error.words(), locks.ANY_MODE) | conflicting
        seen = locks.holders(witness, conflicting, own) or seen
        on_blocked(seen or _UNSEEN)

    tries = Retrying(
        retry=retry_if_exception(_passes),
        stop=stop_after_delay(budget.total_seconds),
        wait=pause,
        after=note,
    )
    try:
        tries(attempt)
    except RetryError as error:
        raise MigrationError(
            f"{what}: its locks could not be had within {budget.total_seconds:g} s"
            f" ({error.last_attempt.attempt_number} tries of {1000 * budget.try_seconds:g} ms);"
            f" nothing of this step was written\n  in the way: {seen or _UNSEEN}"
        ) from error.last_attempt.exception()


def process_id(connection: Connection) -> int:
    """The server's process of a connection."""
    driver: psycopg.Connection[object] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver.info.backend_pid


def _passes(error: BaseException) -> bool:
    cause = error.error if isinstance(error, ScriptFailed) else error
    driver = cause.orig if isinstance(cause, DBAPIError) else None
    return isinstance(driver, psycopg.Error) and driver.sqlstate in _PASSING
