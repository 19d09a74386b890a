"""What the metrics of a run say, read from OpenTelemetry's JSON."""

from __future__ import annotations

from collections import Counter
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
_CALLS: Final = "ledgerdb.calls"
_ITEMS: Final = "ledgerdb.items"
_SIZE: Final = "ledgerdb.batch.size"
_FUNCTION: Final = "db.operation.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """The statements of one step, as the driver told.

    Attributes:
        statements: that were sent.
        items: that they were about, together.
        batches: statements that were about two items or more.
        batched: items of the batches, together.
        largest: items of the largest one.
        sizes: `up to N` items -> batches; sizes that no batch had are left out.
    """

    statements: int
    items: int
    batches: int
    batched: int
    largest: int
    sizes: Mapping[str, int]

    @property
    def with_items(self) -> int:
        """Statements that were about an item at all: a poll may find none."""
        return self.batches + self.items - self.batched


def sets_of(metrics: Mapping[str, Any], step: str) -> Sets:
    """The sets of a step; all of it 0 where nothing was told."""
    sized = [*_points(metrics, _SIZE, step)]
    sizes: Counter[str] = Counter()
    for point in sized:
        names = (*(f"up to {bound:g}" for bound in point["explicit_bounds"]), "more")
        sizes.update(dict(zip(names, point["bucket_counts"], strict=True)))
    return Sets(
        statements=sum(point["value"] for point in _points(metrics, _CALLS, step)),
        items=sum(point["value"] for point in _points(metrics, _ITEMS, step)),
        batches=sum(point["count"] for point in sized),
        batched=sum(point["sum"] for point in sized),
        largest=max((point["max"] for point in sized), default=0),
        sizes={name: count for name, count in sizes.items() if count},
    )


def _points(metrics: Mapping[str, Any], name: str, step: str) -> Iterator[Mapping[str, Any]]:
    for resource in metrics["resource_metrics"]:
        for scope in resource["scope_metrics"]:
            for metric in scope["metrics"]:
                if metric["name"] == name:
                    for point in metric["data"]["data_points"]:
                        if point["attributes"][_FUNCTION] in STEPS[step]:
                            yield point
