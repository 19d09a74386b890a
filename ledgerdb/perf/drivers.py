"""The driver beside what it replaced: a pooled client with prepared statements, and a process for
each call, in turns on one server.

Other work on the machine only ever adds to a time, so both ways are measured in repeats, and of
each way the calmest repeat counts. A write waits for the disk on both ways alike, in its tail for
longer than for anything else: so all is done twice, without the flush (fsync off), by which a
driver can be judged, and with it, as in production.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Final
from uuid import UUID

from ledgerdb import (
    AttemptState,
    EngineSettings,
    Instruction,
    Ledger,
    TenantType,
    migrate,
)
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import LedgerError
from ledgerdb.perf.figures import percentile
from ledgerdb.perf.payload import PAYLOAD_BYTES, PayloadCost, payload_costs
from ledgerdb.perf.process_per_call import ProcessPerCall
from ledgerdb.perf.rounds import Progress

__all__ = ["INGRESS_WRITE", "POOLED", "PROCESS", "Comparison", "Drivers", "Latency", "run"]

POOLED: Final = "pooled client, prepared statements"
PROCESS: Final = "a psql process for each call"
INGRESS_WRITE: Final = "ingress write"
_EVIDENCE_READ: Final = "evidence read"
_WORKER: Final = "worker, claim and complete"
_WARM: Final = 5  # more than it takes until a statement is prepared
_REPEATS: Final = 5
_TENANT: Final = UUID("6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10")
_PAYLOAD: Final = '{"amount": "10.00", "currency": "EUR", "note": "' + "n" * 950 + '"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Of one path on one way, in its calmest repeat.

    Attributes:
        calls: of the repeat; of the worker one is a claim and a completion.
        p50_ms: of a call, elapsed; and so on.
    """

    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Of the two ways.

    Attributes:
        paths: path -> way -> what a call takes.
        p95_below: path -> by what share the p95 of the pooled client is below the other.
    """

    paths: Mapping[str, Mapping[str, Latency]]
    p95_below: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What came of it.

    Attributes:
        without_flush: fsync off: what the way itself costs.
        with_flush: fsync on, as in production.
        payload: way -> what a payload of `payload_bytes` costs, with the flush.
        postgresql: major version of the server.
    """

    without_flush: Comparison
    with_flush: Comparison
    payload_bytes: int
    payload: Mapping[str, PayloadCost]
    postgresql: int


def run(times: int, progress: Progress = lambda _step, _done, _of: None) -> Drivers:
    """Compares them on embedded servers, which are gone at the end.

    Args:
        times: calls of each path on each way in a repeat.
        progress: is told of each step, how much of it is done, and of how much.

    Raises:
        ConfigurationError: there is no embedded server.
        DatabaseUnavailable: it did not start, or was lost.
        LedgerError: a call was refused.
    """
    with _ground({"fsync": "off"}, progress) as (server, ledger):
        without = _compared(server, ledger, times, progress)
    with _ground({}, progress) as (server, ledger):
        durable = _compared(server, ledger, times, progress)
        progress("payload", 0, 1)
        numbers = count(1)
        payload = payload_costs(ledger, lambda: _instruction(f"payload-{next(numbers)}"), times)
        return Drivers(
            without_flush=without,
            with_flush=durable,
            payload_bytes=PAYLOAD_BYTES,
            payload=payload,
            postgresql=server.version,
        )


@contextmanager
def _ground(
    settings: Mapping[str, str], progress: Progress
) -> Iterator[tuple[EmbeddedServer, Ledger]]:
    """A server at head, and a ledger of one session with a tenant."""
    progress("starting PostgreSQL", 0, 1)
    one_session = EngineSettings(application_name="bench", pool_size=1, max_overflow=0)
    with EmbeddedServer(settings=settings) as server:
        progress("migrating", 0, 1)
        migrate.upgrade(server.url())
        with Ledger.connect(server.url(), one_session) as ledger:
            ledger.register_tenant(_TENANT, "bench", "Bench", TenantType.COMMERCIAL)
            yield server, ledger


def _compared(server: EmbeddedServer, ledger: Ledger, times: int, progress: Progress) -> Comparison:
    process = ProcessPerCall(server.bin_dir / "psql", server.url())
    paths = _paths(ledger, process, times, progress)
    return Comparison(
        paths=paths,
        p95_below={
            path: round(1 - ways[POOLED].p95_ms / ways[PROCESS].p95_ms, 4)
            for path, ways in paths.items()
        },
    )


def _paths(
    ledger: Ledger, process: ProcessPerCall, times: int, progress: Progress
) -> dict[str, dict[str, Latency]]:
    """The writes come first: the worker dispatches them, and they are what is read."""
    numbers = count(1)
    calls: dict[str, dict[str, Callable[[], object]]] = {
        INGRESS_WRITE: {
            POOLED: lambda: ledger.ingest(_instruction(f"bench-{next(numbers)}")),
            PROCESS: lambda: process.ingest(_TENANT, f"bench-{next(numbers)}", _PAYLOAD),
        },
        _EVIDENCE_READ: {
            POOLED: lambda: ledger.evidence_pack(_TENANT, "bench-1"),
            PROCESS: lambda: process.evidence_pack(_TENANT, "bench-1"),
        },
        _WORKER: {POOLED: lambda: _dispatch(ledger), PROCESS: process.dispatch},
    }
    return {path: _in_turns(path, ways, times, progress) for path, ways in calls.items()}


def _in_turns(
    path: str, ways: Mapping[str, Callable[[], object]], times: int, progress: Progress
) -> dict[str, Latency]:
    """Each repeat is of the one way and then of the other, and not call by call: a process that
    starts leaves no cache as it was, and no service starts one before each call of its pool.
    """
    repeats: dict[str, list[Latency]] = {way: [] for way in ways}
    for call in ways.values():
        for _ in range(_WARM):
            call()
    for repeat in range(_REPEATS):
        progress(path, repeat, _REPEATS)
        for way, call in ways.items():
            repeats[way].append(_latency(sorted(_seconds(call) for _ in range(times))))
    return {way: min(found, key=lambda one: one.p95_ms) for way, found in repeats.items()}


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _latency(taken: list[float]) -> Latency:
    p50, p95, p99 = (round(percentile(taken, share) * 1_000, 4) for share in (50, 95, 99))
    return Latency(calls=len(taken), p50_ms=p50, p95_ms=p95, p99_ms=p99)


def _dispatch(ledger: Ledger) -> None:
    claimed = ledger.claim(1, "pooled", 60)
    if not claimed:
        raise LedgerError("no item was due")
    ledger.complete(claimed[0], "pooled", AttemptState.DISPATCHED, rail_reference="rail")


def _instruction(name: str) -> Instruction:
    return Instruction(
        tenant_id=_TENANT,
        instruction_id=name,
        participant_id="participant",
        idempotency_key=name,
        rail_type="SEPA",
        payload=_PAYLOAD.encode(),
    )
