"""Load on the ingress over loopback: `python -m examples.services.load --help`.

Clients send instructions as fast as they are acknowledged; every tenth one twice. Afterwards the
database is asked, in plain SQL, whether what was acknowledged is what is stored, and nothing twice.
The floor is the same service and the same load over a store that keeps nothing.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from examples.services.client import Client
from examples.services.play import PARTICIPANT, TENANT, Stage, free_ports

__all__ = ["Result", "differences", "load"]

PATH: Final = "/v1/ingress/instructions"
_REPEATED: Final = 10  # every so many requests, one is sent twice
_ACCEPTED: Final = 202

console = Console()


@dataclass
class Result:
    """What the clients saw.

    Attributes:
        latencies: seconds of each request.
        statuses: how often each status came; 0 stands for a connection that broke.
        acknowledged: the outbox id of each instruction.
        findings: replays that got another acknowledgement.
        seconds: how long it took in all.
        cpu_seconds: what the service used of the processors meanwhile.
    """

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def row(self, name: str) -> list[str]:
        """As a row of the table."""
        cuts = statistics.quantiles(self.latencies, n=100)
        return [
            name,
            f"{len(self.latencies) / self.seconds:.0f}",
            *(f"{cuts[percent - 1] * 1_000:.1f}" for percent in (50, 95, 99)),
            f"{self.cpu_seconds / len(self.latencies) * 1_000:.2f}",
            ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items())),
        ]


def _body(instruction_id: str, payload: bytes) -> bytes:
    return msgspec.json.encode(
        {
            "tenant_id": TENANT,
            "participant_id": PARTICIPANT,
            "instruction_id": instruction_id,
            "idempotency_key": instruction_id,
            "rail_type": "SEPA",
            "payload": msgspec.Raw(payload),
        }
    )


async def _send(client: Client, body: bytes, result: Result) -> dict[str, Any]:
    began = time.monotonic()
    status, content = await client.post(PATH, body)
    result.latencies.append(time.monotonic() - began)
    result.statuses[status] += 1
    return msgspec.json.decode(content, type=dict[str, Any]) if status == _ACCEPTED else {}


async def _one_client(
    number: int, client: Client, until: float, payload: bytes, result: Result
) -> None:
    async with client:
        count = 0
        while time.monotonic() < until:
            count += 1
            name = f"load-{number}-{count}"
            body = _body(name, payload)
            try:
                answer = await _send(client, body, result)
                if not answer:
                    continue
                result.acknowledged[name] = answer["outbox_id"]
                if count % _REPEATED == 0:
                    again = await _send(client, body, result)
                    if again.get("outbox_id") != answer["outbox_id"] or not again["replayed"]:
                        result.findings.append(f"{name}: its replay was answered {again}")
            except (OSError, EOFError):
                result.statuses[0] += 1
                return


async def load(
    port: int, headers: dict[str, str], clients: int, seconds: float, payload_bytes: int
) -> Result:
    """Sends for so many seconds."""
    result = Result()
    payload = b'{"amount": "10.00", "note": "' + b"x" * max(0, payload_bytes - 31) + b'"}'
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            client = Client(port, headers)
            group.create_task(_one_client(number, client, began + seconds, payload, result))
    result.seconds = time.monotonic() - began
    return result


def differences(url: str, acknowledged: dict[str, str]) -> list[str]:
    """What was acknowledged and is not stored, is stored under another id, or is stored twice.

    More may be stored than acknowledged: a client may not have heard its last answer.
    """
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """select i.instruction_id, array_agg(i.outbox_id::text), count(a.attestation_id)
            from public.payment_outbox_identities as i
            left join public.ingress_attestations as a using (tenant_id, instruction_id)
            group by i.instruction_id"""
        ).fetchall()
    stored = {name: (outbox_ids, attestations) for name, outbox_ids, attestations in rows}
    findings = [
        f"{name}: stored {stored.get(name)}, acknowledged {outbox_id}"
        for name, outbox_id in acknowledged.items()
        if stored.get(name) != ([outbox_id], 1)
    ]
    findings += [
        f"{name}: stored as {outbox_ids}, with {attestations} attestations"
        for name, (outbox_ids, attestations) in stored.items()
        if len(outbox_ids) != 1 or attestations != 1
    ]
    return findings


def main(
    *,
    clients: Annotated[int, typer.Option(min=1, max=1_000)] = 16,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each of the two runs.")] = 10.0,
    payload_bytes: Annotated[int, typer.Option(min=31, max=1_000_000)] = 500,
) -> None:
    """Loads the ingress, compares what it said with what is stored, and shows the floor."""
    columns = ("requests/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms a request", "answers")
    table = Table("", *columns, title="Ingress")
    with (
        tempfile.TemporaryDirectory(prefix="ledgerdb-services-") as folder,
        Stage.set(Path(folder)) as stage,
    ):
        results = []
        for name, module in (
            ("the service", "examples.services.ingress"),
            ("the floor: keeps nothing", "examples.services.floor"),
        ):
            (port,) = free_ports(1)
            with stage.ingress(port, module) as service:
                before = service.cpu_seconds
                run = load(port, stage.headers, clients, seconds, payload_bytes)
                results.append(asyncio.run(run))
                results[-1].cpu_seconds = service.cpu_seconds - before
            table.add_row(*results[-1].row(name))
        kept = results[0]
        findings = [*kept.findings, *differences(stage.url, kept.acknowledged)]
    console.print(table)
    console.print(
        f"{clients} clients, {payload_bytes} bytes of payload;"
        f" acknowledged {len(kept.acknowledged)}, lost or twice {len(findings)}"
    )
    for finding in findings[:20]:
        console.print(finding, markup=False)
    raise typer.Exit(1 if findings else 0)


if __name__ == "__main__":
    typer.run(main)
