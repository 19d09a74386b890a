"""Reads back what happened, by plain SQL: shares no code with the library that it judges."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import tuple_row

from ledgerdb.demo.intake import Acknowledged
from ledgerdb.demo.rail import Books
from ledgerdb.demo.results import Check

__all__ = ["Witness"]

_VIOLATIONS_SHOWN: Final = 10

_ACKNOWLEDGED = """
create temporary table acknowledged (
    outbox_id uuid primary key, tenant_id uuid not null, instruction_id text not null
)
"""
_BOOKED = """
create temporary table booked (reference text primary key, key text not null)
"""
# What an item's key at the rail must be, said once more by somebody else than the ledger.
_RAIL_KEYS = """
create temporary table rail_keys as
select i.outbox_id, left(encode(sha256(convert_to(n.name, 'UTF8')), 'hex'), 32) as key
from public.payment_outbox_identities as i
cross join lateral (
    select coalesce(i.tenant_id::text, '') || ':' || length(i.instruction_id)
        || ':' || i.instruction_id || i.idempotency_key as name
) as n
"""
# Booked, but no attempt up to the retry ceiling got to know it: somebody must ask the rail.
_IN_DOUBT: Final = """
select count(*) from booked as b
join rail_keys as r using (key)
join public.payment_outbox_attempts as a
    on a.outbox_id = r.outbox_id and a.state = 'FAILED'
