"""Defects 8 to 19 of the reference: what becomes of leases, attempts and results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.defects.site import Site, Work
from tests.waiting import until

CONFLICT = "P7101"
LEASE_LOST = "P7002"
DENIED = "42501"
CEILING = 20
SINCE_UUIDV7 = 18


def test_defect_08_one_exhausted_item_stops_all_repair(site: Site) -> None:
    for name in ("poison", "healthy", "sound"):
        site.enqueue(name)
    for _ in range(CEILING - 1):
        (item,) = [row for row in site.claim(worker="w") if row.instruction_id == "poison"]
        site.complete(item, "RETRYABLE")
        site.rows(
            """update public.payment_outbox_pending
            set claimed_by = null, lease_token = null, lease_expires_at = null
            where instruction_id <> 'poison'"""
        )
        site.make_due()
    assert len(site.claim()) == 3
    site.expire_leases()
    assert site.repair() == site.either(reference="42702", head=3)
    repaired = site.value("select count(*) from public.payment_outbox_pending")
    assert repaired == site.either(reference=3, head=2)


def test_defect_09_a_crashing_handler_is_never_counted(site: Site) -> None:
    outbox_id = site.enqueue("i").outbox_id
    tokens: list[str] = []
    for _ in range(CEILING + 10):
        tokens += [str(item.lease_token) for item in site.claim()]
        site.expire_leases()
    site.claim()
    history = site.attempts(outbox_id)
    assert len(tokens) == site.either(reference=CEILING + 10, head=CEILING)
    assert len(history) == site.either(reference=0, head=CEILING)
    if site.is_head:
        assert [row["lease_token"] for row in history] == tokens
        assert history[-1]["state"] == "FAILED"


@pytest.mark.parametrize(
    "other",
    [{"participant": "q"}, {"rail": "SWIFT"}, {"payload": '{"amount": 9999}'}],
    ids=["participant", "rail", "payload"],
)
@pytest.mark.parametrize("ended", [False, True], ids=["queued", "ended"])
def test_defect_10_a_key_stands_for_two_payments(
    site: Site, other: dict[str, str], *, ended: bool
) -> None:
    site.enqueue("i", payload='{"amount": 10}')
    if ended:
        site.complete(site.claim()[0])
    bound = {"participant": "p", "rail": "RTGS", "payload": '{"amount": 10}'} | other
    outcome = site.attempt(
        "select public.enqueue_payment_outbox('i', %s, 'i', %s, %s)",
        *(bound["participant"], bound["rail"], bound["payload"]),
    )
    assert outcome == site.either(reference="ok", head=CONFLICT)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_defect_11_a_retry_from_an_old_snapshot_pays_twice(site: Site, level: str) -> None:
    with site.transaction(level) as old:
        site.enqueue("i", participant="p")
        site.complete(site.claim()[0])
        outcome = old.attempt(
            "select public.enqueue_payment_outbox('i', 'q', 'i', 'RTGS', '{}')",
        )
        old.connection.commit()
    payments = site.value(
        """select count(distinct outbox_id) from (
            select outbox_id from public.payment_outbox_pending where instruction_id = 'i'
            union all
            select outbox_id from public.payment_outbox_attempts where instruction_id = 'i') as x"""
    )
    assert (outcome, payments) == site.either(reference=("ok", 2), head=("40001", 1))


BOUNDS = {
    "claim_outbox_batch(null, 'w', 60)": "P7118",
    "claim_outbox_batch(0, 'w', 60)": "P7118",
    "claim_outbox_batch(2147483647, 'w', 60)": "P7118",
    "claim_outbox_batch(1, null, 60)": "P7117",
    "claim_outbox_batch(1, '', 60)": "P7117",
    "claim_outbox_batch(1, repeat('w', 100000), 60)": "P7117",
    "claim_outbox_batch(1, 'w', null)": "P7119",
    "claim_outbox_batch(1, 'w', 0)": "P7119",
    "claim_outbox_batch(1, 'w', -1)": "P7119",
    "claim_outbox_batch(1, 'w', 2147483647)": "P7119",
    "repair_expired_leases(null, 'w')": "P7118",
    "repair_expired_leases(0, 'w')": "P7118",
    "repair_expired_leases(1, '')": "P7117",
    "enqueue_payment_outbox('', 'p', 'k', 'RTGS', '{}')": "P7112",
    "enqueue_payment_outbox('i', ' ', 'k', 'RTGS', '{}')": "P7113",
    "enqueue_payment_outbox('i', 'p', repeat('k', 2000), 'RTGS', '{}')": "P7114",
    "enqueue_payment_outbox('i', 'p', 'k', '', '{}')": "P7115",
    "enqueue_payment_outbox('i', 'p', 'k', 'RTGS', '[]')": "P7116",
}


@pytest.mark.parametrize("call", sorted(BOUNDS))
def test_defect_12_a_caller_breaks_a_bound(site: Site, call: str) -> None:
    site.enqueue("waiting")
    outcome = site.attempt(f"select * from public.{call}")
    assert (outcome == BOUNDS[call]) == site.either(reference=False, head=True), outcome


@pytest.mark.parametrize(
    ("metric", "reference"),
    [({"latency_ms": -1}, "23514"), ({"delay": 2**31 - 1}, "2094 or later")],
    ids=["latency", "delay"],
)
def test_defect_12_a_bad_metric_loses_a_result(
    site: Site, metric: dict[str, Any], reference: str
) -> None:
    site.enqueue("i")
    outcome = site.complete(site.claim()[0], "RETRYABLE", **metric)
    seen = outcome if isinstance(outcome, str) else "recorded"
    if seen == "recorded" and site.value(
        """select next_attempt_at > now() + interval '8 days'
        from public.payment_outbox_pending"""
    ):
        seen = "2094 or later"
    assert seen == site.either(reference=reference, head="recorded")


def test_defect_13_a_lease_is_born_old(site: Site) -> None:
    """`now()` is when the transaction began: a lease of a second can be over when it is issued."""
    site.enqueue("i")
    with site.transaction() as worker:
        worker.rows("select 1")
        until(lambda: worker.value("select clock_timestamp() - now() > interval '50 ms'"))
        asked_at = worker.value("select clock_timestamp()")
        (item,) = worker.claim(lease_seconds=60)
        lasts = (item.lease_expires_at - asked_at).total_seconds()
        worker.connection.commit()
    assert (lasts >= 60) == site.either(reference=False, head=True), lasts


def test_defect_13_a_late_completion_is_accepted(site: Site) -> None:
    site.enqueue("i")
    (item,) = site.claim()
    with site.transaction() as worker:
        site.rows("update public.payment_outbox_pending set lease_expires_at = clock_timestamp()")
        outcome = worker.complete(item)
    assert outcome == site.either(reference=(1, "DISPATCHED"), head=LEASE_LOST)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_defect_13_a_valid_lease_is_lost_to_an_old_snapshot(site: Site, level: str) -> None:
    """The result of a real send: "try again" is right, "lost" is not."""
    site.enqueue("i")
    with site.transaction(level) as worker:
        (item,) = site.claim()
        outcome = worker.complete(item)
    assert outcome == site.either(reference=LEASE_LOST, head="40001")
    assert site.complete(item) == (1, "DISPATCHED")


def test_defect_14_a_replay_reports_an_older_attempt(site: Site) -> None:
    site.enqueue("i")
    with site.transaction() as worker:
        until(lambda: site.value("select clock_timestamp() > %s", worker.value("select now()")))
        site.complete(site.claim()[0], "RETRYABLE")
        (item,) = site.claim()
        assert worker.complete(item) == (2, "DISPATCHED")
        worker.connection.commit()
    assert site.enqueue("i").state == site.either(reference="RETRYABLE", head="DISPATCHED")


def late_success(site: Site, item: Any) -> str:  # noqa: ANN401 - a claimed row
    """The worker's report after its lease ran out, by the best way that the database has."""
    if site.has_function("complete_outbox_attempts"):
        (row,) = site.rows(
            """select * from public.complete_outbox_attempts('w', %s, %s, '{DISPATCHED}',
                p_rail_references => '{RAIL-77}')""",
            *([item.outbox_id], [item.lease_token]),
        )
        return str(row.outcome)
    return str(site.complete(item, reference="RAIL-77"))


