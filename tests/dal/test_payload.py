"""A payload is one buffer: in every form, on connections of every maker, in every encoding."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from ledgerdb import LedgerTransaction, aio, calls, sync
from ledgerdb._adapt import WireTextDumper
from ledgerdb.aio import AsyncLedgerTransaction
from ledgerdb.calls._payload import load
from ledgerdb.calls.wire import WireText, WireTexts
from ledgerdb.errors import IdempotencyConflict, InvalidArgument
from ledgerdb.rows import EnqueueOutcome, OutboxItem, Payload
from tests.conftest import Execute
from tests.factories import TENANT, WORKER, instruction

BODY = ' {"amount": 1.0,\t"note": "é😀 \\u00e9",  "n": 1234567890123456789012345}\n'.encode()
FORMS: dict[str, Callable[[bytes], Payload]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "view of a larger buffer": lambda body: memoryview(b"<" + body + b">")[1:-1],
    "view of a bytearray": lambda body: memoryview(bytearray(body)),
    "text": lambda body: body.decode(),
}


@pytest.fixture(autouse=True)
def tenant(connection: psycopg.Connection[Any]) -> None:
    connection.execute("select from public.register_tenant(%s, 'a', 'b', 'NGO')", [TENANT])


def stored(connection: psycopg.Connection[Any]) -> list[bytes]:
    rows = connection.execute(
        """select convert_to(payload::text, 'UTF8') from public.payment_outbox_identities
        order by instruction_id"""
    )
    return [bytes(row[0]) for row in rows]


async def test_every_form_is_the_same_payment(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    replayed = []
    for form in FORMS.values():
        accepted = await execute(calls.ingest(instruction(payload=form(BODY))))
        assert accepted.payload_hash == hashlib.sha256(BODY).hexdigest()
        replayed.append(accepted.replayed)
    assert replayed == [False, True, True, True, True]
    assert stored(connection) == [BODY]
    with pytest.raises(IdempotencyConflict):
        await execute(calls.ingest(instruction(payload=BODY.strip())))


async def test_every_form_in_a_batch(execute: Execute, connection: psycopg.Connection[Any]) -> None:
    many = [instruction(n, payload=form(BODY)) for n, form in enumerate(FORMS.values())]
    accepted = await execute(calls.ingest_many(many))
    assert {result.payload_hash for result in accepted} == {hashlib.sha256(BODY).hexdigest()}
    assert stored(connection) == [BODY] * len(FORMS)
    again = await execute(calls.ingest_many(many[::-1]))
    assert {result.outcome for result in again} == {EnqueueOutcome.REPLAYED}


async def test_every_form_without_a_tenant(execute: Execute) -> None:
    """There it is jsonb for a single one: the value is kept, and not the spelling."""
    ids: set[UUID | None] = {
        (await execute(calls.enqueue("i", "p", "k", "RTGS", form(BODY)))).outbox_id
        for form in FORMS.values()
    }
    assert len(ids) == 1
    for form in FORMS.values():
        item = OutboxItem(
            instruction_id="j",
            participant_id="p",
            idempotency_key="k",
            rail_type="RTGS",
            payload=form(BODY),
        )
        (result,) = await execute(calls.enqueue_many([item]))
        ids.add(result.outbox_id)
    assert len(ids) == 2
    items = await execute(calls.claim(10, WORKER, 30))
    assert [item.payload for item in items] == [load(BODY.decode())] * 2


def test_the_buffer_is_what_the_caller_gave() -> None:
    for buffer in (BODY, bytearray(BODY), memoryview(BODY)):
        sent = calls.ingest(instruction(payload=buffer)).parameters["p_payload"]
        assert isinstance(sent, WireText)
        assert sent.buffer is buffer
        assert WireTextDumper(WireText).dump(sent) is buffer


@pytest.mark.parametrize("place", [0, 8_191, 8_192, 20_000])
@pytest.mark.parametrize("length", [2, 3, 4])
def test_a_character_may_lie_across_windows(place: int, length: int) -> None:
    """The look at the bytes goes by windows; neither an end nor an error depends on them."""
    character = {2: "é", 3: "日", 4: "😀"}[length].encode()
    for start in range(max(place - length, 0), place + 1):
        body = b"x" * start + character + b"y" * 9_000
        calls.ingest(instruction(payload=body))
        broken = b"x" * start + character[:-1] + b"y" * 9_000
        with pytest.raises(InvalidArgument, match=rf"must be UTF-8, byte {start} is not"):
            calls.ingest(instruction(payload=broken))
        with pytest.raises(InvalidArgument, match=rf"must be UTF-8, byte {start} is not"):
            calls.ingest(instruction(payload=b"x" * start + character[:-1]))
        with pytest.raises(InvalidArgument, match="NUL"):
            calls.ingest(instruction(payload=b"x" * start + b"\x00" + b"y" * 9_000))


def test_an_engine_of_another_maker_sends_it(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as other:
        LedgerTransaction(other).ingest(instruction(payload=BODY))
        many = sync.run(other, calls.ingest_many([instruction(2, payload=memoryview(BODY))]))
    assert [result.payload_hash for result in many] == [hashlib.sha256(BODY).hexdigest()]
    assert stored(connection) == [BODY, BODY]
    with engine.begin() as other:
        # texts of others are sent as ever
        row = other.execute(
            text("select :a || 'x', cast(:b as text[])"), {"a": "é", "b": ["é", None]}
        ).one()
        assert tuple(row) == ("éx", ["é", None])
    engine.dispose()


async def test_an_async_engine_of_another_maker_sends_it(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    async with engine.begin() as other:
        await AsyncLedgerTransaction(other).ingest(instruction(payload=BODY))
        await aio.arun(other, calls.ingest_many([instruction(2, payload=memoryview(BODY))]))
    assert stored(connection) == [BODY, BODY]
    await engine.dispose()


def test_a_client_in_another_encoding_says_the_same(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """Else its bytes would be taken for characters of that encoding."""
    body = '{"note": "é"}'.encode()
    address = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(f"{address}&client_encoding=latin1")
    with engine.begin() as other:
        accepted = LedgerTransaction(other).ingest(instruction(payload=body))
        many = LedgerTransaction(other).ingest_many([instruction(2, payload=body)])
    assert accepted.payload_hash == many[0].payload_hash == hashlib.sha256(body).hexdigest()
    assert stored(connection) == [body, body]
    engine.dispose()


def test_a_logged_statement_does_not_show_the_payload(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(address, echo=True)
    with caplog.at_level(logging.INFO), engine.begin() as other:
        LedgerTransaction(other).ingest(instruction(payload=b'{"iban": "DE02"}'))
    engine.dispose()
    assert "p_payload" in caplog.text
    assert "<text of 16 bytes>" in caplog.text
    assert "DE02" not in caplog.text


def test_a_logged_column_does_not_show_the_payloads() -> None:
    assert repr(WireTexts([b"DE02", memoryview(b"")])) == "[<text of 4 bytes>, <text of 0 bytes>]"


async def test_no_item_of_a_batch_is_an_empty_array(execute: Execute) -> None:
    call = calls.ingest_many([instruction()])
    empty = {name: type(value)() for name, value in call.parameters.items()}
    assert empty["p_payloads"] == WireTexts()
    with pytest.raises(InvalidArgument) as refused:
        await execute(replace(call, parameters=empty))
    assert refused.value.sqlstate == "P7118"
