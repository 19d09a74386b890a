"""Both services as processes: what they need to start, what they log, and how they stop."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from examples.services.ingress.__main__ import main as ingress_main
from examples.services.ingress.keys import Keys, new_key
from examples.services.settings import from_environment
from examples.services.worker.__main__ import main as worker_main
from examples.services.worker.monitor import Monitor
from examples.services.worker.settings import WorkerServiceSettings
from ledgerdb import ConfigurationError, WorkerStats
from tests.commands import ROOT
from tests.factories import TENANT
from tests.services.conftest import Rail
from tests.services.ingress import PARTICIPANT, Served, envelope
from tests.services.programs import free_port, refused, running
from tests.waiting import until

INGRESS = "examples.services.ingress"
WORKER = "examples.services.worker"
KeyFile = tuple[Path, dict[str, str]]


def test_the_ingress_logs_without_secrets_takes_new_keys_and_stops(
    services_url: str, keys: KeyFile, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(keys[0].read_bytes())
    port = free_port()
    variables = {"INGRESS_KEYS_FILE": str(file), "INGRESS_PORT": str(port)}
    with running(INGRESS, tmp_path, port, LEDGERDB_URL=services_url, **variables) as program:
        served = Served(port, keys[1])
        with served.client:
            assert served.submit(envelope("program", b'{"pan": "4111111111111111"}')).is_success
            assert served.submit(b"{").status_code == 400
            assert served.submit(envelope(1), x_api_key="guessed").status_code == 401
            fresh, entry = new_key("fresh", TENANT, [PARTICIPANT])
            file.write_text("[")
            program.process.send_signal(signal.SIGHUP)
            until(lambda: "the keys stay what they were" in program.text())
            assert served.submit(envelope("program-2")).is_success
            file.write_text(f"[{json.dumps(_plain(entry))}]")
            program.process.send_signal(signal.SIGHUP)
            until(lambda: "keys read again" in program.text())
            assert served.submit(envelope("program-3")).status_code == 401
            assert served.submit(envelope("program-3"), x_api_key=fresh).is_success
            server = httpx.get(f"{served.url}/healthz").headers
            assert "server" not in server
        assert program.stop() in (0, -signal.SIGTERM)
    opened = [line for line in program.said() if line["message"] == "store opened"]
    assert (opened[0]["store_mode"], opened[0]["decision"]) == ("db", "allow")
    requests = [line for line in program.said() if line["message"] == "request"]
    assert {"correlation_id", "method", "route", "status", "ms", "key"} <= set(requests[0])
    assert "first" in {line["key"] for line in requests}
    for secret in ("4111111111111111", keys[1]["first"], "guessed", fresh, services_url):
        assert secret not in program.text()


def _plain(entry: Any) -> dict[str, object]:  # noqa: ANN401 - a struct
    return {
        "name": entry.name,
        "sha256": entry.sha256,
        "tenant_id": str(entry.tenant_id),
        "participants": sorted(entry.participants),
    }


def test_what_the_ingress_does_not_start_with(keys: KeyFile, tmp_path: Path) -> None:
    given = {"INGRESS_KEYS_FILE": str(keys[0]), "LEDGERDB_URL": "postgresql://u:s3cret@h/d"}
    assert "INGRESS_KEYS_FILE" in refused(ingress_main)
    assert "nothing.json" in refused(ingress_main, INGRESS_KEYS_FILE=str(tmp_path / "nothing.json"))
    assert "LEDGERDB_URL" in refused(ingress_main, INGRESS_KEYS_FILE=str(keys[0]))
    answer = refused(ingress_main, **given, INGRESS_ANSWER_SECONDS="1")
    assert "answer_seconds" in answer
    assert "s3cret" not in answer


@pytest.mark.parametrize("place", [None, "prod", "staging", "pilot", "Dev", "test", ""])
def test_the_file_store_is_refused_outside_of_development(
    keys: KeyFile, tmp_path: Path, place: str | None
) -> None:
    variables = {} if place is None else {"ENVIRONMENT": place}
    file = tmp_path / "store"
    said = refused(
        ingress_main,
        INGRESS_KEYS_FILE=str(keys[0]),
        LEDGERDB_STORE="file",
        LEDGERDB_STORE_FILE=str(file),
        **variables,
    )
    assert "store refused" in said
    assert not file.exists()


def test_the_file_store_serves_development(keys: KeyFile, tmp_path: Path) -> None:
    port = free_port()
    variables = {
        "ENVIRONMENT": "dev",
        "LEDGERDB_STORE": "file",
        "LEDGERDB_STORE_FILE": str(tmp_path / "store"),
        "INGRESS_KEYS_FILE": str(keys[0]),
        "INGRESS_PORT": str(port),
    }
    with running(INGRESS, tmp_path, port, **variables) as program:
        served = Served(port, keys[1])
        with served.client:
            assert served.client.get("/readyz").status_code == 200
            refusal = served.submit(envelope("file"))  # no tenant is registered in it
            assert refusal.status_code == 403
    assert '"store_mode":"file"' in program.text()


def test_the_worker_sends_what_was_accepted_and_stops(
    services_url: str, ingress: Served, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    outbox_id = ingress.submit(envelope("worked")).json()["outbox_id"]
    port = free_port()
    variables = {
        "WORKER_RAIL": "examples.services.rail.simulated:make",
        "WORKER_PORT": str(port),
        "WORKER_POLL_SECONDS": "0.1",
    }
    with running(WORKER, tmp_path, port, LEDGERDB_URL=services_url, **variables) as program:
        until(lambda: _state(ingress, "worked") == "DISPATCHED")
        metrics = httpx.get(f"{program.url}/metrics").text
        assert 'ledgerdb_worker_items_total{what="dispatched"}' in metrics
        assert 'worker_rail_seconds_count{answer="dispatched"}' in metrics
        assert program.stop() == 0
    (stopped,) = [line for line in program.said() if line["message"] == "stopped"]
    assert int(str(stopped["dispatched"])) >= 1
    row = database.execute(
        "select i.payload::text, a.rail_reference from public.payment_outbox_attempts as a"
        " join public.payment_outbox_identities as i using (outbox_id) where outbox_id = %s",
        [outbox_id],
    ).fetchone()
    assert row is not None
    assert row[1].startswith("SIM-")


def test_a_lost_answer_of_a_rail_without_keys_is_a_doubt_and_no_second_payment(
    services_url: str,
    ingress: Served,
    database: psycopg.Connection[Any],
    rail: Rail,
    tmp_path: Path,
) -> None:
    url, ledger = rail
    port = free_port()
    variables = {
        "WORKER_RAIL": "examples.services.rail.http:make",
        "WORKER_PORT": str(port),
        "WORKER_POLL_SECONDS": "0.1",
        "WORKER_LEASE_SECONDS": "1",
        "RAIL_URL": url,
        "RAIL_KNOWS_KEYS": "false",
    }
    lost = ingress.submit(envelope("doubt", b'{"simulate": "lost"}')).json()
    with running(WORKER, tmp_path, port, LEDGERDB_URL=services_url, **variables) as program:
        until(lambda: _state(ingress, "doubt") == "IN_DOUBT")
        assert program.stop() == 0
    key = database.execute(
        "select public._rail_key(%s, 'instruction-doubt', 'key-doubt')", [TENANT]
    ).fetchone()
    assert key is not None
    assert ledger.requests[key[0]] == 1  # and the rail has it, which nobody was told
    assert key[0] in ledger.references
    assert "it is not known whether the rail took it" in program.text()
    row = database.execute(
        "select count(*) from public.payment_outbox_attempts where outbox_id = %s",
        [lost["outbox_id"]],
    ).fetchone()
    assert row == (0,)


def _state(ingress: Served, name: str) -> str:
    path = f"/v1/instructions/instruction-{name}"
    return str(ingress.client.get(path, headers=ingress.headers()).json()["state"])


def test_what_the_worker_does_not_start_with() -> None:
    rail = {"WORKER_RAIL": "examples.services.rail.simulated:make"}
    assert "WORKER_RAIL" in refused(worker_main)
    assert "LEDGERDB_URL" in refused(worker_main, **rail)
    url = {"LEDGERDB_URL": "postgresql://u:s3cret@h/d"}
    assert "RAIL_URL" in refused(worker_main, WORKER_RAIL="examples.services.rail.http:make", **url)
    said = refused(worker_main, **rail, **url, WORKER_LEASE_SECONDS="0")
    assert "lease_seconds" in said
    assert "s3cret" not in said


async def test_a_worker_whose_loop_stands_still_is_not_healthy() -> None:
    now = 100.0
    monitor = Monitor(WorkerStats(dispatched=3), "127.0.0.1", 0, clock=lambda: now)
    transport = httpx.ASGITransport(monitor.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
        assert (await client.get("/healthz")).status_code == 200
        now += 11
        assert (await client.get("/healthz")).status_code == 503
        metrics = (await client.get("/metrics")).text
        assert 'ledgerdb_worker_items_total{what="dispatched"} 3.0' in metrics


def test_a_worker_that_cannot_be_watched_does_not_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monitor = Monitor(WorkerStats(), "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match="cannot listen on"), monitor.running():
            pass


def test_settings_name_the_variable_and_never_its_value() -> None:
    good = {"WORKER_RAIL": "a.b:c"}
    assert from_environment(WorkerServiceSettings, "WORKER_", good | {"OTHER": "x"}).port == 8081
    for name, value in (("PORT", "s3cret"), ("RAIL", "s3cret"), ("S3CRET_TYPO", "s3cret")):
        with pytest.raises(ConfigurationError, match=f"WORKER_{name}") as refusal:
            from_environment(WorkerServiceSettings, "WORKER_", good | {f"WORKER_{name}": value})
        assert "s3cret" not in str(refusal.value)


def test_a_key_is_made_and_found(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.services.ingress.keys", "acme", str(TENANT), "P"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    header, entry = done.stdout.splitlines()
    key = header.removeprefix("x-api-key: ")
    file = tmp_path / "keys.json"
    file.write_text(f"[{entry}]")
    found = Keys(file).find(key.encode())
    assert found is not None
    assert found.tenant_id == UUID(str(TENANT))
    assert found.sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert Keys(file).find(b"") is None
    assert Keys(file).find(key.encode() + b"x") is None


def test_a_key_ends(tmp_path: Path) -> None:
    key, entry = new_key("old", TENANT, ["P"])
    file = tmp_path / "keys.json"
    for moment, is_found in (("2020-01-01T00:00:00Z", False), ("2120-01-01T00:00:00Z", True)):
        file.write_text(json.dumps([_plain(entry) | {"not_after": moment}]))
        assert (Keys(file).find(key.encode()) is not None) == is_found


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '[{"name": "x"}]', "[TWICE, TWICE]", '[{"name": "a b"}]', "\xff"],
)
def test_a_file_of_keys_that_is_wrong(tmp_path: Path, content: str) -> None:
    _, entry = new_key("twice", TENANT, ["P"])
    file = tmp_path / "keys.json"
    file.write_text(content.replace("TWICE", json.dumps(_plain(entry))), "latin-1")
    with pytest.raises(ConfigurationError, match=r"keys\.json"):
        Keys(file)
