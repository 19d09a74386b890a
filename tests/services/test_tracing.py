"""The services tell OpenTelemetry where the environment asks for it, and a trace goes through."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.services import tracing
from examples.services.ingress.__main__ import main as ingress_main
from ledgerdb import telemetry
from tests.services.conftest import Rail
from tests.services.ingress import Served, envelope
from tests.services.programs import Program, free_port, refused, running
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


def spans(file: Path, trace: str) -> dict[str, dict[str, Any]]:
    """Those of one trace, by name."""
    found = [d for d in documents(file) if "context" in d]
    return {d["name"]: d for d in found if d["context"]["trace_id"] == f"0x{trace}"}


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


def test_a_payment_is_one_trace_from_its_client_to_the_rail(
    services_url: str,
    keys: tuple[Path, dict[str, str]],
    rail: Rail,
    tmp_path: Path,
    output: Path,
) -> None:
    port, worker_port = free_port(), free_port()
    variables = {
        "LEDGERDB_URL": services_url,
        "INGRESS_KEYS_FILE": str(keys[0]),
        "INGRESS_PORT": str(port),
        "WORKER_RAIL": "examples.services.rail.http:make",
        "RAIL_URL": rail[0],
        "WORKER_PORT": str(worker_port),
        **CONSOLE,
    }
    with running("examples.services.ingress", tmp_path, port, **variables) as program:
        served = Served(port, keys[1])
        with served.client:
            body = envelope("traced", b'{"pan": "4111111111111111"}')
            assert served.submit(body, traceparent=TRACEPARENT).status_code == 202
        program.stop()
    with running("examples.services.worker", tmp_path, worker_port, **variables) as program:
        until(lambda: _done(program))
        assert program.stop() == 0

    found = spans(output, TRACE)
    request, write, item = (
        found[name]
        for name in (
            "POST /v1/ingress/instructions",
            "ingest_traced_instruction",
            "process outbox",
        )
    )
    assert [s["kind"] for s in (request, write, item)] == [
        "SpanKind.SERVER",
        "SpanKind.CLIENT",
        "SpanKind.CONSUMER",
    ]
    assert request["parent_id"] == f"0x{CLIENT}"
    assert write["parent_id"] == item["parent_id"] == request["context"]["span_id"]
    assert request["attributes"]["http.response.status_code"] == 202
    services = [s["resource"]["attributes"]["service.name"] for s in (request, write, item)]
    assert services == ["ingress", "ingress", "worker"]
    assert metrics(output) >= {
        "db.client.operation.duration",
        "ledgerdb.calls",
        "ledgerdb.worker.items",
        "messaging.process.duration",
    }
    for secret in ("4111", keys[1]["first"], "instruction-traced", "key-traced", "participant-1"):
        assert secret not in output.read_text(), secret


def _done(program: Program) -> bool:
    text = httpx.get(f"{program.url}/metrics").text
    return 'ledgerdb_worker_items_total{what="dispatched"} 0.0' not in text


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
