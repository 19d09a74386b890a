"""The collector over a real database, and without one."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from pytest_postgresql.executors import NoopExecutor
from sqlalchemy import event

from ledgerdb import Ledger, TenantType
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.metrics import LedgerCollector
from ledgerdb.metrics.exposition import serving
from ledgerdb.readonly import connect_readonly
from tests.commands import run, start
from tests.factories import TENANT, instruction


@pytest.fixture(scope="module")
def url(server_18: EmbeddedServer, head_18: NoopExecutor) -> Iterator[str]:
    """Three due items, read by all tests of the module."""
    name = "metrics"
    with psycopg.connect(server_18.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} template {head_18.template_dbname}")
        with Ledger.connect(server_18.url(name)) as ledger:
            ledger.register_tenant(TENANT, "acme", "Acme", TenantType.COMMERCIAL)
            ledger.ingest_many([instruction(i) for i in range(3)])
        yield server_18.url(name)
        admin.execute(f"drop database {name} with (force)")


def test_it_tells_what_is_there(url: str) -> None:
    registry = CollectorRegistry()
    with connect_readonly(url, application_name="test") as ledger:
        registry.register(LedgerCollector(ledger))
        text = generate_latest(registry).decode()
    assert "ledgerdb_up 1.0\n" in text
    assert 'ledgerdb_queue_items{state="due"} 3.0\n' in text
    assert 'ledgerdb_tenant_queue_items{state="due",tenant="acme"} 3.0\n' in text
    assert 'ledgerdb_schema_info{revision="0012"} 1.0\n' in text


def test_many_scrapes_are_one_reading(url: str) -> None:
    with connect_readonly(url, application_name="test") as ledger:
        asked: list[str] = []
        event.listen(
            ledger.engine,
            "before_cursor_execute",
            lambda *given: asked.append(given[2]) if "outbox_backlog" in given[2] else None,
        )
        cached = LedgerCollector(ledger, cache_seconds=60)
        threads = [threading.Thread(target=lambda: list(cached.collect())) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(asked) == 1
        always = LedgerCollector(ledger, cache_seconds=0)
        list(always.collect())
        list(always.collect())
        assert len(asked) == 3


def test_what_it_costs_to_store_is_bounded(url: str) -> None:
    with connect_readonly(url, application_name="test") as ledger:
        few = [family.name for family in LedgerCollector(ledger, top=0).collect()]
    assert "ledgerdb_queue_items" in few
    assert not [name for name in few if "participant" in name or "tenant" in name]


def test_registering_reads_nothing() -> None:
    with connect_readonly("postgresql://x@/y?host=/nowhere", application_name="test") as ledger:
        CollectorRegistry().register(LedgerCollector(ledger))


def test_without_a_database_it_is_down_and_old_figures_are_gone(
    server_18: EmbeddedServer, url: str
) -> None:
    with connect_readonly(url, application_name="test", statement_timeout_ms=200) as ledger:
        registry = CollectorRegistry()
        registry.register(LedgerCollector(ledger, cache_seconds=0))
        assert registry.get_sample_value("ledgerdb_queue_items", {"state": "due"}) == 3
        with psycopg.connect(url) as holder:
            holder.execute("lock table public.payment_outbox_pending in access exclusive mode")
            assert registry.get_sample_value("ledgerdb_up") == 0
            assert registry.get_sample_value("ledgerdb_queue_items", {"state": "due"}) is None
            seconds = registry.get_sample_value("ledgerdb_read_duration_seconds")
            assert seconds is not None
            assert seconds > 0.1
            holder.rollback()
        assert registry.get_sample_value("ledgerdb_up") == 1


def test_a_reading_gives_up_after_its_budget(url: str) -> None:
    with connect_readonly(url, application_name="test") as ledger:
        registry = CollectorRegistry()
        registry.register(LedgerCollector(ledger, budget_seconds=0))
        assert registry.get_sample_value("ledgerdb_up") == 0


def test_it_is_served(url: str) -> None:
    with (
        connect_readonly(url, application_name="test") as ledger,
        serving(ledger, "127.0.0.1", 0, top=5, cache_seconds=10) as port,
    ):
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        assert "ledgerdb_up 1.0" in answer.text
        with (
            pytest.raises(OSError, match=f"cannot listen on 127.0.0.1 port {port}"),
            serving(ledger, "127.0.0.1", port, top=5, cache_seconds=10),
        ):
            pass


def test_the_command(url: str) -> None:
    process = start("ledgerdb", "metrics", "serve", "--port", "0", url=url)
    try:
        assert process.stdout is not None
        address = re.search(r"http://\S+/metrics", process.stdout.readline())
        assert address is not None
        assert "ledgerdb_up 1.0" in httpx.get(address[0], trust_env=False).text
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
        assert (process.returncode, stderr) == (0, "")
    finally:
        process.kill()
        process.wait()


def test_printed_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"postgresql://x@/y?host={tmp_path_factory.mktemp('nowhere')}"
    done = run("ledgerdb", "metrics", "print", url=url)
    assert done.code == 1
    assert "ledgerdb_up 0.0" in done.stdout
    assert "Traceback" not in done.stderr
