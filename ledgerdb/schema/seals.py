"""The chain of seals over attempts and attestations, and what stays of retired ones in it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from ledgerdb.schema._columns import Internal, instant, metadata, text, uuid

__all__ = ["ledger_retired_leaves", "ledger_seal_horizon", "ledger_seals"]

ledger_seals: Final = Table(
    "ledger_seals",
    metadata,
    Column("seal_no", BigInteger, primary_key=True),
    text("subject"),
    Column("after_position", BigInteger, nullable=True),
    Column("through_position", BigInteger, nullable=True),
    uuid("after_id", null=True),
    uuid("through_id", null=True),
    Column("row_count", Integer, nullable=False),
    Column("leaf_version", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary, nullable=True),
    Column("seal_hash", LargeBinary, nullable=False),
    instant("sealed_at"),
)

ledger_seal_horizon: Final = Table(
    "ledger_seal_horizon",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("final_position", BigInteger, nullable=False),
    Column("noted_position", BigInteger, nullable=True),
    Column("noted_xid", Internal("xid8"), nullable=True),
    Column("without_position", ARRAY(Text), nullable=False),
)

ledger_retired_leaves: Final = Table(
    "ledger_retired_leaves",
    metadata,
    uuid("attempt_id", key=True),
    uuid("outbox_id"),
    Column("attempt_no", Integer, nullable=False),
    Column("ledger_position", BigInteger, nullable=True),
    Column("leaf", LargeBinary, nullable=False),
)
