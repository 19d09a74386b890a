"""Fills a ledger by the functions themselves, thousands of items a call; corrupts it by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

__all__ = ["CORRUPTIONS", "corrupt", "fill"]

_TENANT: Final = "0f000000-0000-4000-8000-000000000001"
_AT_ONCE: Final = 20_000
_PENDING_ONE_IN: Final = 200
_REGISTER: Final = "select from public.register_tenant(%s, 't', 't', 'NGO')"
# One instruction in six is tried twice.
_INGEST: Final[LiteralString] = """
select count(*) from public.ingest_instructions(
    (select array_agg(%(tenant)s::uuid) from generate_series(%(first)s::integer, %(last)s)),
    (select array_agg('instruction-' || i) from generate_series(%(first)s::integer, %(last)s) as i),
    (select array_agg('participant-' || i %% 200)
     from generate_series(%(first)s::integer, %(last)s) as i),
    (select array_agg('key-' || i) from generate_series(%(first)s::integer, %(last)s) as i),
    (select array_agg('RTGS'::text) from generate_series(%(first)s::integer, %(last)s)),
    (select array_agg(format('{"amount": "%%s.00", "currency": "EUR", "reference": "%%s"}', i, i))
     from generate_series(%(first)s::integer, %(last)s) as i))
"""
_WORK: Final[LiteralString] = """
with claimed as materialized (
    select outbox_id, lease_token, attempt_no, row_number() over () as n
    from public.claim_outbox_items(10000, 'worker', 3600)
), done as (
    select array_agg(outbox_id) as items, array_agg(lease_token) as tokens,
        array_agg(case when attempt_no = 1 and n %% 6 = 0 then 'RETRYABLE'
            when n %% 97 = 0 then 'FAILED' else 'DISPATCHED'
            end::public.outbox_attempt_state) as states,
        array_agg('rail-' || n) as railed, array_agg(0) as delays
    from claimed having count(*) > 0
)
select count(*) from done, public.complete_outbox_attempts(
    'worker', done.items, done.tokens, done.states, done.railed,
    p_retry_delay_seconds => done.delays)
"""
# What a hand may do to one row in a million, and the invariant that names it.
CORRUPTIONS: Final[dict[str, tuple[LiteralString, LiteralString]]] = {
    "the rows of a sealed range are what its seal says": (
        "payment_outbox_attempts",
        """update public.payment_outbox_attempts set rail_reference = 'mine' where ledger_position =
        (select ledger_position from public.payment_outbox_attempts order by 1 offset 5 limit 1)""",
    ),
    "a sealed range holds as many rows as its seal says": (
        "ingress_attestations",
        """delete from public.ingress_attestations where ledger_position =
        (select ledger_position from public.ingress_attestations order by 1 offset 5 limit 1)""",
    ),
    "no item is lost: it is on the queue, ended, or retired": (
        "payment_outbox_pending",
        """delete from public.payment_outbox_pending where outbox_id =
        (select outbox_id from public.payment_outbox_pending order by outbox_id limit 1)""",
    ),
    "a participant's sequence number is used once": (
        "payment_outbox_pending",
        """update public.payment_outbox_pending set sequence_id = 1 where outbox_id =
        (select outbox_id from public.payment_outbox_pending order by outbox_id desc limit 1)""",
    ),
    "the counter of an item on the queue is the number of its last attempt": (
        "payment_outbox_pending",
        """update public.payment_outbox_pending set attempt_count = 7 where outbox_id =
        (select outbox_id from public.payment_outbox_pending order by outbox_id desc limit 1)""",
    ),
}


def fill(
    connection: psycopg.Connection[Any], instructions: int, progress: Callable[[int], None]
) -> None:
    """So many instructions: most are done, some are leased or wait, and everything is sealed.

    Args:
        connection: of the superuser, in autocommit.
        instructions: how many.
        progress: told how many more were accepted.
    """
    connection.execute(_REGISTER, [_TENANT])
    # the last ones stay on the queue
    worked = instructions - instructions // _PENDING_ONE_IN
    _accept(connection, 1, worked, progress)
    connection.execute("vacuum analyze")
    while connection.execute(_WORK, {}).fetchall()[0][0]:
        connection.execute("vacuum public.payment_outbox_pending")
    _accept(connection, worked + 1, instructions, progress)
    connection.execute("select from public.claim_outbox_items(100, 'worker', 86400)")
    while connection.execute("select outcome from public.seal_ledger(10000)").fetchall() == [
        ("MORE",)
    ]:
        pass
    connection.execute("vacuum analyze")
    connection.execute("checkpoint")


def corrupt(connection: psycopg.Connection[Any]) -> None:
    """Every corruption, by an owner who switches the triggers off for it."""
    for table, statement in CORRUPTIONS.values():
        name = sql.Identifier("public", table)
        with connection.transaction():
            connection.execute(sql.SQL("alter table {} disable trigger user").format(name))
            connection.execute(statement)
            connection.execute(sql.SQL("alter table {} enable trigger user").format(name))


def _accept(
    connection: psycopg.Connection[Any], first: int, last: int, progress: Callable[[int], None]
) -> None:
    for start in range(first, last + 1, _AT_ONCE):
        end = min(start + _AT_ONCE - 1, last)
        connection.execute(_INGEST, {"tenant": _TENANT, "first": start, "last": end})
        progress(end - start + 1)
