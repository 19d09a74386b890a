"""The simulated rail: repeatable, idempotent, and right about what it booked, whoever is killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from ledgerdb.demo import fate
from ledgerdb.demo import rail as rail_module
from ledgerdb.demo.fate import Reply, ReplyKind, fate_of, reference_of
from ledgerdb.demo.rail import KeyReused, Rail
from ledgerdb.errors import ConfigurationError

SEED = 7
MANY = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rail.sqlite"


@pytest.fixture
def rail(path: Path) -> Iterator[Rail]:
    with Rail(path, SEED, 0.0) as opened:
        yield opened


@pytest.fixture
def failing(path: Path) -> Iterator[Rail]:
    """No attempt succeeds, except that a TIMEOUT may have booked."""
    with Rail(path, SEED, 1.0) as opened:
        yield opened


def key_for(kind: ReplyKind, *, books: bool = False) -> str:
    """A key whose first attempt fails in one way."""
    return next(
        f"key-{number}"
        for number in count()
        if (found := fate_of(SEED, 1.0, f"key-{number}", 1)).reply.kind is kind
        and found.books is books
    )


def replies(rail: Rail) -> dict[str, int]:
    return dict(rail.books().replies)


@pytest.mark.parametrize("fail_rate", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_fail_rate_out_of_range_is_refused(path: Path, fail_rate: float) -> None:
    with pytest.raises(ConfigurationError, match="fail rate: must be 0 to 1, not "):
        Rail(path, SEED, fail_rate)
    assert not path.exists()


def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    for bad in (tmp_path, tmp_path / "absent" / "rail.sqlite"):
        with pytest.raises(ConfigurationError, match="cannot be used: unable to open"):
            Rail(bad, SEED, 0.1)
    (tmp_path / "text").write_text("no database " * 100)
    with pytest.raises(ConfigurationError, match="cannot be used: file is not a database"):
        Rail(tmp_path / "text", SEED, 0.1)


def test_a_payment_is_booked(rail: Rail) -> None:
    reply = rail.submit("key-1", "12.50", "EUR", 1)
    assert reply == Reply(ReplyKind.ACCEPTED, "ACSC", "settled", reference_of("key-1"))
    books = rail.books()
    assert (books.requests, dict(books.replies), books.payments) == (1, {"ACCEPTED": 1}, 1)
    (payment,) = books.entries
    assert payment.key == "key-1"
    assert payment.reference == reply.reference
    assert (payment.amount, payment.currency) == ("12.50", "EUR")
    assert payment.booked_at.tzinfo is not None


def test_a_key_that_was_booked_is_never_booked_twice(rail: Rail) -> None:
    first = rail.submit("key-1", "12.50", "EUR", 1)
    again = rail.submit("key-1", "12.50", "EUR", 2)
    assert (again.kind, again.reference) == (ReplyKind.ACCEPTED, first.reference)
    assert (rail.books().requests, rail.books().payments) == (2, 1)


@pytest.mark.parametrize(("amount", "currency"), [("12.51", "EUR"), ("12.50", "USD")])
def test_a_key_with_other_content_is_refused_loudly(rail: Rail, amount: str, currency: str) -> None:
    rail.submit("key-1", "12.50", "EUR", 1)
    with pytest.raises(KeyReused, match=f"first with 12.50 EUR, now with {amount} {currency}"):
        rail.submit("key-1", amount, currency, 2)
    assert replies(rail) == {"ACCEPTED": 1, "KEY_REUSED": 1}
    assert [entry.amount for entry in rail.books().entries] == ["12.50"]


def test_busy_asks_for_another_attempt(failing: Rail) -> None:
    reply = failing.submit(key_for(ReplyKind.BUSY), "1.00", "EUR", 1)
    assert reply == Reply(ReplyKind.BUSY, "BUSY", "try again later")
    assert failing.books().payments == 0


def test_a_rejection_is_final(failing: Rail, path: Path) -> None:
    key = key_for(ReplyKind.REJECTED)
    reply = failing.submit(key, "1.00", "EUR", 1)
    assert reply.kind is ReplyKind.REJECTED
    assert reply.code in {"AC04", "AC06", "AG01", "AM04", "BE04", "RR04"}
    assert reply.reference is None
    with Rail(path, SEED, 0.0) as better:
        assert [better.submit(key, "1.00", "EUR", attempt) for attempt in (2, 3)] == [reply] * 2
        with pytest.raises(KeyReused):
            better.submit(key, "2.00", "EUR", 4)
        assert better.books().payments == 0


@pytest.mark.parametrize("books", [True, False])
def test_a_timeout_says_nothing_about_the_payment(failing: Rail, *, books: bool) -> None:
    key = key_for(ReplyKind.TIMEOUT, books=books)
    reply = failing.submit(key, "1.00", "EUR", 1)
    assert reply == Reply(ReplyKind.TIMEOUT, "TIMEOUT", "no reply in time")
    assert failing.books().payments == books
    if books:
        again = failing.submit(key, "1.00", "EUR", 2)
        assert (again.kind, again.reference) == (ReplyKind.ACCEPTED, reference_of(key))
        assert failing.books().payments == 1


async def test_both_colours_answer_alike(failing: Rail, tmp_path: Path) -> None:
    with Rail(tmp_path / "other.sqlite", SEED, 1.0) as other:
        for number in range(50):
            key = f"key-{number}"
            reply = await other.submit_async(key, "1.00", "EUR", 1)
            assert reply == failing.submit(key, "1.00", "EUR", 1)
        assert replies(other) == replies(failing)


async def test_async_requests_wait_side_by_side(
    rail: Rail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fate, "LATENCY_MIN", 0.2)
    monkeypatch.setattr(fate, "LATENCY_MAX", 0.2)
    started = time.monotonic()
    await asyncio.gather(*(rail.submit_async(f"k-{n}", "1", "JPY", 1) for n in range(20)))
    assert 0.19 < time.monotonic() - started < 2


def test_the_dice_depend_on_seed_key_and_attempt_alone() -> None:
    def fates(seed: int, attempt: int) -> list[fate.Fate]:
        return [fate_of(seed, 0.5, f"key-{number}", attempt) for number in range(100)]

    assert fates(1, 1) == fates(1, 1)
    assert fates(1, 1) != fates(2, 1)
    assert fates(1, 1) != fates(1, 2)


def test_the_dice_are_the_same_on_every_machine() -> None:
    found = [fate_of(1, 0.5, f"key-{number}", 1).reply.kind.value for number in range(8)]
    assert found == [
        "ACCEPTED",
        "ACCEPTED",
        "BUSY",
        "ACCEPTED",
        "BUSY",
        "ACCEPTED",
        "BUSY",
        "ACCEPTED",
    ]
    assert reference_of("key-1") == "RAIL-BE2974546978E3739E6D6DA8"


def test_the_shares_are_the_documented_ones() -> None:
    fates = [fate_of(SEED, 0.2, f"key-{number}", 1) for number in range(MANY)]
    kinds = Counter(found.reply.kind for found in fates)
    failures = MANY - kinds[ReplyKind.ACCEPTED]
    assert failures / MANY == pytest.approx(0.2, abs=0.01)
    assert kinds[ReplyKind.BUSY] / failures == pytest.approx(0.60, abs=0.03)
    assert kinds[ReplyKind.REJECTED] / failures == pytest.approx(0.15, abs=0.03)
    assert kinds[ReplyKind.TIMEOUT] / failures == pytest.approx(0.25, abs=0.03)
    lost = [found.books for found in fates if found.reply.kind is ReplyKind.TIMEOUT]
    assert sum(lost) / len(lost) == pytest.approx(0.5, abs=0.06)
    assert all(found.books for found in fates if found.reply.kind is ReplyKind.ACCEPTED)
    assert len({found.reply.code for found in fates}) == 9
    assert all(fate.LATENCY_MIN <= found.latency <= fate.LATENCY_MAX for found in fates)


@pytest.mark.parametrize(("fail_rate", "accepted"), [(0.0, 1_000), (1.0, 0)])
def test_the_ends_of_the_fail_rate(fail_rate: float, accepted: int) -> None:
    kinds = [fate_of(SEED, fail_rate, f"key-{n}", 1).reply.kind for n in range(1_000)]
    assert kinds.count(ReplyKind.ACCEPTED) == accepted


def test_the_latency_is_waited_for_outside_of_the_transaction(
    rail: Rail, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        other.execute("begin immediate")  # nobody holds the file
        assert other.execute("select count(*) from payments").fetchone() == (1,)
        other.execute("rollback")
        other.close()

    monkeypatch.setattr(time, "sleep", sleep)
    rail.submit("key-1", "1.00", "EUR", 1)
    assert waited == [fate_of(SEED, 0.0, "key-1", 1).latency]


def test_a_timeout_waits_longer(failing: Rail, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    key = key_for(ReplyKind.TIMEOUT)
    failing.submit(key, "1.00", "EUR", 1)
    assert waited == [fate_of(SEED, 1.0, key, 1).latency + fate.TIMEOUT_EXTRA]


def test_the_books_are_a_moment_that_later_bookings_do_not_change(
    rail: Rail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rail_module, "PAGE_ROWS", 3)
    for number in range(7):
        rail.submit(f"key-{number}", "1.00", "EUR", 1)
    books = rail.books()
    first = next(books.entries)
    rail.submit("key-later", "1.00", "EUR", 1)
    keys = [first.key, *(entry.key for entry in books.entries)]
    assert keys == [f"key-{number}" for number in range(7)]
    assert books.payments == 7
    assert rail.books().payments == 8


def test_books_that_are_empty(rail: Rail) -> None:
    books = rail.books()
    assert (books.requests, books.payments, list(books.entries)) == (0, 0, [])


def test_the_books_outlive_the_rail(path: Path) -> None:
    with Rail(path, SEED, 0.0) as first:
        first.submit("key-1", "1.00", "EUR", 1)
    first.close()
    with Rail(path, SEED, 0.0) as second:
        assert second.books().payments == 1


def test_an_error_in_the_transaction_leaves_no_trace(rail: Rail) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        rail.submit("key-1", "1.00", "EUR", None)  # type: ignore[arg-type]
    assert (rail.books().requests, rail.books().payments) == (0, 0)
    assert rail.submit("key-1", "1.00", "EUR", 1).kind is ReplyKind.ACCEPTED


def test_threads_share_a_rail(path: Path) -> None:
    with Rail(path, SEED, 0.3) as rail, ThreadPoolExecutor(8) as threads:
        keys = [f"key-{number % 100}" for number in range(800)]
        found = list(threads.map(lambda key: rail.submit(key, "1.00", "EUR", 1), keys))
        books = rail.books()
        booked = {entry.key: entry.reference for entry in books.entries}
    assert books.requests == len(found) == 800
    assert books.payments == len(booked)
    for key, reply in zip(keys, found, strict=True):
        if reply.kind is ReplyKind.ACCEPTED:
            assert booked[key] == reply.reference


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_rail_is_not_carried_through_a_fork(rail: Rail) -> None:
    def child() -> None:
        try:
            rail.submit("key-1", "1.00", "EUR", 1)
        except RuntimeError:
            os._exit(42)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(10)
    assert process.exitcode == 42
    assert rail.books().requests == 0


CHILD = """
import sys
from itertools import count
from pathlib import Path
from ledgerdb.demo.rail import Rail
path, name, limit = sys.argv[1:]
with Rail(Path(path), 7, 0.2) as rail:
    print("ready", flush=True)
    for number in range(int(limit)) if int(limit) else count():
        rail.submit(f"{name}-{number}", "1.00", "EUR", 1)
        rail.submit(f"shared-{number}", "1.00", "EUR", 1)
