"""The whole life of an item: what happened when, and how long each part of it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ledgerdb.console.source import Item

__all__ = ["SCALE", "Happening", "Lane", "Segment", "Timeline", "timeline_of"]

SCALE: Final = 1_000.0  # width of the time axis
_LANES_MAX: Final = 40
_WIDTH_MIN: Final = 3.0  # so that what was short is seen
_KINDS: Final = {
    "DISPATCHED": "good",
    "FAILED": "bad",
    "RETRYABLE": "wait",
    "ZOMBIE_REQUEUE": "crash",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline."""

    at: datetime
    title: str
    kind: str = "plain"
    who: str | None = None
    facts: tuple[tuple[str, object], ...] = ()
    is_work: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time on a lane."""

    kind: str
    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """An attempt on the time axis."""

    label: str
    segments: tuple[Segment, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, in order; and the attempts as lanes between `began` and `ended`."""

    happenings: tuple[Happening, ...]
    lanes: tuple[Lane, ...]
    left_off: int
    began: datetime
    ended: datetime
    is_over: bool
    took: timedelta = field(default=timedelta(0))


def timeline_of(item: Item) -> Timeline:
    """The life of an item up to now, or to its end."""
    happenings = tuple(sorted(_happenings(item), key=lambda each: each.at))
    is_over = item.found.queue is None
    began = happenings[0].at
    # seals and retention come when it is over already
    ended = max(each.at for each in happenings if each.is_work)
    ended = ended if is_over else max(item.now, ended)
    axis = _Axis(began, ended)
    lanes = [*_lanes(item, axis)]
    return Timeline(
        happenings=happenings,
        lanes=tuple(lanes[-_LANES_MAX:]),
        left_off=max(len(lanes) - _LANES_MAX, 0),
        began=began,
        ended=ended,
        is_over=is_over,
        took=ended - began,
    )


class _Axis:
    def __init__(self, began: datetime, ended: datetime) -> None:
        self._began = began
        self._span = max((ended - began).total_seconds(), 0.001)

    def segment(self, kind: str, start: datetime, end: datetime, title: str) -> Segment:
        x = (start - self._began).total_seconds() / self._span * SCALE
        width = max((end - start).total_seconds() / self._span * SCALE, _WIDTH_MIN)
        return Segment(kind, round(min(x, SCALE - width), 2), round(width, 2), title)


def _time(document: Mapping[str, Any], key: str) -> datetime | None:
    return None if document.get(key) is None else datetime.fromisoformat(document[key])


def _known(document: Mapping[str, Any], *keys: str) -> tuple[tuple[str, object], ...]:
    return tuple(
        (key.replace("_", " "), document[key]) for key in keys if document.get(key) is not None
    )


def _lanes(item: Item, axis: _Axis) -> Iterator[Lane]:
    waits_from = datetime.fromisoformat(item.found.identity["created_at"])
    for attempt in item.found.attempts:
        claimed = datetime.fromisoformat(attempt["claimed_at"])
        ended = _time(attempt, "completed_at") or datetime.fromisoformat(attempt["created_at"])
        begun = _time(attempt, "dispatch_started_at")
        segments = [axis.segment("waiting", waits_from, claimed, "on the queue")] * (
            claimed > waits_from
        )
        if begun is not None:
            segments.append(axis.segment("leased", claimed, begun, "leased, not yet sent"))
        kind = _KINDS.get(attempt["state"], "plain")
        segments.append(axis.segment(kind, begun or claimed, ended, attempt["state"]))
        yield Lane(f"Attempt {attempt['attempt_no']}", tuple(segments), attempt["state"])
        waits_from = ended
    if item.found.queue is not None:
        yield Lane(
            "Now",
            tuple(_now(item.found.queue, item.now, waits_from, axis)),
            item.found.queue["status"],
        )


