"""The worker as services run it: a process that is told to stop by a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from ledgerdb import Ledger
from tests.waiting import until

PROGRAM = """
import os, sys, time
from ledgerdb import Dispatched, Worker, WorkerSettings

def handler(item):
    os.write(1, b"started\\n")  # at once, from any thread
    time.sleep(0.3)
    return Dispatched("r-" + item.instruction_id)

settings = WorkerSettings(worker_id="w", concurrency=2, poll_seconds=0.1, lease_seconds=60)
stats = Worker(handler, url=sys.argv[1], settings=settings).run()
print(stats.dispatched, stats.released, flush=True)
"""


@contextmanager
def started(url: str) -> Iterator[subprocess.Popen[str]]:
    """A worker process that has begun its first item; it does not outlive the test."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_gracefully(
    database_url: str, connection: psycopg.Connection[Any], number: signal.Signals
) -> None:
    with Ledger.connect(database_url) as ledger:
        for count in range(10):
            ledger.enqueue(f"i-{count}", "p", "k", "RTGS", "{}")
        with started(database_url) as process:
            process.send_signal(number)
            rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        dispatched, released = map(int, rest.split()[-2:])
        assert dispatched + released == 10
        assert dispatched >= 1
        assert ledger.backlog().leased == 0
    row = connection.execute("select count(*) from public.payment_outbox_attempts").fetchone()
    assert row == (dispatched,)


def test_a_killed_process_leaves_leases_that_are_repaired(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    with Ledger.connect(database_url) as ledger:
        ledger.enqueue("i-0", "p", "k", "RTGS", "{}")
        with started(database_url) as process:
            process.kill()
        until(lambda: ledger.backlog().leased == 1)
        connection.execute(
            "update public.payment_outbox_pending set lease_expires_at = now() - interval '1 s'"
        )
        (repaired,) = ledger.repair(10, "reaper")
        assert repaired.attempt_no == 1
