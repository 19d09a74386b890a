"""The session of an online step: one statement at a time, outside of a transaction, and one budget
for all that they wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg import sql

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.online.watch import Watch

__all__ = ["Session"]

_POLL_SECONDS: Final = 0.2


class Session:
    """The statements of one step, with one budget for all that they wait."""

    def __init__(self, raw: psycopg.Connection[Any], watch: Watch) -> None:
        self.raw = raw
        self._watch = watch
        self._end = time.monotonic() + watch.seconds
        raw.execute("set statement_timeout = 0")

    def run(
        self, statement: str | sql.Composed, what: str, after: Callable[[], None] | None = None
    ) -> None:
        """Runs one statement outside of a transaction; `after` cleans up what a failure left."""
        self._bound_waits(what)
        query = statement.encode() if isinstance(statement, str) else statement
        try:
            with self._watch.over(self.raw.info.backend_pid):
                self.raw.execute(query)
        except psycopg.errors.LockNotAvailable:
            raise self._too_long(what) from None
        except psycopg.errors.DeadlockDetected:
            return  # another one went first; the catalog says what is left to do
        except psycopg.Error as error:
            if error.sqlstate is not None and after is not None:
                with suppress(MigrationError):  # the first failure is the one to tell
                    after()
            raise MigrationError(_refused(what, error)) from error

    def wait_until_none(self, backends: Callable[[], list[int]], what: str) -> None:
        """Waits for others that do the same: the backend of a killed client, or a DBA."""
        while pids := backends():
            self._watch.seen = self._watch.sessions(pids)
            self._watch.on_blocked(self._watch.seen)
            self._bound_waits(what)
            time.sleep(_POLL_SECONDS)

    def _bound_waits(self, what: str) -> None:
        left = round(1000 * (self._end - time.monotonic()))
        if left <= 0:
            raise self._too_long(what)
        self.raw.execute(sql.SQL("set lock_timeout = {}").format(sql.Literal(left)))

    def _too_long(self, what: str) -> MigrationError:
        seen = self._watch.seen or "a session that is gone by now"
        return MigrationError(
            f"{what} waited for {self._watch.seconds:g} s: run it again to go on"
            f"\n  in the way: {seen}"
        )


def _refused(what: str, error: psycopg.Error) -> str:
    if error.sqlstate is None:
        return f"{what}: {' '.join(str(error).split())}: run it again to go on"
    detail = f"\n  detail: {error.diag.message_detail}" if error.diag.message_detail else ""
    return f"{what}: {error.sqlstate} {error.diag.message_primary}{detail}"
