"""Which sessions meet: all pairs of the public writing functions, and chosen cases of three."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Final

from proof.interleavings.plan import LEASE_SECONDS, Call, Isolation, Program, Scenario
from proof.interleavings.world import World

__all__ = ["inside_functions", "pairs", "statements"]

_RC: Final = Isolation.READ_COMMITTED
_RR: Final = Isolation.REPEATABLE_READ
_PAST_THE_LEASE: Final = LEASE_SECONDS + 1
# There a lease is live that may run out.
_LEASED: Final = frozenset({"leased", "begun", "last_try", "fifo_leased"})
# Calls whose answer depends on whether a lease ran out.
_BY_THE_CLOCK: Final = frozenset(
    {"claim", "complete", "extend", "begin", "release", "repair", "operate"}
)


def pairs(world: World) -> Iterator[tuple[str, Call, Call]]:
    """Each two calls, in each situation in which both do what they are for, or in that of one."""
    calls = [call for call in world.calls.values() if call.situations]
    for first, second in combinations_with_replacement(calls, 2):
        common = [name for name in first.situations if name in second.situations]
        for situation in common or first.situations[:1]:
            yield situation, first, second


def statements(world: World) -> list[Scenario]:
    """Sessions that meet between statements, in transactions of each isolation level."""
    scenarios = []
    for situation, first, second in pairs(world):
        ticks = _ticks(situation, first, second)
        mixed = [(_RC, _RR), (_RR, _RC)] if situation in second.situations else []
        scenarios += [
            Scenario(situation, _programs((first, second), levels), ticks)
            for levels in ((_RC, _RC), (_RR, _RR), *mixed)
        ]
        if not mixed:
            continue
        for ending in ("rollback", "commit"):
            gives_up = Program((first.name,), _RC, ending)
            other = Program((second.name,), _RC, "rollback" if ending == "commit" else "commit")
            scenarios.append(Scenario(situation, (gives_up, other), ticks))
    return [*dict.fromkeys(scenarios), *(s for s in _threesomes() if not s.at_gates)]


def inside_functions(world: World) -> list[Scenario]:
    """Sessions that meet inside the functions."""
    scenarios = []
    for situation, first, second in pairs(world):
        ticks = _ticks(situation, first, second)
        alone = tuple(Program((call.name,)) for call in (first, second))
        scenarios.append(Scenario(situation, alone, ticks, at_gates=True))
        scenarios.append(
            Scenario(situation, _programs((first, second), (_RR, _RR)), (), at_gates=True)
        )
    return [*scenarios, *(s for s in _threesomes() if s.at_gates)]


def _programs(calls: Sequence[Call], levels: Sequence[Isolation]) -> tuple[Program, ...]:
    return tuple(Program((call.name,), level) for call, level in zip(calls, levels, strict=True))


def _ticks(situation: str, *calls: Call) -> tuple[int, ...]:
    judged = any(call.kind in _BY_THE_CLOCK for call in calls)
    return (_PAST_THE_LEASE,) if situation in _LEASED and judged else ()


def _threesomes() -> Iterator[Scenario]:
    """A worker's whole life against another's and the reaper's; three who want the same thing."""
    tick = (_PAST_THE_LEASE,)
    work = ("claim", "own_dispatched")
    chosen: list[tuple[str, list[tuple[str, ...]], tuple[int, ...]]] = [
        ("due", [work, work], tick),
        ("due", [work, ("repair",)], tick),
        ("due", [("claim", "own_begin", "own_dispatched"), ("repair",), ("claim",)], tick),
        ("due", [("claim", "own_retryable"), ("repair",), work], tick),
        ("due", [("claim", "own_failed"), ("redrive",), ("claim",)], tick),
        ("none", [("enqueue",), ("enqueue", *work), ("enqueue_elsewhere",)], ()),
        ("none", [("enqueue",), ("enqueue",), work], ()),
        ("expired", [("claim",), ("repair",), ("complete_dispatched",)], ()),
        ("expired", [("claim",), ("claim",), ("repair",)], ()),
        ("last_expired", [("claim",), ("repair",), ("complete_dispatched",)], ()),
        ("leased", [("complete_dispatched",), ("extend",), ("claim",)], tick),
        ("leased", [("complete_dispatched",), ("complete_dispatched",), ("repair",)], tick),
        ("leased", [("begin", "complete_dispatched"), ("repair",), ("resolve_requeue",)], tick),
        ("begun", [("complete_dispatched",), ("repair",), ("resolve_dispatched",)], tick),
        ("doubt", [("resolve_requeue",), ("complete_dispatched",), work], ()),
        ("fifo_held", [("complete_dispatched",), ("claim_all",), ("repair",)], ()),
        ("fifo_leased", [("complete_failed",), work, ("claim_all",)], ()),
        ("fifo_held", [("complete_retryable",), ("claim_all",), ("cancel",)], ()),
        ("paused", [("resume",), ("claim_all",), ("repair",)], ()),
        ("due", [("pause",), ("claim",), ("resume",)], ()),
        ("leased", [("complete_dispatched",), ("seal",), ("seal",)], ()),
        ("none", [("ingest",), ("seal",), ("ingest_again",)], ()),
        ("old_dead", [("retire",), ("redrive",), ("enqueue",)], ()),
        ("old_done", [("retire",), ("retire",), ("enqueue",)], ()),
        ("dead", [("redrive",), ("redrive",), ("claim",)], ()),
    ]
    for situation, calls, ticks in chosen:
        for at_gates in (False, True):
            level = None if at_gates else _RC
            programs = tuple(Program(names, level) for names in calls)
            yield Scenario(situation, programs, ticks, at_gates)
        yield Scenario(situation, tuple(Program(names, _RR) for names in calls), ticks)
    # The first of two locks is given back while two wait for it: whoever takes the two in another
    # order deadlocks now.
    turned = [
        ("none", "enqueue", "enqueue_many"),
        ("none", "ingest", "ingest_many"),
        ("both_leased", "begin", "complete_both"),
        ("both_leased", "begin", "extend_both"),
    ]
    for situation, blocker, pair in turned:
        gives_up = Program((blocker,), _RC, "rollback")
        yield Scenario(situation, (gives_up, Program((pair,)), Program((f"{pair}_turned",))))
