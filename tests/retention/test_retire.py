"""What retires, what never does, and what stays of an item for life."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from tests.retention.history import History

LEAVES = """
select public._attempt_leaf(a) as leaf from public.payment_outbox_attempts as a
where a.outbox_id = %s order by a.attempt_no
"""


def test_an_item_leaves_its_outcome(history: History) -> None:
    outbox_id = history.enqueue("i")
    history.complete(history.claim(), "RETRYABLE")
    history.complete(history.claim(), "DISPATCHED", reference="R1")
    history.make_old()
    last = history.attempts(outbox_id)[-1]
    leaves = [row.leaf for row in history.rows(LEAVES, outbox_id)]

    batch = history.retire()
    assert (batch.examined, batch.items, batch.attempts) == (1, 1, 2)
    assert history.attempts(outbox_id) == []
    outcome = history.outcome(outbox_id)
    assert (outcome.state, outcome.attempts, outcome.sequence_id) == ("DISPATCHED", 2, 1)
    assert (outcome.rail_reference, outcome.completed_at) == ("R1", last.completed_at)
    assert outcome.payload is None
    assert outcome.digest == hashlib.sha256(b"".join(leaves)).digest()
    kept = history.rows("select * from public.ledger_retired_leaves order by attempt_no")
    assert [row.leaf for row in kept] == leaves
    assert [row.outbox_id for row in kept] == [outbox_id] * 2
    assert kept[-1].ledger_position == last.ledger_position
    (run,) = history.rows("select * from public.ledger_retention_runs")
    assert run.run_id == batch.run_id == outcome.run_id
    assert (run.actor, run.reason, run.items, run.attempts) == (
        *("auditor", "five years are over", 1, 2),
    )
    assert run.bytes == batch.bytes > 0


def test_the_digest_does_not_depend_on_the_session(history: History) -> None:
    outbox_id = history.end("i")
    digest = history.value("select public._attempts_digest(%s)", outbox_id)
    history.connection.execute("set timezone = 'Asia/Kathmandu'")
    history.connection.execute("set datestyle = 'German'")
    history.connection.execute("set extra_float_digits = 0")
    assert history.value("select public._attempts_digest(%s)", outbox_id) == digest


@pytest.mark.parametrize("state", ["DISPATCHED", "FAILED"])
def test_a_replay_gets_the_first_acknowledgement_for_ever(history: History, state: str) -> None:
    history.end("i", state)
    history.make_old()
    before = history.acknowledgement("i")
    assert before.state == state
    assert history.retire().items == 1
    assert history.acknowledgement("i") == before
    with pytest.raises(psycopg.Error) as caught:
        history.acknowledgement("i", payload='{"other": 1}')
    assert caught.value.sqlstate == "P7101"
    (row,) = history.rows(
        """select * from public.enqueue_outbox_items(
            p_instruction_ids => '{i}', p_participant_ids => '{p}', p_idempotency_keys => '{i}',
            p_rail_types => '{RTGS}', p_payloads => '{"{}"}')"""
    )
    assert (row.outcome, row.state, row.sequence_id) == ("REPLAYED", state, before.sequence_id)


def test_services_and_auditors_are_answered_as_before(history: History) -> None:
    """Where it stands, how often it was tried and under which reference, from the outcome."""
    tenant_id = UUID(int=7)
    history.rows(
        "select * from public.register_tenant(%s, 'acme', 'Acme', 'COMMERCIAL')", tenant_id
    )
    (ack,) = history.rows(
        "select * from public.ingest_instruction(%s, 'i', 'p', 'k', 'RTGS', '{\"a\": 1}')",
        tenant_id,
    )
    history.complete(history.claim(), "RETRYABLE")
    history.complete(history.claim(), "DISPATCHED", reference="R1")
    history.make_old()
    status = "select * from public.instruction_status(%s, 'i')"
    evidence = "select public.evidence_pack(%s, 'i')"
    before = history.rows(status, tenant_id)
    pack = history.value(evidence, tenant_id)
    assert (before[0].state, before[0].attempts, pack["retired"]) == ("DISPATCHED", 2, None)

    assert history.retire().attempts == 2
    assert history.rows(status, tenant_id) == before
    after = history.value(evidence, tenant_id)
    assert after["attempts"] == []
    assert {key: after[key] for key in ("attestation", "outbox")} == {
        key: pack[key] for key in ("attestation", "outbox")
    }
    outcome = history.outcome(ack.outbox_id)
    assert after["retired"]["digest"] == outcome.digest.hex()
    assert (after["retired"]["attempts"], after["retired"]["rail_reference"]) == (2, "R1")
    seen = history.value("select public.inspect_outbox_item(%s)", ack.outbox_id)
    assert (seen["payload"], seen["retired"]["run_id"]) == ({"a": 1}, str(outcome.run_id))


def test_what_is_alive_or_young_stays(history: History) -> None:
    live = history.enqueue("leased")
    delayed = history.enqueue("delayed")
    history.complete(history.claim(), "RETRYABLE")
    (item,) = history.claim(limit=1)
    assert item.outbox_id == live
    history.make_old()
    waiting = history.enqueue("waiting")
    history.complete([row for row in history.claim() if row.outbox_id == delayed], "RETRYABLE")
    identities = history.rows("select * from public.payment_outbox_identities order by 1")
    attempts = history.rows("select * from public.payment_outbox_attempts order by 1")
    assert history.plan() == {"ON_QUEUE": 2}
    assert history.retire().items == 0
    assert history.rows("select * from public.payment_outbox_attempts order by 1") == attempts
    assert history.rows("select * from public.payment_outbox_identities order by 1") == identities
    assert history.pending(waiting) is not None
    assert history.rows("select * from public.ledger_retention_runs") == []


def test_what_is_not_sealed_stays(history: History) -> None:
    history.end("sealed")
    history.make_old()
    history.end("new")
    history.make_old(seal=False)
    assert history.plan() == {"RETIRE": 1, "UNSEALED": 1}
    assert history.retire().items == 1
    assert history.seal().outcome == "DONE"
    assert history.plan() == {"RETIRE": 1}


def test_one_young_attempt_keeps_the_whole_item(history: History) -> None:
    history.enqueue("i")
    history.complete(history.claim(), "RETRYABLE")
    history.make_old()
    history.complete(history.claim(), "DISPATCHED")
    assert history.plan() == {"TOO_YOUNG": 1}
    assert history.retire().items == 0
    assert history.value("select count(*) from public.payment_outbox_attempts") == 2


def test_a_late_result_keeps_its_item(history: History) -> None:
    history.enqueue("young")
    history.enqueue("disputed")
    items = history.claim()
    history.complete(items[:1], "DISPATCHED")
    history.complete(items[1:], "FAILED")
    history.complete(items[1:], "DISPATCHED", reference="R")
    history.make_old()
    history.complete(items[:1], "FAILED")
    assert history.plan() == {"LATE_RESULT": 1, "DISPUTED": 1}
    assert history.retire().items == 0
    history.make_old()
    assert history.plan() == {"RETIRE": 1, "DISPUTED": 1}
    assert history.retire().items == 1
    assert history.value("select count(*) from public.payment_outbox_late_results") == 2


def test_an_item_in_doubt_stays(history: History) -> None:
    outbox_id = history.enqueue("i")
    history.complete(history.claim(), "RETRYABLE")
    history.begin(history.claim())
    history.expire_leases()
    history.repair()
    history.make_old()
    assert history.pending(outbox_id).hold == "IN_DOUBT"
    assert history.plan() == {"ON_QUEUE": 1}
    assert history.retire().items == 0


def test_a_late_result_of_a_retired_item_is_already_done(history: History) -> None:
    history.enqueue("i")
    items = history.claim()
    history.complete(items)
    history.make_old()
    history.retire()
    (row,) = history.complete(items, reference="R")
    assert row.outcome == "ALREADY_DONE"
    assert history.value("select rail_reference from public.payment_outbox_late_results") == "R"


def test_attempts_that_come_back_by_hand_are_shown_and_stay(history: History) -> None:
    history.end("i")
    history.make_old()
    history.retire()
    history.connection.execute(
        """insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, attempt_no, state, completed_at)
        select i.outbox_id, instruction_id, participant_id, 1, idempotency_key, rail_type, 1,
            'FAILED', now() - interval '200 days'
        from public.payment_outbox_identities as i"""
    )
    assert history.plan() == {"REAPPEARED": 1}
    assert history.retire().items == 0


def test_a_payload_from_before_0004_is_kept(baseline_database_url: str) -> None:
    """Such an identity has no payload of its own: it is in the attempts, and stays."""
    enqueue = "select * from public.enqueue_payment_outbox('i', 'p', 'k', 'RTGS', %s)"
    payload = '{"b": 1.50, "a": "\\u20ac"}'
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        history = History(connection)
        history.rows(enqueue, payload)
        history.rows(
            """select c.* from public.claim_outbox_batch(1, 'w', 60) as l,
            public.complete_outbox_attempt(l.outbox_id, l.lease_token, 'w', 'DISPATCHED') as c"""
        )
        upgrade(baseline_database_url)
        (before,) = history.rows(enqueue, payload)
        history.make_old()
        assert history.retire().items == 1
        outcome = history.outcome(before.outbox_id)
        assert outcome.payload == {"a": "€", "b": 1.5}
        assert history.value(
            """select public._is_bound_to(
                i.fingerprint, i.participant_id, i.rail_type, o.payload::text)
            from public.payment_outbox_identities as i
            join public.payment_outbox_outcomes as o using (outbox_id)"""
        )
        assert history.rows(enqueue, payload) == [before]


def test_batches_pass_over_the_whole_history_once(history: History) -> None:
    ids = [history.end(f"i{number}") for number in range(7)]
    history.make_old()
    young = history.end("young")
    after: UUID | None = None
    seen: list[Any] = []
    while (batch := history.retire(3, after)).last_outbox_id is not None:
        seen.append(batch)
        after = batch.last_outbox_id
    assert [batch.items for batch in seen] == [3, 3, 1]
    assert [batch.examined for batch in seen] == [3, 3, 2]
    assert (batch.examined, batch.run_id) == (0, None)
    assert all(history.outcome(outbox_id) for outbox_id in ids)
    assert history.outcome(young) is None
    assert history.value("select count(*) from public.ledger_retention_runs") == 3
