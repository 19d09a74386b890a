"""How long a worker rests between two claims while there is less work than a batch."""

from __future__ import annotations

from typing import Final

__all__ = ["Pace"]

_SHARE: Final = 2.0


class Pace:
    """A claim that found something is followed by a rest of twice its own time: claims take a third
    of the time at most, and what comes meanwhile goes together. Where nothing was found the rest
    doubles each time: of many workers that one notification wakes, those without luck calm down.

    Args:
        rest_seconds_max: longest rest.
    """

    def __init__(self, rest_seconds_max: float) -> None:
        self._max = rest_seconds_max
        self._rest = 0.0

    def after(self, took_seconds: float, *, found: bool) -> float:
        """Seconds to rest after a claim that took so long."""
        self._rest = _SHARE * (took_seconds if found else max(took_seconds, self._rest))
        self._rest = min(self._rest, self._max)
        return self._rest
