"""The queue and the ledger of attempts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table

from ledgerdb.schema._columns import (
    DueTime,
    attempt_state,
    instant,
    json,
    jsonb,
    metadata,
    text,
    uuid,
)

__all__ = [
    "participant_outbox_sequences",
    "payment_outbox_attempts",
    "payment_outbox_identities",
    "payment_outbox_late_results",
    "payment_outbox_pending",
]

payment_outbox_identities: Final = Table(
    "payment_outbox_identities",
    metadata,
    uuid("outbox_id", key=True),
    uuid("tenant_id", null=True),
    text("instruction_id"),
    text("idempotency_key"),
    text("participant_id"),
    text("rail_type"),
    Column("fingerprint", LargeBinary, nullable=False),
    instant("created_at"),
    json("payload"),
    Column("payload_sum", BigInteger, nullable=True),
)

payment_outbox_pending: Final = Table(
    "payment_outbox_pending",
    metadata,
    uuid("outbox_id", key=True),
    text("instruction_id"),
    text("participant_id"),
    Column("sequence_id", BigInteger, nullable=False),
    text("idempotency_key"),
    text("rail_type"),
    jsonb("payload", null=True),
    Column("attempt_count", Integer, nullable=False),
    Column("next_attempt_at", DueTime, nullable=False),
    instant("created_at"),
    text("claimed_by", null=True),
    uuid("lease_token", null=True),
    instant("lease_expires_at", null=True),
    uuid("tenant_id", null=True),
    uuid("correlation_id", null=True),
    text("upstream_ref", null=True),
    text("downstream_ref", null=True),
    text("nfs_sequence_ref", null=True),
    instant("leased_at", null=True),
    instant("dispatch_started_at", null=True),
    text("hold", null=True),
    instant("held_at", null=True),
    Column("redrive_no", Integer, nullable=False),
    Column("budget_base", Integer, nullable=False),
    Column("fifo", Boolean, nullable=False),
    text("trace_context", null=True),
)

payment_outbox_attempts: Final = Table(
    "payment_outbox_attempts",
    metadata,
    uuid("attempt_id", key=True),
    uuid("outbox_id"),
    text("instruction_id"),
    text("participant_id"),
    Column("sequence_id", BigInteger, nullable=False),
    text("idempotency_key"),
    text("rail_type"),
    jsonb("payload", null=True),
    Column("attempt_no", Integer, nullable=False),
    Column("state", attempt_state, nullable=False),
    instant("claimed_at"),
    instant("completed_at", null=True),
    text("rail_reference", null=True),
    text("rail_code", null=True),
    text("error_code", null=True),
    text("error_message", null=True),
    Column("latency_ms", Integer, nullable=True),
    text("worker_id", null=True),
    instant("created_at"),
    uuid("tenant_id", null=True),
    uuid("member_id", null=True),
    uuid("correlation_id", null=True),
    text("upstream_ref", null=True),
    text("downstream_ref", null=True),
    text("nfs_sequence_ref", null=True),
    uuid("lease_token", null=True),
    instant("dispatch_started_at", null=True),
    text("closed_by", null=True),
    Column("redrive_no", Integer, nullable=False),
    Column("ledger_position", BigInteger, nullable=True),
)

payment_outbox_late_results: Final = Table(
    "payment_outbox_late_results",
    metadata,
    uuid("late_result_id", key=True),
    uuid("outbox_id"),
    uuid("lease_token"),
    text("worker_id"),
    Column("state", attempt_state, nullable=False),
    text("outcome"),
    text("rail_reference", null=True),
    text("rail_code", null=True),
    text("error_code", null=True),
    text("error_message", null=True),
    Column("latency_ms", Integer, nullable=True),
    instant("received_at"),
)

participant_outbox_sequences: Final = Table(
    "participant_outbox_sequences",
    metadata,
    text("participant_id", key=True),
    Column("next_sequence_id", BigInteger, nullable=False),
    Column("monotonic_from", BigInteger, nullable=True),
)
