"""The trace of a payment as text: `traceparent` of W3C Trace Context, and nothing else of it.

`tracestate` and baggage are left out: they may hold what a caller likes.
"""

from __future__ import annotations

from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["read", "written"]

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_HEADER: Final = "traceparent"


def written() -> str | None:
    """The trace that the caller is in; None where it is in none."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get(_HEADER)


def read(text: str | None) -> Context:
    """The context that was written down; one without a trace where there is none, or where the text
    is no `traceparent`.
    """
    empty = Context()
    return empty if text is None else _PROPAGATOR.extract({_HEADER: text}, empty)
