"""Lives that are rare: without a tenant, retired, of very many attempts, or over in no time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ledgerdb.console import ConsoleSettings
from ledgerdb.console.pages import Pages
from ledgerdb.console.source import Item, Source
from ledgerdb.console.timeline import SCALE, Timeline, timeline_of
from ledgerdb.readonly import connect_readonly
from ledgerdb.rows import InspectedItem

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OUTBOX_ID = UUID("01a2237f-828c-791d-8c86-0b25c0706d4e")


def at(seconds: float) -> str:
    """A time as the database spells it in JSON."""
    return (NOW + timedelta(seconds=seconds)).isoformat()


def attempt(number: int, state: str, begin: float, end: float) -> dict[str, Any]:
    return {
        "attempt_no": number,
        "state": state,
        "claimed_at": at(begin),
        "dispatch_started_at": None,
        "completed_at": at(end),
        "created_at": at(end),
        "worker_id": "worker-1",
        "closed_by": None,
    }


def item(
    *attempts: dict[str, Any],
    queue: dict[str, Any] | None = None,
    retired: dict[str, Any] | None = None,
) -> Item:
    identity = dict.fromkeys(("tenant_id", "rail_key", "fingerprint")) | {
        "outbox_id": str(OUTBOX_ID),
        "instruction_id": "INV-1",
        "idempotency_key": "k",
        "participant_id": "BANK-1",
        "rail_type": "SEPA",
        "created_at": at(0),
    }
    return Item(
        InspectedItem(
            identity=identity,
            payload={},
            queue=queue,
            attempts=attempts,
            retired=retired,
            late_results=(),
            operator_actions=(),
        ),
        None,
        NOW + timedelta(hours=1),
    )


def page(of: Item) -> str:
    """The page of an item, as text."""
    with connect_readonly("postgresql://x@/y", application_name="test") as ledger:
        pages = Pages(Source(ledger), ConsoleSettings())
    answer = pages.show("item.html.j2", item=of, timeline=timeline_of(of), payload=None, now=of.now)
    return " ".join(re.sub(r"<[^>]*>", " ", bytes(answer.body).decode()).split())


def within(timeline: Timeline) -> bool:
    return all(
        segment.x >= 0 and segment.width > 0 and segment.x + segment.width <= SCALE + 0.02
        for lane in timeline.lanes
        for segment in lane.segments
    )


def test_an_item_without_a_tenant_has_no_pack() -> None:
    text = page(item(attempt(1, "DISPATCHED", 1, 2)))
    assert "Tenant none" in text
    assert "ended after 2.0 s, 1 attempt." in text
    assert "chain of hashes" not in text


def test_a_retired_item_says_what_stays_of_it() -> None:
    retired = {
        "run_id": str(OUTBOX_ID),
        "first_claimed_at": at(1),
        "completed_at": at(90),
        "retired_at": at(1_000_000),
        "attempts": 3,
        "state": "DISPATCHED",
        "rail_reference": "SEPA-1",
        "error_code": None,
        "digest": "ab" * 32,
    }
    text = page(item(retired=retired))
    assert "3 attempts retired by retention" in text
    assert "SEPA-1" in text
    assert "No attempt is kept" in text
    assert re.search(r"INV-1 DISPATCHED ended after 1 min 30 s, 3 attempts\.", text)


def test_very_many_attempts_are_listed_and_the_last_ones_drawn() -> None:
    attempts = [attempt(i, "RETRYABLE", i * 10, i * 10 + 1) for i in range(1, 1_001)]
    timeline = timeline_of(item(*attempts, queue=waiting()))
    assert (len(timeline.lanes), timeline.left_off) == (40, 961)
    assert timeline.lanes[-1].label == "Now"
    assert within(timeline)
    assert len(timeline.happenings) == 2_001


def test_what_took_no_time_is_seen() -> None:
    timeline = timeline_of(item(attempt(1, "FAILED", 0, 0)))
    assert within(timeline)
    assert [segment.kind for segment in timeline.lanes[0].segments] == ["bad"]
    assert timeline.took == timedelta(0)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["waiting"]),
        ({"status": "PAUSED", "held_at": at(60)}, ["waiting", "wait"]),
        (
            {"status": "LEASED", "claimed_by": "w", "leased_at": at(5)},
            ["waiting", "leased"],
        ),
        (
            {"status": "IN_DOUBT", "claimed_by": "w", "leased_at": at(5), "held_at": at(60)},
            ["waiting", "leased", "bad"],
        ),
    ],
)
def test_what_it_does_now(changes: dict[str, Any], kinds: list[str]) -> None:
    timeline = timeline_of(item(queue=waiting() | changes))
    assert [segment.kind for segment in timeline.lanes[-1].segments] == kinds
    assert within(timeline)


def waiting() -> dict[str, Any]:
    return dict.fromkeys(("claimed_by", "leased_at", "dispatch_started_at", "held_at")) | {
        "status": "READY",
        "attempt_count": 0,
        "sequence_id": 1,
        "redrive_no": 0,
    }
