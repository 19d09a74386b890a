"""The life of one item as a line of events, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from ledgerdb.cli.operations.document import with_instants
from ledgerdb.rows import EvidencePack, InspectedItem

__all__ = ["Event", "Kind", "timeline"]

_END: Final = datetime.max.replace(tzinfo=UTC)


class Kind(StrEnum):
    """What happened."""

    ACCEPTED = "ACCEPTED"
    QUEUED = "QUEUED"
    CLAIMED = "CLAIMED"
    SENDING = "SENDING"
    ENDED = "ENDED"
    LATE_RESULT = "LATE_RESULT"
    OPERATOR = "OPERATOR"
    HELD = "HELD"
    RETIRED = "RETIRED"
    SEALED = "SEALED"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an item.

    Attributes:
        at: when; None where nobody wrote it down.
        attempt_no: which attempt it is about.
        state: of the attempt, or of the hold, or what the operator did.
        who: the worker or the operator.
        seconds: how long what ended here took, from its claim on.
        text: everything else, for people.
    """

    kind: Kind
    at: datetime | None
    attempt_no: int | None = None
    state: str | None = None
    who: str | None = None
    seconds: float | None = None
    text: str = ""


def timeline(item: InspectedItem, pack: EvidencePack | None) -> tuple[Event, ...]:
    """Everything that is known to have happened to the item.

    Args:
        item: from `inspect_outbox_item`.
        pack: the evidence about its instruction; None for an item without a tenant.
    """
    queue = None if item.queue is None else with_instants(item.queue)
    events = [
        *(_accepted(pack) if pack else ()),
        Event(Kind.QUEUED, with_instants(item.identity)["created_at"]),
        *(event for attempt in with_instants(item.attempts) for event in _attempt(attempt)),
        *(_under_way(queue) if queue else ()),
        *(_late(late) for late in with_instants(item.late_results)),
        *(_operator(action) for action in with_instants(item.operator_actions)),
        *(_retired(with_instants(item.retired)) if item.retired else ()),
        *(_sealed(pack) if pack else ()),
    ]
    return tuple(sorted(events, key=lambda event: event.at or _END))


def _accepted(pack: EvidencePack) -> Iterator[Event]:
    proof = pack.attestation
    yield Event(
        Kind.ACCEPTED,
        proof.received_at,
        who=str(proof.client_id) if proof.client_id else None,
        text=f"payload sha256 {proof.payload_hash}",
    )


def _attempt(attempt: Mapping[str, Any]) -> Iterator[Event]:
    number, worker = attempt["attempt_no"], attempt["worker_id"]
    claimed_at, ended_at = attempt["claimed_at"], attempt["completed_at"]
    if worker is not None:
        yield Event(Kind.CLAIMED, claimed_at, number, who=worker)
    if attempt["dispatch_started_at"] is not None:
        yield Event(Kind.SENDING, attempt["dispatch_started_at"], number, who=worker)
    took = None
    if worker is not None and claimed_at is not None and ended_at is not None:
        took = round((ended_at - claimed_at) / timedelta(seconds=1), 6)
    yield Event(
        Kind.ENDED,
        ended_at or attempt["created_at"],
        number,
        attempt["state"],
        attempt["closed_by"] or worker,
        took,
        _said(attempt),
    )


def _under_way(queue: Mapping[str, Any]) -> Iterator[Event]:
    """The attempt that has no row yet, and why it does not go on."""
    number = queue["attempt_count"] + 1
    if queue["leased_at"] is not None:
        until = queue["lease_expires_at"]
        text = f"lease until {until:%H:%M:%S}" if until else ""
        yield Event(Kind.CLAIMED, queue["leased_at"], number, who=queue["claimed_by"], text=text)
    if queue["dispatch_started_at"] is not None:
        yield Event(Kind.SENDING, queue["dispatch_started_at"], number, who=queue["claimed_by"])
    if queue["held_at"] is not None:
        yield Event(Kind.HELD, queue["held_at"], number, queue["status"])


def _late(late: Mapping[str, Any]) -> Event:
    return Event(
        Kind.LATE_RESULT,
        late["received_at"],
        late["attempt_no"],
        late["state"],
        late["worker_id"],
        text=_joined((f"too late: {late['outcome']}", _said(late))),
    )


def _operator(action: Mapping[str, Any]) -> Event:
    return Event(
        Kind.OPERATOR,
        action["created_at"],
        action["detail"].get("attempt_no"),
        action["action"],
        action["actor"],
        text=action["reason"],
    )


def _retired(left: Mapping[str, Any]) -> Iterator[Event]:
    """What retention left of the attempts."""
    yield Event(
        Kind.ENDED,
        left["completed_at"],
        left["attempts"],
        left["state"],
        text=_joined(
            (
                f"reference {left['rail_reference']}" if left["rail_reference"] else "",
                left["error_code"] or "",
            )
        ),
    )
    yield Event(
        Kind.RETIRED,
        left["retired_at"],
        text=f"{left['attempts']:,} attempts, digest {left['digest']}",
    )


def _sealed(pack: EvidencePack) -> Iterator[Event]:
    for seal in pack.seals:
        covered = [
            f"attempt {attempt.attempt_no}"
            for attempt in pack.attempts
            if attempt.chain is not None and attempt.chain.seal_no == seal.seal_no
        ]
        chain = pack.attestation.chain
        if chain is not None and chain.seal_no == seal.seal_no:
            covered.append("attestation")
        yield Event(Kind.SEALED, seal.sealed_at, text=f"seal {seal.seal_no}: {', '.join(covered)}")


def _said(row: Mapping[str, Any]) -> str:
    """What the rail and the worker said."""
    error = ": ".join(part for part in (row["error_code"], row["error_message"]) if part)
    return _joined(
        (
            f"reference {row['rail_reference']}" if row["rail_reference"] else "",
            f"rail code {row['rail_code']}" if row["rail_code"] else "",
            error,
            f"rail {row['latency_ms']:,} ms" if row["latency_ms"] is not None else "",
        )
    )


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)
