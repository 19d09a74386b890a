"""An application at work, and a long reader, while another process migrates the database."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from proof.session import Session

__all__ = ["APPLICATION", "Stalls", "migrating", "seed", "upgrade_under_traffic"]

APPLICATION: Final = "an-application"
READER: Final = "a-report"
_READ: Final = "payment_outbox_pending, public.payment_outbox_attempts, public.ingress_attestations"
_LOOK_SECONDS: Final = 0.05
_MET: Final = """
    select l.pid from pg_catalog.pg_locks as l
    where not l.granted and pg_catalog.pg_backend_pid() = any (pg_catalog.pg_blocking_pids(l.pid))
        and l.waitstart > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)
"""
_OURS: Final = ("LEDGERDB_", "DATABASE_URL", "PG")


@dataclass(slots=True)
class Stalls:
    """What the application felt.

    Attributes:
        seconds: of each of its statements.
        errors: SQLSTATEs that it was refused with.
        code: what the migration ended with.
        said: on its stderr.
        took_seconds: the whole migration.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    code: int = -1
    said: str = ""
    took_seconds: float = 0.0

    @property
    def longest(self) -> float:
        return max(self.seconds)


class _Timed(Session):
    """A session that notes how long its statements take."""

    def __init__(self, connection: psycopg.Connection[Any], stalls: Stalls) -> None:
        super().__init__(connection)
        self._stalls = stalls

    def rows(self, query: str, *values: object) -> list[Any]:
        began = time.monotonic()
        try:
            return super().rows(query, *values)
        finally:
            self._stalls.seconds.append(time.monotonic() - began)


def upgrade_under_traffic(
    url: str,
    *,
    writers: int = 4,
    statements_per_second: float = 100.0,
    hold_seconds: float = 3.0,
    revision: str = "head",
    variables: Mapping[str, str] | None = None,
) -> Stalls:
    """Runs `ledgerdb upgrade` while services write and a report reads.

    Args:
        url: the database, at any revision.
        writers: each has a connection of its own.
        statements_per_second: of all writers together, as far as the server keeps up.
        hold_seconds: how long the report keeps its tables, again and again; 0 is no report.
        revision: where the upgrade stops.
        variables: of the environment of the upgrade.
    """
    stalls = Stalls()
    stop = threading.Event()
    pause = writers / statements_per_second
    threads = [
        threading.Thread(target=_write, args=(url, number, pause, stalls, stop))
        for number in range(writers)
    ]
    for thread in threads:
        thread.start()
    try:
        with _report(url, hold_seconds):
            began = time.monotonic()
            with migrating(url, variables, revision) as process:
                _, stalls.said = process.communicate()
            stalls.code = process.returncode
            stalls.took_seconds = time.monotonic() - began
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return stalls


def migrating(
    url: str, variables: Mapping[str, str] | None = None, revision: str = "head"
) -> subprocess.Popen[str]:
    """`ledgerdb upgrade`, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return subprocess.Popen(
        [sys.executable, "-m", "ledgerdb", "upgrade", revision],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**kept, "LEDGERDB_URL": url, **(variables or {})},
    )


def seed(url: str, items: int) -> None:
    """A queue and a history: of ten items nine are done."""
    with psycopg.connect(url, autocommit=True) as connection:
        session = Session(connection)
        for number in range(items):
            session.enqueue(f"seed-{number}", f"participant-{number % 50}")
        while len(claimed := session.claim(min(500, items * 9 // 10))) > items // 10:
            for item in claimed:
                session.complete(item)


def _write(url: str, number: int, pause: float, stalls: Stalls, stop: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True, application_name=APPLICATION) as connection:
        session = _Timed(connection, stalls)
        for turn in range(sys.maxsize):
            try:
                session.enqueue(f"live-{number}-{turn}", f"participant-{number}")
                stop.wait(pause)
                for item in session.claim(1, f"w{number}"):
                    stop.wait(pause)
                    outcome = session.complete(item, worker=f"w{number}")
                    if isinstance(outcome, str):
                        stalls.errors.append(outcome)
            except psycopg.Error as error:
                stalls.errors.append(error.sqlstate or type(error).__name__)
            if stop.wait(pause):
                return


@contextmanager
def _report(url: str, hold_seconds: float) -> Iterator[None]:
    """Reads for so long at a time and more, with a moment between, until the body ends."""
    ends, reads = threading.Event(), threading.Event()

    def read() -> None:
        with psycopg.connect(url, application_name=READER) as connection:
            while not ends.is_set():
                connection.execute(f"lock table public.{_READ} in access share mode".encode())
                reads.set()
                ends.wait(hold_seconds)
                # whoever it has just begun to block is met for as long as it asks
                while not ends.is_set() and connection.execute(_MET, [hold_seconds]).fetchone():
                    ends.wait(_LOOK_SECONDS)
                connection.rollback()
                ends.wait(hold_seconds / 3)

    thread = threading.Thread(target=read)
    if hold_seconds:
        thread.start()
        reads.wait()
    try:
        yield
    finally:
        ends.set()
        if hold_seconds:
            thread.join()
