"""What a payment costs, counted and not timed: rows, index entries and bytes of the write-ahead log
for each item of a set, as `pg_waldump` finds them; and statements, as the server counts them.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pytest

from ledgerdb.embedded import EmbeddedServer
from tests.sql.queue import Queue

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


@pytest.fixture
def writing(server: EmbeddedServer, queue: Queue) -> Callable[[Callable[[], object]], Written]:
    """Runs something and says what it wrote. Nobody else writes on this server, and pages that were
    not written since the last checkpoint are none: a set has gone before.
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
                *(server.bin_dir / "pg_waldump", "--path", f"{directory}/pg_wal"),
                *("--start", began, "--end", ended, "--stats=record"),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        matches = filter(None, map(RECORD.match, found.stdout.splitlines()))
        return Written({kind: int(count) for kind, count in (m.groups() for m in matches)}, size)

    _lives(queue, "before")
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
    written = writing(lambda: _enqueue(queue, "counted"))
    assert written.count("Heap/INSERT") == 2 * ITEMS
    assert written.index_entries == 4 * ITEMS
    assert written.count("Heap/HOT_UPDATE") == PARTICIPANTS
    assert written.count("Heap/UPDATE") == 0
    assert written.bytes / ITEMS < len(PAYLOAD) + 900


def test_an_item_that_is_claimed(
    queue: Queue, writing: Callable[[Callable[[], object]], Written]
) -> None:
    """One version of the queue row, and the indexes that find it."""
    _enqueue(queue, "counted")
    written = writing(lambda: queue.claim(ITEMS))
    assert written.count("Heap/UPDATE") == ITEMS
    assert written.count("Heap/INSERT", "Heap/DELETE") == 0
    assert written.index_entries == 2 * ITEMS
    assert written.bytes / ITEMS < 600  # the payload is not copied


def test_an_item_that_is_completed(
    queue: Queue, writing: Callable[[Callable[[], object]], Written]
) -> None:
    """The attempt in four indexes, and the queue row gone."""
    _enqueue(queue, "counted")
    items = queue.claim(ITEMS)
    written = writing(lambda: queue.complete(items))
    assert written.count("Heap/INSERT") == ITEMS
    assert written.count("Heap/DELETE") == ITEMS
    assert written.count("Heap/UPDATE", "Heap/HOT_UPDATE") == 0
    assert written.index_entries == 4 * ITEMS
    assert written.bytes / ITEMS < 800


@pytest.mark.parametrize("generic", [True, False])
def test_a_single_result_is_not_planned_anew(queue: Queue, version: int, generic: bool) -> None:  # noqa: FBT001
    """PostgreSQL left alone finds a plan for one item cheaper than one for any number, each time.
    The caller's own statement is planned, and before version 18 a function in SQL each time that it
    is called.
    """
    if not generic:
        queue.connection.execute(
            "alter function public.complete_outbox_attempts reset plan_cache_mode"
        )
    for number in range(20):
        queue.enqueue(f"i{number}")
    items = queue.claim(20)
    for item in items[:10]:
        queue.complete([item])
    planned: list[str] = []
    queue.connection.add_notice_handler(lambda said: planned.append(str(said.message_primary)))
    queue.connection.execute("set log_planner_stats = on; set client_min_messages = log")
    for item in items[10:]:
        queue.complete([item])
    calls = len(items[10:])
    most = calls if version >= 18 else 2 * calls + 1
    assert (planned.count("PLANNER STATISTICS") <= most) is generic, planned
