"""Which sessions meet: all pairs of the public writing functions, and chosen cases of three."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Final

from proof.interleavings.chosen import chosen, tick
from proof.interleavings.plan import Call, Isolation, Program, Scenario
from proof.interleavings.world import World

__all__ = ["inside_functions", "pairs", "statements"]

_RC: Final = Isolation.READ_COMMITTED
_RR: Final = Isolation.REPEATABLE_READ
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
        mixed = [(_RR, _RR), (_RC, _RR), (_RR, _RC)] if situation in second.situations else []
        scenarios += [
            Scenario(situation, _programs((first, second), levels), ticks)
            for levels in ((_RC, _RC), *mixed)
        ]
        if not mixed:
            continue
        for ending in ("rollback", "commit"):
            gives_up = Program((first.name,), _RC, ending)
            other = Program((second.name,), _RC, "rollback" if ending == "commit" else "commit")
            scenarios.append(Scenario(situation, (gives_up, other), ticks))
    scenarios += [scenario for scenario in chosen() if not scenario.at_gates]
    return [*dict.fromkeys(scenarios)]


def inside_functions(world: World) -> list[Scenario]:
    """Sessions that meet inside the functions."""
    scenarios = []
    for situation, first, second in pairs(world):
        ticks = _ticks(situation, first, second)
        alone = tuple(Program((call.name,)) for call in (first, second))
        scenarios.append(Scenario(situation, alone, ticks, at_gates=True))
        if situation in second.situations:
            snapshots = _programs((first, second), (_RR, _RR))
            scenarios.append(Scenario(situation, snapshots, at_gates=True))
    scenarios += [scenario for scenario in chosen() if scenario.at_gates]
    return [*dict.fromkeys(scenarios)]


def _programs(calls: Sequence[Call], levels: Sequence[Isolation]) -> tuple[Program, ...]:
    return tuple(Program((call.name,), level) for call, level in zip(calls, levels, strict=True))


def _ticks(situation: str, *calls: Call) -> tuple[int, ...]:
    judged = any(call.kind in _BY_THE_CLOCK for call in calls)
    return tick if situation in _LEASED and judged else ()
