"""Whether a run was batched, and whether what its metrics say is what the server counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ledgerdb.verify.batching.counted import Counted
from ledgerdb.verify.batching.told import STEPS, Sets

__all__ = ["ITEMS_PER_STATEMENT_MIN", "findings"]

# Less is a call for each item, give or take. What a run of the demo's size has is far more.
ITEMS_PER_STATEMENT_MIN: Final = 2.0


def findings(told: Mapping[str, Sets], seen: Counted, items: int) -> Iterator[str]:
    """What is wrong with a run; a line each.

    Args:
        told: by the metrics, for each step.
        seen: by the server.
        items: that the run was to accept and to complete.
    """
    for what, number in (("accepted", seen.accepted), ("attempted", seen.attempts)):
        if number != items:
            yield f"{number} items were {what}, and should have been {items}"
    if seen.pending:
        yield f"{seen.pending} items have not ended"
    for step, sets in told.items():
        calls = seen.calls.get(STEPS[step][0], 0)
        if calls != sets.statements:
            yield f"{step}: {sets.statements} statements were told of, the server counted {calls}"
        if sets.items != items:
            yield f"{step}: the sets told of have {sets.items} items together, not {items}"
        mean = sets.items / max(sets.with_items, 1)
        if mean < ITEMS_PER_STATEMENT_MIN:
            yield (
                f"{step}: not batched: {sets.items} items in {sets.with_items} statements,"
                f" {mean:.2f} each, and at least {ITEMS_PER_STATEMENT_MIN:g} would be"
            )
