"""The rows: what the upgrade repairs, what it cannot decide, what is in flight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.look import Look

__all__ = ["data"]

_SHOWN: Final = 3
_QUEUE: Final = "payment_outbox_pending"
_ATTEMPTS: Final = "payment_outbox_attempts"

# The condition of outbox_counter_drift(), which revision 0002 brings.
_COUNTERS: Final = """
    select p.outbox_id, p.attempt_count, l.numbers, l.ended,
        l.numbers > 2147483647 - 1000 as overflow
    from public.payment_outbox_pending as p
    cross join lateral (
        select coalesce(max(a.attempt_no), 0) as numbers,
            coalesce(bool_or(a.state in ('DISPATCHED', 'FAILED')), false) as ended
        from public.payment_outbox_attempts as a where a.outbox_id = p.outbox_id
    ) as l
    where p.attempt_count <> l.numbers or l.ended or l.numbers > 2147483647 - 1000
"""
_LEASES: Final = """
    select
        count(*) filter (where p.lease_expires_at > clock_timestamp()) as live,
        count(*) filter (where p.lease_expires_at <= clock_timestamp()) as expired,
        count(*) as held
    from public.payment_outbox_pending as p
    where p.claimed_by is not null and p.lease_token is not null
        and p.lease_expires_at is not null
"""
_HALVES: Final = """
    select p.outbox_id from public.payment_outbox_pending as p
    where num_nonnulls(p.claimed_by, p.lease_token, p.lease_expires_at) in (1, 2)
"""
_REMOVE_HALVES: Final = """
    update public.payment_outbox_pending
    set claimed_by = null, lease_token = null, lease_expires_at = null
    where num_nonnulls(claimed_by, lease_token, lease_expires_at) in (1, 2)
"""
_CORRELATE: Final = """
    update public.payment_outbox_pending set correlation_id = public.uuid_v7_or_random()
    where correlation_id is null
"""
_GAPS: Final = """
    select a.outbox_id from public.payment_outbox_attempts as a
    group by a.outbox_id having count(*) <> max(a.attempt_no)
"""
_TWICE: Final = """
    select {tenant} as tenant_id, k.instruction_id, k.idempotency_key,
        count(distinct k.outbox_id) as items
    from (
        select {tenant}, p.instruction_id, p.idempotency_key, p.outbox_id
        from public.payment_outbox_pending as p
        union all
        select {tenant}, a.instruction_id, a.idempotency_key, a.outbox_id
        from public.payment_outbox_attempts as a
    ) as k
    group by 1, 2, 3 having count(distinct k.outbox_id) > 1
"""
_BEHIND: Final = """
    select used.participant_id, used.highest, s.next_sequence_id
    from (
        select k.participant_id, max(k.sequence_id) as highest
        from (
            select p.participant_id, p.sequence_id from public.payment_outbox_pending as p
            union all
            select a.participant_id, a.sequence_id from public.payment_outbox_attempts as a
        ) as k
        group by k.participant_id
    ) as used
    left join public.participant_outbox_sequences as s using (participant_id)
    where s.next_sequence_id is null or s.next_sequence_id <= used.highest
"""
_MOVE_COUNTERS: Final = f"""
    insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
    select behind.participant_id, behind.highest + 1 from ({_BEHIND}) as behind
    on conflict (participant_id) do update set next_sequence_id = excluded.next_sequence_id
    where s.next_sequence_id < excluded.next_sequence_id
"""
_AFTER_THE_END: Final = """
    select a.outbox_id from public.payment_outbox_attempts as a
    where a.state in ('DISPATCHED', 'FAILED') and exists (
        select from public.payment_outbox_attempts as later
        where later.outbox_id = a.outbox_id and later.attempt_no > a.attempt_no
    )
