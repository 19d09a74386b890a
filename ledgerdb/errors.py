"""Errors of ledgerdb, one class per SQLSTATE.

    LedgerError
     +-- ConfigurationError         a setting (URL, option, file) is missing or wrong
     +-- MigrationError             the schema could not be changed, or the change not verified
     +-- DatabaseUnavailable        no connection could be had; nothing was sent
     +-- OutcomeUnknown             a write may or may not have committed: replay to learn
     +-- StoreDamaged               the file of the development store is damaged
     +-- DatabaseError              PostgreSQL refused; `sqlstate` says why, nothing was written
          +-- InvalidArgument       P7111 to P711G: a parameter breaks a rule; `field`, `rule`
          +-- OutboxError
          |    +-- LeaseLost             P7002; by outcome:
          |    |    +-- LeaseExpired, LeaseStolen, AttemptAlreadyDone, LeaseUnknown
          |    +-- InvalidState          P7003
          |    +-- InvalidTransition     P7004
          |    +-- RailReferenceRequired P7005
          |    +-- UnknownItem           P7006
          +-- IngressError
          |    +-- IdempotencyConflict   P7101
          |    +-- TenantRefused         P7102
          |    +-- MemberTenantMissing   P7201
          |    +-- MemberTenantMismatch  P7202
          +-- AppendOnly            P0001, by the append-only triggers
          +-- PermissionDenied      42501
          +-- Contention            40001, 40P01, 55P03: retry the transaction
          +-- StatementTimeout      57014
          +-- ServerReadOnly        25006, also a DatabaseUnavailable: a standby

The classes are registered by SQLSTATE, never by message text; `error_for` picks the class. The
published table is in `sqlfunctions/README.md`.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AppendOnly",
    "AttemptAlreadyDone",
    "ConfigurationError",
    "Contention",
    "DatabaseError",
    "DatabaseUnavailable",
    "IdempotencyConflict",
    "IngressError",
    "InvalidArgument",
    "InvalidState",
    "InvalidTransition",
    "LeaseExpired",
    "LeaseLost",
    "LeaseStolen",
    "LeaseUnknown",
    "LedgerError",
    "MemberTenantMismatch",
    "MemberTenantMissing",
    "MigrationError",
    "OutboxError",
    "OutcomeUnknown",
    "PermissionDenied",
    "RailReferenceRequired",
    "ServerReadOnly",
    "StatementTimeout",
    "StoreDamaged",
    "TenantRefused",
    "UnknownItem",
    "error_for",
]


class LedgerError(Exception):
    """Root of every error that ledgerdb raises on purpose."""


class ConfigurationError(LedgerError):
    """A setting is missing or wrong; the message names it and says what would be right."""


class MigrationError(LedgerError):
    """The schema could not be changed, or a change could not be verified."""


class DatabaseUnavailable(LedgerError):
    """No connection could be had within the time allowed; nothing was sent."""


class OutcomeUnknown(LedgerError):
    """A write was under way when the connection broke, or no answer came in time
    (`EngineSettings.answer_seconds`): it may or may not have committed. Or the wait for a
    synchronous standby was cancelled: it has committed, and a failover may lose it.

    Verbs that are idempotent by a key or a token (`Call.replays`: ingest, enqueue, complete and
    their batches among them) were called again by the library, for
    `EngineSettings.resolve_seconds`, before this is raised. What is left to do is in the message:
    call it again with the same arguments to learn, or, for a claim, leave the leases to expire.
    """


class StoreDamaged(LedgerError):
    """The file of the development store is not what was written to it; nothing was written now."""


_BY_SQLSTATE: dict[str, type[DatabaseError]] = {}


class DatabaseError(LedgerError):
    """PostgreSQL refused the statement; nothing was written.

    Attributes:
        sqlstate: five characters, the machine-readable reason.
        field: the parameter or column at fault, where the server named one.
        rule: the limit or constraint that was broken, where the server named one.
    """

    sqlstates: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        field: str | None = None,
        rule: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.field = field
        self.rule = rule

    def __init_subclass__(cls, *, sqlstates: tuple[str, ...] = ()) -> None:
        super().__init_subclass__()
        cls.sqlstates = sqlstates
        for code in sqlstates:
            if code in _BY_SQLSTATE:
                raise TypeError(f"SQLSTATE {code} is registered twice")
            _BY_SQLSTATE[code] = cls

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders (worker pools): keep the keyword-only attributes.
        return (_rebuild, (type(self), str(self), self.sqlstate, self.field, self.rule))


def _rebuild(
    cls: type[DatabaseError],
    message: str,
    sqlstate: str | None,
    field: str | None,
    rule: str | None,
) -> DatabaseError:
    return cls(message, sqlstate=sqlstate, field=field, rule=rule)


class InvalidArgument(
    DatabaseError,
    sqlstates=(
        "P7111",
        "P7112",
        "P7113",
        "P7114",
        "P7115",
        "P7116",
        "P7117",
        "P7118",
        "P7119",
        "P711A",
        "P711B",
        "P711C",
        "P711D",
        "P711E",
        "P711F",
        "P711G",
    ),
):
    """A parameter breaks a published rule; `field` names it and `rule` says which."""


class OutboxError(DatabaseError):
    """A rule of the outbox state machine was broken."""


class LeaseLost(OutboxError, sqlstates=("P7002",)):
    """The lease is no longer this worker's: the result is kept as evidence, not as an attempt.

    Attributes:
        outcome: the `CompletionOutcome` that the subclass stands for.
    """

    outcome: ClassVar[str | None] = None


class LeaseExpired(LeaseLost):
    """The lease ran out; nobody else has the item yet."""

    outcome = "EXPIRED"


class LeaseStolen(LeaseLost):
    """The lease ran out and another was issued, or it is another worker's."""

    outcome = "STOLEN"


