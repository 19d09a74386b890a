"""The chain of seals against itself and against the rows that it covers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from ledgerdb.verify.ledger_leaves import SUBJECTS, Range, canonical, digest
from ledgerdb.verify.ledger_readers import Readers
from ledgerdb.verify.ledger_report import Findings, Unsealed, Watermark

__all__ = ["INVARIANTS", "Chain", "check_chain", "unsealed"]

NUMBERS: Final = "seals are numbered 1, 2, ... n"
WATERMARK: Final = "the chain still has the seal that was verified last"
PREVIOUS: Final = "a seal names the hash of the one before it"
OWN_HASH: Final = "a seal has the hash of its own content"
RANGES: Final = "the ranges of seals follow one another"
ROW_COUNTS: Final = "a sealed range holds as many rows as its seal says"
DIGESTS: Final = "the rows of a sealed range are what its seal says"
ONCE: Final = "an attempt is in the ledger or retired, once"
INVARIANTS: Final = (
    NUMBERS, WATERMARK, PREVIOUS, OWN_HASH, RANGES, ROW_COUNTS, DIGESTS, ONCE,
)  # fmt: skip
_LEAF_VERSION: Final = 1

_SEALS: Final = """
select seal_no, subject, after_position, through_position, after_id, through_id, row_count,
    leaf_version, digest, previous_hash, seal_hash, extract(epoch from sealed_at)::text as sealed_at
from public.ledger_seals where seal_no >= %s order by seal_no
"""
_LAST_PLACES: Final = """
select subject, coalesce(max(through_position), 0),
    (array_agg(through_id order by through_id desc nulls last))[1]
from public.ledger_seals where seal_no <= %s group by subject
"""
_HASHED_FROM: Final = """
select coalesce(min(s.seal_no), 9223372036854775807)
from (
    select seal_no, sum(row_count) over (order by seal_no desc) - row_count as newer
    from public.ledger_seals
) as s
where s.newer < %s
"""
_UNSEALED: Final = {
    "ATTEMPTS": """
select count(*), extract(epoch from clock_timestamp() - min(created_at))::float8
from public.payment_outbox_attempts
where ledger_position > %s or (ledger_position is null and attempt_id > %s)
""",
    "ATTESTATIONS": """