"""


def data(look: Look) -> Iterator[Finding]:
    """Everything that the rows of queue, attempts and counters say."""
    if not (look.has(_QUEUE) and look.has(_ATTEMPTS)):
        return
    yield from _uncorrelated(look)  # first: until then no row without one can be written
    yield from _counters(look)
    yield from _leases(look)
    yield from _keys(look)
    yield from _sequences(look)
    if ended := look.count(_AFTER_THE_END):
        yield Finding(
            "data",
            "attempts-after-the-end",
            Effect.NEEDS_ACCEPTANCE,
            f"{ended} items have attempts after a DISPATCHED or FAILED one, written by hand: they"
            " stay, append-only, and `ledgerdb verify ledger` names them",
        )
    if gaps := look.count(_GAPS):
        yield Finding(
            "data",
            "attempt-numbers",
            Effect.KEPT,
            f"{gaps} items have gaps in the numbers of their attempts: history is append-only and"
            " stays; new numbers go on from the highest",
        )


def _counters(look: Look) -> Iterator[Finding]:
    rows = look.rows(_COUNTERS)
    ended = [row for row in rows if row["ended"]]
    overflow = [row for row in rows if row["overflow"] and not row["ended"]]
    drifted = [row for row in rows if not row["ended"] and not row["overflow"]]
    if drifted:
        yield Finding(
            "data",
            "counters",
            Effect.MENDED,
            f"{len(drifted)} items have another counter than attempts (such as"
            f" {_some(drifted)}): revision 0002 sets it to the highest number and reports each"
            " in outbox_counter_drift_report",
        )
    if ended:
        yield Finding(
            "data",
            "ended-items",
            Effect.MENDED,
            f"{len(ended)} items are on the queue and have a terminal attempt (such as"
            f" {_some(ended)}): revision 0002 takes them off and reports each",
        )
    if overflow:
        yield Finding(
            "data",
            "overflow",
            Effect.BLOCKS,
            f"{len(overflow)} items have an attempt number near the end of its type (such as"
            f" {_some(overflow)}): revision 0002 would stop with P7009; end them by hand",
        )


def _leases(look: Look) -> Iterator[Finding]:
    (row,) = look.rows(_LEASES)
    if row["held"]:
        yield Finding(
            "data",
            "leases",
            Effect.KEPT,
            f"{row['live']} leases are live and {row['expired']} have expired: workers go on and"
            " complete through the upgrade; each expired one becomes one ZOMBIE_REQUEUE attempt",
        )
    if halves := look.rows(_HALVES):
        yield Finding(
            "data",
            "half-leases",
            Effect.NEEDS_ACCEPTANCE,
            f"{len(halves)} items have only a part of a lease (such as {_some(halves)}): no worker"
            " can complete them; the parts are removed, and the items are due again",
            (Change((_REMOVE_HALVES,), _QUEUE),),
        )


def _keys(look: Look) -> Iterator[Finding]:
    there = {f"{table}.tenant_id" for table in (_QUEUE, _ATTEMPTS)} <= set(look.found.columns)
    tenant = "tenant_id" if there else "null::uuid as tenant_id"
    query = _TWICE.replace("{tenant} as tenant_id, k.", "k.tenant_id, k.").format(tenant=tenant)
    if twice := look.count(query):
        (row,) = look.rows(f"{query} limit 1".replace("::uuid", "::pg_catalog.uuid"))
        yield Finding(
            "data",
            "duplicate-keys",
            Effect.NEEDS_ACCEPTANCE,
            f"{twice} keys (tenant, instruction, idempotency key) have several items (such as"
            f" instruction {row['instruction_id']}, {row['items']} items): the registry of"
            " revision 0003 binds the key to the first; the others end as they would have, and"
            " replays are answered from the first",
        )


def _sequences(look: Look) -> Iterator[Finding]:
    if not look.has("participant_outbox_sequences"):
        return
    if behind := look.rows(_BEHIND):
        yield Finding(
            "data",
            "sequences",
            Effect.MENDED,
            f"{len(behind)} participants have a counter at or below a number that is in use (such"
            f" as {behind[0]['participant_id']}): their payments would be refused or numbered"
            " twice; the counter is moved past the highest number",
            (Change((_MOVE_COUNTERS,), "participant_outbox_sequences"),),
        )


def _uncorrelated(look: Look) -> Iterator[Finding]:
    guarded = f"{_QUEUE}.{_QUEUE}_correlation_required_new_rows_chk" in look.found.constraints
    if not guarded:
        return
    missing = look.count(
        "select from public.payment_outbox_pending as p where p.correlation_id is null"
    )
    if missing:
        yield Finding(
            "data",
            "correlation",
            Effect.MENDED,
            f"{missing} items have no correlation_id, which a constraint demands of every row that"
            " is written: claims of them fail today (23514); they get one",
            (Change((_CORRELATE,), _QUEUE),),
        )


def _some(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(row["outbox_id"]) for row in rows[:_SHOWN])
