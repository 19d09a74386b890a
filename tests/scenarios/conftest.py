"""Databases at head in the two ways to get there: made so, or upgraded with work in them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from tests.sql.queue import Queue

OLD_ITEMS = 5


@pytest.fixture(params=["fresh", "upgraded"])
def url(request: pytest.FixtureRequest, version: int) -> str:
    """A database at head. The upgraded one was at 0001 with items waiting, leased and expired."""
    if request.param == "fresh":
        return str(request.getfixturevalue("database_url"))
    found = str(request.getfixturevalue("baseline_database_url"))
    with psycopg.connect(found, autocommit=True) as old:
        for number in range(OLD_ITEMS):
            old.execute(
                "select public.enqueue_payment_outbox(%s, 'old', %s, 'RTGS', '{}')",
                [f"old{number}"] * 2,
            )
        old.execute("select public.claim_outbox_batch(%s, 'dead', 60)", [OLD_ITEMS - 2])
        old.execute(
            """update public.payment_outbox_pending
            set lease_expires_at = now() - interval '1 second'
            where instruction_id = 'old0'"""
        )
    upgrade(found)
    return found


@pytest.fixture
def queue(url: str) -> Iterator[Queue]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield Queue(connection)
