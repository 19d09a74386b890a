"""Which targets a run has met. A target that was not measured, or at a smaller size than it names,
is not met: it is told as not measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench.figures import extrapolated, flatness, median, percentile
from bench.results import Results
from bench.systems import BARE, CURSOR, LEDGERDB, PSQL, REFERENCE, TABLES, VISIBILITY
from bench.workloads.drain import DRAIN
from bench.workloads.enqueue_batch import ENQUEUE_BATCH
from bench.workloads.enqueue_one import ENQUEUE_ONE
from bench.workloads.held_snapshot import BULK, HELD, HELD_SNAPSHOT, LEASED
from bench.workloads.ingress import INGRESS
from bench.workloads.overhead import OVERHEAD
from bench.workloads.scale import BACKLOG, SCALE, WORKER
from bench.workloads.wake_up import WAKE_UP

__all__ = ["Verdict", "Word", "best", "judge"]

_OURS: Final = LEDGERDB.name
_RATE: Final = "per_second"
_BACKLOG_MAX: Final = 1_000_000
_BACKLOG_BEYOND: Final = 10_000_000
_CHURNED: Final = (100_000, 400_000)
_LEASED_MIN: Final = 50_000
_BULK_MIN: Final = 100_000


class Word(StrEnum):
    """How a target stands."""

    MET = "met"
    NOT_MET = "not met"
    NOT_MEASURED = "not measured"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target.

    Attributes:
        number: of the target, and a letter for its part.
        what: is measured.
        wanted: in words.
        found: in words.
        word: how it stands.
    """

    number: str
    what: str
    wanted: str
    found: str
    word: Word

    @property
    def is_met(self) -> bool:
        """True where nothing is left to wish for."""
        return self.word in (Word.MET, Word.REPORTED)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A limit of a target, and how it is told."""

    limit: float
    is_least: bool
    unit: str = ""
    digits: int = 2

    def wanted(self) -> str:
        return f"{'at least' if self.is_least else 'at most'} {self.told(self.limit)}"

    def told(self, value: float) -> str:
        return f"{value:,.{self.digits}f}{self.unit}"

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.is_least else value <= self.limit


def judge(results: Results, *further: Results) -> list[Verdict]:
    """Every target, in its order, by the first of the runs that has measured it."""
    judged = ([v for target in _TARGETS for v in target(run)] for run in (results, *further))
    return [
        next((v for v in verdicts if v.word is not Word.NOT_MEASURED), verdicts[0])
        for verdicts in zip(*judged, strict=True)
    ]


def best(results: Results, workload: str, system: str) -> str | None:
    """The variant in which a system has its highest rate; None where it was not measured."""
    rates = {
        variant: rate
        for variant in results.variants(workload)
        if (rate := results.median(workload, variant, system, _RATE)) is not None
    }
    return max(rates, key=lambda variant: rates[variant]) if rates else None


def _enqueue(results: Results) -> Iterator[Verdict]:
    name = ENQUEUE_ONE.name
    for letter, clients in (("a", "1 client"), ("b", "8 clients")):
        yield _told(
            f"1{letter}",
            f"single enqueues, {clients}, beside the bare insert",
            _Bound(0.85, is_least=True),
            results.ratio(name, clients, _RATE, _OURS, BARE.name),
        )
    spread = results.median(name, "8 clients", _OURS, _RATE)
    hot = results.median(name, "8 clients, hot participant", _OURS, _RATE)
    found = None if hot is None or not spread else hot / spread
    yield Verdict(
        "1c",
        "one hot participant, gapless, 8 clients, beside many participants",
        "reported",
        "" if found is None else f"{found:.2f}",
        Word.NOT_MEASURED if found is None else Word.REPORTED,
    )
    monotonic = results.median(name, "8 clients, hot participant, monotonic", _OURS, _RATE)
    yield _told(
        "1d",
        "one hot participant, monotonic, 8 clients, beside many participants",
        _Bound(0.8, is_least=True),
        None if monotonic is None or not spread else monotonic / spread,
    )
    yield _told(
        "1e",
        "p95 of an attested write beside the psql process",
        _Bound(0.1, is_least=False, digits=3),
        results.ratio(INGRESS.name, "1 client", "p95_ms", _OURS, PSQL.name),
    )


def _batch(results: Results) -> Iterator[Verdict]:
    name = ENQUEUE_BATCH.name
    variant = best(results, name, _OURS)
    yield _told(
        "2a",
        "batch enqueue, at the best size",
        _Bound(30_000, is_least=True, unit="/s", digits=0),
        None if variant is None else results.median(name, variant, _OURS, _RATE),
    )
    for letter, what, other, bound in (
        ("b", "beside the sketch of a visibility queue", VISIBILITY, _Bound(1, is_least=True)),
        ("c", "beside the log behind a cursor", CURSOR, _Bound(1, is_least=True)),
        (
            "d",
            "beside plain statements on the reference's tables, 1 in 1.5",
            TABLES,
            _Bound(1 / 1.5, is_least=True),
        ),
    ):
        found = _best_beside_best(results, name, other.name)
        yield _told(f"2{letter}", f"batch enqueue, each at its best size, {what}", bound, found)


def _drain(results: Results) -> Iterator[Verdict]:
    found = _best_beside_best(results, DRAIN.name, VISIBILITY.name)
    what = "drain with full history, each at its best size, beside the visibility queue"
    yield _told("3a", what, _Bound(1, is_least=True), found)
    yield _told("3b", f"{what}, as aimed at", _Bound(1.2, is_least=True), found)
    yield _told(
        "3c",
        "drain with full history, each at its best size, beside the log behind a cursor",
        _Bound(0.6, is_least=True),
        _best_beside_best(results, DRAIN.name, CURSOR.name),
    )


def _best_beside_best(results: Results, workload: str, other: str) -> float | None:
    """The median of the ratios of each repeat, each system in the variant that suits it best."""
    mine, theirs = best(results, workload, _OURS), best(results, workload, other)
    if mine is None or theirs is None:
        return None
    pairs = zip(
        results.values(workload, mine, _OURS, _RATE),
        results.values(workload, theirs, other, _RATE),
        strict=False,
    )
    return median([one / two for one, two in pairs])


def _wake_up(results: Results) -> Iterator[Verdict]:
    runs = results.series(WAKE_UP.name, "idle worker", _OURS, "wake_up_ms")
    latencies = [latency for each in runs for latency in each]
    for letter, percent, limit in (("a", 50, 3), ("b", 99, 8)):
        yield _told(
            f"4{letter}",
            f"enqueue to handler, p{percent}",
            _Bound(limit, is_least=False, unit=" ms", digits=1),
            percentile(latencies, percent) if latencies else None,
        )


def _held(results: Results) -> Iterator[Verdict]:
    def found(variant: str, number: str, size: str, least: int) -> float | None:
        """Where it was measured at the size that the target names."""
        measured = results.median(HELD_SNAPSHOT.name, variant, _OURS, size)
        if measured is None or measured < least:
            return None
        return results.median(HELD_SNAPSHOT.name, variant, _OURS, number)

    for letter, least in zip("ab", _CHURNED, strict=True):
        what = f"after {least:,} items under a held snapshot"
        for part, (kind, number, bound) in enumerate(
            (
                ("drain beside fresh", "drain_ratio", _Bound(0.95, is_least=True)),
                ("claim p99", "claim_p99_ms", _Bound(5, is_least=False, unit=" ms", digits=1)),
                ("claim p99, last rounds beside first", "claim_p99_trend_ratio", _TREND),
                ("enqueue beside fresh", "enqueue_ratio", _Bound(0.9, is_least=True)),
            ),
            start=1,
        ):
            value = found(HELD, number, "churned_items", least)
            yield _told(f"5{letter}{part}", f"{what}: {kind}", bound, value)
    for letter, variant, least in (("c", LEASED, _LEASED_MIN), ("d", BULK, _BULK_MIN)):
        yield _told(
            f"5{letter}",
            f"drain beside fresh, {least:,} {variant}"
            if variant == LEASED
            else f"drain beside fresh, {variant} of {least:,}",
            _Bound(0.95, is_least=True),
            found(variant, "drain_ratio", "items_in_front", least),
        )
    mine, theirs = (best(results, DRAIN.name, system) for system in (_OURS, REFERENCE.name))
    ours = mine and results.median(DRAIN.name, mine, _OURS, "wal_bytes_per_item")
    before = theirs and results.median(DRAIN.name, theirs, REFERENCE.name, "wal_bytes_per_item")
    yield _told(
        "5e",
        "WAL of a completed item beside revision 0001",
        _Bound(0.5, is_least=False),
        float(ours) / float(before) if ours and before else None,
    )


_TREND: Final = _Bound(1.2, is_least=False)


def _scale(results: Results) -> Iterator[Verdict]:
    rates = _by_size(results, BACKLOG, "drain_per_second")
    memory = _by_size(results, WORKER, "rss_bytes")
    largest = max(rates, default=0)
    flat = flatness(list(rates.values())) if len(rates) > 1 else None
    bound = _Bound(0.8, is_least=True)
    yield _told("6a", f"flat in the backlog, up to {largest:,.0f} items", bound, flat)
    is_large = len(rates) > 1 and largest >= _BACKLOG_MAX
    yield _told(
        "6b",
        f"flat in the backlog, up to {_BACKLOG_MAX:,} items",
        bound,
        flat if is_large else None,
    )
    yield _told(
        "6c",
        "memory of a worker, largest backlog beside smallest",
        _Bound(1.2, is_least=False),
        memory[max(memory)] / memory[min(memory)] if len(memory) > 1 else None,
    )
    yield Verdict(
        "6d",
        f"drain from {_BACKLOG_BEYOND:,} items, extrapolated, beside that from the largest backlog",
        "reported",
        f"{extrapolated(rates, _BACKLOG_BEYOND) / rates[largest]:.2f}" if is_large else "",
        Word.REPORTED if is_large else Word.NOT_MEASURED,
    )


def _by_size(results: Results, kind: str, number: str) -> dict[float, float]:
    """A number of ours at each size of a kind of variant."""
    found: dict[float, float] = {}
    for variant in results.variants(SCALE.name):
        size = results.median(SCALE.name, variant, _OURS, "size")
        value = results.median(SCALE.name, variant, _OURS, number)
        if variant.startswith(kind) and size is not None and value is not None:
            found[size] = value
    return found


def _overhead(results: Results) -> Iterator[Verdict]:
    for letter, what, variant, number, bound in (
        (
            "a",
            "one complete through Ledger beside bare psycopg",
            "one complete",
            "ratio",
            _Bound(1.3, is_least=False),
        ),
        (
            "b",
            "8 concurrent enqueues, async beside sync",
            "8 concurrent enqueues",
            "async_ratio",
            _Bound(1, is_least=True),
        ),
        (
            "c",
            "import ledgerdb",
            "import",
            "import_ms",
            _Bound(150, is_least=False, unit=" ms", digits=0),
        ),
    ):
        found = results.median(OVERHEAD.name, variant, _OURS, number)
        yield _told(f"7{letter}", what, bound, found)


_TARGETS: Final = (_enqueue, _batch, _drain, _wake_up, _held, _scale, _overhead)


def _told(number: str, what: str, bound: _Bound, found: float | None) -> Verdict:
    if found is None:
        return Verdict(number, what, bound.wanted(), "", Word.NOT_MEASURED)
    word = Word.MET if bound.holds(found) else Word.NOT_MET
    return Verdict(number, what, bound.wanted(), bound.told(found), word)
