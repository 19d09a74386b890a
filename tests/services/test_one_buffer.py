"""One buffer: the ledger gets a view into the body, and looking at it makes no second one."""

from __future__ import annotations

import tracemalloc

import pytest

from examples.services.ingress.envelope import parse
from ledgerdb import Instruction, calls
from tests.factories import TENANT
from tests.services.ingress import envelope

LARGE = b'{"amount": "10.00", "note": "' + b"x" * 1_000_000 + b'"}'
ESCAPED = b'{"amount": "10.00", "note": "' + b"\\u00e9\\n" * 125_000 + b'"}'
FLAT = b'{"items": [' + b'{"amount": 1.10, "n": 1}, ' * 30 + b'{"x": "' + b"y" * 1_000_000 + b'"}]}'


@pytest.mark.parametrize("payload", [LARGE, ESCAPED, FLAT], ids=["large", "escaped", "flat"])
def test_a_megabyte_is_parsed_and_made_a_call_without_a_second_one(payload: bytes) -> None:
    body = bytearray(envelope("buffer", payload))
    parse(body)  # what is made once
    tracemalloc.start()
    try:
        parsed = parse(body)
        call = calls.ingest(Instruction(payload=parsed.payload, **parsed.values))  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert parsed.errors == []
    assert call.parameters["p_tenant_id"] == TENANT
    assert bytes(parsed.payload) == payload
    assert peak < len(payload) / 2, f"{peak} bytes beside a body of {len(body)}"


def test_it_is_the_bodys_own_memory() -> None:
    body = bytearray(envelope("buffer", b'{"amount": "10.00"}'))
    payload = parse(body).payload
    place = body.index(b"10.00")
    body[place : place + 5] = b"99.99"
    assert bytes(payload) == b'{"amount": "99.99"}'
    assert payload.readonly