def evidence(site: Site) -> int:
    """How often the rail's reference is kept, wherever."""
    tables = ["payment_outbox_attempts"]
    if site.is_head:
        tables.append("payment_outbox_late_results")
    return sum(
        site.value(f"select count(*) from public.{table} where rail_reference = 'RAIL-77'")
        for table in tables
    )


def test_defect_15_a_late_success_is_thrown_away(site: Site) -> None:
    site.enqueue("i")
    (item,) = site.claim()
    site.expire_leases()
    outcome = late_success(site, item)
    assert (outcome, evidence(site)) == site.either(reference=(LEASE_LOST, 0), head=("EXPIRED", 1))


def test_defect_15_a_late_success_is_then_recorded_as_failed(site: Site) -> None:
    """At the ceiling the reference ends the item as FAILED, and nothing tells that it was sent."""
    outbox_id = site.enqueue("i").outbox_id
    site.rows("update public.payment_outbox_pending set attempt_count = 19")
    (item,) = site.claim()
    site.expire_leases()
    late_success(site, item)
    for worker in ("other", "another"):
        site.make_due()
        for again in site.claim(worker=worker):
            site.complete(again, "FAILED", None, worker=worker)
    site.repair()
    silent = (
        any(row["state"] == "FAILED" for row in site.attempts(outbox_id)) and evidence(site) == 0
    )
    if not site.is_head:
        site.rows("update public.payment_outbox_pending set claimed_by = null")
    assert (silent or evidence(site) == 0) == site.either(reference=True, head=False)


