"""The program that is watched: it uses the ledger as a service does, with telemetry on, and prints
the metrics that OpenTelemetry collected from it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

import ledgerdb
from ledgerdb.errors import ConfigurationError, LedgerError

__all__ = ["WAYS", "run"]

# Both take instructions in sets. `sets` claims and completes them by hand, as an import of a file
# would; `worker` leaves both to a Worker, as a service does.
WAYS: Final = ("sets", "worker")
_SECONDS_MAX: Final = 300
_SDK: Final = "opentelemetry.sdk"

_PROGRAM: Final = """
import asyncio
from uuid import UUID
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from ledgerdb import (
    AttemptState, Completion, Dispatched, Instruction, Ledger, TenantType, Worker, WorkerSettings,
    telemetry,
)

TENANT = UUID("0f000000-0000-4000-8000-000000000001")
reader = InMemoryMetricReader()
telemetry.instrument(MeterProvider([reader]))

def instruction(number):
    return Instruction(
        tenant_id=TENANT, instruction_id=f"i-{number}", participant_id=f"p-{number % 10}",
        idempotency_key=f"k-{number}", rail_type="RTGS", payload='{"amount": "1.00"}',
    )

def done(item):
    return Completion(item=item, state=AttemptState.DISPATCHED, rail_reference="r")

async def handle(item):
    return Dispatched("r")

async def work():
    settings = WorkerSettings(worker_id="w", batch_size=SIZE, concurrency=CONCURRENCY)
    worker = Worker(handle, settings=settings)
    working = asyncio.create_task(worker.serve())
    while worker.stats.dispatched < ITEMS and not working.done():
        await asyncio.sleep(0.01)
    worker.stop()
    await working

with Ledger.connect() as ledger:
    ledger.register_tenant(TENANT, "t", "T", TenantType.COMMERCIAL)
    for first in range(0, ITEMS, SIZE):
        last = min(first + SIZE, ITEMS)
        ledger.ingest_many([instruction(number) for number in range(first, last)])
    if WAY == "sets":
        while claimed := ledger.claim(SIZE, "w", 60):
            ledger.complete_many([done(item) for item in claimed], "w")
    else:
        asyncio.run(work())
print(reader.get_metrics_data().to_json(indent=None))
"""


def run(way: str, url: URL, *, items: int, size: int, concurrency: int) -> dict[str, Any]:
    """Runs the program to its end, in a process of its own.

    Args:
        way: one of `WAYS`.
        url: the database, which it fills.
        items: instructions that it accepts and completes.
        size: of a set at most, in items.
        concurrency: handlers of its worker.

    Returns:
        The metrics, as OpenTelemetry's JSON has them.

    Raises:
        ConfigurationError: OpenTelemetry's SDK is not installed.
        LedgerError: the program broke, or said nothing in time.
    """
    _require_sdk()
    given = {"WAY": way, "ITEMS": items, "SIZE": size, "CONCURRENCY": concurrency}
    head = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    try:
        ran = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", head + _PROGRAM],
            check=False,
            capture_output=True,
            text=True,
            timeout=_SECONDS_MAX,
            env=_environment(url),
        )
        metrics: dict[str, Any] = json.loads(ran.stdout)
    except subprocess.TimeoutExpired:
        raise LedgerError(f"{way}: the program did not end within {_SECONDS_MAX} s") from None
    except ValueError:
        last = ran.stderr.strip().splitlines()[-1:] or ["and said nothing"]
        raise LedgerError(f"{way}: the program broke: {last[0]}") from None
    return metrics


def _require_sdk() -> None:
    try:
        found = importlib.util.find_spec(_SDK)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ConfigurationError(
            f"{_SDK} is not installed: pip install 'ledgerdb[telemetry]' opentelemetry-sdk"
        )


def _environment(url: URL) -> dict[str, str]:
    # settings of OpenTelemetry, such as exporters, are those of whoever verifies
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    # the program runs the code that this process runs, wherever that was found
    root = str(Path(ledgerdb.__file__).resolve().parent.parent)
    path = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "LEDGERDB_URL": url.render_as_string(hide_password=False),
        "PYTHONPATH": os.pathsep.join(path),
    }
