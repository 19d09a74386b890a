"""What a run consists of: cases, measured in turns, and the sizes that a profile gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bench.ground import Ground

__all__ = [
    "FULL",
    "LONG",
    "PROFILES",
    "QUICK",
    "Case",
    "Measurement",
    "Profile",
    "Workload",
]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was seen in one measurement.

    Attributes:
        numbers: by name; the unit is in the name.
        series: of numbers that belong together in their order, such as rounds.
    """

    numbers: Mapping[str, float]
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure, again in each repeat."""

    workload: str
    variant: str
    system: str
    measure: Callable[[Ground], Measurement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much is measured.

    Attributes:
        name: as it is asked for.
        repeats: of every case.
        long_repeats: of the cases that take long: held-snapshot and scale.
        enqueue_seconds: of one measurement of single enqueues.
        batch_items: items of one measurement of batches.
        enqueue_batches: sizes of batches to enqueue.
        drain_items: items of one measurement of a drain.
        drain_batches: sizes of batches to drain.
        wake_ups: items of one measurement of the latency.
        round_items: items of a round under a held snapshot.
        rounds: how many of them.
        leased_items: in front of those that are drained.
        bulk_items: of a bulk insert.
        payloads: bytes, for the scale.
        workers: numbers of clients, for the scale.
        backlogs: numbers of items, for the scale.
        scale_items: items drained from each backlog.
        calls: of each way, for the overhead and the ingress.
    """

    name: str
    repeats: int
    long_repeats: int
    enqueue_seconds: float
    batch_items: int
    enqueue_batches: tuple[int, ...] = (500, 5_000)
    drain_items: int
    drain_batches: tuple[int, ...] = (100, 500, 2_000)
    wake_ups: int
    round_items: int
    rounds: int
    leased_items: int
    bulk_items: int
    payloads: tuple[int, ...] = (1_024, 8_192, 65_536)
    workers: tuple[int, ...] = (1, 2, 8, 32)
    backlogs: tuple[int, ...]
    scale_items: int
    calls: int


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of work.

    Attributes:
        name: as it is asked for.
        about: what it measures, in a line.
        cases: what it consists of, in the order in which they take turns.
        is_long: True where `long_repeats` counts.
    """

    name: str
    about: str
    cases: Callable[[Profile], Iterator[Case]]
    is_long: bool = False

    def repeats(self, profile: Profile) -> int:
        """How often each case is measured."""
        return profile.long_repeats if self.is_long else profile.repeats

    def of(self, systems: Sequence[str]) -> Workload:
        """With these systems only."""

        def cases(profile: Profile) -> Iterator[Case]:
            return (case for case in self.cases(profile) if case.system in systems)

        return replace(self, cases=cases)


QUICK: Final = Profile(
    name="quick",
    repeats=3,
    long_repeats=1,
    enqueue_seconds=0.4,
    batch_items=5_000,
    drain_items=5_000,
    drain_batches=(500,),
    wake_ups=20,
    round_items=2_500,
    rounds=4,
    leased_items=5_000,
    bulk_items=5_000,
    payloads=(1_024, 16_384),
    workers=(1, 8),
    backlogs=(1_000, 10_000),
    scale_items=2_000,
    calls=100,
)
FULL: Final = Profile(
    name="full",
    repeats=5,
    long_repeats=1,
    enqueue_seconds=0.5,
    batch_items=15_000,
    drain_items=10_000,
    wake_ups=25,
    round_items=10_000,
    rounds=10,
    leased_items=50_000,
    bulk_items=100_000,
    backlogs=(1_000, 10_000, 100_000),
    scale_items=5_000,
    calls=200,
)
LONG: Final = Profile(
    name="long",
    repeats=5,
    long_repeats=3,
    enqueue_seconds=2.0,
    batch_items=60_000,
    drain_items=40_000,
    drain_batches=(100, 500, 1_000, 2_000, 5_000),
    wake_ups=200,
    round_items=20_000,
    rounds=20,
    leased_items=50_000,
    bulk_items=100_000,
    payloads=(1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536),
    workers=(1, 2, 4, 8, 16, 32),
    backlogs=(1_000, 10_000, 100_000, 1_000_000),
    scale_items=20_000,
    calls=1_000,
)
PROFILES: Final = {profile.name: profile for profile in (QUICK, FULL, LONG)}
