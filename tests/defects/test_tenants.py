"""Defects 24 to 26 of the reference: what survives a failover, who goes first, and whose it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.defects.site import Session, Site

OURS, THEIRS = UUID(int=1), UUID(int=2)
ATTEST = """insert into public.ingress_attestations
    (attestation_id, instruction_id, tenant_id, payload_hash)
values (public.uuid_v7_or_random(), %s, %s, repeat('0', 64))"""


def rail_key(site: Site, session: Session) -> tuple[UUID, str]:
    """The id of the only due item, and the best key that its worker can hand to the rail."""
    if site.is_head:
        (item,) = session.rows("select * from public.claim_outbox_items(1, 'w', 60)")
        return item.outbox_id, item.rail_key
    (item,) = session.claim()
    return item.outbox_id, str(item.outbox_id)


def test_defect_24_after_a_failover_the_rail_pays_twice(site: Site) -> None:
    """A worker saw the item, the standby that took over never did; the caller replays."""
    with site.session(autocommit=False) as lost:
        lost.enqueue("i")
        lost_id, lost_key = rail_key(site, lost)
        lost.connection.rollback()
    site.enqueue("i")
    outbox_id, key = rail_key(site, site)
    assert outbox_id != lost_id
    assert (key == lost_key) == site.either(reference=False, head=True)


def order_by_participant(site: Site) -> None:
    """Asks for first in, first out, where the database has it."""
    if site.has_function("set_outbox_control"):
        site.rows(
            """select * from public.set_outbox_control('QUEUE', '*', null, 'FIFO_BLOCK', null, null,
                'ann', 'in order')"""
        )


def test_defect_25_a_later_item_overtakes_the_one_before(site: Site) -> None:
    """The first waits for its retry; the second of the same participant is sent."""
    order_by_participant(site)
    site.enqueue("first")
    site.enqueue("second")
    site.enqueue("elsewhere", participant="q")
    site.complete(site.claim(1)[0], "RETRYABLE", delay=600)
    sent = {item.instruction_id for item in site.claim()}
    assert sent == site.either(reference={"second", "elsewhere"}, head={"elsewhere"})


def test_defect_25_two_of_a_participant_are_sent_at_once(site: Site) -> None:
    order_by_participant(site)
    for number in range(3):
        site.enqueue(f"i{number}")
    at_once = []
    while items := site.claim(1):
        at_once += [item.instruction_id for item in items]
    assert at_once == site.either(reference=["i0", "i1", "i2"], head=["i0"])


@pytest.fixture
def tenants(site: Site) -> None:
    for tenant_id in (OURS, THEIRS):
        site.rows(
            """insert into public.tenants (tenant_id, tenant_key, tenant_name, tenant_type, status)
            values (%s, %s, 'T', 'NGO', 'ACTIVE')""",
            *(tenant_id, str(tenant_id)),
        )


def ingest(site: Site, tenant_id: UUID, payload: str = "{}") -> Any:  # noqa: ANN401 - a row
    """An instruction with the same name and key for everybody, accepted the way of each database:
    the reference's service attests and enqueues in one transaction. The id, or the SQLSTATE.
    """
    if not site.is_head:
        with site.session(autocommit=False) as service:
            outcome = service.attempt(ATTEST, "i", tenant_id)
            if outcome == "ok":
                outcome = service.enqueue("i", payload=payload).outbox_id
                service.connection.commit()
        return outcome
    (row,) = site.rows(
        "select * from public.ingest_instruction(%s, 'i', 'p', 'i', 'RTGS', %s)", tenant_id, payload
    )
    return row.outbox_id


@pytest.mark.usefixtures("tenants")
def test_defect_26_two_tenants_share_a_key(site: Site) -> None:
    """The second tenant's payment is never sent: it is taken for the first one's."""
    ours, theirs = ingest(site, OURS), ingest(site, THEIRS, '{"amount": 5}')
    assert (ours == theirs) == site.either(reference=True, head=False)
    assert len(site.claim()) == site.either(reference=1, head=2)


@pytest.mark.usefixtures("tenants")
@pytest.mark.parametrize("ended", [False, True], ids=["queued", "ended"])
def test_defect_26_a_replayed_request_fails(site: Site, *, ended: bool) -> None:
    first = ingest(site, OURS)
    if ended:
        site.complete(site.claim()[0])
    assert ingest(site, OURS) == site.either(reference="23505", head=first)


@pytest.mark.usefixtures("tenants")
def test_defect_26_evidence_loses_the_item_once_it_is_sent(site: Site) -> None:
    """The reference finds the item of an attestation on the queue only, and for any tenant."""
    outbox_id = ingest(site, OURS)

    def found(tenant_id: UUID) -> str | None:
        if site.is_head:
            pack = site.value("select public.evidence_pack(%s, 'i')", tenant_id)
            return pack and str(pack["outbox"]["outbox_id"])
        rows = site.rows(
            """select p.outbox_id from public.ingress_attestations as t
            join public.payment_outbox_pending as p using (instruction_id)
            where t.instruction_id = 'i'"""
        )
        return str(rows[0].outbox_id) if rows else None

    assert found(OURS) == str(outbox_id)
    assert found(THEIRS) == site.either(reference=str(outbox_id), head=None)
    site.complete(site.claim()[0])
    assert found(OURS) == site.either(reference=None, head=str(outbox_id))


@pytest.mark.usefixtures("tenants")
def test_defect_26_the_status_of_another_tenants_instruction(site: Site) -> None:
    """Whoever knows the names asks for the state by enqueueing, or by `instruction_status`."""
    ingest(site, OURS)
    site.complete(site.claim()[0])
    if site.is_head:
        rows = site.rows("select state from public.instruction_status(%s, 'i')", THEIRS)
        state = rows[0].state if rows else None
        assert site.rows("select state from public.instruction_status(%s, 'i')", OURS)
    else:
        state = site.enqueue("i").state
    assert state == site.either(reference="DISPATCHED", head=None)
