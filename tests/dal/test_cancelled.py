"""Whoever is cancelled, at whichever await, leaves no connection behind."""

from __future__ import annotations

import asyncio
import gc
import itertools

from ledgerdb import Acknowledgement, AsyncLedger
from ledgerdb.rows import TenantType
from proof.chaos.awaits import cancelled_at
from tests.factories import TENANT, instruction


async def test_a_verb_cancelled_at_each_await(database_url: str) -> None:
    """A connection that the garbage collector finds is a warning, hence an error."""
    async with AsyncLedger.connect(database_url) as ledger:
        await ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        await ledger.engine.dispose()

        async def ingest(at: int) -> Acknowledgement:
            return await cancelled_at(ledger.ingest(instruction(at)), at)

        for at in itertools.count(1):
            task = asyncio.create_task(ingest(at))
            await asyncio.wait({task})
            if not task.cancelled():
                break
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
            gc.collect()
            await ledger.engine.dispose()  # the next one connects anew
        assert at > 2  # connecting, and the answer
