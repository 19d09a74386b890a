"""The ingress side of the demo: reads lines and acknowledges each after its own durable commit."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from ledgerdb.demo.instructions import InstructionLine, Line, TenantLine
from ledgerdb.demo.results import Check, LineProblem
from ledgerdb.errors import Contention, DatabaseError, DatabaseUnavailable, OutcomeUnknown
from ledgerdb.rows import Acknowledgement
from ledgerdb.sync import Ledger

__all__ = ["Acknowledged", "Intake"]

CLIENTS: Final = 4
_RETRY_SECONDS_MAX: Final = 30.0

# Every verb is idempotent by its key: whatever went wrong, the same call again tells the outcome.
_REPLAYABLE: Final = (OutcomeUnknown, DatabaseUnavailable, Contention)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the ledger promised for one instruction, as the ingress service would remember it."""

    outbox_id: UUID
    tenant_id: UUID
    instruction_id: str


@dataclass(slots=True)
class Intake:
    """Several clients that ingest the lines of one file in order.

    Attributes:
        lines: lines read so far; blank ones and tenant registrations aside.
        acknowledged: by (tenant, instruction), the first acknowledgement.
        replayed: lines that repeated an instruction and got the same acknowledgement.
        refused: lines that were not accepted.
        broken: acknowledgements that contradict an earlier one or the payload; must stay empty.
        tenants: names by id.
    """

    ledger: Ledger
    registrar: Ledger
    lines: int = 0
    acknowledged: dict[tuple[UUID, str], Acknowledged] = field(default_factory=dict)
    replayed: int = 0
    refused: list[LineProblem] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    tenants: dict[UUID, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, lines: Iterable[Line]) -> None:
        """Ingests every line; returns when the last one is acknowledged or refused.

        Raises:
            ConfigurationError: the file cannot be read on.
            LedgerError: the database stays away.
        """
        source = iter(lines)
        with ThreadPoolExecutor(CLIENTS, "ledgerdb-intake") as clients:
            futures = [clients.submit(self._client, source) for _ in range(CLIENTS)]
            for future in futures:
                try:
                    future.result()
                except BaseException:
                    self.stop()
                    raise
        self.refused.sort(key=lambda problem: problem.line)

    def checks(self) -> tuple[Check, ...]:
        """What the ingress side itself can tell: its acknowledgements agree with each other."""
        name = "a replay gets the first acknowledgement, and the attested hash is the payload's"
        return (Check(name, len(self.acknowledged) + self.replayed, tuple(self.broken)),)

    def stop(self) -> None:
        """Reads no further line."""
        self._stopped.set()

    def _client(self, source: Iterable[Line]) -> None:
        lines = iter(source)
        while not self._stopped.is_set():
            with self._lock:
                line = next(lines, None)
                if line is None:
                    return
                if isinstance(line, TenantLine):
                    # under the lock: the instructions behind it need the tenant
                    self._register(line)
                    continue
                self.lines += 1
            if isinstance(line, InstructionLine):
                self._ingest(line)
            else:
                self._refuse(line)

    def _register(self, line: TenantLine) -> None:
        try:
            _insisting()(
                self.registrar.register_tenant,
                line.tenant_id,
                line.tenant_key,
                line.tenant_name,
                line.tenant_type,
            )
        except DatabaseError as error:
            self.lines += 1
            self.refused.append(LineProblem(line.line, str(error)))
        else:
            self.tenants[line.tenant_id] = line.tenant_name

    def _ingest(self, line: InstructionLine) -> None:
        try:
            acknowledgement = _insisting()(self.ledger.ingest, line.instruction)
        except DatabaseError as error:
            self._refuse(LineProblem(line.line, str(error)))
        else:
            with self._lock:
                self._remember(line, acknowledgement)

    def _refuse(self, problem: LineProblem) -> None:
        with self._lock:
            self.refused.append(problem)

    def _remember(self, line: InstructionLine, given: Acknowledgement) -> None:
        instruction = line.instruction
        key = (instruction.tenant_id, instruction.instruction_id)
        mine = Acknowledged(given.outbox_id, *key)
        first = self.acknowledged.setdefault(key, mine)
        self.replayed += given.replayed
        if first != mine:
            self.broken.append(f"line {line.line}: a replay got another outbox id")
        payload = str(instruction.payload).encode()
        if given.payload_hash != hashlib.sha256(payload).hexdigest():
            self.broken.append(f"line {line.line}: the attested hash is not the payload's")


def _insisting() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(_REPLAYABLE),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        stop=stop_after_delay(_RETRY_SECONDS_MAX),
        reraise=True,
    )