select count(*), extract(epoch from clock_timestamp() - min(received_at))::float8
from public.ingress_attestations
where ledger_position > %s or (ledger_position is null and attestation_id > %s)
""",
}


@dataclass(frozen=True, slots=True)
class _Seal:
    seal_no: int
    subject: str
    after_position: int | None
    through_position: int | None
    after_id: UUID | None
    through_id: UUID | None
    row_count: int
    leaf_version: int
    digest: bytes
    previous_hash: bytes | None
    seal_hash: bytes
    sealed_at: str

    @property
    def by_id(self) -> bool:
        return self.through_id is not None

    @property
    def after(self) -> int:
        return (self.after_id.int if self.after_id else 0) or self.after_position or 0

    @property
    def through(self) -> int:
        return (self.through_id.int if self.through_id else 0) or self.through_position or 0

    @property
    def range(self) -> tuple[UUID | int, UUID | int]:
        """As the database has it: behind the first, up to the second."""
        if self.through_id is not None:
            return self.after_id or UUID(int=0), self.through_id
        return self.after, self.through

    @property
    def name(self) -> str:
        if self.by_id:
            return f"seal {self.seal_no}: {self.subject} ids {self.after_id} to {self.through_id}"
        places = f"{self.after_position} to {self.through_position}"
        return f"seal {self.seal_no}: {self.subject} positions {places}"

    def hashed(self) -> bytes:
        """The hash that the content of the seal must have."""
        pairs = [
            ("seal_no", str(self.seal_no)),
            ("subject", json.dumps(self.subject)),
            ("after_position", _or_none(self.after_position)),
            ("through_position", _or_none(self.through_position)),
            ("after_id", _or_none(self.after_id)),
            ("through_id", _or_none(self.through_id)),
            ("row_count", str(self.row_count)),
            ("leaf_version", str(self.leaf_version)),
            ("digest", _or_none(self.digest)),
            ("previous_hash", _or_none(self.previous_hash)),
            ("sealed_at", f'"{self.sealed_at}"'),
        ]
        return sha256(canonical(pairs).encode()).digest()


def _or_none(value: int | UUID | bytes | None) -> str | None:
    """JSON, but null is None."""
    if value is None or isinstance(value, int):
        return value if value is None else str(value)
    return json.dumps(value.hex() if isinstance(value, bytes) else str(value))


@dataclass(slots=True)
class Chain:
    """What was read of the chain, and how far each subject is sealed: by position and by id."""

    seals: int = 0
    rows: int = 0
    hashed: int = 0
    retired: int = 0
    last: Watermark | None = None
    through: dict[tuple[str, bool], int] = field(default_factory=dict)


def check_chain(
    connection: psycopg.Connection[Any],
    readers: Readers,
    *,
    since: Watermark | None,
    hashed: int | None,
    findings: Findings,
    progress: Callable[[str, int], None],
) -> Chain:
    """Every seal after the watermark, and every row under them.

    Args:
        connection: reads the seals.
        readers: count and hash the rows under them.
        since: the newest seal that was verified before.
        hashed: so many of the newest sealed rows, at least, are hashed again; None for all. Those
            under older seals are counted.
        findings: what is wrong goes there.
        progress: told how many rows were read.
    """
    chain = Chain(last=since)
    chain.through = {(subject, by_id): 0 for subject in SUBJECTS for by_id in (False, True)}
    first = since.seal_no if since else 0
    for subject, position, row_id in connection.execute(_LAST_PLACES, [first]).fetchall():
        chain.through[subject, False] = position
        chain.through[subject, True] = row_id.int if row_id else 0
    hashed_from = 0 if hashed is None else _hashed_from(connection, hashed)

    def read(reader: psycopg.Connection[Any], seal: _Seal) -> Range:
        after, through = seal.range
        return digest(reader, seal.subject, after, through, hashed=seal.seal_no >= hashed_from)

    anchored = since is None

    def behind(seals: Iterator[_Seal]) -> Iterator[_Seal]:
        nonlocal anchored
        for seal in seals:
            if seal.hashed() != seal.seal_hash:
                findings.add(OWN_HASH, seal.name, "the seal was edited")
            if since and seal.seal_no == since.seal_no:
                anchored = seal.seal_hash == since.seal_hash
            else:
                yield seal

    with connection.cursor("seals", row_factory=class_row(_Seal)) as cursor:
        seals = iter(cursor.execute(_SEALS, [first]))
        for seal, found in readers.map(read, behind(seals)):
            _check_link(seal, chain.last, findings)
            _check_range(seal, found, chain, findings)
            chain.seals += 1
            chain.last = Watermark(seal.seal_no, seal.seal_hash)
            progress("seals", chain.rows)
    if not anchored and since:
        findings.add(
            WATERMARK,
            f"seal {since.seal_no}",
            "the chain was cut or written anew behind the last verification",
        )
    return chain


def _hashed_from(connection: psycopg.Connection[Any], rows: int) -> int:
    """The oldest seal of those that have so many of the newest rows under them."""
    ((seal_no,),) = connection.execute(_HASHED_FROM, [rows]).fetchall()
    return int(seal_no)


def _check_link(seal: _Seal, last: Watermark | None, findings: Findings) -> None:
    expected = last.seal_no + 1 if last else 1
    if seal.seal_no != expected:
        findings.add(
            NUMBERS, f"seal {expected} to {seal.seal_no - 1}", "seals were deleted from the chain"
        )
    if seal.previous_hash != (last.seal_hash if last else None):
        findings.add(PREVIOUS, seal.name, "the seal before it was edited, replaced or deleted")


def _check_range(seal: _Seal, found: Range, chain: Chain, findings: Findings) -> None:
    place = (seal.subject, seal.by_id)
    if seal.after != chain.through[place]:
        findings.add(RANGES, seal.name, "rows are under no seal, or under two")
    chain.through[place] = max(chain.through[place], seal.through)
    chain.rows += found.rows
    chain.hashed += found.rows if found.digest else 0
    chain.retired += found.retired
    if found.twice:
        findings.add(
            ONCE, f"{seal.name}: {found.twice} of them", "an attempt came back after it was retired"
        )
    if found.rows != seal.row_count:
        what = "deleted" if found.rows < seal.row_count else "inserted"
        findings.add(
            ROW_COUNTS, f"{seal.name}: {found.rows} rows, not {seal.row_count}", f"rows were {what}"
        )
    elif seal.leaf_version != _LEAF_VERSION or found.digest not in (None, seal.digest):
        findings.add(DIGESTS, seal.name, "a row was edited, replaced or moved")


def unsealed(connection: psycopg.Connection[Any], chain: Chain) -> tuple[Unsealed, ...]:
    """What no seal covers yet."""
    found = []
    for subject, query in _UNSEALED.items():
        places = [chain.through[subject, False], UUID(int=chain.through[subject, True])]
        ((rows, seconds),) = connection.execute(query, places).fetchall()
        found.append(Unsealed(subject, rows, seconds))
    return tuple(found)
