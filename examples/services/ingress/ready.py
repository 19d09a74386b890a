"""Whether the store answers: asked at most once a second, however often /readyz is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from ledgerdb import LedgerError
from ledgerdb.stores import AsyncStore

__all__ = ["Readiness"]

_FRESH_SECONDS: Final = 1.0


class Readiness:
    """Pings the store: that needs a connection to the primary, the migrations and the rights."""

    def __init__(
        self, store: AsyncStore, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._clock = clock
        self._asked_at = -_FRESH_SECONDS
        self._answer = False
        self._asking = asyncio.Lock()

    async def ask(self) -> bool:
        """The answer, which comes in time whatever the database does."""
        async with self._asking:
            if self._clock() - self._asked_at >= _FRESH_SECONDS:
                self._answer = await self._ask()
                self._asked_at = self._clock()
            return self._answer

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(self._seconds):
                await self._store.ping()
        except (LedgerError, TimeoutError):
            return False
        return True
