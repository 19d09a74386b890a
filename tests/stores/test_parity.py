"""One table of cases for every store: what the ledger's database does, the file store does."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest

from ledgerdb.calls.wire import WireText
from ledgerdb.errors import (
    DatabaseError,
    IdempotencyConflict,
    InvalidArgument,
    LedgerError,
    TenantRefused,
)
from ledgerdb.rows import Acknowledgement, Instruction, TenantType
from ledgerdb.stores import Store, _rules
from tests.factories import instruction
from tests.stores.conftest import AnyStore, answered, expected_refusal, registered
from tests.stores.documents import ACCEPTED, REFUSED

Refusal = tuple[type[LedgerError], str | None, str | None, str | None, str]


def payment(tenant: UUID, **changes: Any) -> Instruction:  # noqa: ANN401 - any field
    """An instruction of a participant that nobody else has."""
    values: dict[str, Any] = {"tenant_id": tenant, "participant_id": f"bank-{tenant}"}
    return instruction(**values | changes)


async def refusal(store: AnyStore, given: Instruction) -> tuple[object, ...]:
    with pytest.raises(LedgerError) as refused:
        await answered(store.ingest(given))
    return expected_refusal(refused.value)


async def test_an_instruction_is_accepted_once(store: AnyStore, tenant: UUID) -> None:
    body = b'{ "amount": 10.10,  "note": "\xc3\xa9 \xf0\x9f\x98\x80" }'
    given = payment(tenant, payload=body)
    before = datetime.now(UTC) - timedelta(minutes=1)
    first = await answered(store.ingest(given))
    assert (first.state, first.sequence_id, first.replayed) == ("PENDING", 1, False)
    assert first.payload_hash == hashlib.sha256(body).hexdigest()
    assert before < first.received_at < before + timedelta(minutes=2)
    again = await answered(store.ingest(given))
    assert again.replayed
    assert (again.attestation_id, again.outbox_id, again.sequence_id, again.received_at) == (
        first.attestation_id,
        first.outbox_id,
        first.sequence_id,
        first.received_at,
    )
    assert (again.payload_hash, again.state) == (first.payload_hash, first.state)


async def test_a_trace_is_no_part_of_an_instruction(store: AnyStore, tenant: UUID) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    first = await answered(store.ingest(payment(tenant, trace_context=trace)))
    again = await answered(store.ingest(payment(tenant)))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.outbox_id == first.outbox_id


async def test_a_payload_may_be_given_in_every_form(store: AnyStore, tenant: UUID) -> None:
    text = '{"amount":"1.00","note":"é"}'
    buffer = text.encode()
    forms = (buffer, bytearray(buffer), memoryview(b"x" + buffer + b"y")[1:-1], text)
    first = await answered(store.ingest(payment(tenant, payload={"amount": "1.00", "note": "é"})))
    for form in forms:
        again = await answered(store.ingest(payment(tenant, payload=form)))
        assert again.replayed
        assert again.payload_hash == first.payload_hash == hashlib.sha256(buffer).hexdigest()


ONE_PAYMENT: Final[Refusal] = (
    IdempotencyConflict,
    "P7101",
    "idempotency_key",
    "one key, one payment",
    "idempotency_key: is bound to another participant, rail or payload",
)
ONE_KEY: Final[Refusal] = (
    IdempotencyConflict,
    "P7101",
    "instruction_id",
    "one instruction, one key",
    "instruction_id: was accepted before under another idempotency key",
)
CONFLICTS: Final[dict[str, tuple[dict[str, Any], Refusal]]] = {
    "value": ({"payload": '{"currency": "EUR", "amount": "10.01"}'}, ONE_PAYMENT),
    "order of keys": ({"payload": '{"amount": "10.00", "currency": "EUR"}'}, ONE_PAYMENT),
    "white space": ({"payload": '{"currency": "EUR",  "amount": "10.00"}'}, ONE_PAYMENT),
    "participant": ({"participant_id": "another"}, ONE_PAYMENT),
    "rail": ({"rail_type": "SWIFT"}, ONE_PAYMENT),
    "key": ({"idempotency_key": "another"}, ONE_KEY),
}


@pytest.mark.parametrize("case", CONFLICTS)
async def test_other_content_under_a_used_key(store: AnyStore, tenant: UUID, case: str) -> None:
    changes, expected = CONFLICTS[case]
    given = {"payload": '{"currency": "EUR", "amount": "10.00"}'}
    first = await answered(store.ingest(payment(tenant, **given)))
    assert await refusal(store, payment(tenant, **given | changes)) == expected
    again = await answered(store.ingest(payment(tenant, **given)))
    assert again.replayed
    assert again.outbox_id == first.outbox_id
    following = await answered(store.ingest(payment(tenant, number=2)))
    assert following.sequence_id == 2  # a conflict burns no number


def broken(field: str, sqlstate: str, rule: str) -> Refusal:
    return InvalidArgument, sqlstate, field, rule, f"{field}: must be {rule}"


def unsendable(field: str, rule: str) -> Refusal:
    return InvalidArgument, None, field, rule, f"{field}: {rule}"


IDENTIFIER: Final = "1 to 200 characters, no end blanks, no control characters"
PAYLOAD: Final = broken("payload", "P7116", "a JSON object with unique keys, at most 1048576 bytes")
LONG: Final = "at most 500 characters"
SIGNATURES: Final = broken("signatures", "P711A", "a JSON array, at most 65536 bytes")
REFUSALS: Final[dict[str, tuple[dict[str, Any], Refusal]]] = {
    **{
        f"{field}: {name}": ({field: value}, broken(field, sqlstate, IDENTIFIER))
        for field, sqlstate in (
            ("instruction_id", "P7112"),
            ("participant_id", "P7113"),
            ("idempotency_key", "P7114"),
            ("rail_type", "P7115"),
        )
        for name, value in (
            ("empty", ""),
            ("blank", " "),
            ("begins blank", " x"),
            ("ends blank", "x "),
            ("line break", "x\ny"),
            ("delete", "x\x7f"),
            ("too long", "é" * 201),
        )
    },
    **{
        f"{field}: too long": ({field: "x" * 501}, broken(field, "P711A", LONG))
        for field in (
            "client_id_hash",
            "signature_hash",
            "cert_fingerprint_sha256",
            "token_jti_hash",
            "upstream_ref",
            "downstream_ref",
            "nfs_sequence_ref",
        )
    },
    "signatures: too long": ({"signatures": ({"s": "x" * 65_536},)}, SIGNATURES),
    "signatures: too long as PostgreSQL spells it": (
        {"signatures": tuple({"s": 1} for _ in range(7_000))},
        SIGNATURES,
    ),
    "payload: too large": ({"payload": '{"a":"' + "x" * 1_048_570 + '"}'}, PAYLOAD),
    "payload: too large in bytes": ({"payload": '{"a":"' + "é" * 524_285 + '"}'}, PAYLOAD),
    "payload: no UTF-8": (
        {"payload": b'{"a":"' + b"x" * 70_000 + b'\xff"}'},
        unsendable("payload", "must be UTF-8, byte 70006 is not"),
    ),
    "payload: cut UTF-8": (
        {"payload": memoryview(b'{"a":"\xc3\xa9"}')[:7]},
        unsendable("payload", "must be UTF-8, byte 6 is not"),
    ),
    "payload: surrogate in UTF-8": (
        {"payload": b'{"a":"\xed\xa0\x80"}'},
        unsendable("payload", "must be UTF-8, byte 6 is not"),
    ),
    "payload: NUL": (
        {"payload": b'{"a":"\x00"}'},
        unsendable("payload", "must not contain a NUL character"),
    ),
    "payload: NUL in a text": (
        {"payload": '{"a":"\x00"}'},
        unsendable("payload", "must not contain a NUL character"),
    ),
    "payload: NUL in a document": (
        {"payload": {"a": "\x00"}},
        unsendable("payload", "must not contain a NUL character"),
    ),
    "payload: lone surrogate": (
        {"payload": '{"a":"\ud800"}'},
        unsendable("payload", "must not contain a lone surrogate"),
    ),
    "payload: None": (
        {"payload": None},
        unsendable("payload", "must be a string, not NoneType"),
    ),
    "payload: every other byte": (
        {"payload": memoryview(b'{ "a":1 }')[::2]},
        unsendable("payload", "must be bytes in a row"),
    ),
    "instruction_id: number": (
        {"instruction_id": 7},
        unsendable("instruction_id", "must be a string, not int"),
    ),
    "rail_type: NUL": (
        {"rail_type": "x\x00"},
        unsendable("rail_type", "must not contain a NUL character"),
    ),
    "tenant_id: text": ({"tenant_id": "x"}, unsendable("tenant_id", "must be a UUID")),
    # which of two errors is told
    "payload before identifiers": ({"payload": "[]", "rail_type": ""}, PAYLOAD),
    "payload before references": ({"payload": "[]", "upstream_ref": "x" * 501}, PAYLOAD),
    "references in the order of their names": (
        {"upstream_ref": "x" * 501, "downstream_ref": "x" * 501},
        broken("downstream_ref", "P711A", LONG),
    ),
    "references before identifiers": (
        {"upstream_ref": "x" * 501, "rail_type": ""},
        broken("upstream_ref", "P711A", LONG),
    ),
    "identifiers in the order of parameters": (
        {"rail_type": "", "participant_id": ""},
        broken("participant_id", "P7113", IDENTIFIER),
    ),
}


async def test_what_breaks_a_rule_is_refused_in_the_same_words(
    store: AnyStore, tenant: UUID
) -> None:
    found = {}
    for case, (changes, _) in REFUSALS.items():
        found[case] = await refusal(store, payment(tenant, **changes))
    assert found == {case: expected for case, (_, expected) in REFUSALS.items()}
    first = await answered(store.ingest(payment(tenant)))
    assert (first.sequence_id, first.replayed) == (1, False)  # nothing was written meanwhile


async def test_what_just_keeps_a_rule_is_accepted(store: AnyStore, tenant: UUID) -> None:
    for number, changes in enumerate(
        (
            {"instruction_id": "é" * 200, "idempotency_key": "😀" * 200, "rail_type": "x" * 200},
            {"instruction_id": "a b", "rail_type": "\u00a0x\u00a0"},
            {"payload": '{"a":"' + "x" * 1_048_568 + '"}'},
            {"upstream_ref": "é" * 500, "token_jti_hash": "", "signature_hash": "x" * 500},
            {"signatures": ({"alg": "Ed25519", "value": "é\n\x1f" * 6_000},)},
            {"signatures": tuple({"s": 1} for _ in range(6_553))},
        ),
        1,
    ):
        accepted = await answered(
            store.ingest(payment(tenant, number=number, **changes))  # type: ignore[arg-type]
        )
        assert (accepted.sequence_id, accepted.replayed) == (number, False)


async def test_the_same_documents_are_payloads(store: AnyStore, tenant: UUID) -> None:
    for number, document in enumerate(ACCEPTED):
        buffer = document.encode()
        accepted = await answered(store.ingest(payment(tenant, number=number, payload=buffer)))
        assert accepted.payload_hash == hashlib.sha256(buffer).hexdigest(), document[:80]
    for document in REFUSED:
        given = payment(tenant, number=1_000, payload=document)
        assert (document, await refusal(store, given)) == (document, PAYLOAD)


async def test_too_deep_a_nesting_is_refused(store: AnyStore, tenant: UUID) -> None:
    nested = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
    with pytest.raises(InvalidArgument) as refused:
        await answered(store.ingest(payment(tenant, payload=nested)))
    assert (refused.value.sqlstate, refused.value.field) == ("54001", "payload")


def test_a_payload_is_what_postgresql_says(store_url: str) -> None:
    """Broken and whole documents, drawn from the pieces of the table above."""
    drawn = random.Random(6)  # noqa: S311 - chooses, and keeps no secret
    pieces = [
        *('{"a":', '"b":', "}", "{", "[", "]", ",", ":", '"', "\\", " ", "\n", "\ufeff"),
        *("1", "-", "0", ".5", "e9", "E-", "1e131071", "1e-16383", "null", "true", "NaN"),
        *('"\\u0000"', '"\\ud83d\\ude00"', '"\\ud83d"', "\\u00", '"é"', "\x01", "\u2028", "😀"),
    ]
    texts = ["".join(drawn.choices(pieces, k=drawn.randint(1, 9))) for _ in range(3_000)]
    for document in (*ACCEPTED, *REFUSED):
        if len(document) < 1_000:
            place = drawn.randint(0, len(document))
            texts.append(document[:place] + drawn.choice(pieces) + document[place:])
            texts.append(document[:place] + document[place + 1 :])
    texts += [f'{{"a":{text}}}' for text in texts]
    with psycopg.connect(store_url) as connection:
        rows = connection.execute(
            """select t, pg_input_is_valid(t, 'jsonb') and t is json object with unique keys
            from unnest(%s::text[]) as t""",
            [[text.encode("utf-8", "replace").decode() for text in texts]],
        ).fetchall()
    different = [text for text, expected in rows if _is_payload(text) is not expected]
    assert different == []
    assert sum(expected for _, expected in rows) > 100  # both sides were drawn
    assert sum(not expected for _, expected in rows) > 100


def _is_payload(text: str) -> bool:
    try:
        _rules.payload(WireText(text.encode()))
    except InvalidArgument:
        return False
    return True


def test_an_identifier_is_what_postgresql_says(store_url: str) -> None:
    characters = [chr(code) for code in (*range(1, 0x3000), 0xFEFF, 0xFFFD, 0x1F600)]
    texts = [text for c in characters for text in (c, f"x{c}", f"x{c}y")]
    with psycopg.connect(store_url) as connection:
        rows = connection.execute(
            "select t, public._is_identifier(t) from unnest(%s::text[]) as t", [texts]
        ).fetchall()
    different = {
        (unicodedata.category(text.strip("xy") or "x"), text.encode().hex())
        for text, expected in rows
        if _is_identifier(text) is not expected
    }
    assert different == set()


def _is_identifier(text: str) -> bool:
    try:
        _rules.identifier("x", text, "P7112")
    except InvalidArgument:
        return False
    return True


async def test_evidence_and_status_are_those_of_the_instruction(
    store: AnyStore, tenant: UUID
) -> None:
    correlation = uuid4()
    given = payment(tenant, correlation_id=correlation, signature_hash="ab", upstream_ref="u")
    accepted = await answered(store.ingest(given))
    status = await answered(store.instruction_status(tenant, given.instruction_id))
    assert status is not None
    assert (status.instruction_id, status.outbox_id, status.participant_id, status.rail_type) == (
        given.instruction_id,
        accepted.outbox_id,
        given.participant_id,
        given.rail_type,
    )
    assert (status.state, status.attempts, status.rail_reference, status.error_code) == (
        "PENDING",
        0,
        None,
        None,
    )
    assert status.accepted_at == status.next_attempt_at == accepted.received_at
    assert status.completed_at is None

    pack = await answered(store.evidence_pack(tenant, given.instruction_id))
    assert pack is not None
    attestation = pack.attestation
    assert (attestation.attestation_id, attestation.received_at, attestation.payload_hash) == (
        accepted.attestation_id,
        accepted.received_at,
        accepted.payload_hash,
    )
    assert (attestation.tenant_id, attestation.instruction_id, attestation.participant_id) == (
        tenant,
        given.instruction_id,
        given.participant_id,
    )
    assert (attestation.signature_hash, attestation.correlation_id) == ("ab", correlation)
    assert (attestation.client_id, attestation.member_id) == (None, None)
    assert pack.outbox is not None
    assert (pack.outbox.outbox_id, pack.outbox.sequence_id, pack.outbox.state) == (
        accepted.outbox_id,
        1,
        "PENDING",
    )
    assert (pack.outbox.idempotency_key, pack.outbox.rail_type, pack.outbox.created_at) == (
        given.idempotency_key,
        given.rail_type,
        accepted.received_at,
    )
    assert (pack.attempts, pack.late_results, pack.operator_actions, pack.retired) == (
        (),
        (),
        (),
        None,
    )


async def test_the_fingerprint_is_over_participant_rail_and_the_own_bytes(
    store: AnyStore, tenant: UUID
) -> None:
    body = ' {"note": "é😀"}'.encode()
    given = instruction(
        tenant_id=tenant, participant_id=f"bänk-{tenant}", rail_type="RTGS😀", payload=body
    )
    await answered(store.ingest(given))
    pack = await answered(store.evidence_pack(tenant, given.instruction_id))
    assert pack is not None
    assert pack.outbox is not None
    parts = f"41:bänk-{tenant}5:RTGS😀".encode()
    assert pack.outbox.fingerprint == hashlib.sha256(parts + body).hexdigest()


async def test_another_tenant_learns_nothing(store: AnyStore, tenant: UUID) -> None:
    other = await registered(store)
    given = payment(tenant)
    mine = await answered(store.ingest(given))
    for stranger in (other, uuid4()):
        assert await answered(store.instruction_status(stranger, given.instruction_id)) is None
        assert await answered(store.evidence_pack(stranger, given.instruction_id)) is None
    assert await answered(store.instruction_status(tenant, "nothing")) is None
    assert await answered(store.evidence_pack(tenant, "nothing")) is None
    # the same identifiers are another instruction, whatever is in it
    theirs = await answered(store.ingest(payment(other, payload='{"amount": "7"}')))
    assert not theirs.replayed
    assert theirs.outbox_id != mine.outbox_id
    seen = await answered(store.instruction_status(tenant, given.instruction_id))
    assert seen is not None
    assert seen.outbox_id == mine.outbox_id


async def test_an_unknown_tenant_is_refused_before_anything_is_looked_at(store: AnyStore) -> None:
    expected = (
        TenantRefused,
        "P7102",
        "tenant_id",
        "an active tenant",
        "tenant_id: is not an active tenant",
    )
    for changes in ({}, {"payload": "[]"}, {"rail_type": ""}):
        assert await refusal(store, payment(uuid4(), **changes)) == expected


async def test_unknown_members_and_clients_are_refused(store: AnyStore, tenant: UUID) -> None:
    for field in ("member_id", "client_id"):
        with pytest.raises(DatabaseError) as refused:
            await answered(store.ingest(payment(tenant, **{field: uuid4()})))
        assert (type(refused.value), refused.value.sqlstate) == (DatabaseError, "23503")
    first = await answered(store.ingest(payment(tenant)))
    assert first.sequence_id == 1
    again = await answered(store.ingest(payment(tenant, member_id=uuid4(), client_id=uuid4())))
    assert again.replayed  # what is not bound to the key is not looked at again
    other_key = payment(tenant, idempotency_key="another", client_id=uuid4())
    assert await refusal(store, other_key) == ONE_KEY


async def test_a_tenant_is_registered_once(store: AnyStore) -> None:
    tenant_id = uuid4()
    registration = (tenant_id, tenant_id.hex, "Third Bank", TenantType.NGO)
    first = await answered(store.register_tenant(*registration))
    again = await answered(store.register_tenant(*registration))
    assert (first.created, again.created) == (True, False)
    assert (first.tenant_id, first.tenant_key, first.status) == (
        tenant_id,
        tenant_id.hex,
        "ACTIVE",
    )
    assert again.created_at == first.created_at
    conflict = (
        IdempotencyConflict,
        "P7101",
        "tenant_key",
        "one key, one tenant",
        "tenant_key: the id or the key is registered with other content",
    )
    for other in (
        (uuid4(), *registration[1:]),
        (tenant_id, "another", *registration[2:]),
        (*registration[:2], "Fourth Bank", TenantType.NGO),
        (*registration[:3], TenantType.COMMERCIAL),
    ):
        with pytest.raises(LedgerError) as refused:
            await answered(store.register_tenant(*other))
        assert expected_refusal(refused.value) == conflict


async def test_registrations_break_rules_in_the_same_words(store: AnyStore) -> None:
    kinds = "NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL"
    cases: dict[tuple[object, ...], Refusal] = {
        ("k ", "n", "NGO"): broken("tenant_key", "P7111", IDENTIFIER),
        ("k", "", "NGO"): broken("tenant_name", "P7111", IDENTIFIER),
        ("k", "n", "BANK"): broken("tenant_type", "P7111", kinds),
        ("k", "n", "ngo"): broken("tenant_type", "P7111", kinds),
        ("", "", "BANK"): broken("tenant_key", "P7111", IDENTIFIER),
        ("k\x00", "n", "NGO"): unsendable("tenant_key", "must not contain a NUL character"),
        ("k", "n", 1): unsendable("tenant_type", "must be a string, not int"),
    }
    for given, expected in cases.items():
        with pytest.raises(LedgerError) as refused:
            await answered(store.register_tenant(uuid4(), *given))  # type: ignore[arg-type]
        assert expected_refusal(refused.value) == expected


async def test_a_participant_has_one_line_of_numbers(store: AnyStore, tenant: UUID) -> None:
    other = await registered(store)
    numbers = []
    for number, owner in enumerate((tenant, other, tenant, tenant, other)):
        given = instruction(number, tenant_id=owner, participant_id=f"bank-{tenant}")
        numbers.append((await answered(store.ingest(given))).sequence_id)
    assert numbers == [1, 2, 3, 4, 5]
    elsewhere = instruction(9, tenant_id=tenant, participant_id=f"bank-{other}")
    assert (await answered(store.ingest(elsewhere))).sequence_id == 1


async def test_a_crowd_is_accepted_once(store: AnyStore, tenant: UUID) -> None:
    """Eight at once with one instruction, and with one each."""
    one = payment(tenant, payload=json.dumps({"amount": "1.00"}))
    each = [payment(tenant, number=number) for number in range(10, 18)]
    alike = await _at_once(store, [one] * 8)
    assert sorted(a.replayed for a in alike) == [False] + [True] * 7
    assert len({(a.attestation_id, a.outbox_id, a.sequence_id) for a in alike}) == 1
    others = await _at_once(store, each)
    assert not any(a.replayed for a in others)
    assert sorted(a.sequence_id for a in (alike[0], *others)) == list(range(1, 10))


async def _at_once(store: AnyStore, given: list[Instruction]) -> list[Acknowledgement]:
    if isinstance(store, Store):
        return await asyncio.gather(*(asyncio.to_thread(store.ingest, i) for i in given))
    return await asyncio.gather(*(store.ingest(i) for i in given))


async def test_a_store_says_that_it_is_there(store: AnyStore) -> None:
    await answered(store.ping())
    assert store.decision.allowed
