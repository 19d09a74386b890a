"""ledgerdb: the database layer of a payments ledger on PostgreSQL.

A transactional outbox with leases: `Ledger.ingest` durably records an instruction, a `Worker`
claims due items under a lease, hands them to a payment rail and completes the attempt; every
attempt is a row of an append-only ledger.
"""

from typing import TYPE_CHECKING, Any

from ledgerdb.engine import EngineSettings, create_ledger_engine
from ledgerdb.errors import (
    AppendOnly,
    ConfigurationError,
    Contention,
    DatabaseError,
    DatabaseUnavailable,
    IdempotencyConflict,
    IngressError,
    InvalidArgument,
    InvalidState,
    LeaseLost,
    LedgerError,
    MemberTenantMismatch,
    MemberTenantMissing,
    MigrationError,
    OutboxError,
    OutcomeUnknown,
    PermissionDenied,
    RailReferenceRequired,
    StatementTimeout,
    TenantRefused,
)
from ledgerdb.rows import (
    Acknowledgement,
    Attempt,
    AttemptState,
    Attestation,
    Backlog,
    ClaimedItem,
    CompletedAttempt,
    CounterDrift,
    EnqueuedItem,
    EvidencePack,
    Instruction,
    InstructionStatus,
    OutboxIdentity,
    RegisteredTenant,
    ReleasedLease,
    RepairedLease,
    TenantType,
)
from ledgerdb.sync import Ledger, LedgerTransaction

if TYPE_CHECKING:
    from ledgerdb.aio import AsyncLedger, AsyncLedgerTransaction, create_async_ledger_engine

__version__ = "0.1.0"

__all__ = [
    "Acknowledgement",
    "AppendOnly",
    "AsyncLedger",
    "AsyncLedgerTransaction",
    "Attempt",
    "AttemptState",
    "Attestation",
    "Backlog",
    "ClaimedItem",
    "CompletedAttempt",
    "ConfigurationError",
    "Contention",
    "CounterDrift",
    "DatabaseError",
    "DatabaseUnavailable",
    "EngineSettings",
    "EnqueuedItem",
    "EvidencePack",
    "IdempotencyConflict",
    "IngressError",
    "Instruction",
    "InstructionStatus",
    "InvalidArgument",
    "InvalidState",
    "LeaseLost",
    "Ledger",
    "LedgerError",
    "LedgerTransaction",
    "MemberTenantMismatch",
    "MemberTenantMissing",
    "MigrationError",
    "OutboxError",
    "OutboxIdentity",
    "OutcomeUnknown",
    "PermissionDenied",
    "RailReferenceRequired",
    "RegisteredTenant",
    "ReleasedLease",
    "RepairedLease",
    "StatementTimeout",
    "TenantRefused",
    "TenantType",
    "create_async_ledger_engine",
    "create_ledger_engine",
]

_ASYNC = frozenset({"AsyncLedger", "AsyncLedgerTransaction", "create_async_ledger_engine"})


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute
    # The async colour is loaded when it is asked for: a blocking service never pays for it.
    if name in _ASYNC:
        from ledgerdb import aio  # noqa: PLC0415

        return getattr(aio, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
