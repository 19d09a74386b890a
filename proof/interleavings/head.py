"""The public functions at head as calls, and the situations in which they meet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from proof.interleavings.plan import LEASE_SECONDS, Call
from proof.interleavings.world import World

__all__ = ["HEAD_WORLD"]

_NEW: Final = ("none",)
_QUEUED: Final = ("due", "leased", "expired", "done", "dead")
_HELD: Final = ("leased", "expired", "begun", "expired_begun", "last_try", "fifo_leased")
_OPERATED: Final = ("due", "leased", "expired", "doubt", "expired_begun", "fifo_held")
_CONFLICT: Final = frozenset({"P7101"})
_NOT_NOW: Final = frozenset({"P7004", "P7006"})
_BUSY: Final = frozenset({"55P03"})
_ISOLATION: Final = frozenset({"P711F"})
_LOST: Final = frozenset({"P7002"})

_COMPLETE: Final = (
    "select * from public.complete_outbox_attempts('{{{3}}}', array['{{{0}}}']::uuid[],"
    " array['{{{1}}}']::uuid[], '{{{{{2}}}}}', '{{{{reference}}}}')"
)
_LEASES: Final = "array['{o1}']::uuid[], array['{t1}']::uuid[], 'w1'"
_OWN_LEASES: Final = "array['{own_o}']::uuid[], array['{own_t}']::uuid[], '{me}'"
_BY_OPERATOR: Final = "'operator', 'reason'"


def _enqueue(
    name: str, situations: tuple[str, ...], *, i: int, p: str, payload: str = "payload"
) -> Call:
    statement = (
        f"select * from public.enqueue_payment_outbox('i{i}-{{n}}', '{p}-{{n}}', 'k1', 'RTGS',"
        f" '{{{payload}}}')"
    )
    return Call(name, statement, "enqueue", situations, _CONFLICT, ((f"i{i}", f"{p} {payload}"),))


def _enqueue_many(name: str, first: int, second: int) -> Call:
    statement = (
        f"select * from public.enqueue_outbox_items(array['i{first}-{{n}}', 'i{second}-{{n}}'],"
        " array['p-{n}', 'p-{n}'], array['k1', 'k1'], array['RTGS', 'RTGS'],"
        " array['{payload}', '{payload}'])"
    )
    keys = tuple((f"i{number}", "p payload") for number in (first, second))
    return Call(name, statement, "enqueue", _NEW, frozenset(), keys)


def _ingest(name: str, key: str, payload: str) -> Call:
    statement = (
        f"select * from public.ingest_instruction('{{tenant}}', 'i1-{{n}}', 'p-{{n}}', '{key}',"
        f" 'RTGS', '{{{payload}}}')"
    )
    content = (f"tenant i1 {key}", payload)
    return Call(name, statement, "enqueue", (*_NEW, "ingested"), _CONFLICT, (content,))


def _ingest_many(name: str, first: int, second: int) -> Call:
    statement = (
        "select * from public.ingest_instructions(array['{tenant}', '{tenant}']::uuid[],"
        f" array['i{first}-{{n}}', 'i{second}-{{n}}'], array['p-{{n}}', 'q-{{n}}'],"
        " array['k1', 'k1'], array['RTGS', 'RTGS'], array['{payload}', '{payload}'])"
    )
    # The first instruction is the one of `ingest` only where it goes to the same participant.
    keys = tuple((f"tenant i{number} k1", "payload") for number in (first, second))
    return Call(name, statement, "enqueue", (*_NEW, "ingested"), _CONFLICT, keys)


def _complete(state: str, *, own: bool = False) -> str:
    if own:
        return _COMPLETE.format("own_o", "own_t", state, "me")
    return _COMPLETE.format("o1", "t1", state, "holder")


def _both(name: str, places: str) -> str:
    return "array[" + ", ".join(f"'{{{name}{place}}}'" for place in places) + "]::uuid[]"


def _complete_both(name: str, places: str) -> Call:
    statement = (
        f"select * from public.complete_outbox_attempts('w1', {_both('o', places)},"
        f" {_both('t', places)}, '{{{{DISPATCHED,DISPATCHED}}}}', '{{{{a,b}}}}')"
    )
    return Call(name, statement, "complete", ("both_leased",))


def _extend_both(name: str, places: str) -> Call:
    statement = (
        f"select * from public.extend_outbox_leases({_both('o', places)}, {_both('t', places)},"
        f" 'w1', {4 * LEASE_SECONDS})"
    )
    return Call(name, statement, "extend", ("both_leased",))


def _calls() -> list[Call]:
    lease = LEASE_SECONDS
    return [
        _enqueue("enqueue", (*_NEW, *_QUEUED), i=1, p="p"),
        _enqueue("enqueue_2", (), i=2, p="p"),
        _enqueue("enqueue_elsewhere", (*_NEW, "due", "done"), i=1, p="q"),
        _enqueue("enqueue_other", (*_NEW, "due"), i=1, p="p", payload="other"),
        _enqueue_many("enqueue_many", 1, 2),
        _enqueue_many("enqueue_many_turned", 2, 1),
        _ingest("ingest", "k1", "payload"),
        _ingest("ingest_other", "k1", "other"),
        _ingest("ingest_again", "k2", "payload"),
        _ingest_many("ingest_many", 1, 2),
        _ingest_many("ingest_many_turned", 2, 1),
        Call(
            "claim",
            f"select * from public.claim_outbox_items(1, '{{me}}', {lease})",
            "claim",
            ("due", "leased", "expired", "expired_begun", "last_expired", "fifo_leased"),
        ),
        Call(
            "claim_all",
            f"select * from public.claim_outbox_items(10, '{{me}}', {lease})",
            "claim",
            ("due", "expired", "paused", "fifo_leased", "fifo_held", "fair", "fair_expired"),
        ),
        Call(
            "claim_batch",
            f"select * from public.claim_outbox_batch(1, '{{me}}', {lease})",
            "claim",
            ("due", "expired"),
        ),
        Call(
            "extend",
            f"select * from public.extend_outbox_leases({_LEASES}, {4 * lease})",
            "extend",
            ("leased", "begun"),
        ),
        Call(
            "release",
            f"select * from public.release_outbox_leases({_LEASES})",
            "release",
            _HELD[:4],
        ),
        Call("begin", f"select * from public.begin_outbox_dispatch({_LEASES})", "begin", _HELD[:2]),
        Call("complete_dispatched", _complete("DISPATCHED"), "complete", (*_HELD, "done", "doubt")),
        Call("complete_retryable", _complete("RETRYABLE"), "complete", _HELD),
        Call("complete_failed", _complete("FAILED"), "complete", (*_HELD, "dead")),
        Call(
            "complete_old",
            "select * from public.complete_outbox_attempt('{o1}', '{t1}', 'w1', 'DISPATCHED',"
            " 'reference')",
            "complete",
            ("leased", "expired", "done"),
            _LOST,
        ),
        Call(
            "last_dispatched",
            _COMPLETE.format("last_o", "last_t", "DISPATCHED", "last_me"),
            "complete",
            ("due",),
        ),
        _complete_both("complete_both", "12"),
        _complete_both("complete_both_turned", "21"),
        _extend_both("extend_both", "12"),
        _extend_both("extend_both_turned", "21"),
        Call("own_begin", f"select * from public.begin_outbox_dispatch({_OWN_LEASES})", "begin"),
        Call(
            "own_release", f"select * from public.release_outbox_leases({_OWN_LEASES})", "release"
        ),
        Call("own_dispatched", _complete("DISPATCHED", own=True), "complete"),
        Call("own_retryable", _complete("RETRYABLE", own=True), "complete"),
        Call("own_failed", _complete("FAILED", own=True), "complete"),
        Call(
            "repair",
            "select * from public.repair_expired_leases(10, '{me}')",
            "repair",
            ("expired", "expired_begun", "last_expired", "leased", "fifo_held", "paused"),
        ),
        Call(
            "cancel",
            f"select * from public.cancel_outbox_item('{{o1}}', {_BY_OPERATOR})",
            "operate",
            _OPERATED,
            _NOT_NOW,
        ),
        Call(
            "manual_dispatched",
            "select * from public.record_manual_attempt('{o1}', 'DISPATCHED', 'by hand', null,"
            f" null, null, {_BY_OPERATOR})",
            "operate",
            _OPERATED,
            _NOT_NOW,
        ),
        Call(
            "manual_retryable",
            "select * from public.record_manual_attempt('{o1}', 'RETRYABLE', null, null, null,"
            f" null, {_BY_OPERATOR})",
            "operate",
            ("due", "expired", "last_expired"),
            _NOT_NOW,
        ),
        Call(
            "resolve_dispatched",
            f"select * from public.resolve_outbox_item('{{o1}}', 'DISPATCHED', {_BY_OPERATOR},"
            " 'reference')",
            "operate",
            ("doubt", "expired_begun", "begun"),
            _NOT_NOW,
        ),
        Call(
            "resolve_requeue",
            f"select * from public.resolve_outbox_item('{{o1}}', 'REQUEUE', {_BY_OPERATOR})",
            "operate",
            ("doubt", "expired_begun", "begun"),
            _NOT_NOW,
        ),
        Call(
            "redrive",
            "select * from public.redrive_dead_letters(array['{o1}']::uuid[], false,"
            f" {_BY_OPERATOR})",
            "redrive",
            ("dead", "last_try", "leased", "old_dead"),
            _ISOLATION,
        ),
        Call(
            "pause",
            f"select * from public.pause_outbox('RAIL', 'RTGS', {_BY_OPERATOR})",
            "pause",
            ("due", "paused", "expired"),
            _BUSY,
        ),
        Call(
            "resume",
            f"select * from public.resume_outbox('RAIL', 'RTGS', {_BY_OPERATOR})",
            "resume",
            ("paused", "due"),
            _BUSY,
        ),
        Call(
            "order",
            "select * from public.set_outbox_control('RAIL', 'RTGS', null, 'FIFO_BLOCK', null,"
            f" null, {_BY_OPERATOR})",
            "order",
            ("due", "leased", "expired", "none"),
            _BUSY | _ISOLATION,
        ),
        Call(
            "unorder",
            "select * from public.set_outbox_control('RAIL', 'RTGS', null, 'NONE', null, null,"
            f" {_BY_OPERATOR})",
            "unorder",
            ("fifo_leased", "fifo_held"),
            _BUSY | _ISOLATION,
        ),
        Call(
            "skip",
            "select * from public.set_outbox_control('RAIL', 'RTGS', null, 'FIFO_SKIP', null,"
            f" null, {_BY_OPERATOR})",
            "skip",
            ("fifo_held",),
            _BUSY | _ISOLATION,
        ),
        Call(
            "fair",
            "select * from public.set_outbox_control('QUEUE', '*', null, null, true, null,"
            f" {_BY_OPERATOR})",
            "fair",
            ("due",),
            _BUSY,
        ),
        Call(
            "retry_policy",
            f"select * from public.set_retry_policy('RTGS', 'FIXED', 1, 1, 1, 0, {_BY_OPERATOR})",
            "retry_policy",
            ("leased", "last_try"),
        ),
        Call(
            "seal",
            "select * from public.seal_ledger(10000)",
            "seal",
            ("leased", "done", "none"),
            _ISOLATION,
        ),
        Call(
            "retire",
            "select * from public.retire_history(explorer.clock_timestamp() - interval '25 hours',"
            f" 10, {_BY_OPERATOR}, '{{previous}}')",
            "retire",
            ("old_done", "old_dead"),
            _ISOLATION,
        ),
        Call(
            "tenant",
            "select * from public.register_tenant(gen_random_uuid(), 'tenant-{n}', 'Tenant',"
            " 'COMMERCIAL')",
            "other",
            _NEW,
            _CONFLICT,
        ),
        Call(
            "previous",
            "select coalesce((select i.outbox_id from public.payment_outbox_identities as i"
            " order by i.outbox_id desc limit 1), '{previous}') as previous",
        ),
    ]


_DUE: Final = ("enqueue", "enqueue_2")
_LEASED: Final = ("enqueue", "claim")
_TRIED: Final = ("complete_retryable", "tick 3600")
_LAST_TRY: Final = (*_LEASED, *_TRIED, "claim", *_TRIED, "claim")
_BEGUN: Final = (*_LEASED, "begin")
_SITUATIONS: Final = {
    "none": (),
    "due": _DUE,
    "ingested": ("ingest",),
    "leased": _LEASED,
    "both_leased": (*_DUE, "claim_all"),
    "expired": (*_LEASED, "tick 61"),
    "begun": _BEGUN,
    "expired_begun": (*_BEGUN, "tick 61"),
    "doubt": (*_BEGUN, "tick 61", "repair"),
    "done": (*_LEASED, "complete_dispatched"),
    "dead": (*_LEASED, "complete_failed"),
    "last_try": _LAST_TRY,
    "last_expired": (*_LAST_TRY, "tick 61"),
    "paused": (*_DUE, "pause", "claim_all"),
    "fair": ("fair", *_DUE, "ingest"),
    "fair_expired": ("fair", *_LEASED, "ingest", "tick 61"),
    "fifo_leased": ("order", *_DUE, "claim"),
    "fifo_held": ("order", *_DUE, "claim", "claim_all"),
    "old_done": ("previous", *_LEASED, "complete_dispatched", "tick 100000", "seal"),
    "old_dead": ("previous", *_LEASED, "complete_failed", "tick 100000", "seal"),
}

HEAD_WORLD: Final = World(
    script=Path(__file__).with_name("head.sql"),
    calls={call.name: call for call in _calls()},
    situations=_SITUATIONS,
)
