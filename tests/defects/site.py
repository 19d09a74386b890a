"""A database, either the reference's functions (revision 0001) or head, asked through the contract
that both have. A test says what must be seen on each: the defect on the one, right on the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from proof.session import Place, Session
from tests.waiting import until

__all__ = ["Session", "Site", "Work"]


class Work:
    """Something that runs in a thread of its own and may have to wait for a lock."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.result: Any = None
        self._thread = threading.Thread(target=self._run, args=[work])
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self.result = work()
        except psycopg.Error as error:
            self.result = error.sqlstate

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> Any:  # noqa: ANN401 - what the work returned, or its SQLSTATE
        """Waits for its end; what it returned, or the SQLSTATE of its failure."""
        self._thread.join()
        return self.result


class Site(Place):
    """The superuser on one of the two databases."""

    @contextmanager
    def session(self, *, role: str | None = None, autocommit: bool = True) -> Iterator[Session]:
        """Another connection, acting as `role`."""
        with psycopg.connect(self.url, autocommit=autocommit) as connection:
            if role is not None:
                connection.execute(f'set session authorization "{role}"')
                if not autocommit:
                    connection.commit()
            yield Session(connection)

    @contextmanager
    def transaction(self, level: str = "read committed") -> Iterator[Session]:
        """Another connection, in a transaction whose snapshot and time are taken; not committed."""
        with self.session(autocommit=False) as session:
            session.rows(f"set transaction isolation level {level}")
            session.rows("select 1")
            yield session
            session.connection.rollback()

    @contextmanager
    def login(self, *grants: str) -> Iterator[str]:
        """A login role with nothing but the given roles; gone at the end."""
        name = f"attacker_{self.connection.info.dbname}_{self.version}"
        self.rows(f'create role "{name}" login')
        for grant in grants:
            self.rows(f'grant {grant} to "{name}"')
        try:
            yield name
        finally:
            self.rows(f'drop owned by "{name}"')
            self.rows(f'drop role "{name}"')

    def has_function(self, name: str) -> bool:
        return bool(self.value("select count(*) from pg_proc where proname = %s", name))

    def make_due(self) -> None:
        """Nothing waits for its retry."""
        self.rows(
            """update public.payment_outbox_pending set next_attempt_at = clock_timestamp()
            where lease_token is null and next_attempt_at < 'infinity'"""
        )

    def wait_until_blocked(self, session: Session, work: Work) -> None:
        """Until the session waits for a lock, or its work is over."""
        until(
            lambda: (
                work.is_done
                or self.rows(
                    "select pid from pg_stat_activity where pid = %s and wait_event_type = 'Lock'",
                    session.pid,
                )
            )
        )
