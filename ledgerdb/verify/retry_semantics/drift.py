"""The drift census: does the counter of every item on the queue agree with its attempts?"""

from __future__ import annotations

from typing import Final, LiteralString

from ledgerdb.verify.retry_semantics.part import Part, shown
from ledgerdb.verify.retry_semantics.session import Session

__all__ = ["check"]

# Said without outbox_counter_drift, which it would otherwise only repeat. An item that was redriven
# has a FAILED attempt of before; revisions without redrives have no such column.
_DRIFT: Final[LiteralString] = """
select p.outbox_id || ': counter ' || p.attempt_count || ', attempts ' || l.attempts
    || ', highest ' || l.highest || ', ended ' || l.ended as found
from public.payment_outbox_pending as p
cross join lateral (
    select count(*) as attempts, coalesce(max(a.attempt_no), 0) as highest,
        coalesce(bool_or(
            a.state = 'DISPATCHED'
            or a.state = 'FAILED' and coalesce((to_jsonb(a) ->> 'redrive_no')::integer, 0)
                >= coalesce((to_jsonb(p) ->> 'redrive_no')::integer, 0)
        ), false) as ended
    from public.payment_outbox_attempts as a where a.outbox_id = p.outbox_id
) as l
where l.ended or l.highest <> p.attempt_count or l.attempts <> p.attempt_count
order by p.outbox_id
"""
_EXAMINED: Final[LiteralString] = """
select count(*) as items, coalesce(sum(p.attempt_count), 0) as counted,
    count(*) filter (where p.attempt_count > 0) as tried
from public.payment_outbox_pending as p
"""


def check(session: Session) -> Part:
    """Reads only."""
    (examined,) = session.rows(_EXAMINED)
    drifted = [row.found for row in session.rows(_DRIFT)]
    return Part(
        {
            "items_on_queue": examined.items,
            "items_on_queue_with_attempts": examined.tried,
            "attempts_counted": int(examined.counted),
            "drifted": len(drifted),
        },
        shown(drifted),
    )