"""


def child(path: Path, name: str, limit: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(path), name, str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_open_the_books_at_once_and_share_them(path: Path) -> None:
    children = [child(path, f"child-{number}", 100) for number in range(4)]
    for process in children:
        process.communicate(timeout=30)
        assert process.returncode == 0
    with Rail(path, SEED, 0.2) as rail:
        books = rail.books()
        assert books.requests == 4 * 200
        shared = [entry for entry in books.entries if entry.key.startswith("shared-")]
    assert len({entry.key for entry in shared}) == len(shared) > 70


def test_sigkill_costs_no_payment_and_no_lock(path: Path) -> None:
    with Rail(path, SEED, 0.2) as rail:
        for number in range(3):
            process = child(path, f"victim-{number}", 0)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            deadline = time.monotonic() + 10
            known = rail.books().requests
            while rail.books().requests < known + 50 and time.monotonic() < deadline:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=10)
            before = rail.books()
            assert before.requests > known
            started = time.monotonic()
            rail.submit(f"after-{number}", "1.00", "EUR", 1)
            assert time.monotonic() - started < 5
        books = rail.books()
        entries = list(books.entries)
    assert len(entries) == books.payments
    connection = sqlite3.connect(path)
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    lost = connection.execute(
        "select count(*) from requests as r where kind = 'ACCEPTED'"
        " and not exists (select 1 from payments as p where p.key = r.key)"
    ).fetchone()
    connection.close()
    assert lost == (0,)
