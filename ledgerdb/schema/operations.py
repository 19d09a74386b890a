"""What operators set and did, and what became of old history."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table

from ledgerdb.schema._columns import (
    Internal,
    attempt_state,
    instant,
    json,
    jsonb,
    metadata,
    number,
    text,
    uuid,
)

__all__ = [
    "ledger_retention_runs",
    "outbox_controls",
    "outbox_counter_drift_report",
    "outbox_retry_policies",
    "payment_outbox_operator_actions",
    "payment_outbox_outcomes",
]

outbox_controls: Final = Table(
    "outbox_controls",
    metadata,
    text("scope", key=True),
    text("scope_key", key=True),
    Column("paused", Boolean, nullable=False),
    text("ordering"),
    Column("fair", Boolean, nullable=False),
    Column("notify_workers", Boolean, nullable=False),
    instant("updated_at"),
)

outbox_retry_policies: Final = Table(
    "outbox_retry_policies",
    metadata,
    text("rail_type", key=True),
    text("strategy"),
    number("base_seconds"),
    number("factor"),
    number("max_seconds"),
    number("jitter"),
    instant("updated_at"),
)

payment_outbox_operator_actions: Final = Table(
    "payment_outbox_operator_actions",
    metadata,
    uuid("action_id", key=True),
    text("action"),
    uuid("outbox_id", null=True),
    text("scope", null=True),
    text("scope_key", null=True),
    text("actor"),
    text("reason"),
    jsonb("detail"),
    Column("session_role", Internal("name"), nullable=False),
    instant("created_at"),
)

outbox_counter_drift_report: Final = Table(
    "outbox_counter_drift_report",
    metadata,
    uuid("outbox_id", key=True),
    instant("detected_at", key=True),
    Column("attempt_count", Integer, nullable=False),
    Column("max_attempt_no", Integer, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("has_terminal", Boolean, nullable=False),
    Column("near_overflow", Boolean, nullable=False),
    text("action"),
)

ledger_retention_runs: Final = Table(
    "ledger_retention_runs",
    metadata,
    uuid("run_id", key=True),
    Column("transaction_id", Internal("xid8"), nullable=False),
    text("actor"),
    text("reason"),
    instant("horizon"),
    instant("ran_at"),
    Column("items", Integer, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

payment_outbox_outcomes: Final = Table(
    "payment_outbox_outcomes",
    metadata,
    uuid("outbox_id", key=True),
    uuid("run_id"),
    Column("sequence_id", BigInteger, nullable=False),
    Column("state", attempt_state, nullable=False),
    Column("attempts", Integer, nullable=False),
    instant("first_claimed_at"),
    instant("completed_at"),
    text("rail_reference", null=True),
    text("error_code", null=True),
    Column("digest", LargeBinary, nullable=False),
    json("payload"),
    instant("retired_at"),
)
