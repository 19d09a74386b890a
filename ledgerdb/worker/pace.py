"""How long a worker rests between two claims while there is less work than a batch."""

from __future__ import annotations

from typing import Final

__all__ = ["Pace"]

_SHARE: Final = 2.0


class Pace:
    """A claim is followed by a rest of twice its own time: claims take a third of the time at most,
    and what comes meanwhile goes together. Where a notification promised something and nothing was
    found, the rest doubles each time: of many workers that one notification wakes, those without
    luck calm down. A claim of a worker that nobody woke finds nothing as a rule, and says nothing
    about the next notification.

    Args:
        rest_seconds_max: longest rest.
    """

    def __init__(self, rest_seconds_max: float) -> None:
        self._max = rest_seconds_max
        self._in_vain = 0.0

    def after(self, took_seconds: float, *, found: bool, woken: bool) -> float:
        """Seconds to rest after a claim that took so long.

        Args:
            took_seconds: by the claim.
            found: whether it leased something.
            woken: whether a notification came before it.
        """
        rest = _SHARE * took_seconds
        if found:
            self._in_vain = 0.0
        elif woken:
            rest = self._in_vain = min(max(rest, _SHARE * self._in_vain), self._max)
        return min(rest, self._max)
