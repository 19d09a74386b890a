"""Trying again: how often, until when, and after which errors."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest

from ledgerdb.errors import DatabaseUnavailable, InvalidArgument
from ledgerdb.worker.reconnect import patiently

PAUSE_SECONDS_MAX = 0.05


def failing(*errors: Exception) -> tuple[Callable[[], Awaitable[int]], list[Exception]]:
    """A call that fails in these ways and then answers with the number of its tries."""
    left = list(errors)

    async def call() -> int:
        if left:
            raise left.pop(0)
        return len(errors) + 1

    return call, left


async def test_the_first_try_counts(caplog: pytest.LogCaptureFixture) -> None:
    call, _ = failing(DatabaseUnavailable("one"), DatabaseUnavailable("two"))
    with caplog.at_level(logging.WARNING, "ledgerdb.worker"):
        assert await patiently(call, PAUSE_SECONDS_MAX) == 3
    assert caplog.messages == ["trying again (1): one", "trying again (2): two"]


async def test_what_succeeds_at_once_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    call, _ = failing()
    assert await patiently(call, PAUSE_SECONDS_MAX) == 1
    assert not caplog.messages


@pytest.mark.parametrize("tries", [1, 2])
async def test_what_does_not_pass_is_raised(tries: int) -> None:
    errors = [DatabaseUnavailable("passes")] * (tries - 1)
    call, left = failing(*errors, InvalidArgument("stays"), DatabaseUnavailable("never met"))
    with pytest.raises(InvalidArgument, match="stays"):
        await patiently(call, PAUSE_SECONDS_MAX)
    assert len(left) == 1


async def test_a_failure_after_the_deadline_is_the_last() -> None:
    call, left = failing(DatabaseUnavailable("one"), DatabaseUnavailable("two"))
    with pytest.raises(DatabaseUnavailable, match="one"):
        await patiently(call, PAUSE_SECONDS_MAX, until=time.monotonic())
    assert len(left) == 1


async def test_who_stops_waits_no_longer() -> None:
    stopping = asyncio.Event()
    call, left = failing(*[DatabaseUnavailable("away")] * 1_000)
    trying = asyncio.create_task(patiently(call, 3_600, stopping=stopping))
    await asyncio.sleep(0)
    stopping.set()
    async with asyncio.timeout(30):
        with pytest.raises(DatabaseUnavailable, match="away"):
            await trying
    assert left
