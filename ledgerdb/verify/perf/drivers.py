"""What is wrong about a comparison of the drivers, and of what a payload costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["BELOW_MIN", "findings"]

# The p95 of an ingress write against that of a process for each call.
BELOW_MIN: Final = 0.90
_INGRESS_WRITE: Final = "ingress write"
_PATHS: Final = {"evidence read", _INGRESS_WRITE, "worker, claim and complete"}
_COMPARISONS: Final = ("with_flush", "without_flush")
_POOLED: Final = "pooled client, prepared statements"
_PROCESS: Final = "a psql process for each call"
_COPIES: Final = 2
_ROUNDED: Final = 1e-3


def findings(found: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong, a sentence each.

    Args:
        found: the document of `ledgerdb bench drivers --json`.
    """
    for name in _COMPARISONS:
        yield from (f"{name}: {what}" for what in _of(found[name]))
    judged = found["without_flush"]["p95_below"].get(_INGRESS_WRITE, 0.0)
    if judged < BELOW_MIN:
        yield (
            f"the p95 of an ingress write is {judged:.1%} below that of a process for each call,"
            f" and {BELOW_MIN:.0%} are required"
        )
    before, after = (
        found["payload"][way]["allocated_bytes"]
        for way in ("parsed, serialized twice", "one buffer")
    )
    if after > found["payload_bytes"]:
        yield f"a payload of {found['payload_bytes']} bytes allocates {after}: it is copied"
    if before < _COPIES * found["payload_bytes"]:
        yield f"serializing twice allocates {before} bytes: the meter does not see copies"


def _of(comparison: Mapping[str, Any]) -> Iterator[str]:
    if comparison["paths"].keys() != _PATHS:
        yield f"it is of {sorted(comparison['paths'])}"
    for path, ways in comparison["paths"].items():
        if ways.keys() != {_POOLED, _PROCESS} or ways[_POOLED]["calls"] != ways[_PROCESS]["calls"]:
            yield f"{path}: the two ways were not called alike"
            continue
        pooled, process = ways[_POOLED]["p95_ms"], ways[_PROCESS]["p95_ms"]
        below = comparison["p95_below"].get(path)
        if below is None or abs(1 - pooled / process - below) > _ROUNDED:
            yield f"{path}: its p95 is said to be {below} below the other, which it is not"
