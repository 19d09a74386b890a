"""The services at work: `python -m examples.services.run`.

An embedded PostgreSQL, the migrations, a rail simulator, the ingress and a worker; payments of
which the rail loses, delays and refuses some; then what became of each. Exit code: 0 as it must be,
1 not.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console
from rich.table import Table

from examples.services.play import PARTICIPANT, TENANT, Stage, free_ports

__all__ = ["main"]

# What the rail simulator is asked to do, and how the payment must end.
WISHES: Final = {
    "": ("takes it", "DISPATCHED"),
    "busy": ("is busy, once", "DISPATCHED"),
    "error": ("fails, once", "DISPATCHED"),
    "lost": ("takes it and hangs up, once", "DISPATCHED"),
    "garbage": ("takes it and answers nonsense, once", "DISPATCHED"),
    "reject": ("refuses it", "FAILED"),
}
_DEADLINE_SECONDS: Final = 120

console = Console()


def main(*, payments: Annotated[int, typer.Option(min=6, max=10_000)] = 60) -> None:
    """Sends payments through the services, and shows what became of them."""
    with (
        tempfile.TemporaryDirectory(prefix="ledgerdb-services-") as folder,
        Stage.set(Path(folder)) as stage,
    ):
        ingress, rail, worker = free_ports(3)
        with (
            stage.rail(rail),
            stage.ingress(ingress),
            stage.worker(worker, f"http://127.0.0.1:{rail}"),
            httpx.Client(
                base_url=f"http://127.0.0.1:{ingress}", headers=stage.headers, timeout=30
            ) as client,
        ):
            console.print(f"ingress {client.base_url}  rail :{rail}  worker :{worker}")
            findings = _play(client, payments)
            sent = httpx.get(f"http://127.0.0.1:{rail}/payments").json()
        expected = payments - len(_numbers("reject", payments))
        console.print(
            f"the rail was asked {sent['requests']} times and sent {sent['payments']} payments"
        )
        if sent["payments"] != expected:
            findings.append(f"the rail sent {sent['payments']} payments, and not {expected}")
    for finding in findings:
        console.print(finding, style="red", markup=False)
    raise typer.Exit(1 if findings else 0)


def _play(client: httpx.Client, payments: int) -> list[str]:
    findings: list[str] = []
    statuses: Counter[str] = Counter()
    for number in range(payments):
        statuses[_status(client.post("/v1/ingress/instructions", json=_instruction(number)))] += 1
    once_more = _instruction(0)
    for name, instruction in (
        ("the same again", once_more),
        ("the key for other content", once_more | {"payload": {"amount": "9.99"}}),
        ("another participant", once_more | {"participant_id": "BANK-B"}),
        ("no fields at all", {}),
    ):
        answer = client.post("/v1/ingress/instructions", json=instruction)
        console.print(f"{name}: {_status(answer)}: {_why(answer)}", markup=False)
    console.print(f"{payments} payments submitted: {dict(statuses)}")
    table = Table("the rail", "payments", "ended as", "attempts", title="What became of them")
    for wish, (what, expected) in WISHES.items():
        ended = [_ended(client, number) for number in _numbers(wish, payments)]
        states = Counter(each["state"] for each in ended)
        attempts = sorted({each["attempts"] for each in ended})
        table.add_row(what, str(len(ended)), _shown(states), ", ".join(map(str, attempts)))
        if set(states) != {expected}:
            findings.append(f"the rail {what}: ended as {_shown(states)}, and not {expected}")
    console.print(table)
    name = _instruction(_numbers("lost", payments)[0])["instruction_id"]
    pack = client.get(f"/v1/evidence-packs/{name}").json()
    console.print(f"evidence of {name}, whose first answer was lost:")
    for attempt in pack["attempts"]:
        console.print(
            f"  {attempt['attempt_no']} {attempt['state']} {attempt['completed_at']}"
            f" {attempt['rail_reference'] or attempt['error_code']}"
        )
    return findings


def _numbers(wish: str, payments: int) -> list[int]:
    place = list(WISHES).index(wish)
    return list(range(place, payments, len(WISHES)))


def _instruction(number: int) -> dict[str, Any]:
    payload = {"amount": "10.00", "currency": "EUR"}
    wish = list(WISHES)[number % len(WISHES)]
    return {
        "tenant_id": str(TENANT),
        "participant_id": PARTICIPANT,
        "instruction_id": f"INV-{number}",
        "idempotency_key": f"INV-{number}/1",
        "rail_type": "SEPA",
        "payload": payload | ({"simulate": wish} if wish else {}),
    }


def _ended(client: httpx.Client, number: int) -> dict[str, Any]:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        found: dict[str, Any] = client.get(f"/v1/instructions/INV-{number}").json()
        if found.get("state") in ("DISPATCHED", "FAILED") or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _status(response: httpx.Response) -> str:
    return f"{response.status_code} {response.reason_phrase}"


def _why(response: httpx.Response) -> str:
    answer = response.json()
    if response.is_success:
        return f"replayed {answer['replayed']}"
    fields = ", ".join(error["field"] for error in answer.get("errors", []))
    return f"{answer['title']}: {fields}" if fields else str(answer["title"])


def _shown(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    typer.run(main)
