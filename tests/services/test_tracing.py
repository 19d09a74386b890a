"""The services tell OpenTelemetry where the environment asks for it, and a trace goes through."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examples.services import tracing
from examples.services.ingress.__main__ import main as ingress_main
from ledgerdb import telemetry
from tests.services.conftest import Rail
from tests.services.ingress import Served, envelope
from tests.services.programs import free_port, refused, running
from tests.waiting import until

TRACE, CLIENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CLIENT}-01"
CONSOLE = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "console"}


def documents(file: Path) -> Iterator[dict[str, Any]]:
    """What the exporters of a program wrote."""
    text, decoder = file.read_text(), json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def spans(file: Path) -> dict[str, dict[str, Any]]:
    return {d["name"]: d for d in documents(file) if "context" in d}


def metrics(file: Path) -> set[str]:
    return {
        metric["name"]
        for d in documents(file)
        for resource in d.get("resource_metrics", ())
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
    }


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where programs that are started meanwhile write."""
    file = tmp_path / "stdout"
    popen: Any = subprocess.Popen
    with file.open("w") as stdout:
        monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: popen(*a, stdout=stdout, **k))
        yield file


def test_a_request_and_its_write_are_of_the_trace_of_the_client(
    services_url: str,
    keys: tuple[Path, dict[str, str]],
    tmp_path: Path,
    output: Path,
    database: psycopg.Connection[Any],
) -> None:
    port = free_port()
    variables = {"INGRESS_KEYS_FILE": str(keys[0]), "INGRESS_PORT": str(port), **CONSOLE}
    with running(
        "examples.services.ingress", tmp_path, port, LEDGERDB_URL=services_url, **variables
    ) as program:
        served = Served(port, keys[1])
        with served.client:
            body = envelope("secretive", b'{"pan": "4111111111111111"}')
            assert served.submit(body, traceparent=TRACEPARENT).status_code == 202
        program.stop()
    request = spans(output)["POST /v1/ingress/instructions"]
    write = next(s for name, s in spans(output).items() if name.startswith("ingest_"))
    assert request["kind"] == "SpanKind.SERVER"
    assert request["parent_id"] == f"0x{CLIENT}"
    assert {s["context"]["trace_id"] for s in (request, write)} == {f"0x{TRACE}"}
    assert write["parent_id"] == request["context"]["span_id"]
    kept = database.execute(
        """select trace_context from public.payment_outbox_pending
        where instruction_id = 'instruction-secretive'"""
    ).fetchall()
    assert kept == [(f"00-{TRACE}-{request['context']['span_id'][2:]}-01",)]
    assert request["attributes"]["http.response.status_code"] == 202
    assert request["resource"]["attributes"]["service.name"] == "ingress"
    assert {"db.client.operation.duration", "ledgerdb.calls"} <= metrics(output)
    for secret in ("4111", keys[1]["first"], "secretive", "participant-1"):
        assert secret not in output.read_text(), secret


def test_the_worker_goes_on_with_the_trace_of_the_item(
    services_url: str, rail: Rail, tmp_path: Path, output: Path, database: psycopg.Connection[Any]
) -> None:
    url, _ = rail
    port = free_port()
    variables = {
        "WORKER_RAIL": "examples.services.rail.http:make",
        "RAIL_URL": url,
        "WORKER_PORT": str(port),
        **CONSOLE,
        "OTEL_SERVICE_NAME": "payments-worker",
    }
    with database.transaction():
        database.execute("select set_config('ledgerdb.trace_context', %s, true)", [TRACEPARENT])
        database.execute(
            "select public.enqueue_payment_outbox('told', 'p', 'told', 'RTGS', '{\"a\": 1}')"
        )
    with running(
        "examples.services.worker", tmp_path, port, LEDGERDB_URL=services_url, **variables
    ) as program:
        until(lambda: _done(database))
        assert program.stop() == 0
    (item,) = (d for d in documents(output) if d.get("parent_id") == f"0x{CLIENT}")
    assert (item["name"], item["kind"]) == ("process outbox", "SpanKind.CONSUMER")
    assert item["context"]["trace_id"] == f"0x{TRACE}"
    assert item["resource"]["attributes"]["service.name"] == "payments-worker"
    assert {"ledgerdb.worker.items", "messaging.process.duration"} <= metrics(output)


def _done(database: psycopg.Connection[Any]) -> bool:
    found = database.execute(
        "select from public.payment_outbox_attempts where instruction_id = 'told'"
    )
    return found.fetchone() is not None


def test_an_exporter_that_is_not_there_stops_the_start(
    services_url: str, keys: tuple[Path, dict[str, str]]
) -> None:
    said = refused(
        ingress_main,
        LEDGERDB_URL=services_url,
        INGRESS_KEYS_FILE=str(keys[0]),
        OTEL_TRACES_EXPORTER="pigeon",
    )
    assert said == "ingress: OTEL_TRACES_EXPORTER: no exporter 'pigeon' is installed"


@pytest.mark.parametrize("given", [{}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_without_one_it_is_off(given: dict[str, str]) -> None:
    with tracing.tracing(given, "ingress"):
        assert telemetry.current_trace_context() is None
