"""What the ingress asks of a store: verbs that `AsyncLedger` has."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from ledgerdb import Acknowledgement, EvidencePack, Instruction, InstructionStatus

__all__ = ["Store"]


class Store(Protocol):
    """Raises `LedgerError` where it cannot, and answers only what is durable."""

    async def ingest(self, instruction: Instruction) -> Acknowledgement:
        """Accepts an instruction; the same one again gets the same acknowledgement."""

    async def instruction_status(
        self, tenant_id: UUID, instruction_id: str
    ) -> InstructionStatus | None:
        """Where an instruction of this tenant stands."""

    async def evidence_pack(self, tenant_id: UUID, instruction_id: str) -> EvidencePack | None:
        """What the store holds about an instruction of this tenant."""

    async def close(self) -> None:
        """Gives back what it holds."""
