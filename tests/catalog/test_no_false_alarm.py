"""A database that was dumped, moved, used and vacuumed has not drifted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ledgerdb.catalog import Expected, Key, fingerprint, read, without_guests
from ledgerdb.catalog.compare import compare
from ledgerdb.catalog.guests import guests
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.drift import drift
from tests.catalog.conftest import Site
from tests.migrations.databases import query
from tests.sql.queue import Queue

NAME = "moved"
GUESTS = Path(__file__).with_name("guests.sql").read_text("utf-8")


@contextmanager
def _moved(source: EmbeddedServer, name: str, target: EmbeddedServer) -> Iterator[str]:
    """The database, dumped as pg_dump does it and restored under another name."""
    dump = subprocess.run(
        [target.bin_dir / "pg_dump", "--create", f"--dbname={source.url(name)}"],
        check=True,
        capture_output=True,
        env={**os.environ, "PGCLIENTENCODING": "UTF8"},
    )
    try:
        restored = subprocess.run(
            [target.bin_dir / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target.url()],
            check=False,
            capture_output=True,
            input=dump.stdout.replace(name.encode(), NAME.encode()),
        )
        assert restored.stderr == b""
        yield target.url(NAME)
    finally:
        query(target.url(), f"drop database if exists {NAME} with (force)")


@pytest.mark.usefixtures("client_head_18")  # the roles belong to the cluster
def test_after_dump_and_restore(site: Site, server_18: EmbeddedServer) -> None:
    """From 16 to 16, from 18 to 18, from 16 to 18."""
    at_home = drift(site.url)
    for target in dict.fromkeys([site.server, server_18]):
        with _moved(site.server, site.name, target) as url:
            found = drift(url)
        assert (found.differences, found.notes) == ([], ())
        assert found.fingerprint == at_home.fingerprint


def test_after_traffic_and_vacuum(site: Site) -> None:
    with psycopg.connect(site.url, autocommit=True) as connection:
        queue = Queue(connection)
        for number in range(30):
            queue.enqueue(f"payment-{number}")
        queue.complete(queue.claim(10))
        queue.complete(queue.claim(10), "RETRYABLE")
        queue.complete(queue.claim(5), "FAILED")
        connection.execute("select public.seal_ledger(100)")
        connection.execute("vacuum (full, analyze)")
        connection.execute("reindex table public.payment_outbox_attempts")
    assert drift(site.url).differences == []


def test_known_guests_are_no_drift(site: Site, wanted: Expected) -> None:
    """What the reference hung on our tables; and a guest that was changed is one no more."""
    guest_trigger = Key("trigger", "payment_outbox_attempts.trg_anchor_dispatched_outbox_attempt")
    with site.connect() as connection:
        before = read(connection, wanted.names)
        connection.execute(GUESTS.encode())
        found = read(connection, wanted.names)
        assert {k for k in found.keys() - before.keys() if k.kind != "grant"} == {
            key for key in guests() if key.kind != "grant"
        }
        assert compare(wanted.catalog, without_guests(found)) == ()
        assert fingerprint(found) == fingerprint(before)
        connection.execute("comment on column public.tenants.parent_tenant_id is 'theirs'")
        connection.execute(
            "alter table public.tenants validate constraint tenants_parent_tenant_fk"
        )
        assert compare(wanted.catalog, without_guests(read(connection, wanted.names))) == ()
        connection.execute(
            "alter table public.payment_outbox_attempts"
            " disable trigger trg_anchor_dispatched_outbox_attempt"
        )
        (difference,) = compare(wanted.catalog, without_guests(read(connection, wanted.names)))
        assert difference.key == guest_trigger


def test_readers_of_the_reference_are_no_drift_but_tokens_are(site: Site, wanted: Expected) -> None:
    reads = Key("grant", "table payment_outbox_pending to boz_auditor")
    with site.connect() as connection:
        connection.execute("create role boz_auditor; create role test_user login")
        connection.execute(
            "grant execute on function public.claim_outbox_batch to test_user;"
            "grant select (payload) on public.payment_outbox_pending to boz_auditor"
        )
        assert compare(wanted.catalog, without_guests(read(connection, wanted.names))) == ()
        connection.execute("grant select on public.payment_outbox_pending to boz_auditor")
        found = read(connection, wanted.names)
    (difference,) = compare(wanted.catalog, without_guests(found))
    assert difference.key == reads
    assert "lease tokens" in difference.consequence
    assert reads not in without_guests(found, "0007")
