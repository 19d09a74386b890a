"""What a request costs on each way: bytes that Python allocates, and time."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, TypeAlias

from ledgerdb.calls import Call
from proof.payload.corpus import of_size
from proof.payload.ways import REFERENCE, TODAY, WAYS, Request

__all__ = ["SIZES", "Cost", "Execute", "beyond", "measure", "ratio"]

SIZES: Final = (1_024, 65_536, 1_048_576)
_WARM: Final = 5  # psycopg prepares a statement, SQLAlchemy compiles it, pages are faulted in
_COUNTED: Final = 3
# A window of the look at the bytes, at four bytes a character, and what a call itself needs.
_ALLOWED_BYTES: Final = 49_152

Execute: TypeAlias = Callable[[Call[Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request of a size on a way in a colour.

    Attributes:
        peak_bytes: most that Python held beyond what it held before.
        allocated_bytes: the sum of what each step came to hold beyond what was there before it.
        milliseconds: the median of the whole, database included.
    """

    colour: str
    way: str
    size: int
    peak_bytes: int
    allocated_bytes: int
    milliseconds: float


async def measure(
    colour: str, execute: Execute, *, times: int, sizes: Sequence[int] = SIZES
) -> list[Cost]:
    """Every way at every size, in turns, so that a slow moment of the machine meets all.

    Args:
        colour: of `execute`.
        execute: of a ledger whose tenant is registered.
        times: requests per way and size whose time is taken.
        sizes: of the payloads, in bytes.
    """
    numbers = count(1)
    found = []
    for size in sizes:
        body = of_size(size)
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for turn in range(_WARM + times):
            for way in WAYS:
                began = time.perf_counter()
                await _go(way, Request(next(numbers), body), execute)
                if turn >= _WARM:
                    seconds[way].append(time.perf_counter() - began)
        for way in WAYS:
            counted = [
                await _count(way, Request(next(numbers), body), execute) for _ in range(_COUNTED)
            ]
            milliseconds = round(statistics.median(seconds[way]) * 1_000, 3)
            found.append(Cost(colour, way, size, *min(counted), milliseconds))
    return found


def beyond(costs: list[Cost]) -> Iterator[str]:
    """What a request of today holds beyond the smallest one of its colour, where that is more than
    a window: a copy of the payload would be.
    """
    for cost in costs:
        if cost.way == TODAY:
            least = _of(costs, cost.colour, TODAY, min(other.size for other in costs))
            for name in ("peak_bytes", "allocated_bytes"):
                more = getattr(cost, name) - getattr(least, name)
                if more > _ALLOWED_BYTES:
                    yield (
                        f"{cost.colour}, {cost.size} bytes: {name} is {more} beyond a small"
                        f" request's, and {_ALLOWED_BYTES} are allowed"
                    )


def ratio(costs: list[Cost], colour: str, size: int, name: str, before: str = REFERENCE) -> float:
    """How many times as much a request took before."""
    earlier, today = _of(costs, colour, before, size), _of(costs, colour, TODAY, size)
    return round(float(getattr(earlier, name)) / float(getattr(today, name)), 2)


def _of(costs: list[Cost], colour: str, way: str, size: int) -> Cost:
    return next(c for c in costs if (c.colour, c.way, c.size) == (colour, way, size))


async def _go(way: str, request: Request, execute: Execute) -> None:
    *steps, last = WAYS[way]
    for step in steps:
        step(request)
    call: Any = last(request)
    await execute(call)


async def _count(way: str, request: Request, execute: Execute) -> tuple[int, int]:
    *steps, last = WAYS[way]
    highest = allocated = 0
    tracemalloc.start()
    try:
        first = before = tracemalloc.get_traced_memory()[0]

        def taken() -> None:
            nonlocal before, highest, allocated
            now, peak = tracemalloc.get_traced_memory()
            highest = max(highest, peak - first)
            allocated += peak - before
            tracemalloc.reset_peak()
            before = now

        tracemalloc.reset_peak()
        for step in steps:
            step(request)
            taken()
        call: Any = last(request)
        taken()
        await execute(call)
        taken()
    finally:
        tracemalloc.stop()
    return highest, allocated
