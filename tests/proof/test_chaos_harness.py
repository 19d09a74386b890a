"""The parts of the chaos: histories, the wire, cancelled awaits, the rail."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from proof.chaos.awaits import cancelled_at
from proof.chaos.history import Journal, read_histories
from proof.chaos.proxy import Break, Direction, Manner, Proxy
from proof.chaos.rail import Answer, Rail
from tests.waiting import until

_WRITES = """
import sys
from pathlib import Path
from proof.chaos.history import Journal
journal = Journal(Path(sys.argv[1]), "killed")
number = 0
while True:
    number += 1
    journal.log("asked", number=number)
"""


def test_a_history_outlives_a_sigkill(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _WRITES, tmp_path])
    until(lambda: (tmp_path / "killed.jsonl").exists() and len(read_quietly(tmp_path)) > 100)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    numbers = [event["number"] for event in read_histories(tmp_path)]
    assert numbers == list(range(1, len(numbers) + 1))


def read_quietly(folder: Path) -> bytes:
    return (folder / "killed.jsonl").read_bytes()


def test_histories_are_in_the_order_of_time(tmp_path: Path) -> None:
    one, other = Journal(tmp_path, "one"), Journal(tmp_path, "other")
    for journal in (one, other, one):
        journal.log("asked")
    events = read_histories(tmp_path)
    assert [event.who for event in events] == ["one", "other", "one"]


def test_half_an_event_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('[1.0,"asked"')
    with pytest.raises(ValueError, match="in the middle of an event"):
        read_histories(tmp_path)


def _echo(server: socket.socket) -> None:
    """Echoes what each client sends, until the server is closed."""
    while True:
        try:
            peer, _ = server.accept()
        except OSError:
            return
        with peer:
            try:
                while data := peer.recv(1024):
                    peer.sendall(data)
            except OSError:
                pass


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_echo, args=[server])
    thread.start()
    wire = Proxy(server.getsockname()[1])
    yield wire
    wire.close()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def _send(proxy: Proxy, planned: Break | None) -> bytes:
    """What of a commit comes back; a reset is an error."""
    broke: list[bool] = []
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"
        if planned is not None:
            thread = threading.Thread(target=lambda: broke.append(proxy.break_next(planned, 10)))
            thread.start()
            until(lambda: proxy.armed)
        client.sendall(b"Q...COMMIT.")
        got = b""
        while data := client.recv(1024):
            got += data
            if planned is None:
                break
    if planned is not None:
        thread.join()
        assert broke == [True]
    return got


def test_a_wire_that_holds(proxy: Proxy) -> None:
    assert _send(proxy, None) == b"Q...COMMIT."


def test_a_wire_is_cut_in_the_middle_of_a_reply(proxy: Proxy) -> None:
    assert _send(proxy, Break(Direction.REPLY, b"COMMIT", 3, Manner.CUT)) == b"Q...COM"


def test_a_wire_is_cut_in_the_middle_of_a_request(proxy: Proxy) -> None:
    assert _send(proxy, Break(Direction.REQUEST, b"COMMIT", -4, Manner.CUT)) in (b"", b"Q")


@pytest.mark.parametrize("manner", [Manner.RESET, Manner.HALF_OPEN])
def test_a_wire_is_reset(proxy: Proxy, manner: Manner) -> None:
    with pytest.raises(ConnectionResetError):
        _send(proxy, Break(Direction.REQUEST, b"COMMIT", 0, manner))


def test_a_break_that_nothing_meets_is_none(proxy: Proxy) -> None:
    assert not proxy.break_next(Break(Direction.REQUEST, b"COMMIT", 0, Manner.CUT), 0.05)


def test_a_frozen_wire_delivers_later(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
        client.sendall(b"1")
        assert client.recv(1) == b"1"
        proxy.freeze()
        client.sendall(b"2")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        proxy.thaw()
        client.settimeout(10)
        assert client.recv(1) == b"2"


async def test_each_await_is_cancelled_in_turn() -> None:
    reached: list[int] = []

    async def three() -> str:
        for number in (1, 2, 3):
            await asyncio.sleep(0)
            reached.append(number)
        return "done"

    async def attempt(at: int) -> str:
        return await cancelled_at(three(), at)

    for at in (1, 2, 3):
        reached.clear()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(attempt(at))
        assert reached == list(range(1, at))
    assert await asyncio.create_task(attempt(4)) == "done"


def test_the_rail_answers_a_key_and_a_number_alike(tmp_path: Path) -> None:
    rails = [Rail(tmp_path, who) for who in ("one", "other")]
    answers = [
        [
            rail.pay(rail_key=f"k{key}", outbox="o", token="t", number=1, payload="{}")  # noqa: S106
            for key in range(200)
        ]
        for rail in rails
    ]
    assert answers[0] == answers[1]
    assert {reply.answer for reply in answers[0]} == set(Answer)
    events = read_histories(tmp_path)
    assert len(events) == 400
    booked = {event["rail_key"] for event in events if event["booked"]}
    assert len(booked) == sum(
        reply.answer in (Answer.ACCEPTED, Answer.SILENT) for reply in answers[0]
    )
