"""The proof of the payload sees a copy, and bytes that are not the request's."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
import pytest
from psycopg.abc import Buffer

from ledgerdb._adapt import WireTextDumper, WireTextsDumper
from ledgerdb._arrays import framed
from ledgerdb.rows import TenantType
from ledgerdb.sync import Ledger
from proof.payload.command import COLOURS, ledger, report
from proof.payload.corpus import CHOSEN, drawn, of_size, respelled
from proof.payload.cost import SIZES, Cost, _of, beyond, measure
from proof.payload.parity import LOST, check, lost_by_the_reference
from proof.payload.ways import REFERENCE, RELEASED, TENANT, TODAY

TWO_SIZES = (1_024, 262_144)


@pytest.fixture(params=[18])
def version(request: pytest.FixtureRequest) -> int:
    """What is proved is about the client; one server will do."""
    return int(request.param)


@pytest.fixture
def database(database_url: str) -> str:
    with Ledger.connect(database_url) as opened:
        opened.register_tenant(TENANT, "tenant", "A Bank", TenantType.NGO)
    return database_url


@pytest.mark.parametrize("colour", COLOURS)
async def test_the_bytes_arrive(
    database: str, connection: psycopg.Connection[Any], colour: str
) -> None:
    texts = [*CHOSEN, *drawn(10, seed=1)]
    async with ledger(colour, database) as execute:
        found, counts = await check(texts, execute, connection)
    assert found == []
    assert counts["documents"] == counts["documents in a batch"] == len(texts)
    assert counts["replays"] == 4 * len(texts)
    assert counts["conflicts"] > len(texts)


@pytest.mark.parametrize("colour", COLOURS)
async def test_no_copy_is_made(database: str, colour: str) -> None:
    async with ledger(colour, database) as execute:
        costs = await measure(colour, execute, times=1, sizes=TWO_SIZES)
    assert list(beyond(costs)) == []
    largest = TWO_SIZES[-1]
    assert _of(costs, colour, REFERENCE, largest).allocated_bytes > 6 * largest
    today = _of(costs, colour, TODAY, largest)
    assert today.peak_bytes < today.allocated_bytes < largest / 3


async def test_one_copy_would_be_seen(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WireTextDumper, "dump", lambda _, text: bytes(bytearray(text.buffer)))
    async with ledger("blocking", database) as execute:
        costs = await measure("blocking", execute, times=1, sizes=TWO_SIZES)
    assert len(list(beyond(costs))) == 2  # the peak, and the sum


# What a parser and a serializer would do to a document.
CHANGES = {"white space": (": ", ":"), "an escape": ("\\/", "/"), "a number": ("1.0", "1")}


@pytest.mark.parametrize("change", CHANGES)
async def test_other_bytes_are_seen(
    database: str,
    connection: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    before, after = (part.encode() for part in CHANGES[change])

    def respelling(buffer: Buffer) -> bytes:
        return bytes(buffer).replace(before, after)

    monkeypatch.setattr(WireTextDumper, "dump", lambda _, text: respelling(text.buffer))
    monkeypatch.setattr(WireTextsDumper, "items", lambda _, them: framed(map(respelling, them)))
    text = '{"url": "a\\/b", "n": 1.0}'
    async with ledger("blocking", database) as execute:
        found, _ = await check([text], execute, connection)
    assert "document 1: other bytes are stored" in found
    assert "document 1: the evidence has another hash" in found
    assert "document 2: a batch stores other bytes" in found


def test_the_corpus_is_hard() -> None:
    texts = [*CHOSEN, *drawn(100, seed=1)]
    assert len(set(drawn(100, seed=1))) > 80
    assert drawn(100, seed=1) == drawn(100, seed=1) != drawn(100, seed=2)
    assert lost_by_the_reference(texts) > 40
    assert all(other != text for text in texts for other in respelled(text))
    for size in SIZES:
        assert len(of_size(size)) == size


def costs(today: int, reference: int) -> list[Cost]:
    return [
        Cost(colour, way, size, peak, peak, 1.0)
        for colour in COLOURS
        for size in SIZES
        for way, peak in ((TODAY, today), (REFERENCE, reference), (RELEASED, reference))
    ]


@pytest.mark.parametrize(
    ("findings", "reference", "lost", "holds"),
    [
        ([], 10 * SIZES[-1], 5, True),
        (["blocking: document 1: other bytes are stored"], 10 * SIZES[-1], 5, False),
        ([], 2 * SIZES[-1], 5, False),  # a meter that sees little
        ([], 10 * SIZES[-1], 0, False),  # documents that nothing would change
    ],
)
def test_what_the_report_asks_for(
    findings: list[str], reference: int, lost: int, *, holds: bool
) -> None:
    found = report(
        findings,
        costs(1_000, reference),
        Counter({"documents": len(CHOSEN)}),
        command="python -m proof payload",
        seed=1,
        server=("18", "0" * 64),
        lost=lost,
        seconds=1.0,
    )
    assert found.holds is holds
    assert found.counts[LOST] == len(findings)
