"""The invariants of items, attempts and sequences that the data alone can show.

A rule is a query that returns what breaks it, as text. Where it says `changed`, an incremental
check looks at items with attempts behind the watermark only; a rule that needs the whole history is
part of full checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

__all__ = ["CHANGED", "RULES", "SEVERAL", "USED", "Rule"]

# What `changed` stands for in an incremental check: a condition that an index serves.
CHANGED: Final[LiteralString] = """
outbox_id in (
    select s.outbox_id from public.payment_outbox_attempts as s where s.ledger_position > %(since)s
)
"""
# What `several` stands for: items with more than one attempt, or with a number out of place.
SEVERAL: Final[LiteralString] = """
outbox_id in (
    select s.outbox_id from public.payment_outbox_attempts as s
    where s.attempt_no <> 1 and {changed}
)
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows when it is broken, the query, and whether it needs all of the history."""

    consequence: str
    query: LiteralString
    whole: bool = False


RULES: Final[dict[str, Rule]] = {
    "no item is lost: it is on the queue, ended, or retired": Rule(
        "an acknowledged payment is never sent, and nobody sees it",
        """
        select 'item ' || i.outbox_id from public.payment_outbox_identities as i
        where not exists (
                select from public.payment_outbox_pending as p where p.outbox_id = i.outbox_id)
            and not exists (
                select from public.payment_outbox_outcomes as o where o.outbox_id = i.outbox_id)
            and not exists (
                select from public.payment_outbox_attempts as a
                where a.outbox_id = i.outbox_id and a.state in ('DISPATCHED', 'FAILED'))
        """,
        whole=True,
    ),
    "an item has one identity": Rule(
        "a replay of the payment is not recognised and may be paid again",
        """
        select distinct 'item ' || x.outbox_id
        from (
            select outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type
            from public.payment_outbox_pending
            union all
            select outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type
            from public.payment_outbox_attempts where {changed}
        ) as x
        left join public.payment_outbox_identities as i using (outbox_id)
        where (x.tenant_id, x.instruction_id, x.idempotency_key, x.participant_id, x.rail_type)
            is distinct from
            (i.tenant_id, i.instruction_id, i.idempotency_key, i.participant_id, i.rail_type)
        """,
    ),
    "an item has one sequence number": Rule(
        "the rail gets two payments for one, or none",
        """
        select 'item ' || outbox_id from public.payment_outbox_attempts where {several}
        group by outbox_id having min(sequence_id) <> max(sequence_id)
        """,
    ),
    "an item on the queue has not ended": Rule(
        "it is sent again after its end",
        """
        select distinct 'item ' || a.outbox_id
        from public.payment_outbox_pending as p
        join public.payment_outbox_attempts as a using (outbox_id)
        where a.state = 'DISPATCHED' or (a.state = 'FAILED' and a.redrive_no >= p.redrive_no)
        union all
        select 'item ' || p.outbox_id || ' (retired)'
        from public.payment_outbox_pending as p
        join public.payment_outbox_outcomes as o using (outbox_id)
        """,
    ),
    "an item ends once, unless it is redriven": Rule(
        "it was paid twice, or failed after it was paid",
        """
        select 'item ' || outbox_id || ', redrive ' || redrive_no
        from public.payment_outbox_attempts
        where state in ('DISPATCHED', 'FAILED') and {several}
        group by outbox_id, redrive_no having count(*) > 1
        """,
    ),
    "nothing follows the end of an item": Rule(
        "it was sent again after its end",
        """
        select 'item ' || a.outbox_id || ', attempt ' || a.attempt_no
        from (
            select outbox_id, attempt_no, redrive_no, state,
                lead(redrive_no) over (partition by outbox_id order by attempt_no) as next_redrive
            from public.payment_outbox_attempts where {several}
        ) as a
        where (a.state = 'DISPATCHED' and a.next_redrive is not null)
            or (a.state = 'FAILED' and a.next_redrive <= a.redrive_no)
        """,
    ),
    "attempts are numbered 1, 2, ... n": Rule(
        "an attempt is missing from the history",
        """
        select 'item ' || outbox_id || ': ' || count(*) || ' attempts, numbered '
            || min(attempt_no) || ' to ' || max(attempt_no)
        from public.payment_outbox_attempts where {changed}
        group by outbox_id having min(attempt_no) <> 1 or max(attempt_no) <> count(*)
        """,
    ),
    "the counter of an item on the queue is the number of its last attempt": Rule(
        "its next attempt gets a number that is taken, or leaves one out",
        """
        select 'item ' || p.outbox_id || ': counter ' || p.attempt_count
        from public.payment_outbox_pending as p
        where p.attempt_count <> (
            select coalesce(max(a.attempt_no), 0)
            from public.payment_outbox_attempts as a where a.outbox_id = p.outbox_id)
        """,
    ),
    "a lease token was issued once": Rule(
        "one lease was counted as two attempts",
        """
        select 'item ' || min(x.outbox_id::text) || ': one token, ' || count(*) || ' times'
        from (
            select outbox_id, lease_token from public.payment_outbox_attempts
            where lease_token is not null
            union all
            select outbox_id, lease_token from public.payment_outbox_pending
            where lease_token is not null
        ) as x
        group by x.lease_token having count(*) > 1
        """,
        whole=True,
    ),
    "an item has no more leases than the retry ceiling": Rule(
        "an item that never succeeds is sent without end",
        """
        select 'item ' || x.outbox_id || ', redrive ' || x.redrive_no || ': ' || count(*)
        from (
            select outbox_id, redrive_no from public.payment_outbox_attempts
            where lease_token is not null and (
                {several} or outbox_id in (select outbox_id from public.payment_outbox_pending))
            union all
            select outbox_id, redrive_no from public.payment_outbox_pending
            where lease_token is not null
        ) as x
        group by x.outbox_id, x.redrive_no having count(*) > %(ceiling)s
        """,
    ),
    "a retired item left its outcome, its hashes, and nothing else": Rule(
        "retired history was changed, and an export of it proves nothing",
        """
        select 'item ' || coalesce(o.outbox_id, l.outbox_id)
        from public.payment_outbox_outcomes as o
        full join (
            select outbox_id, count(*) as leaves, max(attempt_no) as highest,
                sha256(string_agg(leaf, ''::bytea order by attempt_no)) as digest
            from public.ledger_retired_leaves group by outbox_id
        ) as l using (outbox_id)
        where (o.digest, o.attempts, o.attempts) is distinct from (l.digest, l.leaves, l.highest)
            or exists (
                select from public.payment_outbox_attempts as a where a.outbox_id = o.outbox_id)
        """,
        whole=True,
    ),
    "a participant's sequence number is used once": Rule(
        "the rail refuses one of two payments, or takes one for the other",
        """
        with used as ({used})
        select 'participant ' || participant_id || ', number ' || sequence_id
        from used group by participant_id, sequence_id having count(*) > 1
        """,
        whole=True,
    ),
    "a participant's next number is above all that were used": Rule(
        "the next payment gets a number that is taken",
        """
        with used as ({used})
        select 'participant ' || u.participant_id || ': next ' || coalesce(s.next_sequence_id, 0)
            || ', used ' || max(u.sequence_id)
        from used as u
        left join public.participant_outbox_sequences as s using (participant_id)
        where u.sequence_id <= coalesce(s.monotonic_from, u.sequence_id)
        group by u.participant_id, s.next_sequence_id
        having max(u.sequence_id) >= coalesce(s.next_sequence_id, 0)
        """,
        whole=True,
    ),
    # What older functions burned cannot be told from what was lost: their numbers do not count, and
    # neither do those after which a participant is numbered monotonically.
    "a participant's numbers have no hole": Rule(
        "a number was burned, or its item is gone",
        """
        with used as ({used}), floor as (
            select participant_id, max(sequence_id) as sequence_id
            from (
                select participant_id, sequence_id from public.payment_outbox_attempts
                where ledger_position is null
                union all
                select i.participant_id, o.sequence_id
                from public.payment_outbox_outcomes as o
                join public.payment_outbox_identities as i using (outbox_id)
                join public.ledger_retired_leaves as l using (outbox_id)
                where l.ledger_position is null
            ) as old
            group by participant_id
        )
        select 'participant ' || s.participant_id || ': ' || count(u.sequence_id)
            || ' numbers used, next ' || s.next_sequence_id
        from public.participant_outbox_sequences as s
        left join floor as f using (participant_id)
        left join used as u on u.participant_id = s.participant_id
            and u.sequence_id > coalesce(f.sequence_id, 0)
            and u.sequence_id <= coalesce(s.monotonic_from, u.sequence_id)
        group by s.participant_id, s.next_sequence_id, f.sequence_id
        having count(u.sequence_id) < s.next_sequence_id - 1 - coalesce(f.sequence_id, 0)
        """,
        whole=True,
    ),
    "positions come from their sequence alone": Rule(
        "a row can appear under a seal that is already there",
        """
        select x.what from public.ledger_positions as p
        cross join public.ledger_seal_horizon as h
        cross join lateral (
            select 'sequence: cache ' || s.seqcache || ', increment ' || s.seqincrement as what
            from pg_catalog.pg_sequence as s
            where s.seqrelid = 'public.ledger_positions'::regclass
                and (s.seqcache, s.seqincrement, s.seqcycle) <> (1, 1, false)
            union all
            select 'sequence: set back to ' || p.last_value || ', final was ' || h.final_position
            where p.last_value < h.final_position
            union all
            select 'attempt ' || attempt_id || ': position ' || ledger_position
            from public.payment_outbox_attempts where ledger_position > p.last_value
            union all
            select 'attestation ' || attestation_id || ': position ' || ledger_position
            from public.ingress_attestations where ledger_position > p.last_value
        ) as x
        """,
    ),
    "the ledger's tables are append-only for everybody": Rule(
        "history can be changed without a trace but the seals",
        """
        select 'table ' || t.name
        from unnest(array['payment_outbox_attempts', 'ingress_attestations', 'ledger_seals',
            'payment_outbox_identities', 'payment_outbox_late_results', 'ledger_retired_leaves',
            'payment_outbox_outcomes', 'ledger_retention_runs',
            'payment_outbox_operator_actions']) as t (name)
        left join pg_catalog.pg_trigger as g
            on g.tgrelid = to_regclass('public.' || t.name) and g.tgenabled = 'A'
            and g.tgfoid in (select f.oid from pg_catalog.pg_proc as f
                where f.pronamespace = 'public'::regnamespace and f.proname like 'deny\\_%%')
        group by t.name
        -- bits of tgtype: 2 before, 8 delete, 16 update, 32 truncate
        having coalesce(bit_or(g.tgtype), 0) & 58 <> 58
        """,
    ),
}
# An item has its number from its first attempt on, or from the queue; a number that the queue says
# otherwise is one more.
USED: Final[LiteralString] = """
select participant_id, sequence_id from public.payment_outbox_attempts where attempt_no = 1
union all
select p.participant_id, p.sequence_id from public.payment_outbox_pending as p
where not exists (
    select from public.payment_outbox_attempts as a
    where (a.outbox_id, a.attempt_no, a.participant_id, a.sequence_id)
        = (p.outbox_id, 1, p.participant_id, p.sequence_id))
union all
select i.participant_id, o.sequence_id
from public.payment_outbox_outcomes as o
join public.payment_outbox_identities as i using (outbox_id)
"""
