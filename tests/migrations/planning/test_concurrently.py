"""The locks of what runs outside of a transaction come from a list: pg_locks says the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.frozen import SqlFile
from ledgerdb.planning.measure import MODES
from ledgerdb.planning.trace import TracedStatement, trace
from ledgerdb.planning.work import Batch, Work
from tests.waiting import until

STATEMENTS = (
    "create index concurrently ix_new on public.payment (code)",
    "reindex index concurrently public.ix_code",
    "reindex table concurrently public.payment",
    "drop index concurrently public.ix_code",
    "vacuum public.payment",
    "vacuum (full) public.payment",
)
# Conflicts with each of them, and with reads of none.
_BLOCK = "lock table public.payment in share update exclusive mode"
_WANTED = """
    select l.mode from pg_locks as l
    where l.pid = %s and not l.granted and l.relation = 'public.payment'::regclass
"""


@pytest.fixture(scope="module", params=[16, 18])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with one table and an index on it."""
    server: EmbeddedServer = request.getfixturevalue(f"server_{request.param}")
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("create database kinds_outside")
        with psycopg.connect(server.url("kinds_outside"), autocommit=True) as connection:
            connection.execute("create table public.payment (id integer, code text)")
        yield server.url("kinds_outside")
        admin.execute("drop database kinds_outside with (force)")


def traced(connection: psycopg.Connection[Any], text: str) -> TracedStatement:
    file = SqlFile(Path("ddl/0002_step.sql"), text, "")
    [batch] = trace(connection, Work((Batch("prepare", "build_index", (file,)),), {}))
    [statement] = batch.statements
    return statement


@pytest.mark.parametrize("text", STATEMENTS)
def test_the_listed_mode_is_the_one_that_the_server_asks_for(url: str, text: str) -> None:
    with (
        psycopg.connect(url, autocommit=True) as other,
        psycopg.connect(url) as blocker,
        psycopg.connect(url, autocommit=True) as runner,
    ):
        other.execute("drop index if exists public.ix_new")
        other.execute("create index if not exists ix_code on public.payment (code)")
        found: list[TracedStatement] = []
        blocker.execute(_BLOCK)
        thread = threading.Thread(target=lambda: found.append(traced(runner, text)))
        thread.start()
        try:
            pid = [runner.info.backend_pid]
            until(lambda: other.execute(_WANTED, pid).fetchone() is not None)
            wanted = other.execute(_WANTED, pid).fetchone()
        finally:
            blocker.rollback()
            thread.join()
    assert wanted is not None
    assert found[0].effect.locks == {"payment": MODES[wanted[0]]}


def test_a_build_scans_and_a_drop_does_not(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        build = traced(connection, "create index concurrently ix_two on public.payment (id)")
        drop = traced(connection, "drop index concurrently public.ix_two")
    assert (build.effect.scanned, build.effect.indexed) == (("payment",), ("payment",))
    assert {hazard.name for hazard in drop.hazards} == {"INDEX_DROPPED"}
    assert drop.effect.scanned == ()
