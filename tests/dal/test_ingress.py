"""Ingest, status and evidence: one scenario, run blocking and async."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb import calls
from ledgerdb.errors import (
    AttemptAlreadyDone,
    DatabaseError,
    IdempotencyConflict,
    InvalidArgument,
    MemberTenantMismatch,
    TenantRefused,
)
from ledgerdb.rows import AttemptState, CompletionOutcome, RedriveOutcome, TenantType
from tests.conftest import Execute
from tests.factories import OTHER_TENANT, TENANT, WORKER, instruction


@pytest.fixture(autouse=True)
def tenants(connection: psycopg.Connection[Any]) -> None:
    for tenant, key in ((TENANT, "first"), (OTHER_TENANT, "second")):
        connection.execute(
            "select from public.register_tenant(%s, %s, %s, 'COMMERCIAL')", [tenant, key, key]
        )


def count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(f"select count(*) from public.{table}").fetchone()
    assert row is not None
    return int(row[0])


def written(connection: psycopg.Connection[Any]) -> tuple[int, ...]:
    return tuple(
        count(connection, table)
        for table in (
            "payment_outbox_identities",
            "payment_outbox_pending",
            "ingress_attestations",
            "participant_outbox_sequences",
        )
    )


async def test_an_instruction_is_accepted_once(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    body = b'{ "amount": 10.10,  "note": "\xc3\xa9" }'
    first = await execute(calls.ingest(instruction(payload=body)))
    assert first.state == "PENDING"
    assert first.sequence_id == 1
    assert not first.replayed
    assert first.payload_hash == hashlib.sha256(body).hexdigest()

    second = await execute(calls.ingest(instruction(payload=body)))
    assert second.replayed
    assert second.outbox_id == first.outbox_id
    assert second.attestation_id == first.attestation_id
    assert second.received_at == first.received_at
    assert written(connection) == (1, 1, 1, 1)


async def test_a_replay_after_dispatch_returns_the_outcome(execute: Execute) -> None:
    first = await execute(calls.ingest(instruction()))
    (item,) = await execute(calls.claim(10, WORKER, 30))
    await execute(calls.complete(item, WORKER, AttemptState.DISPATCHED, rail_reference="rail-1"))
    again = await execute(calls.ingest(instruction()))
    assert (again.outbox_id, again.sequence_id, again.state) == (
        first.outbox_id,
        first.sequence_id,
        "DISPATCHED",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": '{"amount": "99.00", "currency": "EUR"}'},
        {"participant_id": "participant-2"},
        {"rail_type": "SWIFT"},
        {"idempotency_key": "another"},
    ],
    ids=["payload", "participant", "rail", "key"],
)
async def test_other_content_under_a_used_key_is_refused(
    execute: Execute, connection: psycopg.Connection[Any], changes: dict[str, str]
) -> None:
    await execute(calls.ingest(instruction()))
    before = written(connection)
    with pytest.raises(IdempotencyConflict) as refused:
        await execute(calls.ingest(instruction(**changes)))  # type: ignore[arg-type]
    assert refused.value.sqlstate == "P7101"
    assert refused.value.field in {"idempotency_key", "instruction_id"}
    assert written(connection) == before


async def test_tenants_do_not_share_keys_or_knowledge(execute: Execute) -> None:
    mine = await execute(calls.ingest(instruction()))
    theirs = await execute(
        calls.ingest(instruction(tenant_id=OTHER_TENANT, payload='{"amount": "7"}'))
    )
    assert theirs.outbox_id != mine.outbox_id
    assert not theirs.replayed
    await execute(calls.ingest(instruction(2)))
    assert await execute(calls.instruction_status(OTHER_TENANT, "instruction-2")) is None
    assert await execute(calls.evidence_pack(OTHER_TENANT, "instruction-2")) is None
    mine_seen = await execute(calls.instruction_status(TENANT, "instruction-1"))
    assert mine_seen is not None
    assert mine_seen.outbox_id == mine.outbox_id


async def test_unknown_and_suspended_tenants_get_the_same_answer(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    connection.execute(
        "update public.tenants set status = 'SUSPENDED' where tenant_id = %s", [OTHER_TENANT]
    )
    messages = set()
    for tenant in (OTHER_TENANT, UUID(int=9)):
        with pytest.raises(TenantRefused) as refused:
            await execute(calls.ingest(instruction(tenant_id=tenant)))
        messages.add(str(refused.value))
    assert len(messages) == 1
    assert written(connection) == (0, 0, 0, 0)


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "blank instruction": ({"instruction_id": " "}, "instruction_id"),
    "empty instruction": ({"instruction_id": ""}, "instruction_id"),
    "trailing blank": ({"instruction_id": "i "}, "instruction_id"),
    "line break": ({"instruction_id": "i\nj"}, "instruction_id"),
    "NUL": ({"instruction_id": "i\x00"}, "instruction_id"),
    "lone surrogate": ({"instruction_id": "\ud800"}, "instruction_id"),
    "not a string": ({"instruction_id": 7}, "instruction_id"),
    "long participant": ({"participant_id": "p" * 201}, "participant_id"),
    "no key": ({"idempotency_key": ""}, "idempotency_key"),
    "no rail": ({"rail_type": ""}, "rail_type"),
    "array": ({"payload": "[]"}, "payload"),
    "broken JSON": ({"payload": '{"a": '}, "payload"),
    "duplicate keys": ({"payload": '{"amount": 1, "amount": 1000}'}, "payload"),
    "NUL in JSON": ({"payload": '{"a": "\\u0000"}'}, "payload"),
    "surrogate in JSON": ({"payload": '{"a": "\\ud800"}'}, "payload"),
    "huge number": ({"payload": '{"a": 1e200000}'}, "payload"),
    "too large": ({"payload": '{"a": "' + "x" * 1_048_576 + '"}'}, "payload"),
    "not UTF-8": ({"payload": b"\xff"}, "payload"),
    "NaN": ({"payload": {"amount": float("nan")}}, "payload"),
    "not JSON": ({"payload": {"amount": object()}}, "payload"),
    "no payload": ({"payload": None}, "payload"),
    "tenant no UUID": ({"tenant_id": "x"}, "tenant_id"),
    "long hash": ({"signature_hash": "x" * 501}, "signature_hash"),
}


@pytest.mark.parametrize("case", INVALID)
async def test_invalid_instructions_name_the_field_and_the_rule(
    execute: Execute, connection: psycopg.Connection[Any], case: str
) -> None:
    changes, field = INVALID[case]
    with pytest.raises(InvalidArgument) as refused:
        await execute(calls.ingest(instruction(**changes)))
    assert refused.value.field == field
    assert refused.value.rule
    assert written(connection) == (0, 0, 0, 0)


async def test_a_deeply_nested_payload_is_refused(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    nested = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
    with pytest.raises(InvalidArgument) as refused:
        await execute(calls.ingest(instruction(payload=nested)))
    assert refused.value.field == "payload"
    assert written(connection) == (0, 0, 0, 0)


async def test_members_belong_to_their_tenant(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    row = connection.execute(
        """insert into public.tenant_members (tenant_id, member_ref) values (%s, 'm')
        returning member_id""",
        [OTHER_TENANT],
    ).fetchone()
    assert row is not None
    with pytest.raises(MemberTenantMismatch):
        await execute(calls.ingest(instruction(member_id=row[0])))
    with pytest.raises(DatabaseError) as unknown:
        await execute(calls.ingest(instruction(member_id=UUID(int=5))))
    assert unknown.value.sqlstate == "23503"
    assert written(connection) == (0, 0, 0, 0)


async def test_evidence_tells_the_whole_story(execute: Execute) -> None:
    correlation = UUID(int=77)
    acknowledged = await execute(calls.ingest(instruction(correlation_id=correlation)))
    (item,) = await execute(calls.claim(10, WORKER, 30))
    await execute(
        calls.complete(
            item, WORKER, AttemptState.RETRYABLE, error_code="BUSY", retry_delay_seconds=0
        )
    )
    (item,) = await execute(calls.claim(10, WORKER, 30))
    assert item.attempt_no == 2
    await execute(
        calls.complete(
            item, WORKER, AttemptState.DISPATCHED, rail_reference="rail-9", latency_ms=12
        )
    )
    pack = await execute(calls.evidence_pack(TENANT, "instruction-1"))
    assert pack is not None
    assert pack.attestation.payload_hash == acknowledged.payload_hash
    assert pack.attestation.correlation_id == correlation
    assert pack.attestation.received_at == acknowledged.received_at
    assert pack.outbox is not None
    assert pack.outbox.outbox_id == acknowledged.outbox_id
    assert pack.outbox.state == "DISPATCHED"
    assert [(a.attempt_no, a.state, a.error_code, a.rail_reference) for a in pack.attempts] == [
        (1, AttemptState.RETRYABLE, "BUSY", None),
        (2, AttemptState.DISPATCHED, None, "rail-9"),
    ]
    assert [attempt.redrive_no for attempt in pack.attempts] == [0, 0]
    assert (pack.late_results, pack.operator_actions, pack.retired) == ((), (), None)
    status = await execute(calls.instruction_status(TENANT, "instruction-1"))
    assert status is not None
    assert (status.state, status.attempts, status.rail_reference) == ("DISPATCHED", 2, "rail-9")


async def test_registering_a_tenant_is_idempotent(execute: Execute) -> None:
    registration = (UUID(int=3), "third", "Third Bank", TenantType.COMMERCIAL)
    first = await execute(calls.register_tenant(*registration))
    again = await execute(calls.register_tenant(*registration))
    assert (first.created, again.created) == (True, False)
    with pytest.raises(IdempotencyConflict):
        await execute(calls.register_tenant(UUID(int=4), *registration[1:]))
    with pytest.raises(InvalidArgument) as refused:
        await execute(calls.register_tenant(UUID(int=5), "k", "n", "BANK"))  # type: ignore[arg-type]
    assert refused.value.field == "tenant_type"


async def test_evidence_holds_late_results_and_what_operators_did(execute: Execute) -> None:
    await execute(calls.ingest(instruction()))
    (item,) = await execute(calls.claim(10, WORKER, 30))
    await execute(calls.complete(item, WORKER, AttemptState.FAILED, error_code="NO"))
    late = calls.complete(item, WORKER, AttemptState.DISPATCHED, rail_reference="rail-9")
    with pytest.raises(AttemptAlreadyDone):
        await execute(late)
    (redriven,) = await execute(
        calls.redrive(
            [item.outbox_id], actor="ann", reason="asked", dry_run=False, disputed_too=True
        )
    )
    assert redriven.outcome is RedriveOutcome.REDRIVEN
    pack = await execute(calls.evidence_pack(TENANT, "instruction-1"))
    assert pack is not None
    (result,) = pack.late_results
    assert (result.state, result.outcome, result.rail_reference) == (
        AttemptState.DISPATCHED,
        CompletionOutcome.ALREADY_DONE,
        "rail-9",
    )
    (action,) = pack.operator_actions
    assert (action.action, action.actor, action.reason) == ("REDRIVE", "ann", "asked")
