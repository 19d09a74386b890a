"""OpenTelemetry in memory: what was measured, and which spans ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ledgerdb import telemetry
from ledgerdb.aio import AsyncLedger
from ledgerdb.sync import Ledger

Facade: TypeAlias = Ledger | AsyncLedger


@dataclass(frozen=True)
class Seen:
    """What OpenTelemetry got."""

    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    tracers: TracerProvider = field(default_factory=lambda: TracerProvider(shutdown_on_exit=False))

    def metrics(self) -> dict[str, Metric]:
        """By name, collected now."""
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str, **having: object) -> list[Any]:
        """The points of a metric; of those attributes, in which dots are underscores."""
        metric = self.metrics().get(name)
        points = [] if metric is None else [*metric.data.data_points]
        return [p for p in points if having.items() <= _underscored(p.attributes or {}).items()]

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        """Those that have ended; of that name."""
        return [s for s in self.exporter.get_finished_spans() if name in (None, s.name)]


def _underscored(attributes: Mapping[str, object]) -> dict[str, object]:
    return {name.replace(".", "_"): value for name, value in attributes.items()}


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Everything that happens in the test is told to it."""
    found = Seen()
    found.tracers.add_span_processor(SimpleSpanProcessor(found.exporter))
    meters = MeterProvider([found.reader], shutdown_on_exit=False)
    telemetry.instrument(meters, found.tracers)
    try:
        yield found
    finally:
        telemetry.uninstrument()
        meters.shutdown()
        found.tracers.shutdown()


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with Ledger.connect(database_url) as ledger:
        yield ledger


@pytest_asyncio.fixture(params=["sync", "async"])
async def facade(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Facade]:
    """A ledger of either colour, for what `execute` does not show."""
    if request.param == "sync":
        with Ledger.connect(database_url) as blocking:
            yield blocking
    else:
        async with AsyncLedger.connect(database_url) as asynchronous:
            yield asynchronous
