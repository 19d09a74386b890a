"""Chosen cases: a worker's life against another's, against the reaper's and the operator's.

They come first where one database is checked: most of what a wrong lock, a missing one or a clock
that is read too early breaks shows in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from proof.interleavings.plan import LEASE_SECONDS, Isolation, Program, Scenario

__all__ = ["chosen", "tick"]

_RC: Final = Isolation.READ_COMMITTED
_RR: Final = Isolation.REPEATABLE_READ
tick: Final[tuple[int, ...]] = (LEASE_SECONDS + 1,)
_WORK: Final = ("claim", "own_dispatched")

# Situation, what each session calls, ticks.
_MET: Final[tuple[tuple[str, list[tuple[str, ...]], tuple[int, ...]], ...]] = (
    ("none", [("enqueue",), ("enqueue",)], ()),
    ("none", [("enqueue",), ("enqueue_elsewhere",)], ()),
    ("none", [("order",), ("enqueue",)], ()),
    ("none", [("ingest",), ("ingest_again",)], ()),
    ("due", [("claim",), ("claim",)], ()),
    ("due", [("claim",), ("cancel",)], ()),
    ("due", [("cancel",), ("cancel",)], ()),
    ("due", [("claim_all",), ("pause",)], ()),
    ("paused", [("resume",), ("claim_all",)], ()),
    ("leased", [("complete_dispatched",), ("complete_failed",)], ()),
    ("leased", [("complete_retryable",), ("begin",)], ()),
    ("leased", [("complete_retryable",), ("extend",)], ()),
    ("leased", [("complete_retryable",), ("release",)], ()),
    ("leased", [("complete_dispatched",), ("repair",)], tick),
    ("leased", [("extend",), ("repair",)], tick),
    ("leased", [("complete_dispatched",), ("seal",)], ()),
    ("expired", [("claim",), ("complete_dispatched",)], ()),
    ("expired", [("claim",), ("repair",)], ()),
    ("expired", [("repair",), ("repair",)], ()),
    ("expired", [("begin",), ("repair",)], ()),
    ("expired", [("extend",), ("repair",)], ()),
    ("expired", [("manual_retryable",), ("claim",)], ()),
    ("last_expired", [("claim",), ("repair",)], ()),
    ("expired_begun", [("claim",), ("resolve_requeue",)], ()),
    ("begun", [("release",), ("repair",)], tick),
    ("doubt", [("resolve_dispatched",), ("resolve_requeue",)], ()),
    ("dead", [("redrive",), ("redrive",)], ()),
    ("done", [("seal",), ("seal",)], ()),
    ("old_dead", [("retire",), ("redrive",)], ()),
    ("old_done", [("retire",), ("retire",)], ()),
    ("fair_expired", [("claim_all",), ("claim_all",)], ()),
    ("fifo_leased", [("complete_dispatched",), ("claim_all",)], ()),
    ("fifo_held", [("complete_dispatched",), ("claim_all",)], ()),
    ("fifo_held", [("unorder",), ("claim_all",)], ()),
)
_OF_THREE: Final[tuple[tuple[str, list[tuple[str, ...]], tuple[int, ...]], ...]] = (
    ("due", [_WORK, _WORK], tick),
    ("due", [_WORK, ("repair",)], tick),
    ("due", [("claim", "own_begin", "own_dispatched"), ("repair",), ("claim",)], tick),
    ("due", [("claim", "own_retryable"), ("repair",), _WORK], tick),
    ("due", [("claim", "own_failed"), ("redrive",), ("claim",)], tick),
    ("none", [("enqueue",), ("enqueue", *_WORK), ("enqueue_elsewhere",)], ()),
    ("none", [("enqueue",), ("enqueue",), _WORK], ()),
    ("expired", [("claim",), ("repair",), ("complete_dispatched",)], ()),
    ("expired", [("claim",), ("claim",), ("repair",)], ()),
    ("last_expired", [("claim",), ("repair",), ("complete_dispatched",)], ()),
    ("leased", [("complete_dispatched",), ("extend",), ("claim",)], tick),
    ("leased", [("complete_dispatched",), ("complete_dispatched",), ("repair",)], tick),
    ("leased", [("begin", "complete_dispatched"), ("repair",), ("resolve_requeue",)], tick),
    ("begun", [("complete_dispatched",), ("repair",), ("resolve_dispatched",)], tick),
    ("doubt", [("resolve_requeue",), ("complete_dispatched",), _WORK], ()),
    ("fifo_held", [("complete_dispatched",), ("claim_all",), ("repair",)], ()),
    ("fifo_leased", [("complete_failed",), _WORK, ("claim_all",)], ()),
    ("fifo_held", [("complete_retryable",), ("claim_all",), ("cancel",)], ()),
    ("paused", [("resume",), ("claim_all",), ("repair",)], ()),
    ("due", [("pause",), ("claim",), ("resume",)], ()),
    ("leased", [("complete_dispatched",), ("seal",), ("seal",)], ()),
    ("none", [("ingest",), ("seal",), ("ingest_again",)], ()),
    ("old_dead", [("retire",), ("redrive",), ("enqueue",)], ()),
    ("old_done", [("retire",), ("retire",), ("enqueue",)], ()),
    ("dead", [("redrive",), ("redrive",), ("claim",)], ()),
)
# A lock is given back by a rollback while others wait for it.
_GIVEN_BACK: Final[tuple[tuple[str, str, tuple[str, ...], tuple[int, ...]], ...]] = (
    ("leased", "begin", ("complete_dispatched",), tick),
    ("leased", "complete_retryable", ("begin",), tick),
    ("leased", "complete_retryable", ("extend",), tick),
    # Of two locks the first: whoever takes the two in another order deadlocks now.
    ("none", "enqueue", ("enqueue_many", "enqueue_many_turned"), ()),
    ("none", "ingest", ("ingest_many", "ingest_many_turned"), ()),
    ("both_leased", "begin", ("complete_both", "complete_both_turned"), ()),
    ("both_leased", "begin", ("extend_both", "extend_both_turned"), ()),
)


def chosen() -> Iterator[Scenario]:
    """Two sessions, then three."""
    for situation, blocker, waiting, ticks in _GIVEN_BACK:
        gives_up = Program((blocker,), _RC, "rollback")
        others = tuple(Program((name,)) for name in waiting)
        yield Scenario(situation, (gives_up, *others), ticks)
    # A snapshot that is older than the lease.
    yield Scenario("due", (Program(("claim",)), Program(("last_dispatched",), _RR)))
    for situation, calls, ticks in (*_MET, *_OF_THREE):
        programs = tuple(Program(names) for names in calls)
        yield Scenario(situation, programs, ticks, at_gates=True)
    for situation, calls, ticks in _OF_THREE:
        for level in (_RC, _RR):
            programs = tuple(Program(names, level) for names in calls)
            yield Scenario(situation, programs, ticks)
