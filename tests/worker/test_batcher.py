"""Requests that come together share a call; nobody waits for company."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ledgerdb.worker.batcher import Batcher


async def test_what_comes_during_a_call_shares_the_next() -> None:
    calls: list[list[int]] = []
    called, go_on = asyncio.Event(), asyncio.Event()

    async def double(requests: Sequence[int]) -> Sequence[int | Exception]:
        calls.append([*requests])
        called.set()
        await go_on.wait()
        return [2 * request for request in requests]

    batcher = Batcher(double)
    first = asyncio.create_task(batcher.submit(1))
    await called.wait()
    others = [asyncio.create_task(batcher.submit(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert calls == [[1], [2, 3]]
    await batcher.close()


async def test_an_error_is_of_one_request_or_of_all() -> None:
    async def judge(requests: Sequence[int]) -> Sequence[int | Exception]:
        if 0 in requests:
            raise ZeroDivisionError
        return [ValueError(request) if request < 0 else request for request in requests]

    batcher = Batcher(judge)
    answers = await asyncio.gather(*map(batcher.submit, (1, -1)), return_exceptions=True)
    assert answers[0] == 1
    assert isinstance(answers[1], ValueError)
    answers = await asyncio.gather(*map(batcher.submit, (1, 0)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ZeroDivisionError] * 2


async def test_who_stops_waiting_has_asked_nevertheless() -> None:
    asked: list[int] = []

    async def ask(requests: Sequence[int]) -> Sequence[int | Exception]:
        asked.extend(requests)
        return requests

    batcher = Batcher(ask)
    task = asyncio.create_task(batcher.submit(1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await batcher.submit(2) == 2
    assert asked == [1, 2]


async def test_closing_gives_up() -> None:
    started = asyncio.Event()

    async def hang(_: Sequence[int]) -> Sequence[int | Exception]:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    batcher = Batcher(hang)
    tasks = [asyncio.create_task(batcher.submit(number)) for number in range(2)]
    await started.wait()
    await batcher.close()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2