def _now(
    queue: Mapping[str, Any], now: datetime, since: datetime, axis: _Axis
) -> Iterator[Segment]:
    held = _time(queue, "held_at")
    until = held or now
    leased = _time(queue, "leased_at") if queue["claimed_by"] is not None else None
    if leased is None:
        yield axis.segment("waiting", since, until, "on the queue")
    else:
        yield axis.segment("waiting", since, leased, "on the queue")
        yield axis.segment("leased", leased, until, f"leased by {queue['claimed_by']}")
    if held is not None:
        doubt = queue["status"] == "IN_DOUBT"
        yield axis.segment("bad" if doubt else "wait", held, now, queue["status"])


def _happenings(item: Item) -> Iterator[Happening]:
    found, pack = item.found, item.pack
    if pack is not None:
        yield Happening(
            pack.attestation.received_at,
            "Attested",
            facts=(("payload SHA-256", pack.attestation.payload_hash),),
        )
    yield Happening(
        datetime.fromisoformat(found.identity["created_at"]), "Accepted, durably on the queue"
    )
    for attempt in found.attempts:
        yield from _of_attempt(attempt)
    if found.queue is not None:
        yield from _of_queue(found.queue)
    for late in found.late_results:
        yield Happening(
            datetime.fromisoformat(late["received_at"]),
            f"Late result: {late['state']}, {late['outcome']}",
            "bad" if late.get("contradicts") else "crash",
            late["worker_id"],
            _known(
                late, "rail_reference", "rail_code", "error_code", "error_message", "latency_ms"
            ),
        )
    for action in found.operator_actions:
        yield Happening(
            datetime.fromisoformat(action["created_at"]),
            f"Operator: {action['action']}",
            "person",
            action["actor"],
            _known(action, "reason"),
        )
    if found.retired is not None:
        yield from _of_retired(found.retired)
    if pack is not None:
        for seal in pack.seals:
            yield Happening(
                seal.sealed_at,
                f"Sealed: {seal.subject.lower()} in seal {seal.seal_no}",
                facts=(("seal hash", seal.seal_hash),),
                is_work=False,
            )


def _of_retired(retired: Mapping[str, Any]) -> Iterator[Happening]:
    yield Happening(datetime.fromisoformat(retired["first_claimed_at"]), "Attempt 1 leased")
    yield Happening(
        datetime.fromisoformat(retired["completed_at"]),
        f"Attempt {retired['attempts']}: {retired['state']}",
        _KINDS.get(retired["state"], "plain"),
        facts=_known(retired, "rail_reference", "error_code"),
    )
    yield Happening(
        datetime.fromisoformat(retired["retired_at"]),
        f"{retired['attempts']} attempts retired by retention",
        facts=_known(retired, "run_id", "digest"),
        is_work=False,
    )


def _of_attempt(attempt: Mapping[str, Any]) -> Iterator[Happening]:
    who, number = attempt["worker_id"], attempt["attempt_no"]
    claimed = datetime.fromisoformat(attempt["claimed_at"])
    if who is not None:
        yield Happening(claimed, f"Attempt {number} leased", who=who)
    begun = _time(attempt, "dispatch_started_at")
    if begun is not None:
        yield Happening(begun, f"Attempt {number}: dispatch declared", who=who)
    yield Happening(
        _time(attempt, "completed_at") or datetime.fromisoformat(attempt["created_at"]),
        f"Attempt {number}: {attempt['state']}",
        _KINDS.get(attempt["state"], "plain"),
        attempt["closed_by"] or who,
        _known(attempt, "rail_reference", "rail_code", "error_code", "error_message", "latency_ms"),
    )


def _of_queue(queue: Mapping[str, Any]) -> Iterator[Happening]:
    who = queue["claimed_by"]
    leased, begun, held = (_time(queue, k) for k in ("leased_at", "dispatch_started_at", "held_at"))
    if who is not None and leased is not None:
        yield Happening(leased, f"Attempt {queue['attempt_count'] + 1} leased", who=who)
        if begun is not None:
            yield Happening(
                begun, f"Attempt {queue['attempt_count'] + 1}: dispatch declared", who=who
            )
    if held is not None:
        kind = "bad" if queue["status"] == "IN_DOUBT" else "wait"
        yield Happening(held, f"On hold: {queue['status']}", kind)
