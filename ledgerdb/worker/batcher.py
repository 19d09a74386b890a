"""Many small requests as few large ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

__all__ = ["Batcher"]

T = TypeVar("T")
R = TypeVar("R")

_REQUESTS_MAX: Final = 1_000


class Batcher(Generic[T, R]):
    """What comes while a call is under way goes with the next one. So nobody waits for company: a
    single request goes at once, and a crowd shares its round trips and its commits.

    Args:
        call: answers requests in their order, an exception being the answer to one of them.
    """

    def __init__(self, call: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]) -> None:
        self._call = call
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._draining: asyncio.Task[None] | None = None

    async def submit(self, request: T) -> R:
        """The answer to one request. Who is cancelled while waiting has asked nevertheless.

        Raises:
            Exception: the answer, where it is one.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def close(self) -> None:
        """Gives up what is under way, and what waits."""
        if self._draining is not None:
            self._draining.cancel()
            with suppress(asyncio.CancelledError):
                await self._draining

    async def _drain(self) -> None:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        try:
            while self._waiting:
                batch, self._waiting = (
                    self._waiting[:_REQUESTS_MAX],
                    self._waiting[_REQUESTS_MAX:],
                )
                answers = await self._answers([request for request, _ in batch])
                for (_, future), answer in zip(batch, answers, strict=True):
                    if future.done():  # nobody waits any more
                        continue
                    if isinstance(answer, Exception):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)
        finally:
            self._draining = None
            for _, future in (*batch, *self._waiting):
                future.cancel()

    async def _answers(self, requests: Sequence[T]) -> Sequence[R | Exception]:
        try:
            return await self._call(requests)
        except Exception as error:  # noqa: BLE001 - those who asked get it
            return [error] * len(requests)