class AttemptAlreadyDone(LeaseLost):
    """The attempt was completed with another result, or the item has ended."""

    outcome = "ALREADY_DONE"


class LeaseUnknown(LeaseLost):
    """No such lease was ever issued by this database."""

    outcome = "UNKNOWN"


class InvalidState(OutboxError, sqlstates=("P7003",)):
    """A completion or a resolution names a state that it may not."""


class InvalidTransition(OutboxError, sqlstates=("P7004",)):
    """An operator asked for what the state of the item, or the evidence, does not allow."""


class RailReferenceRequired(OutboxError, sqlstates=("P7005",)):
    """This database requires the rail's reference on a DISPATCHED attempt."""


class UnknownItem(OutboxError, sqlstates=("P7006",)):
    """There is no such outbox item, or no such late result of it."""


class IngressError(DatabaseError):
    """An instruction cannot be accepted."""


class IdempotencyConflict(IngressError, sqlstates=("P7101",)):
    """The key was used before for other content; nothing was written."""


class TenantRefused(IngressError, sqlstates=("P7102",)):
    """The tenant is unknown or not ACTIVE; the two are not told apart on purpose."""


class MemberTenantMissing(IngressError, sqlstates=("P7201",)):
    """A member was named without a tenant."""


class MemberTenantMismatch(IngressError, sqlstates=("P7202",)):
    """The member belongs to another tenant."""


class AppendOnly(DatabaseError, sqlstates=("P0001",)):
    """The table is append-only: rows are never changed or removed."""


class PermissionDenied(DatabaseError, sqlstates=("42501",)):
    """The role of this connection may not do that."""


class Contention(DatabaseError, sqlstates=("40001", "40P01", "55P03")):
    """Another transaction was in the way; nothing was written, retry the transaction."""


class StatementTimeout(DatabaseError, sqlstates=("57014",)):
    """The statement was cancelled, by its timeout or by an operator; nothing was written."""


class ServerReadOnly(DatabaseError, DatabaseUnavailable, sqlstates=("25006",)):
    """The server takes no writes: it is a standby, or read-only; nothing was written. The pool has
    dropped its connections to it: the next call looks for the primary.
    """


def error_for(sqlstate: str | None) -> type[DatabaseError]:
    """The class registered for a SQLSTATE, else `DatabaseError`."""
    return _BY_SQLSTATE.get(sqlstate or "", DatabaseError)
