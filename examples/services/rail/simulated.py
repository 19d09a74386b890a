"""A rail inside the worker's process, for trying things: it takes every payment, once per key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ledgerdb import ClaimedItem, Dispatched

__all__ = ["SimulatedRail", "make"]


class SimulatedRail:
    """Its reference for a payment follows from the key, so a second send gets the same one."""

    knows_keys = True

    async def send(self, item: ClaimedItem) -> Dispatched:
        """Takes it."""
        digest = hashlib.sha256(item.rail_key.encode()).hexdigest()
        return Dispatched(rail_reference=f"SIM-{digest[:16]}", rail_code="ACCP")

    async def close(self) -> None:
        """Nothing to give back."""


def make(_: Mapping[str, str]) -> SimulatedRail:
    """It has no settings."""
    return SimulatedRail()
