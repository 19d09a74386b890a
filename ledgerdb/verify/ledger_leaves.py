"""The hashes of rows, said once more by somebody else than the ledger.

A row is one JSON object with its columns in a fixed order, spelled as PostgreSQL's
`json_build_object` does; a leaf is its SHA-256. It is spelled here by putting texts together, in
expressions of our own: no function of the ledger is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

__all__ = ["SUBJECTS", "Range", "canonical", "digest", "leaves", "row_texts"]

# How a value becomes JSON: as it stands, in quotes, as a quoted text, as seconds since 1970.
_RAW: Final[LiteralString] = "{}::text"
_QUOTED: Final[LiteralString] = "'\"' || {} || '\"'"
_TEXT: Final[LiteralString] = "to_json({})::text"
_TIME: Final[LiteralString] = "'\"' || extract(epoch from {}) || '\"'"
_Columns = tuple[tuple[str, LiteralString], ...]


def _spelled(how: LiteralString, *names: str) -> _Columns:
    return tuple((name, how) for name in names)


_ATTEMPT: Final = (
    *_spelled(_QUOTED, "attempt_id", "outbox_id"),
    *_spelled(_TEXT, "instruction_id", "participant_id"),
    *_spelled(_RAW, "sequence_id"),
    *_spelled(_TEXT, "idempotency_key", "rail_type"),
    *_spelled(_RAW, "payload", "attempt_no"),
    *_spelled(_QUOTED, "state"),
    *_spelled(_TIME, "claimed_at", "completed_at", "dispatch_started_at", "created_at"),
    *_spelled(_TEXT, "rail_reference", "rail_code", "error_code", "error_message"),
    *_spelled(_RAW, "latency_ms"),
    *_spelled(_TEXT, "worker_id", "closed_by"),
    *_spelled(_QUOTED, "lease_token"),
    *_spelled(_RAW, "redrive_no"),
    *_spelled(_QUOTED, "tenant_id", "member_id", "correlation_id"),
    *_spelled(_TEXT, "upstream_ref", "downstream_ref", "nfs_sequence_ref"),
    *_spelled(_RAW, "ledger_position"),
)
_ATTESTATION: Final = (
    *_spelled(_QUOTED, "attestation_id"),
    *_spelled(_TEXT, "instruction_id"),
    *_spelled(_QUOTED, "tenant_id"),
    *_spelled(_TEXT, "payload_hash", "signature_hash"),
    *_spelled(_TIME, "received_at"),
    *_spelled(_QUOTED, "client_id"),
    *_spelled(_TEXT, "client_id_hash"),
    *_spelled(_QUOTED, "member_id"),
    *_spelled(_TEXT, "participant_id", "cert_fingerprint_sha256", "token_jti_hash"),
    *_spelled(_QUOTED, "correlation_id"),
    *_spelled(_RAW, "signatures"),
    *_spelled(_TEXT, "upstream_ref", "downstream_ref", "nfs_sequence_ref"),
    *_spelled(_RAW, "ledger_position"),
)
# Subject -> table, key and columns of leaf version 1.
SUBJECTS: Final[dict[str, tuple[str, str, _Columns]]] = {
    "ATTEMPTS": ("payment_outbox_attempts", "attempt_id", _ATTEMPT),
    "ATTESTATIONS": ("ingress_attestations", "attestation_id", _ATTESTATION),
}
_RANGE: Final[LiteralString] = """
select count(*), count(*) filter (where r.is_retired), count(*) - count(distinct r.place),
    sha256(string_agg(r.leaf, ''::bytea order by r.place))
from ({rows}) as r
"""
_BY_POSITION: Final[LiteralString] = """
select t.ledger_position as place, {leaf} as leaf, {retired} as is_retired from public.{table} as t
where t.ledger_position > %(after)s and t.ledger_position <= %(through)s
"""
_BY_ID: Final[LiteralString] = """
select t.{key} as place, {leaf} as leaf, {retired} as is_retired from public.{table} as t
where t.ledger_position is null and t.{key} > %(after)s and t.{key} <= %(through)s
"""


class Range(NamedTuple):
    """What is found in a range: how many rows, of which so many are retired and so many there
    twice; and the SHA-256 over their leaves, None where it was not asked for or nothing is there.
    """

    rows: int
    retired: int
    twice: int
    digest: bytes | None


def canonical(pairs: Sequence[tuple[str, str | None]]) -> str:
    """A JSON object, spelled as PostgreSQL's `json_build_object` does; values are JSON already."""
    written = ", ".join(f'"{name}" : {"null" if v is None else v}' for name, v in pairs)
    return "{" + written + "}"


def digest(
    connection: psycopg.Connection[Any],
    subject: str,
    after: UUID | int,
    through: UUID | int,
    *,
    hashed: bool,
) -> Range:
    """Live and retired rows behind `after`, up to `through`: positions, or ids of rows without."""
    rows = _rows(subject, through, hashed=hashed)
    ((found, gone, twice, hashes),) = connection.execute(
        SQL(_RANGE).format(rows=rows), {"after": after, "through": through}
    ).fetchall()
    return Range(found, gone, twice, bytes(hashes) if hashed and hashes else None)


def leaves(
    connection: psycopg.Connection[Any], subject: str, after: UUID | int, through: UUID | int
) -> list[str]:
    """The leaves of a range in their order, in hex digits; `digest` is the SHA-256 over these."""
    rows = _rows(subject, through, hashed=True)
    query = SQL("select encode(r.leaf, 'hex') from ({rows}) as r order by r.place")
    found = connection.execute(query.format(rows=rows), {"after": after, "through": through})
    return [leaf for (leaf,) in found]


def row_texts(
    connection: psycopg.Connection[Any], subject: str, ids: Sequence[UUID]
) -> dict[UUID, str]:
    """The rows with these ids, each as the text that its leaf is the SHA-256 of."""
    table, key, columns = SUBJECTS[subject]
    query = SQL("select t.{key}, {text} from public.{table} as t where t.{key} = any(%s)")
    found = connection.execute(
        query.format(key=Identifier(key), text=_text(columns), table=Identifier(table)), [[*ids]]
    )
    return dict(found.fetchall())


def _rows(subject: str, through: UUID | int, *, hashed: bool) -> Composed:
    """A query of the live and retired rows behind `after`, up to `through`, with their leaves."""
    table, key, columns = SUBJECTS[subject]
    where = _BY_ID if isinstance(through, UUID) else _BY_POSITION
    live = SQL(where).format(
        key=Identifier(key),
        leaf=_leaf(columns) if hashed else SQL("null::bytea"),
        retired=SQL("false"),
        table=Identifier(table),
    )
    retired = SQL(where).format(
        key=Identifier("attempt_id"),
        leaf=SQL("t.leaf"),
        retired=SQL("true"),
        table=Identifier("ledger_retired_leaves"),
    )
    return SQL(" union all ").join([live, retired] if subject == "ATTEMPTS" else [live])


def _leaf(columns: _Columns) -> Composed:
    return SQL("sha256(convert_to({}, 'UTF8'))").format(_text(columns))


def _text(columns: _Columns) -> Composed:
    parts: list[Composed | SQL] = []
    for name, how in columns:
        start = ", " if parts else "{"
        parts.append(SQL("{}").format(Literal(f'{start}"{name}" : ')))
        parts.append(SQL("coalesce({}, 'null')").format(SQL(how).format(Identifier("t", name))))
    return SQL("concat({}, '}}')").format(SQL(", ").join(parts))
