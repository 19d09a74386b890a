"""The HTTP rail against the simulator, and against servers that answer anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from examples.services.rail.adapter import load
from examples.services.rail.http import HttpRail, RailSettings
from ledgerdb import ClaimedItem, ConfigurationError, Dispatched, Rejected, Retry, Unknown
from tests.services.conftest import Rail


def item(**payload: Any) -> ClaimedItem:  # noqa: ANN401 - JSON
    """A leased payment."""
    return ClaimedItem(
        outbox_id=uuid4(),
        tenant_id=uuid4(),
        instruction_id="i",
        participant_id="p",
        sequence_id=1,
        idempotency_key="k",
        rail_type="RTGS",
        payload=payload,
        correlation_id=None,
        attempt_no=1,
        lease_token=uuid4(),
        lease_expires_at=datetime.now(UTC),
        rail_key=uuid4().hex,
    )


@pytest.mark.parametrize(
    ("wish", "first", "without_keys"),
    [
        ("reject", Rejected, Rejected),
        ("busy", Retry, Retry),
        ("error", Retry, Unknown),
        ("lost", Retry, Unknown),
        ("garbage", Retry, Unknown),
        ("slow", Retry, Unknown),
    ],
)
async def test_what_the_rail_does_and_what_the_worker_says(
    rail: Rail, wish: str, first: type, without_keys: type
) -> None:
    url, ledger = rail
    for knows_keys, expected in ((True, first), (False, without_keys)):
        seconds = 1 if wish == "slow" else 20
        sender = HttpRail(RailSettings(url=url, seconds=seconds, knows_keys=knows_keys))
        payment = item(simulate=wish)
        try:
            assert type(await sender.send(payment)) is expected
            if wish not in ("reject", "slow"):
                second = await sender.send(payment)
                assert second == Dispatched(
                    ledger.references[payment.rail_key],
                    "ACCP",
                    second.latency_ms,  # type: ignore[union-attr]
                )
        finally:
            await sender.close()
    assert len(set(ledger.references.values())) == len(ledger.references)


@pytest.mark.parametrize("knows_keys", [True, False])
async def test_a_rail_that_is_not_there_took_nothing(*, knows_keys: bool) -> None:
    sender = HttpRail(RailSettings(url="http://127.0.0.1:1", knows_keys=knows_keys))
    answer = await sender.send(item())
    await sender.close()
    assert isinstance(answer, Retry)
    assert answer.error_code == "RAIL_UNREACHABLE"


@pytest.mark.parametrize(
    "status", [100, 204, 301, 401, 403, 404, 405, 408, 418, 500, 502, 503, 504]
)
async def test_no_other_answer_is_a_rejection(status: int) -> None:
    """What is not about this payment says nothing about it."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json={"code": "AC04"}))
    for knows_keys, expected in ((True, Retry), (False, Unknown)):
        sender = HttpRail(RailSettings(url="http://rail", knows_keys=knows_keys), transport)
        assert type(await sender.send(item())) is expected
        await sender.close()


async def test_an_endless_answer_is_cut() -> None:
    async def endless() -> Any:  # noqa: ANN401 - an async generator
        while True:
            yield b'{"reference": "' + b"x" * 65_536

    transport = httpx.MockTransport(lambda _: httpx.Response(201, content=endless()))
    sender = HttpRail(RailSettings(url="http://rail"), transport)
    assert isinstance(await sender.send(item()), Retry)
    await sender.close()


async def test_the_key_and_exact_numbers_are_sent() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(429, headers={"retry-after": "99999999"})

    settings = RailSettings(url="http://rail/v1", token="t0k")  # noqa: S106 - no secret
    sender = HttpRail(settings, httpx.MockTransport(answer))
    payment = item(amount=Decimal("10.10"), exact=Decimal("0.1000000000000000000000001"))
    reply = await sender.send(payment)
    await sender.close()
    assert isinstance(reply, Retry)
    assert reply.delay_seconds == 604_800
    (request,) = seen
    assert str(request.url) == "http://rail/v1/payments"
    assert request.headers["idempotency-key"] == payment.rail_key
    assert request.headers["authorization"] == "Bearer t0k"
    assert b'"amount":10.10' in request.content
    assert json.loads(request.content, parse_float=Decimal)["payload"] == payment.payload


@pytest.mark.parametrize(
    ("name", "environ", "words"),
    [
        ("no.such.module:make", {}, "no.such"),
        ("examples.services.rail.http:nothing", {}, "nothing"),
        ("examples.services.rail.http:make", {}, "RAIL_URL"),
        ("examples.services.rail.http:make", {"RAIL_URL": "secret://x"}, "RAIL_URL"),
        (
            "examples.services.rail.http:make",
            {"RAIL_URL": "http://x", "RAIL_URLS": ""},
            "RAIL_URLS",
        ),
        ("", {}, "rail"),
    ],
)
def test_an_adapter_that_cannot_be_made(name: str, environ: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        load(name, environ)
    assert "secret" not in str(refused.value)


def test_the_adapters_of_the_example() -> None:
    assert load("examples.services.rail.simulated:make", {}).knows_keys
    environ = {"RAIL_URL": "http://x", "RAIL_KNOWS_KEYS": "false"}
    assert not load("examples.services.rail.http:make", environ).knows_keys
