"""What telemetry costs a caller: `python -m bench.telemetry`, half a minute.

Processor time of the calling thread, in blocks that take turns within one run. The server works in
memory: what it does is no part of this.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import typer
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from ledgerdb import Ledger, OutboxItem, _watch
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.telemetry.watcher import OpenTelemetryWatcher
from proof.ground import FAST

_NOBODY: Final = UUID(int=0)
_SET: Final = 200
# name of a call -> calls in a block, and blocks
_SIZES: Final = {"enqueue": (500, 16), "instruction_status": (500, 16), "enqueue_many": (4, 24)}


def main() -> None:
    """Measures and prints."""
    watchers: dict[str, _watch.Watcher | None] = {
        "off": None,
        "metrics": _watcher(None),
        "metrics, 1 % of traces": _watcher(0.01),
        "metrics, every span": _watcher(1.0),
    }
    with EmbeddedServer(version=18, settings=FAST) as server:
        upgrade(server.url())
        with Ledger.connect(server.url()) as ledger:
            for name, call in _calls(ledger).items():
                call()
                _tell(name, _measured(call, watchers, *_SIZES[name]))


def _watcher(ratio: float | None) -> OpenTelemetryWatcher:
    """One that samples so many traces; None records no spans at all."""
    meters = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    if ratio is None:
        return OpenTelemetryWatcher(meters, None)
    tracers = TracerProvider(ParentBased(TraceIdRatioBased(ratio)), shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
    return OpenTelemetryWatcher(meters, tracers)


def _calls(ledger: Ledger) -> dict[str, Callable[[], object]]:
    numbers = iter(range(10**9))

    def item() -> OutboxItem:
        return OutboxItem(
            instruction_id=f"i-{next(numbers)}",
            participant_id="p",
            idempotency_key="k",
            rail_type="RTGS",
            payload='{"amount": "1.00"}',
        )

    return {
        "enqueue": lambda: ledger.enqueue(f"i-{next(numbers)}", "p", "k", "RTGS", "{}"),
        "instruction_status": lambda: ledger.instruction_status(_NOBODY, "i"),
        "enqueue_many": lambda: ledger.enqueue_many([item() for _ in range(_SET)]),
    }


def _measured(
    call: Callable[[], object],
    watchers: dict[str, _watch.Watcher | None],
    calls: int,
    blocks: int,
) -> dict[str, list[float]]:
    """Microseconds of a call in each block."""
    took: dict[str, list[float]] = {name: [] for name in watchers}
    names = [*watchers]
    for block in range(blocks):
        turn = block % len(names)
        for name in (*names[turn:], *names[:turn]):
            _watch.watcher = watchers[name]
            began = time.thread_time_ns()
            for _ in range(calls):
                call()
            took[name].append((time.thread_time_ns() - began) / calls / 1e3)
    _watch.watcher = None
    return took


def _tell(call: str, took: dict[str, list[float]]) -> None:
    off = took["off"]
    for name, values in took.items():
        more = statistics.median(one - other for one, other in zip(values, off, strict=True))
        ratio = statistics.median(one / other for one, other in zip(values, off, strict=True))
        typer.echo(
            f"{call:20} {name:24} {statistics.median(values):8.1f} us  {more:+6.1f}  {ratio:.3f}"
        )


if __name__ == "__main__":
    main()
