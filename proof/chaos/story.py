"""The history of a run, put in order: who asked what, who was told what, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from proof.chaos.history import Event

__all__ = ["CONCLUSIVE", "RECORDED", "Story"]

RECORDED: Final = frozenset({"RECORDED", "REPLAYED", "DONE"})
# Refusals that stay what they are however often one asks.
CONCLUSIVE: Final = frozenset({"P7101", "P7102"})


class Story:
    """Events by what they are about.

    Attributes:
        asked, acknowledged, refused: by key.
        claims: by lease token; `claims_of`, by item.
        released: lease tokens that were given back, or may have been.
        sends: requests to the rail.
        completing, completed: by lease token.
        windows: from a cut of replication to the promotion after it: what was written in between
            may be lost.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = sorted(events, key=lambda event: event.at)
        self.asked: dict[str, list[Event]] = defaultdict(list)
        self.acknowledged: dict[str, list[Event]] = defaultdict(list)
        self.refused: dict[str, list[Event]] = defaultdict(list)
        self.claims: dict[str, Event] = {}
        self.claims_of: dict[str, list[Event]] = defaultdict(list)
        self.released: set[str] = set()
        self.sends: list[Event] = []
        self.completing: dict[str, list[Event]] = defaultdict(list)
        self.completed: dict[str, list[Event]] = defaultdict(list)
        self.seen: dict[str, str] = {}
        self.windows: list[tuple[float, float]] = []
        self.refusals: list[Event] = []
        self.crashes: list[Event] = []
        self.twice_issued: list[Event] = []
        self.changed: list[tuple[Event, str]] = []
        for event in self.events:
            self._tell(event)

    def lost_at(self, at: float) -> bool:
        """Whether what was written then may be lost."""
        return any(start <= at <= end for start, end in self.windows)

    def unresolved_keys(self) -> dict[str, Event]:
        """Keys whose last question nobody answered, with that question."""
        return {
            key: asks[-1]
            for key, asks in self.asked.items()
            if not any(
                answer.at >= asks[-1].at
                for answer in (
                    *self.acknowledged.get(key, ()),
                    *(e for e in self.refused.get(key, ()) if e["code"] in CONCLUSIVE),
                )
            )
        }

    def unresolved_tokens(self) -> dict[str, Event]:
        """Lease tokens whose last result nobody judged, with that result."""
        return {
            token: asks[-1]
            for token, asks in self.completing.items()
            if not any(answer.at >= asks[-1].at for answer in self.completed.get(token, ()))
        }

    def _tell(self, event: Event) -> None:  # noqa: PLR0912 - one branch for a kind of event
        match event.what:
            case "asked":
                self.asked[event["key"]].append(event)
            case "acknowledged":
                self.acknowledged[event["key"]].append(event)
            case "refused":
                self.refusals.append(event)
                if "key" in event.of:
                    self.refused[event["key"]].append(event)
            case "claimed":
                if event["token"] in self.claims:
                    self.twice_issued.append(event)
                self.claims[event["token"]] = event
                self.claims_of[event["outbox"]].append(event)
            case "releasing":
                self.released.add(event["token"])
            case "sent":
                self.sends.append(event)
            case "completing":
                self.completing[event["token"]].append(event)
            case "completed":
                self.completed[event["token"]].append(event)
            case "seen":
                for attempt, digest in event["attempts"].items():
                    if self.seen.setdefault(attempt, digest) != digest:
                        self.changed.append((event, attempt))
            case "crashed":
                self.crashes.append(event)
            case "cut":
                self.windows.append((event.at, float("inf")))
            case "promoted" if self.windows:
                self.windows[-1] = (self.windows[-1][0], min(self.windows[-1][1], event.at))
