"""What a payment costs, counted and not timed: rows, index entries and bytes of the write-ahead log
for each item of a set, as `pg_waldump` finds them; and statements, as the server counts them.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from tests.conftest import VERSIONS
from tests.sql.queue import Queue

CALM: Final = {
    "autovacuum": "off",
    "checkpoint_timeout": "1d",
    "fsync": "off",
    "max_wal_size": "10GB",
}
ITEMS: Final = 500
PARTICIPANTS: Final = 10
PAYLOAD: Final = '{"note": "' + "x" * 1000 + '"}'
RECORD = re.compile(r"^(\S+/\S+)\s+(\d+) \(")


@dataclass(frozen=True)
class Written:
    """What one transaction wrote.

    Attributes:
        records: of the write-ahead log, by kind.
        bytes: of the write-ahead log.
    """

    records: Mapping[str, int]
    bytes: int

    def count(self, *kinds: str) -> int:
        """Records of these kinds; an index page that splits takes its entry in the same record."""
        return sum(n for kind, n in self.records.items() if kind.startswith(kinds))

    @property
    def index_entries(self) -> int:
        return self.count("Btree/INSERT_LEAF", "Btree/SPLIT")


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda version: f"pg{version}")
def calm(request: pytest.FixtureRequest) -> Iterator[EmbeddedServer]:
    """A server on which nobody else writes, no vacuum either."""
    with EmbeddedServer(version=request.param, settings=CALM) as server:
        upgrade(server.url())
        yield server


@pytest.fixture
def queue(calm: EmbeddedServer) -> Iterator[Queue]:
    with psycopg.connect(calm.url(), autocommit=True) as connection:
        yield Queue(connection)
        connection.execute("delete from public.payment_outbox_pending")


@pytest.fixture
def writing(calm: EmbeddedServer, queue: Queue) -> Callable[[Callable[[], object]], Written]:
    """Runs something and says what it wrote. There is no page that was not written since the last
    checkpoint, whose image would count: a set has gone before.
    """
    (directory,) = queue.rows("show data_directory")[0]

    def run(doing: Callable[[], object]) -> Written:
        began = queue.value("select pg_current_wal_insert_lsn()")
        doing()
        ended, size = queue.rows(
            "select lsn, (lsn - %s::pg_lsn)::bigint from pg_current_wal_insert_lsn() as lsn", began
        )[0]
        found = subprocess.run(
            [
                *(calm.bin_dir / "pg_waldump", "--path", f"{directory}/pg_wal"),
                *("--start", began, "--end", ended, "--stats=record"),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        matches = filter(None, map(RECORD.match, found.stdout.splitlines()))
        return Written({kind: int(count) for kind, count in (m.groups() for m in matches)}, size)

    _lives(queue, uuid4().hex[:6])
    return run


def _enqueue(queue: Queue, tag: str) -> None:
    names = [f"{tag}-{number}" for number in range(ITEMS)]
    queue.rows(
        "select from public.enqueue_outbox_items(%s, %s, %s, %s, %s)",
        names,
        [f"p{number % PARTICIPANTS}" for number in range(ITEMS)],
        names,
        ["RTGS"] * ITEMS,
        [PAYLOAD] * ITEMS,
    )


def _lives(queue: Queue, tag: str) -> None:
    _enqueue(queue, tag)
    queue.complete(queue.claim(ITEMS))


def test_an_item_that_is_enqueued(
    queue: Queue, writing: Callable[[Callable[[], object]], Written]
) -> None:
    """Identity with its payload and queue row, two indexes each; a counter for each participant."""
    written = writing(lambda: _enqueue(queue, uuid4().hex[:6]))
    assert written.count("Heap/INSERT") == 2 * ITEMS
    assert written.index_entries == 4 * ITEMS
    assert written.count("Heap/HOT_UPDATE") == PARTICIPANTS
    assert written.count("Heap/UPDATE") == 0
    assert written.bytes / ITEMS < len(PAYLOAD) + 900


def test_an_item_that_is_claimed(
    queue: Queue, writing: Callable[[Callable[[], object]], Written]
) -> None:
    """One version of the queue row, and the indexes that find it."""
    _enqueue(queue, uuid4().hex[:6])
    written = writing(lambda: queue.claim(ITEMS))
    assert written.count("Heap/UPDATE") == ITEMS
    assert written.count("Heap/INSERT", "Heap/DELETE") == 0
    assert written.index_entries == 2 * ITEMS
    assert written.bytes / ITEMS < 600  # the payload is not copied


def test_an_item_that_is_completed(
    queue: Queue, writing: Callable[[Callable[[], object]], Written]
) -> None:
    """The attempt in four indexes, and the queue row gone."""
    _enqueue(queue, uuid4().hex[:6])
    items = queue.claim(ITEMS)
    written = writing(lambda: queue.complete(items))
    assert written.count("Heap/INSERT") == ITEMS
    assert written.count("Heap/DELETE") == ITEMS
    assert written.count("Heap/UPDATE", "Heap/HOT_UPDATE") == 0
    assert written.index_entries == 4 * ITEMS
    assert written.bytes / ITEMS < 800


def test_a_claim_from_a_backlog_without_statistics(queue: Queue) -> None:
    """It reads as far into the index as it must, and not the whole backlog, which the planner takes
    for small as long as nobody has analyzed it.
    """
    for _ in range(20):
        _enqueue(queue, uuid4().hex[:6])
    read = """select coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0)
        from pg_index as i where i.indrelid = 'public.payment_outbox_pending'::regclass"""
    with queue.connection.transaction():
        before = queue.value(read)
        assert len(queue.claim(100)) == 100
        assert queue.value(read) - before < 1_000
