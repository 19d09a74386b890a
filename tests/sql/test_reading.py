"""What dashboards read: counts that add up, pages that meet, and places in the chain of hashes."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.sql.operations import Operator, dead_letter, in_doubt
from tests.sql.queue import Queue

TENANT = UUID("6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10")
_INGEST = """select * from public.ingest_instruction(%s, %s, %s, %s, %s, '{"amount": "1"}')"""
_BREAKDOWN = "select * from public.outbox_breakdown(%s)"
_ITEMS = "select * from public.list_outbox_items(p_after_outbox_id => %s, p_limit => %s)"


def _tenant(queue: Queue) -> None:
    queue.rows("select from public.register_tenant(%s, 'acme', 'Acme', 'NGO')", TENANT)


def _ingest(queue: Queue, name: str, participant: str = "p") -> UUID:
    row = queue.rows(_INGEST, TENANT, name, participant, name, "SEPA")[0]
    return UUID(str(row.outbox_id))


def _pack(queue: Queue, name: str) -> Any:  # noqa: ANN401 - JSON
    return queue.value("select public.evidence_pack(%s, %s)", TENANT, name)


def test_a_breakdown_counts_every_item_once(queue: Queue) -> None:
    _tenant(queue)
    dead_letter(queue, "dead")
    in_doubt(queue, "doubt")
    queue.enqueue("leased")
    queue.claim(lease_seconds=3_600)
    queue.enqueue("due", participant="q")
    _ingest(queue, "tenanted")
    operator = Operator(queue)
    operator.pause("RAIL", "SEPA")
    by_rail = {row.scope_key: row for row in queue.rows(_BREAKDOWN, "RAIL")}
    by_participant = {row.scope_key: row for row in queue.rows(_BREAKDOWN, "PARTICIPANT")}
    by_tenant = {row.scope_key: row for row in queue.rows(_BREAKDOWN, "TENANT")}
    for found in (by_rail, by_participant, by_tenant):
        assert sum(row.dead_letters for row in found.values()) == 1
        assert sum(row.in_doubt for row in found.values()) == 1
        assert sum(
            r.due + r.delayed + r.leased + r.expired + r.in_doubt + r.held for r in found.values()
        ) == queue.value("select count(*) from public.payment_outbox_pending")
    assert by_rail["RTGS"].dead_letters == 1
    assert set(by_rail) == {"RTGS", "SEPA"}
    assert by_tenant[str(TENANT)].label == "acme"
    assert by_tenant[None].label is None


def test_the_longest_wait_comes_first_and_the_limit_holds(queue: Queue) -> None:
    for number in range(3):
        queue.enqueue(f"i-{number}", participant=f"p-{number}")
    rows = queue.rows("select * from public.outbox_breakdown('PARTICIPANT', 2)")
    assert [row.scope_key for row in rows] == ["p-0", "p-1"]
    assert rows[0].oldest_due_at <= rows[1].oldest_due_at


def test_activity_has_every_bucket_and_counts_each_attempt_once(queue: Queue) -> None:
    dead_letter(queue, "dead")
    queue.enqueue("sent")
    queue.complete(queue.claim(), "RETRYABLE")
    queue.complete(queue.claim(), "DISPATCHED", reference="R")
    rows = queue.rows("select * from public.outbox_activity(10, 60)")
    assert len(rows) == 11
    steps = {
        (later.bucket_start - row.bucket_start).total_seconds()
        for row, later in itertools.pairwise(rows)
    }
    assert steps == {60.0}
    assert sum(row.accepted for row in rows) == 2
    totals = [
        sum(getattr(row, name) for row in rows) for name in ("dispatched", "retried", "failed")
    ]
    assert totals == [
        1,
        1,
        queue.value("select count(*) from public.payment_outbox_attempts where state = 'FAILED'"),
    ]


def test_health_is_about_what_is_there(queue: Queue) -> None:
    _tenant(queue)
    dead_letter(queue, "dead")
    in_doubt(queue, "doubt")
    Operator(queue).pause("RAIL", "SEPA")
    _ingest(queue, "sealed")
    (before,) = queue.rows("select * from public.outbox_health()")
    assert (before.dead_letters, before.disputed, before.paused_scopes) == (1, 0, 1)
    assert before.oldest_in_doubt_at is not None
    assert before.last_sealed_at is None
    attempts = queue.value("select count(*) from public.payment_outbox_attempts")
    assert before.unsealed == attempts + 1
    assert before.oldest_unsealed_at is not None
    queue.seal()
    (after,) = queue.rows("select * from public.outbox_health()")
    assert (after.unsealed, after.oldest_unsealed_at) == (0, None)
    assert after.last_sealed_at is not None
    assert (
        after.schema_version
        == before.schema_version
        == queue.value("select version_num from public.ledgerdb_alembic_version")
    )


def test_pages_of_the_queue_meet(queue: Queue) -> None:
    made = [queue.enqueue(f"i-{number}") for number in range(5)]
    seen: list[UUID] = []
    after = None
    while page := queue.rows(_ITEMS, after, 2):
        seen += [row.outbox_id for row in page]
        after = seen[-1]
    assert seen == sorted(made)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("p_status", "READY"),
        ("p_participant_id", "q"),
        ("p_rail_type", "SEPA"),
        ("p_tenant_id", TENANT),
    ],
)
def test_each_filter_of_the_queue(queue: Queue, parameter: str, value: object) -> None:
    _tenant(queue)
    queue.enqueue("leased")
    queue.claim(lease_seconds=3_600)
    wanted = _ingest(queue, "wanted", participant="q")
    rows = queue.rows(f"select * from public.list_outbox_items({parameter} => %s)", value)
    assert [row.outbox_id for row in rows] == [wanted]


def test_an_instruction_is_found_with_and_without_its_tenant(queue: Queue) -> None:
    _tenant(queue)
    without = queue.enqueue("one")
    within = _ingest(queue, "one")
    find = "select * from public.find_outbox_items(%s, %s)"
    assert {row.outbox_id for row in queue.rows(find, "one", None)} == {without, within}
    assert [row.outbox_id for row in queue.rows(find, "one", TENANT)] == [within]
    assert queue.rows(find, "another", None) == []
    items = [item for item in queue.claim() if item.outbox_id == within]
    queue.complete(items, "DISPATCHED", reference="R")
    (found,) = queue.rows(find, "one", TENANT)
    assert (found.state, found.attempts) == ("DISPATCHED", 1)


def test_the_controls_in_force(queue: Queue) -> None:
    assert queue.rows("select * from public.list_outbox_controls()") == []
    Operator(queue).pause("RAIL", "SEPA")
    (row,) = queue.rows("select * from public.list_outbox_controls()")
    assert (row.scope, row.scope_key, row.paused) == ("RAIL", "SEPA", True)


def test_evidence_has_its_place_in_the_chain(queue: Queue) -> None:
    _tenant(queue)
    _ingest(queue, "one")
    queue.complete(queue.claim(), "RETRYABLE")
    before = _pack(queue, "one")
    assert before["seals"] == []
    assert before["attestation"]["chain"]["seal_no"] is None
    queue.seal()
    queue.complete(queue.claim(), "DISPATCHED", reference="R")
    queue.seal()
    pack = _pack(queue, "one")
    places = [pack["attestation"]["chain"], *(a["chain"] for a in pack["attempts"])]
    assert [seal["seal_no"] for seal in pack["seals"]] == sorted(p["seal_no"] for p in places)
    assert len(pack["seals"]) == 3
    for place in places:  # each is alone under its seal, so its leaf is the whole digest
        (seal,) = [seal for seal in pack["seals"] if seal["seal_no"] == place["seal_no"]]
        assert seal["after_position"] < place["position"] <= seal["through_position"]
        assert hashlib.sha256(bytes.fromhex(place["leaf"])).hexdigest() == seal["digest"]
        assert datetime.fromisoformat(seal["sealed_at"]).tzinfo is not None
    assert pack["schema_version"] == queue.value(
        "select version_num from public.ledgerdb_alembic_version"
    )
