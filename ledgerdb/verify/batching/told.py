"""What the metrics of a run say, read from OpenTelemetry's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["STEPS", "Sets", "sets_of"]

# step -> its functions; the first is the one that the others call
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "ingest": ("ingest_instructions",),
    "claim": ("claim_outbox_items", "claim_traced_items"),
    "complete": ("complete_outbox_attempts",),
}
_SIZE: Final = "ledgerdb.batch.size"
_DURATION: Final = "db.client.operation.duration"
_FUNCTION: Final = "db.operation.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """The statements of one step, as the driver told.

    Attributes:
        statements: that were sent.
        with_items: those that were about an item at all; a poll may find none.
        items: that they were about, together.
        largest: items of the largest one.
        sizes: `up to N items` -> statements; those of no statement are left out.
    """

    statements: int
    with_items: int
    items: int
    largest: int
    sizes: Mapping[str, int]


def sets_of(metrics: Mapping[str, Any], step: str) -> Sets:
    """The sets of a step; all of it 0 where nothing was told."""
    functions = STEPS[step]
    timed = [p for p in _points(metrics, _DURATION) if p["attributes"][_FUNCTION] in functions]
    sized = [p for p in _points(metrics, _SIZE) if p["attributes"][_FUNCTION] in functions]
    counts: dict[str, int] = {}
    for point in sized:
        bounds = (*(f"up to {bound:g}" for bound in point["explicit_bounds"]), "more")
        for bound, count in zip(bounds, point["bucket_counts"], strict=True):
            if count:
                counts[bound] = counts.get(bound, 0) + count
    return Sets(
        statements=sum(point["count"] for point in timed),
        with_items=sum(point["count"] for point in sized) - counts.get("up to 0", 0),
        items=sum(point["sum"] for point in sized),
        largest=max((point["max"] for point in sized), default=0),
        sizes=counts,
    )


def _points(metrics: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    for resource in metrics["resource_metrics"]:
        for scope in resource["scope_metrics"]:
            for metric in scope["metrics"]:
                if metric["name"] == name:
                    yield from metric["data"]["data_points"]
