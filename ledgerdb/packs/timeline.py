"""The timeline of a pack: every time in it as one event, in order, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

__all__ = ["timeline_of"]

# What comes first of two events at one microsecond.
_RANKS: Final = {
    event: rank
    for rank, event in enumerate(
        (
            "ACCEPTED", "QUEUED", "CLAIMED", "DISPATCH_STARTED", "DISPATCHING", "RETRYABLE",
            "ZOMBIE_REQUEUE", "FAILED", "DISPATCHED", "LATE_RESULT", "OPERATOR_ACTION", "SEALED",
            "RETIRED",
        )
    )
}  # fmt: skip


def timeline_of(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The events of a document in the form of JSON, whatever timeline it has.

    `source` is a JSON Pointer (RFC 6901) to the time. An attempt ends under the name of its state;
    where the ledger has no time of its end (rows of before revision 0001), it is the time of the
    claim, as `source` then says.
    """
    events = [
        {"at": _at(document, source), "event": event, "source": source}
        for event, source in _events(document)
    ]
    # The sort is stable: what came first in the document stays first.
    return sorted(events, key=lambda event: (event["at"], _RANKS[event["event"]]))


def _at(document: Mapping[str, Any], source: str) -> str:
    found: Any = document
    for step in source.removeprefix("/").split("/"):
        found = found[int(step)] if isinstance(found, Sequence) else found[step]
    return str(found)


def _events(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "ACCEPTED", "/attestation/received_at"
    if document["outbox"] is not None:
        yield "QUEUED", "/outbox/created_at"
    for place, attempt in enumerate(document["attempts"]):
        yield from _of_attempt(f"/attempts/{place}", attempt)
    for place, _ in enumerate(document["late_results"]):
        yield "LATE_RESULT", f"/late_results/{place}/received_at"
    for place, _ in enumerate(document["operator_actions"]):
        yield "OPERATOR_ACTION", f"/operator_actions/{place}/created_at"
    if (retired := document["retired"]) is not None:
        yield "CLAIMED", "/retired/first_claimed_at"
        yield retired["state"], "/retired/completed_at"
        yield "RETIRED", "/retired/retired_at"
    covering = _covering(document)
    for place, seal in enumerate(document["seals"]):
        if seal["seal_no"] in covering:
            yield "SEALED", f"/seals/{place}/sealed_at"


def _of_attempt(source: str, attempt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    ended = "completed_at" if attempt["completed_at"] is not None else "claimed_at"
    # What an operator wrote without a lease was claimed by nobody.
    if attempt["worker_id"] is not None and ended == "completed_at":
        yield "CLAIMED", f"{source}/claimed_at"
    if attempt["dispatch_started_at"] is not None:
        yield "DISPATCH_STARTED", f"{source}/dispatch_started_at"
    yield attempt["state"], f"{source}/{ended}"


def _covering(document: Mapping[str, Any]) -> set[str]:
    """The seals over something in the pack: others are there to link them."""
    rows = (document["attestation"], *document["attempts"])
    return {row["chain"]["seal_no"] for row in rows if row["chain"] is not None}
