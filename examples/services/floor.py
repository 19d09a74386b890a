"""The ingress over a store that keeps nothing: what the service costs without the ledger.

For `load.py` only. It acknowledges what is nowhere; nothing else may start it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID, uuid5

from examples.services.ingress.app import create_app
from examples.services.ingress.keys import Keys
from examples.services.ingress.server import server_of
from examples.services.ingress.settings import IngressSettings
from examples.services.settings import from_environment
from ledgerdb import Acknowledgement, Instruction
from ledgerdb.calls import Call
from ledgerdb.stores import AsyncStore

__all__ = ["Nothing"]

T = TypeVar("T")


class Nothing(AsyncStore):
    """Remembers the names, so that a replay is one, and nothing else."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    async def execute(self, call: Call[T]) -> T:
        """No other call."""
        raise NotImplementedError(call.function)

    async def ingest(self, instruction: Instruction) -> Acknowledgement:
        """An acknowledgement like that of a store."""
        name = instruction.instruction_id
        replayed = name in self._seen
        self._seen.add(name)
        payload = instruction.payload
        assert isinstance(payload, memoryview)  # noqa: S101 - the ingress passes nothing else
        return Acknowledgement(
            attestation_id=uuid5(UUID(int=1), name),
            outbox_id=uuid5(UUID(int=2), name),
            sequence_id=1,
            received_at=datetime.now(UTC),
            payload_hash=hashlib.sha256(payload).hexdigest(),
            state="PENDING",
            replayed=replayed,
        )

    async def ping(self) -> None:
        """Always."""

    async def close(self) -> None:
        """Nothing to give back."""


if __name__ == "__main__":
    settings = from_environment(IngressSettings, "INGRESS_", os.environ)
    app = create_app(Nothing(), Keys(settings.keys_file), settings)
    asyncio.run(server_of(app, settings).serve())
