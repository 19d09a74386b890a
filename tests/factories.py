"""Rows with defaults, for tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledgerdb.rows import Instruction, Payload

TENANT = UUID("0f000000-0000-4000-8000-000000000001")
OTHER_TENANT = UUID("0f000000-0000-4000-8000-000000000002")
WORKER = "worker-1"


def instruction(
    number: int = 1,
    *,
    tenant_id: UUID = TENANT,
    payload: Payload = '{"amount": "10.00", "currency": "EUR"}',
    **changes: Any,  # noqa: ANN401 - any field of an instruction
) -> Instruction:
    """The numbered instruction of a tenant; the same number is the same payment."""
    values: dict[str, Any] = {
        "tenant_id": tenant_id,
        "instruction_id": f"instruction-{number}",
        "participant_id": "participant-1",
        "idempotency_key": f"key-{number}",
        "rail_type": "RTGS",
        "payload": payload,
    }
    return Instruction(**values | changes)
