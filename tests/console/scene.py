"""A ledger in which everything has happened that a page can show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg

from ledgerdb.rows import AttemptState, ClaimedItem, Completion, ControlScope, TenantType
from ledgerdb.sync import Ledger
from tests.factories import OTHER_TENANT, TENANT, instruction

WHO = {"actor": "ann@ops", "reason": "ticket 4711"}
IBAN: Final = "DE89370400440532013000"  # in every payload; no page may show it
# What callers may choose as identifiers, and a page must only show.
HOSTILE = (
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=document.title='owned'>",
    "' onmouseover='document.title=1' x='{{ 7*7 }}",
    "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} \N{RIGHT-TO-LEFT OVERRIDE}live\N{PILE OF POO}",
    "W" * 200,
    "../../queue?status=LEASED#x",
)
_WORKER: Final = "worker-1"


@dataclass(slots=True)
class Scene:
    """Names of what is in it."""

    url: str
    dispatched: UUID
    dead: UUID
    doubted: UUID
    retried: UUID
    hostile: list[UUID] = field(default_factory=list)


def play(url: str, *, waiting: int = 60) -> Scene:
    """Makes it, with `waiting` due items of six participants, as the superuser."""
    with Ledger.connect(url) as ledger, psycopg.connect(url, autocommit=True) as superuser:
        ledger.register_tenant(TENANT, "acme", "Acme Payments", TenantType.COMMERCIAL)
        ledger.register_tenant(OTHER_TENANT, "umoja", "Umoja Co-op", TenantType.COOPERATIVE)
        scene = Scene(
            url,
            dispatched=_live(ledger, superuser, 1, "dispatched"),
            dead=_live(ledger, superuser, 2, "dead"),
            doubted=_live(ledger, superuser, 3, "doubted"),
            retried=_live(ledger, superuser, 4, "retried"),
        )
        _live(ledger, superuser, 5, "disputed")
        ledger.seal_ledger()
        scene.hostile += [
            ledger.ingest(
                instruction(
                    50 + i,
                    instruction_id=text,
                    participant_id=text,
                    rail_type=text[:200],
                    idempotency_key=text,
                )
            ).outbox_id
            for i, text in enumerate(HOSTILE)
        ]
        ledger.ingest_many(
            [
                instruction(
                    100 + i,
                    participant_id=f"BANK-{i % 6}",
                    tenant_id=(TENANT, OTHER_TENANT)[i % 2],
                    rail_type=("SEPA", "RTGS", "CARD")[i % 3],
                )
                for i in range(waiting)
            ]
        )
        ledger.pause(ControlScope.RAIL, "CARD", **WHO)
        ledger.claim(5, _WORKER, 300)
        return scene


def _live(ledger: Ledger, superuser: psycopg.Connection[Any], number: int, how: str) -> UUID:
    """An item that ends as `how` says."""
    payload = f'{{"amount": "10.00", "iban": "{IBAN}"}}'
    ack = ledger.ingest(instruction(number, instruction_id=f"{how}-{number}", payload=payload))

    def claim(*, declared: bool = False) -> ClaimedItem:
        (item,) = ledger.claim(1, _WORKER, 60)
        assert item.outbox_id == ack.outbox_id
        if declared:
            ledger.begin_dispatch([item], _WORKER)
        return item

    def end_late(item: ClaimedItem) -> None:
        superuser.execute(_EXPIRE)
        ledger.repair(10, "worker-2")
        late = Completion(item=item, state=AttemptState.DISPATCHED, rail_reference=f"SEPA-{number}")
        ledger.complete_many([late], _WORKER)

    if how in {"dispatched", "retried", "dead"}:
        ledger.complete(
            claim(),
            _WORKER,
            AttemptState.RETRYABLE,
            error_code="RAIL_BUSY",
            latency_ms=812,
            retry_delay_seconds=3_600,
        )
        if how != "retried":
            superuser.execute(_DUE)
    if how == "dispatched":
        ledger.complete(
            claim(declared=True),
            _WORKER,
            AttemptState.DISPATCHED,
            rail_reference="SEPA-1",
            latency_ms=143,
        )
    elif how == "dead":
        ledger.complete(
            claim(declared=True),
            _WORKER,
            AttemptState.FAILED,
            error_code="ACCOUNT_CLOSED",
            error_message="the account <b>was closed</b>",
            latency_ms=97,
        )
    elif how == "doubted":
        end_late(claim(declared=True))
    elif how == "disputed":
        end_late(claim())
        ledger.cancel(ack.outbox_id, **WHO)
    return ack.outbox_id


def add_an_hour(url: str) -> None:
    """Attempts of the last hour, as if the scene had been running for that long."""
    with psycopg.connect(url, autocommit=True) as superuser:
        for statement in (_ACCEPTED, _ENDED):
            superuser.execute(_MOMENTS + statement, {"tenant": TENANT})


_EXPIRE: Final = """
    update public.payment_outbox_pending
    set lease_expires_at = clock_timestamp() - interval '1 s'
    where lease_token is not null and hold is null
"""
_DUE: Final = """
    update public.payment_outbox_pending set next_attempt_at = now()
    where attempt_count > 0 and hold is null and lease_token is null
"""
# Ids begin with the time, as `uuid_v7_or_random` makes them; the waves are those of a sine.
_MOMENTS: Final = """
    with moments as (
        select
            m, k, now() - make_interval(mins => m, secs => 20) as at,
            (lpad(to_hex((extract(epoch from now() - make_interval(mins => m, secs => 20)) * 1000)
                ::bigint), 12, '0') || '7' || substr(md5(m || ':' || k), 1, 19))::uuid as id
        from generate_series(1, 58) as m,
            generate_series(1, (30 + 20 * sin(m / 9.0) + m %% 7)::int) as k
    )
"""
_ACCEPTED: Final = """
    insert into public.payment_outbox_identities (
        outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type,
        fingerprint, created_at, payload
    )
    select id, %(tenant)s, 'past-' || m || '-' || k, 'k', 'BANK-1', 'SEPA',
        public._payment_fingerprint('BANK-1', 'SEPA', '{}'), at, '{}'
    from moments
"""
_ENDED: Final = """
    insert into public.payment_outbox_attempts (
        attempt_id, outbox_id, tenant_id, instruction_id, participant_id, sequence_id,
        idempotency_key, rail_type, payload, attempt_no, state, claimed_at, completed_at,
        created_at, latency_ms, worker_id
    )
    select
        id, id, %(tenant)s, 'past-' || m || '-' || k, 'BANK-1', 1000000 + m * 1000 + k, 'k', 'SEPA',
        '{}', 1,
        (case when k %% 11 = 0 then 'RETRYABLE' when k %% 29 = 0 then 'ZOMBIE_REQUEUE'
            else 'DISPATCHED' end)::public.outbox_attempt_state,
        at, at, at, (80 + 40 * sin(m / 5.0) + (k * 37) %% 90)::int, 'worker-1'
    from moments
    where m not between 30 and 33
"""
