"""Payments on their way while nodes die: ingress, a worker, and a rail that remembers.

What was acknowledged, and what the rail was asked for, is kept outside of the database, so that the
ledger can be compared with it at the end.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

import psycopg

from ledgerdb import (
    ClaimedItem,
    Dispatched,
    EngineSettings,
    Instruction,
    Ledger,
    LedgerError,
    TenantType,
    Worker,
    WorkerSettings,
)

TENANT: Final = UUID("0f000000-0000-4000-8000-000000000001")
# A failover takes Patroni half a minute: whoever asks to pay waits for that long, and learns.
PATIENCE: Final = EngineSettings(
    application_name="ingress",
    role="symphony_ingest",
    statement_timeout_ms=3_000,
    answer_seconds=4.0,
    connect_timeout_seconds=2,
    resolve_seconds=60.0,
)


@dataclass
class Rail:
    """Takes each key once; a repeated key gets the first reference."""

    sent: Counter[str] = field(default_factory=Counter)

    def pay(self, item: ClaimedItem) -> Dispatched:
        self.sent[item.rail_key] += 1
        return Dispatched(reference(item.rail_key))


def reference(rail_key: str) -> str:
    """The rail's name for a payment."""
    return "R" + hashlib.sha256(rail_key.encode()).hexdigest()[:16]


class Ingress(threading.Thread):
    """Asks for payments, one after the other; keeps what was acknowledged and when."""

    def __init__(self, url: str, number: int) -> None:
        super().__init__(name=f"ingress-{number}")
        self.acknowledged: dict[str, UUID] = {}
        self.times: list[float] = []
        self.replayed = 0
        self.refused: Counter[str] = Counter()
        self._url, self._stop_asked = url, threading.Event()

    def run(self) -> None:
        with Ledger.connect(self._url, PATIENCE) as ledger:
            while not self._stop_asked.is_set():
                self._ingest(ledger, str(uuid4()))
                self._stop_asked.wait(0.01)

    def stop(self) -> None:
        self._stop_asked.set()

    def _ingest(self, ledger: Ledger, name: str) -> None:
        instruction = Instruction(
            tenant_id=TENANT,
            instruction_id=name,
            participant_id=f"participant-{name[0]}",
            idempotency_key=name,
            rail_type="RTGS",
            payload={"amount": "10.00", "currency": "EUR"},
        )
        try:
            answer = ledger.ingest(instruction)
        except LedgerError as error:  # not acknowledged: the caller would ask again
            self.refused[type(error).__name__] += 1
            self._stop_asked.wait(0.2)
        else:
            self.acknowledged[name] = answer.outbox_id
            self.times.append(time.monotonic())
            self.replayed += answer.replayed


class Traffic:
    """Two ingress threads and a worker, on the URL of the whole cluster."""

    def __init__(self, url: str) -> None:
        self.rail = Rail()
        self.ingress = [Ingress(url, number) for number in (1, 2)]
        self.worker = Worker(
            self.rail.pay,
            url=url,
            settings=WorkerSettings(worker_id="worker-1", lease_seconds=10, repair_seconds=1.0),
            engine=EngineSettings(
                application_name="worker",
                role="symphony_executor",
                statement_timeout_ms=3_000,
                answer_seconds=4.0,
                connect_timeout_seconds=2,
            ),
        )
        self._worker_thread = threading.Thread(target=lambda: asyncio.run(self.worker.serve()))

    def start(self) -> None:
        self._worker_thread.start()
        for thread in self.ingress:
            thread.start()

    def acknowledged(self) -> dict[str, UUID]:
        return {name: found for each in self.ingress for name, found in each.acknowledged.items()}

    def longest_silence(self) -> float:
        """Seconds in which nothing was acknowledged."""
        times = sorted(moment for each in self.ingress for moment in each.times)
        return max((b - a for a, b in itertools.pairwise(times)), default=0.0)

    def stop_asking(self) -> None:
        for thread in self.ingress:
            thread.stop()
        for thread in self.ingress:
            thread.join()

    def stop(self) -> None:
        self.stop_asking()
        self.worker.stop()
        self._worker_thread.join()


def register_tenant(url: str) -> None:
    """Who pays."""
    with Ledger.connect(url) as ledger:
        ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)


def compare(url: str, acknowledged: dict[str, UUID], rail: Rail) -> list[str]:
    """What the ledger, the acknowledgements and the rail disagree about; empty when nothing was
    lost or repeated.
    """
    with psycopg.connect(url, autocommit=True, target_session_attrs="read-write") as connection:
        rows = connection.execute(
            """select i.idempotency_key, i.outbox_id, a.rail_reference,
                count(a.*) over (partition by i.outbox_id)
            from public.payment_outbox_identities as i
            left join public.payment_outbox_attempts as a
                on a.outbox_id = i.outbox_id and a.state = 'DISPATCHED'"""
        ).fetchall()
    ledger = {key: (outbox_id, paid, times) for key, outbox_id, paid, times in rows}
    findings = [
        f"{key}: acknowledged as {outbox_id}, in the ledger {ledger.get(key)}"
        for key, outbox_id in acknowledged.items()
        if key not in ledger or ledger[key][0] != outbox_id
    ]
    findings += [
        f"{key}: dispatched {times} times" for key, (_, _, times) in ledger.items() if times != 1
    ]
    known = {paid for _, paid, _ in ledger.values()}
    findings += [
        f"the rail was paid under {key}, which the ledger does not know"
        for key in rail.sent
        if reference(key) not in known
    ]
    if len(rail.sent) != len(ledger):
        findings.append(f"{len(ledger)} payments in the ledger, {len(rail.sent)} on the rail")
    return findings
