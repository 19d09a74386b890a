"""What an evidence pack needs to prove itself offline, read by a witness in plain SQL.

`evidence_pack` gives hashes of rows; here are the rows that have these hashes, and all that is
under the seals beside them. It takes a login that may read the tables of the ledger themselves,
lease tokens (of leases that are over) included: a member of `pg_read_all_data`, say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from sqlalchemy import URL

from ledgerdb.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    PermissionDenied,
)
from ledgerdb.verify.ledger_leaves import leaves, row_texts
from ledgerdb.verify.ledger_readers import read_only
from ledgerdb.verify.scratch import connect

__all__ = ["SEALS_MAX", "LedgerSeal", "PackProof", "PackRows", "read_proof", "read_seals"]

T = TypeVar("T")

SEALS_MAX: Final = 100_000
_RETIRED: Final = """
select l.attempt_id, l.attempt_no, l.ledger_position as position, encode(l.leaf, 'hex') as leaf,
    case when l.ledger_position is not null then (
        select s.seal_no from public.ledger_seals as s
        where s.subject = 'ATTEMPTS' and s.through_position >= l.ledger_position
        order by s.through_position limit 1
    ) else (
        select s.seal_no from public.ledger_seals as s
        where s.subject = 'ATTEMPTS' and s.through_id >= l.attempt_id
        order by s.through_id limit 1
    ) end as seal_no
from public.ledger_retired_leaves as l where l.outbox_id = %s order by l.attempt_no
"""
_SEALS: Final = """
select seal_no, subject, after_position, through_position, after_id, through_id, row_count,
    leaf_version, encode(digest, 'hex') as digest, encode(previous_hash, 'hex') as previous_hash,
    encode(seal_hash, 'hex') as seal_hash, sealed_at
from public.ledger_seals where seal_no = any(%s::bigint[]) order by seal_no
"""


class PackRows(NamedTuple):
    """What a pack is about. `seals` are the numbers of those over its rows."""

    attestation_id: UUID
    attempt_ids: Sequence[UUID]
    outbox_id: UUID | None
    seals: Sequence[int]


class LedgerSeal(NamedTuple):
    """A row of `ledger_seals`; hashes in hex digits."""

    seal_no: int
    subject: str
    after_position: int | None
    through_position: int | None
    after_id: UUID | None
    through_id: UUID | None
    row_count: int
    leaf_version: int
    digest: str
    previous_hash: str | None
    seal_hash: str
    sealed_at: datetime


class _Retired(NamedTuple):
    attempt_id: UUID
    attempt_no: int
    position: int | None
    leaf: str
    seal_no: int | None


class PackProof(NamedTuple):
    """The `proof` of a pack, in the form of its JSON Schema, and the seals that it speaks of."""

    proof: dict[str, Any]
    seals: tuple[LedgerSeal, ...]


def read_proof(url: URL, rows: PackRows) -> PackProof:
    """The rows of a pack, and what is under the seals over them.

    Raises:
        PermissionDenied: the login may not read the tables of the ledger.
        ConfigurationError: a row of the pack is not there (it retired meanwhile).
        DatabaseUnavailable, DatabaseError: what the server says.
    """
    return _reading(url, lambda connection: _proof(connection, rows))


def read_seals(url: URL, first: int, last: int) -> tuple[LedgerSeal, ...]:
    """The seals from one number to another; readers and auditors may ask for them too.

    Raises:
        ConfigurationError: there are more than `SEALS_MAX` of them.
        PermissionDenied, DatabaseUnavailable, DatabaseError: what the server says.
    """
    if last - first >= SEALS_MAX:
        raise ConfigurationError(
            f"{last - first + 1} seals lie between the pack and the seal that was kept; at most"
            f" {SEALS_MAX} fit into a file: take a seal that is nearer"
        )
    numbers = range(first, last + 1)
    return _reading(url, lambda connection: _seals(connection, numbers))


def _reading(url: URL, read: Callable[[psycopg.Connection[Any]], T]) -> T:
    """One snapshot of one session; errors of the driver become those of ledgerdb."""
    try:
        with connect(url) as connection, connection.transaction():
            read_only(connection)
            return read(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise PermissionDenied(
            f"{error.diag.message_primary}: a proof takes a login that may read the ledger's tables"
            " whole, a member of pg_read_all_data say",
            sqlstate=error.sqlstate,
        ) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the witness lost the database: {_reason(error)}") from error
    except psycopg.Error as error:
        raise DatabaseError(
            f"the witness cannot read a ledger there: {_reason(error)}", sqlstate=error.sqlstate
        ) from error


def _reason(error: psycopg.Error) -> str:
    return error.diag.message_primary or " ".join(str(error).split())


def _proof(connection: psycopg.Connection[Any], rows: PackRows) -> PackProof:
    attestations = row_texts(connection, "ATTESTATIONS", [rows.attestation_id])
    attempts = row_texts(connection, "ATTEMPTS", rows.attempt_ids)
    with connection.cursor(row_factory=class_row(_Retired)) as cursor:
        retired = cursor.execute(_RETIRED, [rows.outbox_id]).fetchall()
    missing = {rows.attestation_id, *rows.attempt_ids} - {*attestations, *attempts}
    if missing or (retired and rows.attempt_ids):
        raise ConfigurationError("the attempts retired while the pack was read: export it again")
    over_retired = (row.seal_no for row in retired if row.seal_no is not None)
    seals = _seals(connection, {*rows.seals, *over_retired})
    proof = {
        "attestation": attestations[rows.attestation_id],
        "attempts": [attempts[attempt_id] for attempt_id in rows.attempt_ids],
        "retired": [
            {
                "attempt_id": str(row.attempt_id),
                "attempt_no": row.attempt_no,
                "chain": {
                    "position": _digits(row.position),
                    "leaf": row.leaf,
                    "seal_no": _digits(row.seal_no),
                },
            }
            for row in retired
        ],
        "leaves": [
            {"seal_no": str(seal.seal_no), "leaves": _under(connection, seal)} for seal in seals
        ],
    }
    return PackProof(proof, seals)


def _digits(number: int | None) -> str | None:
    return None if number is None else str(number)


def _under(connection: psycopg.Connection[Any], seal: LedgerSeal) -> list[str]:
    if seal.through_id is not None:
        return leaves(connection, seal.subject, seal.after_id or UUID(int=0), seal.through_id)
    return leaves(connection, seal.subject, seal.after_position or 0, seal.through_position or 0)


def _seals(connection: psycopg.Connection[Any], numbers: Collection[int]) -> tuple[LedgerSeal, ...]:
    with connection.cursor(row_factory=class_row(LedgerSeal)) as cursor:
        return tuple(cursor.execute(_SEALS, [[*numbers]]).fetchall())
