"""Calls of the async colour that are cancelled, at each of their awaits in turn."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, Final, TypeVar

from ledgerdb import OutcomeUnknown
from proof.chaos.actors import Actor

__all__ = ["Asking", "cancelled_at"]

T = TypeVar("T")

WAIT_SECONDS: Final = 1.0


class Asking:
    """Calls verbs of the async colour, some of them cancelled."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self._at: dict[str, int] = {}

    async def call(self, verb: str, coroutine: Coroutine[Any, Any, T], share: float) -> T:
        """A share of the calls is cancelled: the first at its first await, the next one at its
        second, until one has no further await; then from the beginning. All have a time limit.

        Raises:
            asyncio.CancelledError: it was cancelled, or took too long.
        """
        at = 0
        if self.actor.dice.random() < share:
            at = self._at.get(verb, 0) + 1
        task = asyncio.create_task(_as_coroutine(coroutine, at))
        done, _ = await asyncio.wait({task}, timeout=WAIT_SECONDS)
        if not done:
            task.cancel()
            await asyncio.wait({task})
        if at:
            reached = task.cancelled() or isinstance(task.exception(), OutcomeUnknown)
            self._at[verb] = at if reached else 0
            if reached:
                self.actor.journal.log("cancelled", verb=verb, at_await=at)
        return task.result()


@types.coroutine
def cancelled_at(coroutine: Coroutine[Any, Any, T], at: int) -> Generator[Any, Any, T]:
    """Awaits a coroutine; its task is cancelled when it suspends for the nth time."""
    steps = coroutine.__await__()
    suspended = 0
    value: object = None
    error: BaseException | None = None
    while True:
        try:
            waited = steps.send(value) if error is None else steps.throw(error)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        suspended += 1
        if suspended == at and (task := asyncio.current_task()) is not None:
            task.cancel()
        value = error = None
        try:
            value = yield waited
        except BaseException as thrown:  # noqa: BLE001 - it is the coroutine's
            error = thrown


async def _as_coroutine(coroutine: Coroutine[Any, Any, T], at: int) -> T:
    return await cancelled_at(coroutine, at)
