"""What the library adds: a call through `Ledger` and in bare psycopg; awaiting; importing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Final

from bench.figures import median
from bench.ground import Ground
from bench.items import Item, items
from bench.plan import Case, Measurement, Profile, Workload
from bench.systems import FUNCTIONS, LEDGERDB, Client
from bench.systems.base import RAIL
from bench.workloads.fill import fill
from ledgerdb import EngineSettings, Ledger
from ledgerdb.aio import AsyncLedger

__all__ = ["OVERHEAD"]

_WARM: Final = 8
_CONCURRENT: Final = 8
_POOL: Final = EngineSettings(pool_size=_CONCURRENT, max_overflow=0, pool_timeout_seconds=30)
_IMPORT: Final = (
    "import time; began = time.perf_counter(); import ledgerdb;"
    " print((time.perf_counter() - began) * 1000)"
)
_IMPORT_SECONDS_MAX: Final = 60


def _cases(profile: Profile) -> Iterator[Case]:
    for variant, measure in (
        ("one enqueue", _enqueue),
        ("one complete", _complete),
        (f"{_CONCURRENT} concurrent enqueues", _concurrent),
        ("import", _import),
    ):
        yield Case(OVERHEAD.name, variant, LEDGERDB.name, partial(measure, profile))


def _enqueue(profile: Profile, ground: Ground) -> Measurement:
    source = items("call")

    def prepare(_: Client) -> Callable[[Client], None]:
        item = next(source)
        return lambda client: client.enqueue(item)

    with ground.database(LEDGERDB.layout) as url:
        return _in_turns(url, profile.calls, prepare)


def _complete(profile: Profile, ground: Ground) -> Measurement:
    def prepare(client: Client) -> Callable[[Client], None]:
        claimed = client.claim(1)
        return lambda same: same.complete(claimed)

    with ground.database(LEDGERDB.layout) as url:
        fill(url, LEDGERDB, 2 * (profile.calls + _WARM))
        return _in_turns(url, profile.calls, prepare)


def _in_turns(
    url: str, calls: int, prepare: Callable[[Client], Callable[[Client], None]]
) -> Measurement:
    """The same call by both, one after the other, so that a slow moment meets both."""
    seconds: dict[str, list[float]] = {LEDGERDB.name: [], FUNCTIONS.name: []}
    with LEDGERDB.client(url) as ours, FUNCTIONS.client(url) as bare:
        pair = ((LEDGERDB.name, ours), (FUNCTIONS.name, bare))
        for turn in range(calls + _WARM):
            for name, client in pair if turn % 2 else pair[::-1]:
                call = prepare(client)
                began = time.perf_counter()
                call(client)
                if turn >= _WARM:
                    seconds[name].append(time.perf_counter() - began)
    through, without = (median(seconds[name]) * 1_000 for name in seconds)
    return Measurement({"ledger_ms": through, "psycopg_ms": without, "ratio": through / without})


def _concurrent(profile: Profile, ground: Ground) -> Measurement:
    def some(name: str) -> list[Item]:
        return list(islice(items(name), profile.calls * _CONCURRENT))

    with ground.database(LEDGERDB.layout) as url:
        blocking = _with_threads(url, some("warm-threads"), some("threads"))
        awaited = asyncio.run(_with_tasks(url, some("warm-tasks"), some("tasks")))
    return Measurement(
        {
            "sync_per_second": blocking,
            "async_per_second": awaited,
            "async_ratio": awaited / blocking,
        }
    )


def _with_threads(url: str, warm: Sequence[Item], measured: Sequence[Item]) -> float:
    with Ledger.connect(url, _POOL) as ledger, ThreadPoolExecutor(_CONCURRENT) as threads:

        def enqueue(item: Item) -> None:
            ledger.enqueue(item.name, item.participant, item.name, RAIL, item.payload)

        list(threads.map(enqueue, warm[: _WARM * _CONCURRENT]))
        began = time.perf_counter()
        list(threads.map(enqueue, measured))
        return len(measured) / (time.perf_counter() - began)


async def _with_tasks(url: str, warm: Sequence[Item], measured: Sequence[Item]) -> float:
    async with AsyncLedger.connect(url, _POOL) as ledger:

        async def work_off(source: Iterator[Item]) -> None:
            for item in source:
                await ledger.enqueue(item.name, item.participant, item.name, RAIL, item.payload)

        async def all_of(wanted: Sequence[Item]) -> None:
            source = iter(wanted)
            async with asyncio.TaskGroup() as group:
                for _ in range(_CONCURRENT):
                    group.create_task(work_off(source))

        await all_of(warm[: _WARM * _CONCURRENT])
        began = time.perf_counter()
        await all_of(measured)
        return len(measured) / (time.perf_counter() - began)


def _import(_: Profile, __: Ground) -> Measurement:
    done = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-c", _IMPORT],
        check=True,
        capture_output=True,
        text=True,
        timeout=_IMPORT_SECONDS_MAX,
    )
    return Measurement({"import_ms": float(done.stdout)})


OVERHEAD: Final = Workload(
    "overhead", "Ledger beside bare psycopg, async beside sync, the time of the import", _cases
)
