"""Whether the database answers: asked at most once a second, however often /readyz is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from examples.services.ingress.store import Store
from ledgerdb import LedgerError

__all__ = ["Readiness"]

_FRESH_SECONDS: Final = 1.0
_NOBODY: Final = UUID(int=0)


class Readiness:
    """Asks the store for an instruction that nobody has: that needs a connection to the primary,
    the migrations and the role's rights.
    """

    def __init__(
        self, store: Store, seconds: float, clock: Callable[[], float] = time.monotonic
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
                await self._store.instruction_status(_NOBODY, "readyz")
        except (LedgerError, TimeoutError):
            return False
        return True
