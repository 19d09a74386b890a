"""How much of one key, and of all, is let in at the same time: memory and the pool are bounded."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from examples.services.ingress import problems
from examples.services.ingress.settings import IngressSettings

__all__ = ["Limits"]


@dataclass(slots=True)
class _Account:
    tokens: float
    seen_at: float
    under_way: int = 0


class Limits:
    """A token bucket per key, and a bound of what is under way per key and in all.

    Accounts are made for known keys only, so a stranger cannot make this grow.
    """

    def __init__(
        self, settings: IngressSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._accounts: dict[str, _Account] = {}
        self.under_way = 0

    @contextmanager
    def admitted(self, key: str) -> Iterator[None]:
        """Lets one request of a key in.

        Raises:
            Refused: 429, too many of this key; or 503, too many in all.
        """
        settings = self._settings
        account = self._account(key)
        if account.tokens < 1:
            raise problems.too_many(
                math.ceil((1 - account.tokens) / settings.key_requests_per_second)
            )
        if account.under_way >= settings.key_requests_max:
            raise problems.too_many(1)
        if self.under_way >= settings.requests_max:
            raise problems.unavailable()
        account.tokens -= 1
        account.under_way += 1
        self.under_way += 1
        try:
            yield
        finally:
            account.under_way -= 1
            self.under_way -= 1

    def _account(self, key: str) -> _Account:
        now, settings = self._clock(), self._settings
        account = self._accounts.setdefault(key, _Account(settings.key_burst, now))
        earned = (now - account.seen_at) * settings.key_requests_per_second
        account.tokens = min(settings.key_burst, account.tokens + earned)
        account.seen_at = now
        return account
