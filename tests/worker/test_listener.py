"""Notifications wake a worker, whatever its connection is doing when they come."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from ledgerdb.aio import create_async_ledger_engine
from ledgerdb.worker import listener

ANSWER_SECONDS_MAX = 30


async def test_each_wakes_also_while_the_connection_is_looked_at(
    database_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at all the time: many notifications come with the answer to that."""
    monkeypatch.setattr(listener, "_LOOK_SECONDS", 0)
    engine = create_async_ledger_engine(database_url)
    wake = asyncio.Event()
    listening = asyncio.create_task(listener.listen(engine, wake, reconnect_seconds_max=0.2))
    try:
        for _ in range(100):  # the first one is that of the connection itself
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                await wake.wait()
            wake.clear()
            await asyncio.to_thread(connection.execute, f"notify {listener.CHANNEL}")
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await engine.dispose()