def test_defect_16_a_lost_acknowledgement_cannot_be_asked_for(site: Site) -> None:
    site.enqueue("i")
    (item,) = site.claim()
    first = site.complete(item)
    assert first == (1, "DISPATCHED")
    assert site.complete(item) == site.either(reference=LEASE_LOST, head=first)
    assert len(site.attempts(item.outbox_id)) == 1


def test_defect_17_the_history_lies(site: Site) -> None:
    outbox_id = site.enqueue("i").outbox_id
    (item,) = site.claim(worker="dead")
    site.expire_leases()
    site.repair(worker="reaper")
    site.make_due()
    (item,) = site.claim()
    claimed_at = site.value("select clock_timestamp()")
    until(lambda: site.value("select clock_timestamp() - %s > interval '5 ms'", claimed_at))
    site.complete(item)
    zombie, sent = site.attempts(outbox_id)
    took_time = sent["claimed_at"] < sent["completed_at"]
    token_kept = sent.get("lease_token") == str(item.lease_token)
    assert (zombie["worker_id"], took_time, token_kept) == site.either(
        reference=("reaper", False, False), head=("dead", True, True)
    )


def test_defect_18_a_manual_attempt_stops_every_completion(site: Site) -> None:
    """An operator knows that the payment failed and writes it down; then the worker reports."""
    outbox_id = site.enqueue("i").outbox_id
    with site.session(role="symphony_control") as operator:
        by_hand = operator.attempt(
            """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
                participant_id, sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
            values (%s, 'i', 'p', 1, 'i', 'RTGS', '{}', 1, 'FAILED')""",
            outbox_id,
        )
    outcomes = []
    for _ in range(5):  # each is a send
        outcomes += [site.complete(item) for item in site.claim()]
        site.expire_leases()
    assert by_hand == site.either(reference="ok", head=DENIED)
    assert outcomes == site.either(reference=["23505"] * 5, head=[(1, "DISPATCHED")])


def test_defect_18_numbers_by_hand_and_by_workers_collide(site: Site) -> None:
    """The worker has read the highest number when the operator's row comes in."""
    outbox_id = site.enqueue("i").outbox_id
    (item,) = site.claim()
    insert = """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
        participant_id, sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
        values (%s, 'i', 'p', 1, 'i', 'RTGS', '{}', 1, 'RETRYABLE')"""
    with site.session() as worker, site.session(autocommit=False) as by_hand:
        by_hand.rows(insert, outbox_id)
        work = Work(lambda: worker.complete(item, "RETRYABLE"))
        site.wait_until_blocked(worker, work)
        by_hand.connection.commit()
        outcome = work.join()  # before its connection is closed
    assert outcome == site.either(reference="23505", head=(2, "RETRYABLE"))


def test_defect_19_identifiers_are_random(site: Site) -> None:
    versions = set()
    for number in range(3):
        versions.add(int(site.enqueue(f"i{number}").outbox_id.hex[12], 16))
        # before version 18 the order is that of milliseconds
        since = site.value("select clock_timestamp()")
        while site.value("select clock_timestamp() < %s + interval '2 ms'", since):
            pass
    assert versions == site.either(reference={4}, head={7})
    items = sorted(site.rows("select outbox_id, created_at from public.payment_outbox_pending"))
    in_order = [row.created_at for row in items] == sorted(row.created_at for row in items)
    assert in_order or not site.is_head


def test_defect_19_the_strategy_is_named(site: Site) -> None:
    """Before PostgreSQL 18 a version 7 is made from a random one, and named for that."""
    best = "uuidv7" if site.version >= SINCE_UUIDV7 else "gen_random_uuid"
    strategy = site.value("select public.uuid_strategy()")
    assert strategy == site.either(reference="gen_random_uuid", head=best)
