"""ledgerdb: the database layer of a payments ledger on PostgreSQL.

A transactional outbox with leases: `Ledger.ingest` durably records an instruction, a `Worker`
claims due items under a lease, hands them to a payment rail and completes the attempt; every
attempt is a row of an append-only ledger.
"""

from importlib import import_module
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
    from ledgerdb.worker import Dispatched, Rejected, Retry, Worker, WorkerSettings, WorkerStats

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
    "Dispatched",
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
    "Rejected",
    "ReleasedLease",
    "RepairedLease",
    "Retry",
    "StatementTimeout",
    "TenantRefused",
    "TenantType",
    "Worker",
    "WorkerSettings",
    "WorkerStats",
    "create_async_ledger_engine",
    "create_ledger_engine",
]

# The async colour is loaded when it is asked for: a blocking service never pays for it.
_LAZY = {
    "AsyncLedger": "ledgerdb.aio",
    "AsyncLedgerTransaction": "ledgerdb.aio",
    "create_async_ledger_engine": "ledgerdb.aio",
    "Dispatched": "ledgerdb.worker",
    "Rejected": "ledgerdb.worker",
    "Retry": "ledgerdb.worker",
    "Worker": "ledgerdb.worker",
    "WorkerSettings": "ledgerdb.worker",
    "WorkerStats": "ledgerdb.worker",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
