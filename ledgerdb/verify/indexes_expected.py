"""The indexes that the hot paths live on, as they must be: written down here by hand, from the
contract of the SQL surface, and read from no file of the migrations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["FILLFACTORS", "INDEXES", "SCHEMA", "HotIndex"]

SCHEMA: Final = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotIndex:
    """One index.

    Attributes:
        table: that it is on.
        columns: in order; all ascending, nulls last, in the default operator class and collation.
        serves: what would be slow, or wrong, without it.
        unique: it also keeps a promise.
        predicate: as PostgreSQL spells it with an empty search_path; None covers every row.
    """

    table: str
    columns: tuple[str, ...]
    serves: str
    unique: bool = False
    predicate: str | None = None


_ENDED: Final = (
    "(state = ANY (ARRAY['DISPATCHED'::public.outbox_attempt_state,"
    " 'FAILED'::public.outbox_attempt_state]))"
)

INDEXES: Final = {
    "ux_ingress_attestations_tenant_instruction": HotIndex(
        table="ingress_attestations",
        columns=("tenant_id", "instruction_id"),
        unique=True,
        serves="one attestation per instruction of a tenant; replay, status, evidence",
    ),
    "idx_ingress_attestations_tenant_received": HotIndex(
        table="ingress_attestations",
        columns=("tenant_id", "received_at"),
        predicate="(tenant_id IS NOT NULL)",
        serves="what a tenant sent in a span of time",
    ),
    "idx_ingress_attestations_tenant_correlation": HotIndex(
        table="ingress_attestations",
        columns=("tenant_id", "correlation_id"),
        predicate="(correlation_id IS NOT NULL)",
        serves="tracing a request of a tenant",
    ),
    "idx_ingress_attestations_correlation_id": HotIndex(
        table="ingress_attestations",
        columns=("correlation_id",),
        predicate="(correlation_id IS NOT NULL)",
        serves="tracing a request",
    ),
    "idx_payment_outbox_pending_due_claim": HotIndex(
        table="payment_outbox_pending",
        columns=("next_attempt_at", "lease_expires_at", "created_at"),
        serves="the claim of what is due, in its order",
    ),
    "ux_attempts_outbox_attempt_no": HotIndex(
        table="payment_outbox_attempts",
        columns=("outbox_id", "attempt_no"),
        unique=True,
        serves="one attempt per number of an item: the backstop of the locked counter",
    ),
    "ux_outbox_attempts_one_terminal_per_outbox": HotIndex(
        table="payment_outbox_attempts",
        columns=("outbox_id", "redrive_no"),
        unique=True,
        predicate=_ENDED,
        serves="one end for each time that an item was sent",
    ),
}
# per cent of a page that an insert fills: the rest is for updates that stay on the page
FILLFACTORS: Final = {"payment_outbox_pending": 80}
