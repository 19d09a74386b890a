"""The blocking verbs of an ingress service: accept instructions, say where they stand, prove it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar
from uuid import UUID

from ledgerdb import calls
from ledgerdb.calls import Call
from ledgerdb.rows import (
    Acknowledgement,
    EvidencePack,
    Instruction,
    InstructionStatus,
    RegisteredTenant,
    TenantType,
)

__all__ = ["IngressVerbs"]

T = TypeVar("T")


class IngressVerbs(ABC):
    """A method per call that an ingress service makes. A ledger has them, and so has every store
    of `ledgerdb.stores`.
    """

    @abstractmethod
    def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls`."""

    def register_tenant(
        self, tenant_id: UUID, tenant_key: str, tenant_name: str, tenant_type: TenantType
    ) -> RegisteredTenant:
        """Create a tenant, or return it (`register_tenant`)."""
        return self.execute(calls.register_tenant(tenant_id, tenant_key, tenant_name, tenant_type))

    def ingest(self, instruction: Instruction) -> Acknowledgement:
        """Accept an instruction: attestation and outbox item together (`ingest_instruction`, or
        `ingest_traced_instruction` where it is part of a trace).

        Raises:
            IdempotencyConflict: the key, or the instruction, is bound to other content.
            TenantRefused: the tenant is unknown or not active.
            InvalidArgument: a field breaks a rule.
        """
        return self.execute(calls.ingest(instruction))

    def instruction_status(self, tenant_id: UUID, instruction_id: str) -> InstructionStatus | None:
        """Where an instruction of this tenant stands (`instruction_status`)."""
        return self.execute(calls.instruction_status(tenant_id, instruction_id))

    def evidence_pack(self, tenant_id: UUID, instruction_id: str) -> EvidencePack | None:
        """What the ledger holds about an instruction of this tenant (`evidence_pack`)."""
        return self.execute(calls.evidence_pack(tenant_id, instruction_id))
