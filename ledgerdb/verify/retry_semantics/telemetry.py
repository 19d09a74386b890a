"""Retry pressure, computed from the ledger: how often an item had to be tried, and why."""

from __future__ import annotations

from typing import Final, LiteralString

from ledgerdb.verify.retry_semantics.part import Part
from ledgerdb.verify.retry_semantics.session import Session

__all__ = ["check"]

_PRESSURE: Final[LiteralString] = """
with items as (
    select
        a.outbox_id,
        count(*) as attempts,
        (array_agg(a.state order by a.attempt_no desc))[1] as last_state
    from public.payment_outbox_attempts as a group by a.outbox_id
),
gaps as (
    select extract(epoch from a.claimed_at - lag(a.completed_at) over (
        partition by a.outbox_id order by a.attempt_no
    )) as seconds
    from public.payment_outbox_attempts as a
)
select jsonb_build_object(
    'items_with_attempts', i.items,
    'items_ended', i.ended,
    'dead_letters', i.dead,
    'attempts', i.attempts,
    'attempts_per_item', jsonb_build_object('p50', i.p50, 'p95', i.p95, 'max', i.highest),
    'retryable_attempts', s.retryable,
    'expired_lease_attempts', s.expired,
    'ceiling_exceeded_attempts', s.exceeded,
    'expired_leases_open', q.expired,
    'ended_items_by_attempts', h.shares,
    'wait_before_retry_seconds', jsonb_build_object(
        'count', g.waits, 'p50', g.p50, 'p95', g.p95, 'max', g.highest
    )
)
from (
    select
        count(*) as items,
        count(*) filter (where last_state in ('DISPATCHED', 'FAILED')) as ended,
        count(*) filter (where last_state = 'FAILED') as dead,
        coalesce(sum(attempts), 0) as attempts,
        percentile_disc(0.5) within group (order by attempts) as p50,
        percentile_disc(0.95) within group (order by attempts) as p95,
        max(attempts) as highest
    from items
) as i
cross join (
    select
        count(*) filter (where state = 'RETRYABLE') as retryable,
        count(*) filter (where state = 'ZOMBIE_REQUEUE') as expired,
        count(*) filter (where error_code = 'RETRY_CEILING_EXCEEDED') as exceeded
    from public.payment_outbox_attempts
) as s
cross join (
    select count(*) as expired from public.payment_outbox_pending
    where lease_token is not null and lease_expires_at <= clock_timestamp()
) as q
cross join (
    select coalesce(jsonb_object_agg(c.attempts, jsonb_build_object(
        'items', c.items, 'share', round(c.items / c.total, 4)
    )), '{}') as shares
    from (
        select attempts, count(*) as items, sum(count(*)) over () as total
        from items where last_state in ('DISPATCHED', 'FAILED') group by attempts
    ) as c
) as h
cross join (
    select count(seconds) as waits,
        round((percentile_cont(0.5) within group (order by seconds))::numeric, 3) as p50,
        round((percentile_cont(0.95) within group (order by seconds))::numeric, 3) as p95,
        round(max(seconds), 3) as highest
    from gaps
) as g
"""


def check(session: Session) -> Part:
    """Reads only. It judges nothing: pressure is not an error."""
    return Part(session.value(_PRESSURE))