"""
# Each returns the violations as text; the number of things looked at comes first.
_CHECKS: Final[dict[str, tuple[LiteralString, LiteralString]]] = {
    "every acknowledged instruction is on the queue or has exactly one terminal attempt": (
        "select count(*) from acknowledged",
        """
        select k.instruction_id || ': on the queue ' || (p.outbox_id is not null)::int
            || ' times, terminal attempts ' || t.terminals
        from acknowledged as k
        left join public.payment_outbox_pending as p using (outbox_id)
        cross join lateral (
            select count(*) as terminals from public.payment_outbox_attempts as a
            where a.outbox_id = k.outbox_id and a.state in ('DISPATCHED', 'FAILED')
        ) as t
        where (p.outbox_id is not null)::int + t.terminals <> 1
        """,
    ),
    "nothing is in the ledger that was not acknowledged": (
        "select count(*) from public.payment_outbox_identities",
        """
        select i.instruction_id || ': in the ledger, never acknowledged'
        from public.payment_outbox_identities as i
        where not exists (
            select from acknowledged as k
            where k.outbox_id = i.outbox_id and k.tenant_id = i.tenant_id
                and k.instruction_id = i.instruction_id
        )
        """,
    ),
    "attempts are numbered 1, 2, ... n without a gap, and the counter of a waiting item is n": (
        "select count(*) from public.payment_outbox_attempts",
        """
        select outbox_id || ': attempts ' || coalesce(n.numbers, '{}')::text
            || ', counter ' || coalesce(p.attempt_count::text, 'gone')
        from (
            select a.outbox_id, count(*) as attempts, max(a.attempt_no) as highest,
                min(a.attempt_no) as lowest,
                array_agg(a.attempt_no order by a.attempt_no) as numbers
            from public.payment_outbox_attempts as a group by a.outbox_id
        ) as n
        full join public.payment_outbox_pending as p using (outbox_id)
        where n.highest <> n.attempts or n.lowest <> 1
            or coalesce(n.highest, 0) <> coalesce(p.attempt_count, n.highest)
        """,
    ),
    "every attempt has the lease that it closed, and no lease ended twice": (
        "select count(lease_token) from public.payment_outbox_attempts",
        """
        select a.outbox_id || ': attempt ' || min(a.attempt_no) || ', lease ' || case
            when a.lease_token is null then 'unknown' else 'closed ' || count(*) || ' times' end
        from public.payment_outbox_attempts as a
        group by a.outbox_id, a.lease_token having count(*) > 1 or a.lease_token is null
        """,
    ),
    "the payload of an instruction is in the ledger once, as it was attested": (
        "select count(payload) from public.payment_outbox_identities",
        """
        select i.instruction_id || ': ' || case when i.payload is null then 'no payload'
            else 'not the attested payload' end
        from public.payment_outbox_identities as i
        join public.ingress_attestations as t using (tenant_id, instruction_id)
        where i.payload is null
            or encode(sha256(convert_to(i.payload::text, 'UTF8')), 'hex') <> t.payload_hash
        union all
        select a.instruction_id || ': payload copied into attempt ' || a.attempt_no
        from public.payment_outbox_attempts as a where a.payload is not null
        """,
    ),
    "the terminal attempt of an instruction is its last": (
        """select count(*) from public.payment_outbox_attempts
        where state in ('DISPATCHED', 'FAILED')""",
        """
        select a.outbox_id || ': attempt ' || b.attempt_no || ' follows terminal ' || a.attempt_no
        from public.payment_outbox_attempts as a
        join public.payment_outbox_attempts as b
            on b.outbox_id = a.outbox_id and b.attempt_no > a.attempt_no
        where a.state in ('DISPATCHED', 'FAILED')
        """,
    ),
    "sequence numbers of a participant are 1, 2, ... n without a gap": (
        "select count(*) from public.participant_outbox_sequences",
        """
        select s.participant_id || ': ' || n.items || ' items, next number ' || s.next_sequence_id
        from public.participant_outbox_sequences as s
        cross join lateral (
            select count(distinct x.sequence_id) as items from (
                select p.sequence_id from public.payment_outbox_pending as p
                where p.participant_id = s.participant_id
                union all
                select a.sequence_id from public.payment_outbox_attempts as a
                where a.participant_id = s.participant_id
            ) as x
        ) as n
        where n.items <> s.next_sequence_id - 1
        """,
    ),
    "every DISPATCHED payment is in the books of the rail, under its reference": (
        "select count(*) from public.payment_outbox_attempts where state = 'DISPATCHED'",
        """
        select a.instruction_id || ': ' || coalesce(a.rail_reference, 'no reference')
        from public.payment_outbox_attempts as a
        where a.state = 'DISPATCHED' and not exists (
            select from booked as b
            join rail_keys as r using (key)
            where b.reference = a.rail_reference and r.outbox_id = a.outbox_id
        )
        """,
    ),
    "no payment is in the books of the rail twice, or although the rail rejected it": (
        "select count(*) from booked",
        """
        select b.key || ': ' || count(*) || ' bookings, rejections ' || count(a.outbox_id)
        from booked as b
        left join rail_keys as r using (key)
        left join public.payment_outbox_attempts as a
            on a.outbox_id = r.outbox_id and a.state = 'FAILED'
            and a.error_code not in ('RAIL_TIMEOUT', 'RETRY_CEILING_EXCEEDED')
        group by b.key having count(*) > 1 or count(a.outbox_id) > 0
        """,
    ),
}


class Witness:
    """One connection that looks at the ledger from outside."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(
            url, autocommit=True, row_factory=tuple_row, application_name="ledgerdb-demo-witness"
        )

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def is_empty(self) -> bool:
        """True where the ledger holds nothing yet."""
        return not self.value(
            """
            select exists (select from public.payment_outbox_identities)
                or exists (select from public.payment_outbox_pending)
                or exists (select from public.payment_outbox_attempts)
            """
        )

    def finished(self) -> int:
        """How many instructions have their terminal attempt."""
        return int(
            self.value(
                """select count(*) from public.payment_outbox_attempts
                where state in ('DISPATCHED', 'FAILED')"""
            )
        )

    def held_by(self, worker_id: str) -> int:
        """How many leases a worker holds."""
        return int(
            self.value(
                "select count(*) from public.payment_outbox_pending where claimed_by = %s",
                worker_id,
            )
        )

    def closed_leases(self) -> int:
        """How many leases ran out and were closed by somebody else."""
        return int(
            self.value(
                """select count(*) from public.payment_outbox_attempts
                where state = 'ZOMBIE_REQUEUE' or error_code = 'RETRY_CEILING_EXCEEDED'"""
            )
        )

    def may_be(self, role: str) -> bool:
        """True where this login may act as a role."""
        return bool(self.value("select pg_catalog.pg_has_role(%s, 'set')", role))

    def checks(self, acknowledged: Collection[Acknowledged], books: Books) -> tuple[Check, ...]:
        """The invariants, against what the ingress side was promised and what the rail booked."""
        rows = [(a.outbox_id, a.tenant_id, a.instruction_id) for a in acknowledged]
        self._load(_ACKNOWLEDGED, "acknowledged (outbox_id, tenant_id, instruction_id)", rows)
        self._connection.execute(_RAIL_KEYS)
        payments = [(payment.reference, payment.key) for payment in books.entries]
        self._load(_BOOKED, "booked (reference, key)", payments)
        return tuple(
            Check(name, int(self.value(count)), self._violations(query))
            for name, (count, query) in _CHECKS.items()
        )

    def in_doubt(self) -> int:
        """Payments that the rail booked and the ledger had to give up on; after `checks`."""
        return int(self.value(_IN_DOUBT))

    def value(self, query: LiteralString, *parameters: object) -> Any:  # noqa: ANN401 - a column
        """The one column of the one row of a query."""
        row = self._connection.execute(query, parameters or None).fetchone()
        return None if row is None else row[0]

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._connection.execute(query).fetchall()

    def _violations(self, query: LiteralString) -> tuple[str, ...]:
        found = [str(row[0]) for row in self.rows(query)]
        more = len(found) - _VIOLATIONS_SHOWN
        return (*found[:_VIOLATIONS_SHOWN], *([f"and {more} more"] if more > 0 else []))

    def _load(
        self, create: LiteralString, table: LiteralString, rows: Sequence[tuple[object, ...]]
    ) -> None:
        self._connection.execute(create)
        with self._connection.cursor().copy(f"copy {table} from stdin") as copy:
            for row in rows:
                copy.write_row(row)
