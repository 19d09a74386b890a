"""Workers, as metrics and spans: what becomes of items, and how long handlers have them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from threading import Lock
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
)

from ledgerdb.rows import ClaimedItem
from ledgerdb.telemetry import context, names
from ledgerdb.telemetry.share import Share

if TYPE_CHECKING:
    from ledgerdb._watch import Processing

__all__ = ["Work"]

_SECOND: Final = 1e9
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_SPAN: Final = f"{names.PROCESS} outbox"


class Work:
    """Measures workers."""

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        self._tracer = tracer
        self._duration = meter.create_histogram(
            names.PROCESS_DURATION,
            unit="s",
            description="Duration of processing operation; of many, a fair share.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._lock = Lock()
        self._shares: defaultdict[str | None, Share] = defaultdict(Share)
        self._at_work: list[Any] = []
        self._ended: Counter[str] = Counter()
        meter.create_observable_counter(
            names.WORKER_ITEMS,
            [self._observe],
            unit="{item}",
            description="What became of the items of workers; see ledgerdb.WorkerStats.",
        )

    @contextmanager
    def working(self, stats: Any) -> Iterator[None]:  # noqa: ANN401 - `WorkerStats`, from above
        """Reads the counts of a worker when they are collected: counting an item costs nothing."""
        with self._lock:
            self._at_work.append(stats)
        try:
            yield
        finally:
            with self._lock:
                # by identity: the counts of two workers may be equal
                self._at_work = [other for other in self._at_work if other is not stats]
                self._ended.update(_counts(stats))

    @contextmanager
    def processing(self, item: ClaimedItem) -> Iterator[Processing]:
        """Of the trace that the item was accepted in, and linked to what accepted it."""
        accepted = context.read(item.trace_context)
        handled = _Handled()
        with self._tracer.start_as_current_span(
            _SPAN,
            context=accepted,
            kind=SpanKind.CONSUMER,
            attributes=_attributes(item),
            links=_links(accepted),
            record_exception=False,  # its message may quote a payload
            set_status_on_exception=False,
        ) as span:
            began = perf_counter_ns()
            try:
                yield handled
            except BaseException as interruption:
                handled.failed(interruption)
                raise
            finally:
                self._tell(handled, span, began)

    def _tell(self, handled: _Handled, span: Span, began: int) -> None:
        ended = perf_counter_ns()
        with self._lock:
            measured = self._shares[handled.outcome].takes()
        if measured or handled.error is not None:
            self._duration.record((ended - began) / _SECOND, handled.attributes())
        if span.is_recording():
            span.set_attributes(handled.attributes())
            if handled.error is not None:
                span.set_status(Status(StatusCode.ERROR))

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            total = self._ended.copy()
            for stats in self._at_work:
                total.update(_counts(stats))
        return [Observation(count, {names.OUTCOME: outcome}) for outcome, count in total.items()]


class _Handled:
    """What came of an item.

    Attributes:
        outcome: the class of what the handler answered.
        error: the class of what it raised.
    """

    __slots__ = ("error", "outcome")

    def __init__(self) -> None:
        self.outcome: str | None = None
        self.error: str | None = None

    def answered(self, answer: object) -> None:
        """An outcome of `ledgerdb.worker`: its class is all that is told."""
        self.outcome = type(answer).__name__.lower()

    def failed(self, error: BaseException) -> None:
        """The class of an error is all that is told."""
        self.error = type(error).__name__

    def attributes(self) -> dict[str, str]:
        """Of the metric, and of the span too."""
        told = {names.OUTCOME: self.outcome, names.ERROR_TYPE: self.error}
        return {
            names.MESSAGING_SYSTEM: names.LEDGERDB,
            names.MESSAGING_OPERATION: names.PROCESS,
            **{name: value for name, value in told.items() if value is not None},
        }


def _attributes(item: ClaimedItem) -> dict[str, str | int]:
    """Numbers and ids of ours: nothing that a caller wrote, and no key or token."""
    attributes: dict[str, str | int] = {
        names.MESSAGING_OPERATION_TYPE: names.PROCESS,
        names.MESSAGE_ID: str(item.outbox_id),
        names.ATTEMPT_NO: item.attempt_no,
    }
    if item.correlation_id is not None:
        attributes[names.CONVERSATION_ID] = str(item.correlation_id)
    return attributes


def _links(accepted: Context) -> tuple[Link, ...]:
    found = get_current_span(accepted).get_span_context()
    return (Link(found),) if found.is_valid else ()


def _counts(stats: Any) -> dict[str, int]:  # noqa: ANN401 - `WorkerStats`, from above
    return {field.name: getattr(stats, field.name) for field in fields(stats)}
